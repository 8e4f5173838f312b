"""Set-points as the firmware sees them: a mode per axis and the numbers that mode reads.

SI units and right-handed frames (x forward, y left, z up); degrees and the firmware's inverted
legacy pitch end at the decoders in ``services/commander.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from sim.spec import ActionLevel

Vector = tuple[float, float, float]


class Mode(IntEnum):
    """How one axis is commanded (the firmware's ``stab_mode_t``)."""

    DISABLED = 0
    ABSOLUTE = 1
    VELOCITY = 2


@dataclass(frozen=True, slots=True)
class Setpoint:
    """One command for the on-board controller."""

    xy: Mode = Mode.DISABLED
    z: Mode = Mode.DISABLED
    tilt: Mode = Mode.DISABLED
    """Roll and pitch."""
    yaw: Mode = Mode.DISABLED
    position_w: Vector = (0.0, 0.0, 0.0)
    """m"""
    velocity: Vector = (0.0, 0.0, 0.0)
    """m/s; horizontal components in the body's heading frame if ``velocity_in_body``."""
    velocity_in_body: bool = False
    acceleration_w: Vector = (0.0, 0.0, 0.0)
    """Feed-forward, m/s^2."""
    roll: float = 0.0
    """rad"""
    pitch: float = 0.0
    """rad about +y: nose down is positive."""
    heading: float = 0.0
    """rad"""
    roll_rate: float = 0.0
    pitch_rate: float = 0.0
    yaw_rate: float = 0.0
    """rad/s"""
    thrust: float = 0.0
    """Fraction of the largest total thrust; read when ``z`` is disabled."""
    explicit_stop: bool = False
    """The client sent a stop set-point."""

    @property
    def is_stop(self) -> bool:
        """Whether nothing is commanded and there is no thrust."""
        return self.xy == self.z == self.tilt == self.yaw == Mode.DISABLED and self.thrust == 0.0


def rates(p: float, q: float, r: float, thrust: float) -> Setpoint:
    """Return a command of body rates (rad/s) and thrust (fraction)."""
    return Setpoint(tilt=Mode.VELOCITY, yaw=Mode.VELOCITY, roll_rate=p, pitch_rate=q, yaw_rate=r, thrust=thrust)


def attitude(roll: float, pitch: float, yaw_rate: float, thrust: float) -> Setpoint:
    """Return a command of roll and pitch (rad), yaw rate (rad/s) and thrust (fraction)."""
    return Setpoint(tilt=Mode.ABSOLUTE, yaw=Mode.VELOCITY, roll=roll, pitch=pitch, yaw_rate=yaw_rate, thrust=thrust)


def velocity(vx: float, vy: float, vz: float, yaw_rate: float) -> Setpoint:
    """Return a command of velocity (world, m/s) and yaw rate (rad/s)."""
    return Setpoint(Mode.VELOCITY, Mode.VELOCITY, yaw=Mode.VELOCITY, velocity=(vx, vy, vz), yaw_rate=yaw_rate)


def position(x: float, y: float, z: float, yaw: float) -> Setpoint:
    """Return a command of place (world, m) and heading (rad)."""
    return Setpoint(Mode.ABSOLUTE, Mode.ABSOLUTE, yaw=Mode.ABSOLUTE, position_w=(x, y, z), heading=yaw)


SETPOINTS: dict[ActionLevel, Callable[[float, float, float, float], Setpoint]] = {
    "rates_thrust": rates,
    "attitude_thrust": attitude,
    "velocity": velocity,
    "position": position,
}
"""What the four numbers of a command mean at each level above the motors."""
NOTHING = Setpoint()
"""No command: also what cflib's ``close_link`` sends (legacy, no thrust)."""
STOP = Setpoint(explicit_stop=True)
"""Motors off."""
