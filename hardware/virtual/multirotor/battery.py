"""A pack of LiPo cells: open-circuit voltage by charge, minus the drop over its resistance.

Every pack is the Crazyflie's cell in series, hovered empty in the same time: what hosts see is the voltage.
"""

from __future__ import annotations

CAPACITY_AS = 250e-3 * 3600.0
"""The Crazyflie's 250 mAh cell, ampere-seconds (Bitcraze data sheet)."""
HOVER_CURRENT_A = 2.1
"""Seven minutes of hover empty the cell (Bitcraze data sheet)."""
RESISTANCE_OHM = 0.15
"""Cell and connector; a chosen value that gives the 0.3 V sag seen in hover logs."""
FULL_V, EMPTY_V = 4.2, 3.3
LOW_V = 3.2
"""The firmware reports low power below this."""
STATE_BATTERY, STATE_LOW = 0, 3
CELL_TAKEOFF_V = 3.6
"""About the voltage per cell below which robots refuse to start."""
LOW_BATTERY_FAULT_CHARGE = -0.5
"""Charge that stands for a worn cell: it reads below 3 V under hover load."""


def cells_of(takeoff_v: float) -> int:
    """Return how many cells in series a pack has, whose robot starts at ``takeoff_v``."""
    return max(1, round(takeoff_v / CELL_TAKEOFF_V))


class Battery:
    """Voltage under load."""

    def __init__(self, hover_command: float, charge: float = 0.95, num_rotors: int = 4, cells: int = 1) -> None:
        """``charge`` is the fraction left; ``hover_command`` the motor command that draws the hover current."""
        self.charge = charge
        self._cells = cells
        self.sag_v = 0.0
        """Fault: lost to a bad cell or contact."""
        self.voltage = cells * self._open_circuit()
        # Electrical power of a rotor grows with the cube of its speed.
        self._current_per_cube = HOVER_CURRENT_A / (num_rotors * hover_command**3)

    def step(self, motor: tuple[float, ...], dt_s: float) -> None:
        """Draw the current of the rotor speeds for ``dt_s``."""
        current = self._current_per_cube * sum(u * u * u for u in motor)
        self.charge -= current * dt_s / CAPACITY_AS
        self.voltage = self._cells * (self._open_circuit() - RESISTANCE_OHM * current - self.sag_v)

    @property
    def state(self) -> int:
        """``pm.state``: 0 on battery, 3 low power."""
        return STATE_LOW if self.voltage < self._cells * LOW_V else STATE_BATTERY

    def _open_circuit(self) -> float:
        return EMPTY_V + (FULL_V - EMPTY_V) * self.charge
