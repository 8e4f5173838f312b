"""The airframes of a batch: one row of physical constants per environment.

The kernel does not read them directly: ``packed`` derives its coefficients for one time step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.errors import ConfigError
from sim.flight import layout
from sim.flight.rotor import lag_coefficients
from sim.spec import GRAVITY, MultirotorParameters

Array = NDArray[np.float32]

_SHARED = ("rotor_position_b", "rotor_axis_b", "yaw_sign")
_POSITIVE = ("mass", "inertia", "motor_rise_s", "motor_fall_s", "arm_scale", "battery_voltage")
_NOT_NEGATIVE = ("rotor_drag", "rotor_radius_m", "battery_sag", "dead_zone")
NO_FLOOR = -np.inf
"""Height of a floor that is not there, m."""


@dataclass
class FlightParameters:
    """Physical constants of ``num_envs`` multirotors; float32, SI units.

    Raises:
        ConfigError: for arrays that do not belong together, or a mass, inertia or time
            constant that is not positive.
    """

    mass: Array
    """``(num_envs,)`` kg"""
    inertia: Array
    """Principal moments about the centre of mass, ``(num_envs, 3)`` kg m^2."""
    centre_of_mass_b: Array
    """Centre of mass from the body origin, ``(num_envs, 3)`` m."""
    thrust_curve: Array
    """``c0, c1, c2`` of the thrust per rotor, ``(num_envs, 3)`` N."""
    torque_per_thrust: Array
    """Reaction torque over thrust, ``(num_envs,)`` m."""
    motor_rise_s: Array
    """Time constant while a rotor speeds up, ``(num_envs,)`` s."""
    motor_fall_s: Array
    """Time constant while a rotor slows down, ``(num_envs,)`` s."""
    motor_gain: Array
    """Multiplier on each rotor's thrust (imbalance), ``(num_envs, num_rotors)``."""
    force_w: Array
    """Constant force on the centre of mass, ``(num_envs, 3)`` N."""
    torque_b: Array
    """Constant torque in the body frame, ``(num_envs, 3)`` N m."""
    arm_scale: Array
    """Factor on ``rotor_position_b``, ``(num_envs,)``: airframes of one shape and many sizes."""
    rotor_drag: Array
    """Drag over speed relative to the air with all rotors at full speed, body axes, ``(num_envs, 3)`` N s/m."""
    rotor_radius_m: Array
    """Radius of the discs, ``(num_envs,)`` m; 0 for no ground effect."""
    floor_height_w: Array
    """Height of the floor in the world, ``(num_envs,)`` m; ``NO_FLOOR`` for none."""
    battery_voltage: Array
    """Open-circuit voltage over that of a full pack, ``(num_envs,)``: scales what a command reaches."""
    battery_sag: Array
    """Share of a full pack's voltage lost with all rotors at full speed, ``(num_envs,)``."""
    dead_zone: Array
    """Command below which a rotor stands still, ``(num_envs,)``."""
    rotor_position_b: Array
    """Rotor hubs from the body origin, ``(num_rotors, 3)`` m; shared."""
    rotor_axis_b: Array
    """Unit thrust directions, ``(num_rotors, 3)``; shared."""
    yaw_sign: Array
    """Sign of the reaction torque about body z, ``(num_rotors,)``; shared."""

    def __post_init__(self) -> None:
        for field in fields(self):
            setattr(self, field.name, np.ascontiguousarray(getattr(self, field.name), dtype=np.float32))
        n, r = self.num_envs, self.num_rotors
        vector, matrix = (n,), (n, 3)
        expected = {
            "mass": vector, "inertia": matrix, "centre_of_mass_b": matrix, "thrust_curve": matrix,
            "torque_per_thrust": vector, "motor_rise_s": vector, "motor_fall_s": vector,
            "motor_gain": (n, r), "force_w": matrix, "torque_b": matrix, "arm_scale": vector,
            "rotor_drag": matrix, "rotor_radius_m": vector, "floor_height_w": vector,
            "battery_voltage": vector, "battery_sag": vector, "dead_zone": vector,
            "rotor_position_b": (r, 3), "rotor_axis_b": (r, 3), "yaw_sign": (r,),
        }  # fmt: skip
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ConfigError(
                    f"flight parameters: '{name}' must have shape {shape}, got {getattr(self, name).shape}"
                )
        for name in _POSITIVE:
            if not np.all(getattr(self, name) > 0.0):
                raise ConfigError(f"flight parameters: '{name}' must be positive in every environment")
        for name in _NOT_NEGATIVE:
            if not np.all(getattr(self, name) >= 0.0):
                raise ConfigError(f"flight parameters: '{name}' must not be negative in any environment")

    @classmethod
    def nominal(cls, parameters: MultirotorParameters, num_envs: int) -> FlightParameters:
        """Return ``num_envs`` copies of one airframe, undisturbed and balanced."""

        def rows(value: ArrayLike) -> Array:
            row = np.asarray(value, dtype=np.float32)
            return np.broadcast_to(row, (num_envs, *row.shape)).copy()

        return cls(
            mass=rows(parameters.mass),
            inertia=rows(parameters.inertia),
            centre_of_mass_b=rows((0.0, 0.0, 0.0)),
            thrust_curve=rows(parameters.thrust_curve),
            torque_per_thrust=rows(parameters.torque_per_thrust),
            motor_rise_s=rows(parameters.motor_rise_s),
            motor_fall_s=rows(parameters.motor_fall_s),
            motor_gain=rows((1.0,) * parameters.num_rotors),
            force_w=rows((0.0, 0.0, 0.0)),
            torque_b=rows((0.0, 0.0, 0.0)),
            arm_scale=rows(1.0),
            rotor_drag=rows(parameters.rotor_drag),
            rotor_radius_m=rows(parameters.rotor_radius_m),
            floor_height_w=rows(NO_FLOOR),
            battery_voltage=rows(1.0),
            battery_sag=rows(parameters.battery_sag),
            dead_zone=rows(parameters.dead_zone),
            rotor_position_b=np.asarray(parameters.rotor_position_b, dtype=np.float32),
            rotor_axis_b=np.asarray(parameters.rotor_axis_b, dtype=np.float32),
            yaw_sign=np.asarray(parameters.yaw_sign, dtype=np.float32),
        )

    @property
    def num_envs(self) -> int:
        """Number of environments."""
        return len(self.mass)

    @property
    def num_rotors(self) -> int:
        """Number of rotors."""
        return len(self.yaw_sign)

    def take(self, ids: ArrayLike) -> FlightParameters:
        """Return the environments ``ids`` (indices or a boolean mask), copied."""
        chosen = np.asarray(ids)
        return FlightParameters(**{
            name: value.copy() if name in _SHARED else value[chosen] for name, value in self._arrays().items()
        })  # fmt: skip

    def put(self, ids: ArrayLike, other: FlightParameters) -> None:
        """Overwrite the environments ``ids`` with those of ``other``, in order."""
        _require_same_geometry([self, other])
        for name, value in self._arrays().items():
            if name not in _SHARED:
                value[np.asarray(ids)] = getattr(other, name)

    @staticmethod
    def concatenate(parts: Sequence[FlightParameters]) -> FlightParameters:
        """Return one batch with the environments of all ``parts`` in order.

        Raises:
            ConfigError: if there are none or their rotor geometry differs.
        """
        _require_same_geometry(parts)
        return FlightParameters(**{
            name: value if name in _SHARED else np.concatenate([getattr(part, name) for part in parts])
            for name, value in parts[0]._arrays().items()
        })  # fmt: skip

    def hover_speed(self) -> Array:
        """Mean rotor speed fraction at which thrust along body z equals weight, ``(num_envs,)``; NaN above 1."""
        c0, c1, c2 = (self.thrust_curve[:, k].astype(np.float64) for k in range(3))
        target = self.mass * GRAVITY / self._lift() - c0
        with np.errstate(invalid="ignore", divide="ignore"):
            quadratic = (-c1 + np.sqrt(c1 * c1 + 4.0 * c2 * target)) / (2.0 * c2)
            speed = np.where(c2 == 0.0, target / c1, quadratic)
            return np.where((speed >= 0.0) & (speed <= 1.0), speed, np.nan).astype(np.float32)

    def hover_command(self) -> Array:
        """Mean command that keeps ``hover_speed`` on the sagging battery, ``(num_envs,)``; NaN if it cannot hover."""
        speed = self.hover_speed()
        command = speed / (self.battery_voltage - self.battery_sag * speed**2)
        return np.where(command <= 1.0, command, np.nan).astype(np.float32)

    def full_speed(self) -> Array:
        """Rotor speed fraction at full command, ``(num_envs,)``: where it equals the voltage that it leaves."""
        voltage, sag = self.battery_voltage, self.battery_sag
        return (2.0 * voltage / (1.0 + np.sqrt(1.0 + 4.0 * sag * voltage))).astype(np.float32)

    def thrust_to_weight(self) -> Array:
        """Thrust along body z at full command over weight, ``(num_envs,)``."""
        powers = self.full_speed()[:, None] ** np.arange(3, dtype=np.float32)
        thrust = (self.thrust_curve * powers).sum(axis=1)
        return self._lift() * thrust / (self.mass * np.float32(GRAVITY))

    def _lift(self) -> Array:
        """Thrust along body z over that of the common curve, ``(num_envs,)``: about the number of rotors."""
        return self.motor_gain @ self.rotor_axis_b[:, 2]

    def packed(self, dt_s: float | NDArray[np.floating]) -> Array:
        """Return the kernel's coefficients for the time step ``dt_s``, one or ``(num_envs,)`` (columns: layout.py).

        Shape ``(num_envs, 33 + 6 num_rotors)``, contiguous; row ``i`` depends on environment ``i``
        only, so rows may be gathered and replaced.

        Raises:
            ConfigError: if ``dt_s`` is not positive.
        """
        if not np.all(np.asarray(dt_s) > 0.0):
            raise ConfigError(f"flight kernel: the time step must be positive, got {dt_s}")
        row = np.empty((self.num_envs, layout.packed_size(self.num_rotors)), np.float64)
        mass = self.mass.astype(np.float64)[:, None]
        inertia = self.inertia.astype(np.float64)
        row[:, layout.STEP_S] = dt_s
        row[:, layout.RISE] = lag_coefficients(dt_s, self.motor_rise_s)
        row[:, layout.FALL] = lag_coefficients(dt_s, self.motor_fall_s)
        row[:, layout.THRUST_CURVE] = self.thrust_curve
        row[:, layout.FREE_ACCELERATION_W] = self.force_w / mass - (0.0, 0.0, GRAVITY)
        row[:, layout.FREE_ANGULAR_ACCELERATION_B] = self.torque_b / inertia
        row[:, layout.GYROSCOPIC] = (np.roll(inertia, -1, 1) - np.roll(inertia, -2, 1)) / inertia
        row[:, layout.DEAD_ZONE] = self.dead_zone
        row[:, layout.BATTERY] = np.stack([self.battery_voltage, self.battery_sag / self.num_rotors], axis=1)
        row[:, layout.GROUND] = np.stack(self.ground(), axis=1)
        row[:, layout.DRAG] = self.rotor_drag / (self.num_rotors * mass)
        row[:, layout.DRAG_TURN] = (self.hubs_b().mean(axis=1) * mass)[:, [1, 2, 2, 0, 0, 1]] / inertia[
            :, [0, 0, 1, 1, 2, 2]
        ]
        row[:, layout.FIRST_ROTOR :] = self._rotor_columns(inertia).reshape(
            len(row), layout.ROTOR_STRIDE * self.num_rotors
        )
        return row.astype(np.float32)

    def ground(self) -> tuple[Array, Array]:
        """Height of the floor that the thrust feels and a quarter of the rotors' radius, ``(num_envs,)`` m each.

        Discs without a size feel no floor: it is at minus infinity, and their radius counts as one metre.
        """
        present = self.rotor_radius_m > 0.0
        radius = np.where(present, self.rotor_radius_m, np.float32(1.0))
        return np.where(present, self.floor_height_w, np.float32(NO_FLOOR)), np.float32(0.25) * radius

    def hubs_b(self) -> NDArray[np.float64]:
        """Rotor hubs from the centre of mass, ``(num_envs, num_rotors, 3)`` m."""
        hubs = self.arm_scale.astype(np.float64)[:, None, None] * self.rotor_position_b
        return hubs - self.centre_of_mass_b[:, None]

    def _rotor_columns(self, inertia: NDArray[np.float64]) -> NDArray[np.float64]:
        """Acceleration and angular acceleration per newton of each rotor, ``(num_envs, num_rotors, 6)``."""
        axis = self.rotor_axis_b.astype(np.float64)
        reaction = self.torque_per_thrust[:, None, None] * (self.yaw_sign[:, None] * axis)
        turn = (np.cross(self.hubs_b(), axis) + reaction) / inertia[:, None]
        push = axis / self.mass.astype(np.float64)[:, None, None]
        return self.motor_gain[..., None] * np.concatenate([push, turn], axis=2)

    def _arrays(self) -> dict[str, Array]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _require_same_geometry(parts: Sequence[FlightParameters]) -> None:
    if not parts:
        raise ConfigError("flight parameters: nothing to concatenate")
    for part in parts[1:]:
        if any(not np.array_equal(getattr(part, name), getattr(parts[0], name)) for name in _SHARED):
            raise ConfigError(f"flight parameters: {', '.join(_SHARED)} must agree between the batches")
