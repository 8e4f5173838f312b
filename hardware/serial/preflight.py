"""Whether the robot on the line is the one a bundle was made for."""

from __future__ import annotations

from hardware.checks import Check
from hardware.serial.hello import Hello
from policies.bundle import Bundle

PERIOD_TOLERANCE = 1.01


def check_robot(hello: Hello, bundle: Bundle) -> Check:
    """Whether the robot is the one the bundle was made for, and runs what it must."""
    info = bundle.info
    wrong = None
    if hello.robot != info.robot.name:
        wrong = f"this is '{hello.robot}', the bundle is for '{info.robot.name}'"
    elif hello.level == "position":
        if hello.identity.hex() != bundle.id:
            wrong = f"bundle {hello.identity.hex()[:12]} is on board, not {bundle.id[:12]}; flash this one"
    elif hello.channels != info.action.names:
        wrong = f"its channels are {', '.join(hello.channels)}, the bundle's {', '.join(info.action.names)}"
    elif hello.period_us > 1e6 * info.timing.control_period_s * PERIOD_TOLERANCE:
        wrong = (
            f"it reports every {hello.period_us / 1000:g} ms, the policy needs"
            f" every {1e3 * info.timing.control_period_s:g} ms"
        )
    if wrong is not None:
        return Check("robot", False, wrong)
    return Check("robot", True, f"'{hello.robot}', {hello.level} commands, {hello.period_us / 1000:g} ms")
