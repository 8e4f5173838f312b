"""The battery of a robot with joints and how warm its motors get: slow quantities, stepped at 10 Hz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELLS = 13
"""In series; with 9 Ah (Unitree G1 data sheet: 13 strings, 9000 mAh)."""
CAPACITY_AS = 9.0 * 3600.0
FULL_CELL_V, EMPTY_CELL_V = 4.2, 3.3
RESISTANCE_OHM = 0.08
"""Pack and wiring; a chosen value, 6 milliohms per cell."""
STANDBY_W = 60.0
"""Computers and sensors; a chosen value."""
COPPER_LOSS_W = 120.0
"""Heat of a motor at its largest torque; a chosen value of the right size for 1 kg motors."""
AMBIENT_C = 25.0
CASING_K_PER_W, CASING_S = 0.6, 240.0
WINDING_K_PER_W, WINDING_S = 0.5, 20.0
"""Thermal resistances and time constants; chosen, typical of motors of this size."""


class Power:
    """Pack voltage under load and temperatures of the motors.

    Args:
        effort_n_m: (n,) largest torque of each motor.
        charge: fraction left at the start.
    """

    def __init__(self, effort_n_m: NDArray[np.float64], charge: float) -> None:
        self._effort = effort_n_m
        self.charge = charge
        self.sag_v = 0.0
        """Taken off the voltage by a fault."""
        self.casing_c = np.full(len(effort_n_m), AMBIENT_C)
        self.winding_c = np.full(len(effort_n_m), AMBIENT_C)
        self.voltage = self._open_circuit()

    def step(self, torque: NDArray[np.float64], velocity: NDArray[np.float64], dt_s: float) -> None:
        """Draw the power of the motors, (n,) N m and (n,) rad/s, for ``dt_s``."""
        loss = COPPER_LOSS_W * (torque / self._effort) ** 2
        power = STANDBY_W + float(loss.sum()) + float(np.maximum(torque * velocity, 0.0).sum())
        current = power / max(self.voltage, 1.0)
        self.charge -= current * dt_s / CAPACITY_AS
        self.voltage = max(self._open_circuit() - RESISTANCE_OHM * current, 0.0)
        self.casing_c += (AMBIENT_C + CASING_K_PER_W * loss - self.casing_c) * min(dt_s / CASING_S, 1.0)
        self.winding_c += (self.casing_c + WINDING_K_PER_W * loss - self.winding_c) * min(dt_s / WINDING_S, 1.0)

    def heat(self, motor: int, temperature_c: float) -> None:
        """Make a motor this hot at once."""
        self.casing_c[motor] = self.winding_c[motor] = temperature_c

    def _open_circuit(self) -> float:
        return CELLS * (EMPTY_CELL_V + (FULL_CELL_V - EMPTY_CELL_V) * self.charge) - self.sag_v
