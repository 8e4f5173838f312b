"""The predictor of one flight as a function of the coordinates: residuals for least squares, and their gains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.multirotor import kalman
from calibration.multirotor.body import rest_state
from calibration.multirotor.quantities import Quantities
from calibration.multirotor.samples import Flight

Array = NDArray[np.floating]

FIRST_NOISE = np.array([0.05, 0.3, 0.005, 1.0, 0.05, 0.02])
"""Where the noise levels (kalman.py) begin: generous, so that the first gains forgive a wrong model."""
START_STD = {"rotor": 0.15, "rate": 0.5, "tilt": 0.2, "heading": 0.5, "velocity": 0.5, "position": 0.05}
"""Of the state at the beginning: hover with the heading known to half a radian; position from its first sample."""


class Predictor:
    """Residuals of one flight with gains that were found at one point; ``tune`` moves that point."""

    def __init__(self, quantities: Quantities, flight: Flight, heading_rad: float | None = None) -> None:
        self.quantities, self.flight = quantities, flight
        self.heading_rad = flight.heading_rad if heading_rad is None else heading_rad
        rotors, rows = quantities.airframe.num_rotors, len(flight.samples.time_s)
        self.noise = FIRST_NOISE.copy()
        self.cost = np.inf
        """Minus twice the log-likelihood, as ``tune`` found it."""
        self.states = np.empty((rows, rotors + 13))
        """As the filter found them, after each sample."""
        self._gain, self._whiten = np.empty((rows, rotors + 12, 9)), np.empty((rows, 9, 9))
        self._residual = np.empty((rows, 9))

    def beginning(self, duration_s: float) -> Predictor:
        """Return the predictor of the flight's first seconds; not tuned."""
        times = self.flight.samples.time_s
        part = self.flight.part(0, int(np.searchsorted(times, times[0] + duration_s)))
        return Predictor(self.quantities, part, self.heading_rad)

    @property
    def count(self) -> int:
        """Number of measurements."""
        return 3 * int(self.flight.samples.present.sum())

    def tune(self, z: Array, noise: Array | None = None) -> Array:
        """Find gains at the coordinates ``z``; return the whitened innovations, (n, 9)."""
        if noise is not None:
            self.noise = noise.copy()
        values = self.quantities.values(z)
        self.cost = kalman.run(
            self.flight.samples, self.quantities.coefficients(values), self.noise, self._start(values),
            self._start_std(), self._gain, self._whiten, self._residual, self.states,
        )  # fmt: skip
        return self._residual.copy()

    def residuals(self, z: Array) -> Array:
        """Return whitened innovations at ``z`` with the gains of the last ``tune``, (n, 9)."""
        values = self.quantities.values(z)
        kalman.replay(
            self.flight.samples, self.quantities.coefficients(values), self._start(values), self._gain, self._whiten,
            self._residual,
        )  # fmt: skip
        return self._residual.copy()

    def _start(self, values: Array) -> Array:
        rotors = self.quantities.airframe.num_rotors
        state = rest_state(rotors, self.quantities.hover_speed(values))
        samples, heading = self.flight.samples, 0.5 * (self.heading_rad or 0.0)
        state[rotors + 3], state[rotors + 6] = np.cos(heading), np.sin(heading)
        seen = np.flatnonzero(samples.present[:, 2])
        if len(seen):
            state[rotors + 10 :] = samples.measured[seen[0], 6:]
        return state

    def _start_std(self) -> Array:
        rotors = self.quantities.airframe.num_rotors
        s = START_STD
        heading = 0.1 if self.heading_rad is not None else s["heading"]
        body = [s["rate"]] * 3 + [s["tilt"]] * 2 + [heading] + [s["velocity"]] * 3 + [s["position"]] * 3
        return np.array([s["rotor"]] * rotors + body)
