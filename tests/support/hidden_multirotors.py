"""Crazyflies whose parameters only the test knows: drawn from the hover task's table, flown in the fast simulator."""

from __future__ import annotations

import numpy as np

from calibration.multirotor.excitation import Excitation
from calibration.multirotor.quantities import AXES, Quantities
from calibration.multirotor.simulated import Flights, Sensors, fly
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable, sample
from sim.registry import load_robot
from sim.tasks.hover import TRAINING_TABLE

NOMINAL = load_robot("crazyflie").parameters("l2f_paper")
DRAWN = (
    "mass", "thrust", "motor_rise_s", "motor_fall_s", "motor_gain", "inertia", "torque_per_thrust", "rotor_drag",
    "centre_of_mass_xy", "centre_of_mass_z", "battery_voltage", "battery_sag", "action_delay_s",
)  # fmt: skip
"""What is hidden: all that the model has. The rest of the table is wind, gusts, floors and estimators."""
TABLE = RandomizationTable("hidden", tuple(term for term in TRAINING_TABLE.terms if term.parameter in DRAWN))


def hidden_flights(
    count: int, seed: int, duration_s: float = 60.0, floor_m: float | None = None, excitation: Excitation | None = None,
    sensors: Sensors | None = None, late_s: float = 0.0,
) -> Flights:  # fmt: skip
    """Draw robots and fly them.

    Args:
        count: of robots.
        seed: of everything random.
        duration_s: of each flight.
        floor_m: height of a floor that the model does not have (ground effect); none when None.
        excitation: what they fly; the designed one when None.
        sensors: their errors; the default ones when None.
        late_s: added to every latency; late robots fly under a slower controller.
    """
    rng = np.random.default_rng(seed)
    drawn = sample(TABLE, NOMINAL, rng, count)
    if floor_m is not None:
        drawn.flight.rotor_radius_m[:] = 0.045
        drawn.flight.floor_height_w[:] = floor_m
    latency = drawn.action_delay_s.astype(np.float64) + late_s
    law, pace = ("mellinger", 0.7) if late_s else ("lee", 1.0)
    return fly(drawn.flight, latency, NOMINAL, excitation or Excitation(duration_s), rng, sensors, law=law, pace=pace)


def truth(quantities: Quantities, flights: Flights, robot: int) -> np.ndarray:
    """Return what the model's quantities really are, (p,).

    A pack's voltage V scales all rotor speeds, so that thrust counts V^2, drag V and sag V of what the kernel has:
    speed fractions of the model are those of the robot's own fresh pack.
    """
    flight: FlightParameters = flights.flight
    mass, volt = float(flight.mass[robot]), float(flight.battery_voltage[robot])
    gain = flight.motor_gain[robot].astype(np.float64)
    inertia = flight.inertia[robot].astype(np.float64)
    known = {
        "thrust_over_mass": float(flight.thrust_curve[robot].sum()) * volt**2 * gain.sum() / mass,
        "thrust_linear_share": 0.0,
        "torque_constant_mass_over_yaw_inertia": float(flight.torque_per_thrust[robot]) * mass / inertia[2],
        "motor_rise_s": float(flight.motor_rise_s[robot]),
        "motor_fall_s": float(flight.motor_fall_s[robot]),
        "latency_s": float(flights.latency_s[robot]),
        "battery_sag": float(flight.battery_sag[robot]) * volt,
    }
    for i, axis in enumerate(AXES):
        known[f"inertia_over_mass_{axis}"] = inertia[i] / mass
        known[f"centre_of_mass_{axis}"] = float(flight.centre_of_mass_b[robot, i])
        known[f"drag_over_mass_{axis}"] = float(flight.rotor_drag[robot, i]) / mass * volt
        known[f"gyro_bias_{axis}"] = flights.gyro_bias[robot, i]
        known[f"accelerometer_bias_{axis}"] = flights.accelerometer_bias[robot, i]
    imbalance = np.linalg.lstsq(quantities.contrasts, gain / gain.mean() - 1.0, rcond=None)[0]
    known |= {f"motor_imbalance_{k}": value for k, value in enumerate(imbalance, 1)}
    return np.array([known[name] for name in quantities.names])
