"""Faults on request: ``name[=value][@start][:duration]``, e.g. ``link-loss@8``, ``packet-loss=5``, ``dead-motor=2@3``.

``start`` is in seconds of on-board time, or after an event: ``armed+3``, ``flying+8``. Without
it the fault is there from the start; without ``duration`` it stays.
"""

from __future__ import annotations

import difflib
import re
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


KINDS = {
    "link-loss": FaultKind("neither receives nor sends"),
    "log-stall": FaultKind("log blocks stay silent, the rest answers"),
    "packet-loss": FaultKind("share of set-points, positions and log data lost", "%", None, 0.0, 100.0),
    "delay": FaultKind("one-way delay of every packet", "ms", None, 0.0, 1000.0),
    "jitter": FaultKind("largest random addition to the delay", "ms", None, 0.0, 1000.0),
    "dead-motor": FaultKind("a motor stops", "motor 1-4", 1.0, 1.0, 4.0),
    "low-battery": FaultKind("the cell is empty: below 3 V under load"),
    "nan-policy": FaultKind("NaN in the on-board controller's memory"),
    "nan-estimate": FaultKind("the state estimate is not a number"),
    "kick": FaultKind("turns the body at once about x", "degrees", 80.0, -180.0, 180.0),
}

_PATTERN = re.compile(
    r"(?P<name>[a-z-]+)(=(?P<value>-?[\d.]+))?(@((?P<after>[a-z_]+)\+)?(?P<start>[\d.]+))?(:(?P<duration>[\d.]+))?"
)
_AFTER = ("armed", "flying", "connected")


@dataclass(frozen=True)
class Fault:
    """One requested fault."""

    name: str
    value: float = 0.0
    start_s: float = 0.0
    after: str | None = None
    """Event from which ``start_s`` counts; ``None``: from the robot's start."""
    duration_s: float | None = None


def parse_fault(text: str) -> Fault:
    """Read a fault as the command line writes it.

    Raises:
        ConfigError: for an unknown name or a value out of range, with the valid ones.
    """
    match = _PATTERN.fullmatch(text.strip())
    name = match["name"] if match else re.split("[=@:]", text.strip())[0]
    kind = KINDS.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, KINDS, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ConfigError(f"unknown fault '{name}'{hint}; choose one of: {', '.join(KINDS)}")
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
    if match["after"] not in (None, *_AFTER):
        raise ConfigError(f"fault '{text}': it can start after one of: {', '.join(_AFTER)}")
    return Fault(name, value, start, match["after"], duration)
