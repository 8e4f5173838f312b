"""Files of identified robots with values of one's own."""

import numpy as np

from sim.bodies.dynamics import QUANTITIES
from sim.bodies.dynamics import UNITS as JOINT_UNITS
from sim.identified import IdentifiedRobot
from sim.registry import load_robot

UNITS = {
    "mass": "kg", "thrust_over_mass": "m/s^2", "thrust_linear_share": "1", "motor_rise_s": "s", "motor_fall_s": "s",
    "latency_s": "s", "torque_constant_mass_over_yaw_inertia": "1/m",
}  # fmt: skip


def identified(serial="cf07", robot="crazyflie", relative=0.01, correlation=0.0, **values):
    """Return a file; each value has a standard error of ``relative`` of itself, neighbours correlate."""
    names = tuple(values)
    error = relative * np.abs(np.array(list(values.values()), np.float64)) + 1e-9
    matrix = np.full((len(names), len(names)), correlation) + (1.0 - correlation) * np.eye(len(names))
    return IdentifiedRobot(
        serial=serial,
        robot=robot,
        parameter_set=load_robot(robot).default_parameter_set,
        names=names,
        units=tuple(UNITS.get(name, "1") for name in names),
        values=np.array(list(values.values()), np.float64),
        covariance=matrix * np.outer(error, error),
        date="2026-01-01T00:00:00+00:00",
    )


def identified_joints(dynamics, serial="go1-12", robot="go1", relative=0.01, leave_out=(), **changes):
    """Return the file of a robot's joints; ``leave_out``: names that it does not hold, whole quantities or single."""
    joints = load_robot(robot).joint_names
    values, units = {}, {}
    for quantity, row in zip(QUANTITIES, dynamics.stacked):
        for joint, value in zip(joints, row):
            name = f"{quantity}.{joint}"
            if quantity not in leave_out and name not in leave_out:
                values[name], units[name] = float(value), JOINT_UNITS[quantity]
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    error = relative * np.abs(np.array(list(values.values()))) + 1e-9
    return IdentifiedRobot(
        serial, robot, "policy", tuple(values), tuple(units.get(name, "1") for name in values),
        np.array(list(values.values())), np.diag(error**2), date="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
