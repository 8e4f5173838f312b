"""The virtual humanoid's faults, and two things an operator does; the syntax is that of every virtual robot."""

from __future__ import annotations

from hardware.virtual.faults import LINK_KINDS, Fault, FaultKind, read_fault

KINDS = {
    **LINK_KINDS,
    "state-stall": FaultKind("states stop coming, commands still arrive"),
    "dead-motor": FaultKind("a motor gives no torque and reports an error", "motor 0-28", 3.0, 0.0, 28.0),
    "over-temperature": FaultKind("the left knee's motor is that hot at once", "degrees C", 110.0, 25.0, 200.0),
    "low-battery": FaultKind("the pack is nearly empty"),
    "battery-sag": FaultKind("the pack's voltage drops at once", "V", None, 0.0, 30.0),
    "gyro-bias": FaultKind("the gyroscope's x axis reads too much", "deg/s", None, -720.0, 720.0),
    "encoder-bias": FaultKind("the left knee's encoder reads too much", "degrees", None, -30.0, 30.0),
    "nan-state": FaultKind("the inertial unit's numbers are none"),
    "push": FaultKind("the body gets this much faster at once, forwards", "m/s", 0.5, -5.0, 5.0),
    "remote-stop": FaultKind("the operator holds L2 and B"),
    "lower": FaultKind("the crane lets the robot down (with --hang)"),
}
EVENTS = ("released", "armed", "connected")
"""Events a fault can start after; ``armed``: the first command that was obeyed."""


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    return read_fault(text, KINDS, EVENTS)
