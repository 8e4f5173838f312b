"""Everything a randomization table can name: size, unit, nominal value and what it must not fall below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sim.inertia import second_moments
from sim.spec import MultirotorParameters

Mode = Literal["scale", "add", "set"]
Bound = Literal["any", "not negative", "positive"]

ALL: tuple[Mode, ...] = ("scale", "add", "set")
SHIFT: tuple[Mode, ...] = ("add", "set")
SCALE: tuple[Mode, ...] = ("scale",)


@dataclass(frozen=True)
class Parameter:
    """What a term may randomize."""

    size: int
    """Independent draws per environment; 0 stands for one per rotor."""
    unit: str
    modes: tuple[Mode, ...]
    description: str
    nominal: Callable[[MultirotorParameters], ArrayLike] | float = 0.0
    """Value without randomization; a number stands for all its draws."""
    bound: Bound = "any"
    """What no draw may violate."""

    def nominal_row(self, parameters: MultirotorParameters) -> np.ndarray:
        """Return the nominal value of an airframe, (size,) float64."""
        value = self.nominal(parameters) if callable(self.nominal) else self.nominal
        return np.broadcast_to(np.asarray(value, np.float64), (self.size or parameters.num_rotors,))


_AIRFRAME = {
    "size": Parameter(
        1, "1", SCALE, "every length; mass and forces go with its cube, all other terms with them (airframes.py)",
        1.0, "positive",
    ),
    "torque_to_inertia": Parameter(
        1, "rad/s^2", ("set",), "agility: one rotor's largest thrust times its arm over the roll inertia", np.nan
    ),
    "thrust_linear_share": Parameter(
        1, "1", ("set",), "share of the full thrust that grows with speed instead of its square", np.nan
    ),
    "mass": Parameter(1, "kg", ALL, "total mass", lambda p: p.mass, "positive"),
    "inertia": Parameter(
        3, "kg m^2", SCALE, "second moments of mass along x, y, z (keeps the inertia realizable)",
        lambda p: second_moments(np.array(p.inertia)), "positive",
    ),
    "arm_scale": Parameter(1, "1", SCALE, "distance of the rotors from the body's origin", 1.0, "positive"),
    "centre_of_mass_xy": Parameter(2, "m", SHIFT, "offset from the rotors' centre in the body frame"),
    "centre_of_mass_z": Parameter(1, "m", SHIFT, "the same along body z: a battery hung below, a deck on top"),
    "thrust": Parameter(1, "N", SCALE, "the whole thrust curve of all rotors", 1.0, "positive"),
    "torque_per_thrust": Parameter(
        1, "m", ALL, "reaction torque over thrust", lambda p: p.torque_per_thrust, "not negative"
    ),
    "motor_rise_s": Parameter(1, "s", ALL, "time constant while spinning up", lambda p: p.motor_rise_s, "positive"),
    "motor_fall_s": Parameter(1, "s", ALL, "time constant while spinning down", lambda p: p.motor_fall_s, "positive"),
    "motor_gain": Parameter(0, "1", ALL, "thrust of each single rotor over the common curve", 1.0, "not negative"),
    "battery_voltage": Parameter(
        1, "1", ALL, "open-circuit voltage over a full pack's: rotor speed per command", 1.0, "positive"
    ),
    "battery_sag": Parameter(
        1, "1", ALL, "share of the voltage lost with all rotors at full speed", lambda p: p.battery_sag, "not negative"
    ),
    "dead_zone": Parameter(1, "1", ALL, "command below which a rotor stands", lambda p: p.dead_zone, "not negative"),
    "rotor_drag": Parameter(
        3, "N s/m", ALL, "drag over airspeed at full rotor speed, body axes", lambda p: p.rotor_drag, "not negative"
    ),
    "rotor_radius_m": Parameter(
        1, "m", ALL, "radius of the discs in the ground effect", lambda p: p.rotor_radius_m, "not negative"
    ),
}  # fmt: skip

_WORLD = {
    "force_per_weight": Parameter(3, "mg", SHIFT, "constant force in the world frame, in nominal weights"),
    "torque_per_weight": Parameter(3, "mg m", SHIFT, "constant torque in the body frame, in nominal weights x m"),
    "wind_w": Parameter(3, "m/s", SHIFT, "mean wind in the world frame"),
    "gust_speed": Parameter(
        1, "m/s", SHIFT, "wind speed at 6 m whose Dryden turbulence blows (gusts.py); 0 for none", 0.0, "not negative"
    ),
    "floor_height_w": Parameter(1, "m", ("set",), "height of the floor of the ground effect", -np.inf),
}

_CLOCKS = {
    "action_delay_s": Parameter(1, "s", SHIFT, "command to motor driver", 0.0, "not negative"),
    "action_jitter_s": Parameter(
        1, "s", SHIFT, "largest extra delay of a command, drawn anew every period", 0.0, "not negative"
    ),
    "observation_delay_s": Parameter(1, "s", SHIFT, "state to observation", 0.0, "not negative"),
    "packet_loss": Parameter(
        1, "1", SHIFT, "probability that a command, or a state, never arrives", 0.0, "not negative"
    ),
    "control_period": Parameter(
        1, "s", SCALE, "the policy's real period over the one it was made for", 1.0, "positive"
    ),
    "control_period_jitter": Parameter(
        1, "1", SHIFT, "largest change of single periods either way, as a fraction", 0.0, "not negative"
    ),
    "attitude_gain": Parameter(1, "1", SCALE, "attitude loop of the controller on board", 1.0, "positive"),
    "rate_gain": Parameter(1, "1", SCALE, "rate loops of the controller on board", 1.0, "positive"),
}

_SENSORS = {
    "gyro_bias_b": Parameter(3, "rad/s", SHIFT, "constant error of the angular velocity"),
    "attitude_bias_b": Parameter(3, "rad", SHIFT, "constant rotation between body and estimated body"),
    "position_bias_w": Parameter(3, "m", SHIFT, "constant error of the estimated position"),
    "position_drift": Parameter(
        1, "m/sqrt(s)", SHIFT, "random walk of the estimated position, per axis", 0.0, "not negative"
    ),
    "estimator_period_s": Parameter(
        1, "s", SHIFT, "position and velocity are renewed this often and held between", 0.0, "not negative"
    ),
    "estimator_delay_s": Parameter(
        1, "s", SHIFT, "age of position and velocity beyond observation_delay_s", 0.0, "not negative"
    ),
}

PARAMETERS: dict[str, Parameter] = _AIRFRAME | _WORLD | _CLOCKS | _SENSORS
"""By the name that a term uses."""

DISTURBANCES = ("force_per_weight", "torque_per_weight", "wind_w", "gust_speed")
"""The terms that ``randomization.without_disturbances`` leaves out."""
SENSORS_AND_CLOCKS = (*_CLOCKS, *_SENSORS)
"""The terms that ``randomization.nominal_airframe`` keeps."""
