"""What a classical law is to the rest: its gains as data, and one compiled step for a batch of flights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """One number of a law."""

    name: str
    unit: str
    published: float
    """As published, in SI units; accelerations per error where the source has forces or torques."""
    low: float
    """Range in which ``tune`` looks."""
    high: float
    source: str

    @property
    def logarithmic(self) -> bool:
        """Whether ``tune`` looks on a logarithmic scale: for what may not be zero."""
        return self.low > 0.0

    def at(self, share: float) -> float:
        """Return the value at a share in [0, 1] of the range."""
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** share)
        return float(self.low + (self.high - self.low) * share)


@dataclass(frozen=True)
class Law:
    """A control law.

    ``step(airframe, estimate, reference, gains, memory, command)`` computes one command of every flight:
    estimate ``(n, 18)``, reference ``(n, 14)`` (layout.py), gains ``(n, len(gains))`` in their order, memory
    ``(n, memory + num_rotors)``, changed, and command ``(n, num_rotors)``, written. A fresh memory is zero, but
    for the modelled rotor speeds at its end.
    """

    name: str
    title: str
    source: str
    """Papers and firmware file."""
    gains: tuple[Gain, ...]
    memory: int
    """Numbers remembered, without the modelled rotor speeds."""
    step: Callable[..., None]

    def published(self) -> dict[str, float]:
        """Return the published gains by name."""
        return {gain.name: gain.published for gain in self.gains}

    def row(self, values: dict[str, float]) -> Array:
        """Return gains by name as the row that ``step`` reads.

        Raises:
            ConfigError: for a gain that the law does not have, that is missing or that is not finite.
        """
        names = [gain.name for gain in self.gains]
        unknown, missing = sorted(set(values) - set(names)), sorted(set(names) - set(values))
        if unknown or missing:
            what = f"has no gain '{unknown[0]}'" if unknown else f"lacks its gain '{missing[0]}'"
            raise ConfigError(f"controller '{self.name}' {what}; its gains: {', '.join(names)}")
        row = np.array([values[name] for name in names], np.float64)
        if not np.isfinite(row).all():
            raise ConfigError(f"controller '{self.name}': a gain is not finite: {values}")
        return row


def rotor_lead() -> Gain:
    """Every law's last gain but one: how much of the rotors' lag it inverts (mixer.py)."""
    return Gain("rotor_lead", "1", 0.0, 0.0, 6.0, "ours; 0 as published: no law there knows of it")


def preview() -> Gain:
    """Every law's last gain: how far ahead on the reference it aims, against delays (Controller)."""
    return Gain("preview_s", "s", 0.0, 0.0, 0.2, "ours; 0 as published")
