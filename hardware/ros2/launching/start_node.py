"""Start a node of the workspace in this Python: ``start_node FOLDER MODULE:FUNCTION [arguments]``.

Where no real ROS 2 is sourced, the runtime of ``hardware.ros2`` takes the place of rclpy.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""``linux/prctl.h``: the signal this process gets when its parent ends."""


def main() -> None:
    """Run a node's entry point; exits with its return code."""
    # Until the node has handlers of its own: while it imports there is nothing to end in order.
    signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # the launch blocks it, for what runs before this line
    folder, target = sys.argv[1:3]
    end_with_parent()
    from hardware.ros2 import install

    install()
    sys.path.insert(0, folder)
    module, _, function = target.partition(":")
    sys.argv = [target, *sys.argv[3:]]
    from sim.errors import Sim2MetalError

    try:
        sys.exit(getattr(importlib.import_module(module), function)())
    except Sim2MetalError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)


def end_with_parent() -> None:
    """Ask the kernel for SIGINT when the launch is gone, however it went: no node is left behind."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    main()
