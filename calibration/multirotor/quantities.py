"""What a flight can tell of a multirotor, as coordinates for least squares, and the airframe they stand for.

All are ratios to the mass: mass, inertia and thrust scaled together leave every flight unchanged. Coordinates are
dimensionless, ``z = ln(value / nominal) / spread`` for what is positive, else ``(value - nominal) / spread``, so that
one is a surprising difference in any of them. ``spread`` is also the standard deviation of a prior about the nominal,
far wider than what a good flight says; what a flight hardly narrows is not stated (identifiability.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from calibration.multirotor import body
from sim.spec import MultirotorParameters

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Quantity:
    """One coordinate."""

    name: str
    unit: str
    nominal: float
    spread: float
    """In ``unit``; of the logarithm for what is positive."""
    positive: bool = False
    reach: float = 6.0
    """Bounds of the coordinate, either way."""

    def value(self, z: float) -> float:
        """Return the physical value of a coordinate."""
        return self.nominal * float(np.exp(self.spread * z)) if self.positive else self.nominal + self.spread * z

    def coordinate(self, value: float) -> float:
        """Return the coordinate of a physical value."""
        return float(np.log(value / self.nominal) if self.positive else value - self.nominal) / self.spread

    def slope(self, z: float) -> float:
        """Derivative of the value with respect to the coordinate."""
        return self.spread * (self.value(z) if self.positive else 1.0)


AXES = ("x", "y", "z")
LATENCY_GUESS_S = 0.010
"""One period of a loop at 100 Hz."""
DRAG_SPREAD = 0.5
"""1/s. Crazyflie 0.3: 0.0083 N s/m over 27 g (Foerster 2015, ETH)."""
GYRO_BIAS_SPREAD, ACCELEROMETER_BIAS_SPREAD = 0.02, 0.2
"""Zero-rate offset 1 deg/s, zero-g offset 20 mg (Bosch BMI088 data sheet rev. 1.4)."""


class Quantities:
    """The coordinates of one airframe."""

    def __init__(self, nominal: MultirotorParameters) -> None:
        self.airframe = nominal
        rotors = nominal.num_rotors
        full = rotors * float(np.sum(nominal.thrust_curve))
        inertia = np.array(nominal.inertia) / nominal.mass
        drag = np.array(nominal.rotor_drag) / nominal.mass
        self.all: tuple[Quantity, ...] = (
            Quantity("thrust_over_mass", "m/s^2", full / nominal.mass, 0.3, True),
            Quantity("thrust_linear_share", "1", nominal.thrust_curve[1] * rotors / full, 0.3),
            *(Quantity(f"inertia_over_mass_{a}", "m^2", j, 0.5, True) for a, j in zip(AXES, inertia)),
            Quantity("torque_constant_mass_over_yaw_inertia", "1/m", nominal.torque_per_thrust / inertia[2], 0.5, True),
            Quantity("motor_rise_s", "s", nominal.motor_rise_s, 0.5, True),
            Quantity("motor_fall_s", "s", nominal.motor_fall_s, 0.5, True),
            Quantity("latency_s", "s", LATENCY_GUESS_S, 0.01),
            *(Quantity(f"centre_of_mass_{a}", "m", 0.0, 0.005) for a in AXES),
            *(Quantity(f"motor_imbalance_{k}", "1", 0.0, 0.05) for k in range(1, rotors)),
            Quantity("battery_sag", "1", nominal.battery_sag, 0.1),
            *(Quantity(f"drag_over_mass_{a}", "1/s", d, DRAG_SPREAD) for a, d in zip(AXES, drag)),
            *(Quantity(f"gyro_bias_{a}", "rad/s", 0.0, GYRO_BIAS_SPREAD) for a in AXES),
            *(Quantity(f"accelerometer_bias_{a}", "m/s^2", 0.0, ACCELEROMETER_BIAS_SPREAD) for a in AXES),
        )
        self.names = tuple(quantity.name for quantity in self.all)
        self.contrasts: Array = helmert(rotors).T * np.sqrt(rotors)
        """(num_rotors, num_rotors - 1): from the imbalances to each motor's gain less one; columns sum to zero."""
        self._hubs = np.array(nominal.rotor_position_b, np.float64)
        self._axes = np.array(nominal.rotor_axis_b, np.float64)
        self._signs = np.array(nominal.yaw_sign, np.float64)

    def __len__(self) -> int:
        return len(self.all)

    def values(self, z: Array) -> Array:
        """Return the physical values of coordinates, (p,)."""
        return np.array([quantity.value(each) for quantity, each in zip(self.all, z)])

    def coordinates(self, values: Array) -> Array:
        """Return the coordinates of physical values, (p,)."""
        return np.array([quantity.coordinate(each) for quantity, each in zip(self.all, values)])

    def index(self, name: str) -> int:
        """Return where a quantity is."""
        return self.names.index(name)

    def at(self, name: str, count: int) -> slice:
        """Return where a group of ``count`` is that begins with ``name``."""
        first = self.index(name)
        return slice(first, first + count)

    def gains(self, values: Array) -> Array:
        """Return each motor's thrust over the common curve, (num_rotors,), mean 1."""
        rotors = len(self._signs)
        return 1.0 + self.contrasts @ values[self.at("motor_imbalance_1", rotors - 1)]

    def coefficients(self, values: Array) -> Array:
        """Return what compiled code takes (body.py)."""
        rotors = len(self._signs)
        inertia = values[self.at("inertia_over_mass_x", 3)]
        centre = values[self.at("centre_of_mass_x", 3)]
        yaw = values[self.index("torque_constant_mass_over_yaw_inertia")] * inertia[2]
        c = np.empty(body.coefficients_size(rotors))
        c[body.LATENCY] = values[self.index("latency_s")]
        c[body.RISE], c[body.FALL] = values[self.at("motor_rise_s", 2)]
        c[body.SAG] = values[self.index("battery_sag")]
        c[body.LINEAR_SHARE] = values[self.index("thrust_linear_share")]
        c[body.GYROSCOPIC : body.GYROSCOPIC + 3] = (np.roll(inertia, -1) - np.roll(inertia, -2)) / inertia
        c[body.DRAG : body.DRAG + 3] = values[self.at("drag_over_mass_x", 3)]
        c[body.MASS_OVER_INERTIA : body.MASS_OVER_INERTIA + 3] = 1.0 / inertia
        c[body.CENTRE_OF_MASS : body.CENTRE_OF_MASS + 3] = centre
        c[body.GYRO_BIAS : body.GYRO_BIAS + 3] = values[self.at("gyro_bias_x", 3)]
        c[body.ACCELEROMETER_BIAS : body.ACCELEROMETER_BIAS + 3] = values[self.at("accelerometer_bias_x", 3)]
        push = (values[0] / rotors * self.gains(values))[:, None] * self._axes
        arm = np.cross(self._hubs - centre, push)
        reaction = yaw * self._signs[:, None] * push
        c[body.FIRST_ROTOR :] = np.concatenate([push, (arm + reaction) / inertia], axis=1).reshape(-1)
        return c

    def hover_speed(self, values: Array) -> float:
        """Return the rotor speed fraction at which thrust equals weight."""
        share = values[self.index("thrust_linear_share")]
        need = body.GRAVITY / values[0]
        if abs(1.0 - share) < 1e-9:
            return float(min(1.0, need))
        return float(np.clip((-share + np.sqrt(share**2 + 4.0 * (1.0 - share) * need)) / (2.0 * (1.0 - share)), 0, 1))
