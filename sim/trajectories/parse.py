"""Trajectories by name: ``figure8:period=5.5,scale=1``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from sim.errors import ConfigError
from sim.trajectories.harmonic import circle, figure_eight, lissajous
from sim.trajectories.langevin import langevin
from sim.trajectories.reference import Trajectory
from sim.trajectories.steps import Steps
from sim.trajectories.waypoints import waypoints

KINDS: dict[str, Callable[..., Trajectory]] = {
    "figure8": figure_eight,
    "circle": circle,
    "lissajous": lissajous,
    "langevin": langevin,
    "waypoints": waypoints,
    "steps": Steps,
}
"""What can be asked for; the arguments of each are its parameters."""


def parse_trajectory(text: str) -> Trajectory:
    """Return the trajectory that ``text`` names.

    Args:
        text: ``kind`` or ``kind:name=value,name=value``; points are written ``x/y/z+x/y/z``.

    Raises:
        ConfigError: one line that says what is wrong and what is known.
    """
    kind, _, rest = text.strip().partition(":")
    if kind not in KINDS:
        raise ConfigError(f"unknown trajectory '{kind}'; choose one of: {', '.join(KINDS)} (e.g. figure8:period=5.5)")
    defaults = {name: p.default for name, p in inspect.signature(KINDS[kind]).parameters.items()}
    values: dict[str, Any] = {}
    for item in filter(None, (part.strip() for part in rest.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not equals or name not in defaults:
            raise ConfigError(f"trajectory '{kind}' has no '{item}'; write name=value with: {', '.join(defaults)}")
        if name in values:
            raise ConfigError(f"trajectory '{kind}': {name} is given twice")
        values[name] = _value(kind, name, value, defaults[name])
    return KINDS[kind](**values)


def _value(kind: str, name: str, text: str, default: Any) -> Any:
    """Read one parameter as the type of its default."""
    try:
        if isinstance(default, str):
            return text
        if isinstance(default, tuple):
            return tuple(tuple(float(number) for number in point.split("/")) for point in text.split("+"))
        return type(default)(text)
    except ValueError:
        wanted = "points like 0.5/0/0+0.5/0.5/0" if isinstance(default, tuple) else type(default).__name__
        raise ConfigError(f"trajectory '{kind}': {name}={text} is not {wanted}") from None
