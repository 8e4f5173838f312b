"""The process around the library: ``python -m hardware.mocap.library_process FD TYPE CONFIGURATION``.

Writes one JSON line per frame to the file descriptor; ends when its standard input does, i.e. with its parent.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
import threading
import time
from typing import Any

from hardware.mocap.frame import MocapFrame, RigidBody
from hardware.mocap.json_frames import encode_frame


def main(descriptor: int, system: str, configuration: dict[str, str]) -> None:
    """Connect and pass on frames until the reader is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    library: Any = importlib.import_module("motioncapture")  # an optional extra
    connection = library.connect(system, configuration)
    for number in itertools.count():
        connection.waitForNextFrame()
        # The library tells no time: that of the frame's arrival shows at least what waits in the pipe.
        now_s = time.monotonic()
        bodies = tuple(_body(name, body) for name, body in connection.rigidBodies.items())
        try:
            os.write(descriptor, encode_frame(MocapFrame(0, bodies, number, now_s)) + b"\n")
        except BrokenPipeError:
            return


def _body(name: str, body: Any) -> RigidBody:
    rotation = body.rotation
    quaternion = (rotation.w, rotation.x, rotation.y, rotation.z)
    return RigidBody(name, tuple(map(float, body.position)), tuple(map(float, quaternion)))


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not Python's own reader, whose lock would outlive this thread
        continue
    os._exit(0)  # the library may be waiting for a frame that never comes


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
    except Exception as error:  # noqa: BLE001 (whatever the library throws: one line for the parent)
        sys.exit(f"{type(error).__name__}: {error}")
