"""The gap of one flight: how far simulation and log are apart after so long, where, and what may explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.gap.likely import Explanation, candidates, explain
from calibration.gap.replay import SIGNALS, Variant, replay
from calibration.gap.segments import LENGTH_S, cut
from calibration.recording.record import Recording
from sim.spec import MultirotorParameters

HORIZONS_S = (0.1, 0.2, 0.5)
FLOOR_S = 0.02
"""Up to here errors are those of the logged states, not of the model."""
PARTED = 3.0
"""Times the noise: so large an error is a gap."""
EXPLAINED_S = 0.2
"""Explanations are sought up to here: later a quadrotor's errors are large, and no longer in proportion."""
LEAST_FLOOR = np.repeat([1e-3, 5e-3, 2e-3, 2e-2], 3)
"""Noise is at least this: m, m/s, rad, rad/s; a simulated log may have none."""


@dataclass(frozen=True)
class SignalGap:
    """One signal."""

    name: str
    unit: str
    rms: dict[float, float]
    """Root mean square over all stretches, by time after a stretch's beginning, s."""
    floor: float
    """Noise: the same right after the beginning."""
    parts_after_s: float | None
    """When it exceeds ``PARTED`` times the noise; ``None`` if it does not."""
    worst_s: float
    """Where in the log it becomes largest."""
    worst: float
    """How large it is there at the stretch's end."""
    curve: np.ndarray
    """(T,) root mean square over the stretches."""
    by_segment: np.ndarray
    """(S,) size at the stretches' ends."""


@dataclass(frozen=True)
class Gap:
    """All of a log."""

    signals: tuple[SignalGap, ...]
    explanations: tuple[Explanation, ...]
    """The most likely first; empty if none of the parameters is."""
    start_s: np.ndarray
    """(S,) of the stretches, on the log's clock."""
    offset_s: np.ndarray
    """(T,)"""
    resampling: str
    parts: tuple[SignalGap, ...] = ()
    """Of the first signal, part by part: joints."""
    unexplained: str = "none of the parameters that are looked at; the gap is noise, or a term that is missing"
    """What is said where there is no explanation."""


def measure(recording: Recording, airframe: MultirotorParameters, length_s: float = LENGTH_S) -> Gap:
    """Replay a flight's commands in simulation and compare.

    Args:
        recording: of a multirotor, aligned.
        airframe: to simulate.
        length_s: of each stretch.

    Raises:
        ConfigError: if the log lacks a stream, or holds too little flight.
    """
    segments = cut(recording, length_s)
    known = candidates()
    errors = replay(segments, airframe, [Variant(), *(candidate.variant for candidate in known)])
    head = segments.offset_s <= FLOOR_S
    # The first row is the log's own state; what differs right after it is that state's noise.
    floor = np.sqrt(np.mean(np.square(errors[0][:, head][:, 1:]), axis=(0, 1)))
    floor = np.maximum(floor, LEAST_FLOOR)
    signals = [
        signal_gap(name, unit, errors[0][..., 3 * i : 3 * i + 3], floor[3 * i : 3 * i + 3], segments.offset_s,
                segments.start_s)
        for i, (name, unit) in enumerate(SIGNALS.items())
    ]  # fmt: skip
    early = segments.offset_s <= EXPLAINED_S
    explanations = tuple(explain(errors[:, :, early], floor, known))
    return Gap(tuple(signals), explanations, segments.start_s, segments.offset_s, segments.resampling)


def signal_gap(
    name: str, unit: str, errors: np.ndarray, floor: np.ndarray, offset_s: np.ndarray, start_s: np.ndarray
) -> SignalGap:
    """Return what errors say of one signal.

    Args:
        name: of the signal.
        unit: of its errors.
        errors: (S, T, k) in ``unit``; the first row of each stretch is the log's own.
        floor: (k,) noise.
        offset_s: (T,) from a stretch's beginning.
        start_s: (S,) of the stretches, on the log's clock.
    """
    size = np.linalg.norm(errors, axis=-1)  # (S, T)
    curve = np.sqrt(np.mean(np.square(size), axis=0))
    noise = float(np.linalg.norm(floor))
    beyond = np.flatnonzero(curve > PARTED * noise)
    worst = int(size[:, -1].argmax())
    at = {h: float(np.interp(h, offset_s, curve)) for h in _within(HORIZONS_S, offset_s[-1])}
    parts = float(offset_s[beyond[0]]) if len(beyond) else None
    return SignalGap(
        name, unit, at, noise, parts, float(start_s[worst] + offset_s[-1]), float(size[worst, -1]), curve, size[:, -1]
    )


def _within(horizons: Sequence[float], longest: float) -> list[float]:
    return [horizon for horizon in horizons if horizon <= longest + 1e-9]
