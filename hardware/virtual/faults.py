"""Faults on request: ``name[=value][@start][:duration]``, e.g. ``link-loss@8``, ``packet-loss=5``, ``dead-motor=2@3``.

``start`` is in seconds of on-board time, or after an event: ``armed+3``, ``flying+8``. Without
it the fault is there from the start; without ``duration`` it stays. Each kind of robot has its
own table of faults; those of the link and of a multirotor's body are here for all of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.errors import ConfigError


@dataclass(frozen=True)
class FaultKind:
    """What a fault does and what its value means."""

    description: str
    unit: str = ""
    default: float | None = 0.0
    """``None``: a value must be given."""
    low: float = 0.0
    high: float = 0.0


LINK_KINDS = {
    "link-loss": FaultKind("neither receives nor sends"),
    "packet-loss": FaultKind("share of packets lost", "%", None, 0.0, 100.0),
    "duplication": FaultKind("share of packets that arrive twice", "%", None, 0.0, 100.0),
    "reordering": FaultKind("share of packets that others overtake", "%", None, 0.0, 100.0),
    "bit-flips": FaultKind("share of packets with one bit turned over", "%", None, 0.0, 100.0),
    "delay": FaultKind("one-way delay of every packet", "ms", None, 0.0, 1000.0),
    "jitter": FaultKind("largest random addition to the delay", "ms", None, 0.0, 1000.0),
}
"""What can happen to packets; ``link_conditions`` does it."""

STALL_KINDS = {"state-stall": FaultKind("no more states are sent, the rest answers")}
"""What every robot can do, each in its own way."""

MULTIROTOR_KINDS = {
    "dead-motor": FaultKind("a motor stops", "motor 1-4", 1.0, 1.0, 4.0),
    "low-battery": FaultKind("the cell is empty: below 3 V under load"),
    "battery-sag": FaultKind("the pack's voltage drops at once", "V", None, 0.0, 2.0),
    "gyro-bias": FaultKind("the gyroscope's x axis reads too much", "deg/s", None, -360.0, 360.0),
    "position-bias": FaultKind("positions are measured too far along x", "m", None, -10.0, 10.0),
    "nan-estimate": FaultKind("the state estimate is not a number"),
    "kick": FaultKind("turns the body at once about x", "degrees", 80.0, -180.0, 180.0),
}
"""What can happen to a flying body; ``multirotor.fault_effects`` does it."""

JOINT_KINDS = {
    "dead-motor": FaultKind("a motor gives no torque and reports an error", "motor 0-28", 3.0, 0.0, 63.0),
    "over-temperature": FaultKind("the left knee's motor is that hot at once", "degrees C", 110.0, 25.0, 200.0),
    "low-battery": FaultKind("the pack is nearly empty"),
    "battery-sag": FaultKind("the pack's voltage drops at once", "V", None, 0.0, 30.0),
    "gyro-bias": FaultKind("the gyroscope's x axis reads too much", "deg/s", None, -720.0, 720.0),
    "encoder-bias": FaultKind("the left knee's encoder reads too much", "degrees", None, -30.0, 30.0),
    "nan-state": FaultKind("the inertial unit's numbers are none"),
    "push": FaultKind("the body gets this much faster at once, forwards", "m/s", 0.5, -5.0, 5.0),
    "remote-stop": FaultKind("the operator holds the stop buttons of the robot's own remote"),
    "set-down": FaultKind("no fault: the crane lets the robot down until its feet touch, and still carries it"),
    "lower": FaultKind("no fault: the crane lets the robot down and lets go"),
}
"""What can happen to a body with joints (``dead-motor=N``: N counts the G1's 29 joints); ``joints.fault_effects``
does it."""
OPERATED = frozenset({"set-down", "lower"})
"""Those that people do on purpose: no fault to react to."""

_PATTERN = re.compile(
    r"(?P<name>[a-z-]+)(=(?P<value>-?[\d.]+))?(@((?P<after>[a-z_]+)\+)?(?P<start>[\d.]+))?(:(?P<duration>[\d.]+))?"
)
EVENTS = ("armed", "flying", "connected")
"""Events a fault can start after."""


@dataclass(frozen=True)
class Fault:
    """One requested fault."""

    name: str
    value: float = 0.0
    start_s: float = 0.0
    after: str | None = None
    """Event from which ``start_s`` counts; ``None``: from the robot's start."""
    duration_s: float | None = None


def read_fault(text: str, kinds: Mapping[str, FaultKind], events: Sequence[str] = EVENTS) -> Fault:
    """Read a fault as the command line writes it.

    Args:
        text: e.g. ``packet-loss=5@armed+3:2``.
        kinds: the robot's faults by name.
        events: what a fault can start after.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    match = _PATTERN.fullmatch(text.strip())
    name = match["name"] if match else re.split("[=@:]", text.strip())[0]
    kind = kinds.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, kinds, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ConfigError(f"unknown fault '{name}'{hint}; choose one of: {', '.join(kinds)}")
    try:
        if match is None:
            raise ValueError(text)
        value = float(match["value"]) if match["value"] else kind.default
        start = float(match["start"] or 0.0)
        duration = float(match["duration"]) if match["duration"] else None
    except ValueError:
        raise ConfigError(f"cannot read fault '{text}': write name[=value][@seconds][:duration]") from None
    if value is None or not kind.low <= value <= kind.high:
        raise ConfigError(f"fault '{name}' needs a value from {kind.low:g} to {kind.high:g} {kind.unit}: {name}=VALUE")
    if match["after"] not in (None, *events):
        raise ConfigError(f"fault '{text}': it can start after one of: {', '.join(events)}")
    return Fault(name, value, start, match["after"], duration)
