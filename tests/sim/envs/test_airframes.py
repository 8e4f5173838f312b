"""Each term of the physics in MuJoCo and in the flight kernel: the same flight, another one than without the term."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sim.distributions import Constant, Uniform
from sim.envs.airframes import Airframes
from sim.flight import kernel
from sim.flight.frames import hover_state
from sim.randomizable import PARAMETERS
from sim.randomization import NOMINAL_TABLE, RandomizationTable, Sample, Term, sample
from sim.registry import load_robot

CRAZYFLIE = load_robot("crazyflie")
STEP_S, STEPS, NUM_ENVS = 0.01, 50, 8

TERMS = {
    "mass": Uniform(0.025, 0.03),
    "motor_rise_s": Uniform(0.03, 0.06),
    "motor_fall_s": Uniform(0.2, 0.3),
    "motor_gain": Uniform(0.98, 1.02),
    "torque_per_thrust": Uniform(0.003, 0.009),
    "battery_voltage": Uniform(0.85, 0.95),
    "battery_sag": Uniform(0.05, 0.2),
    "dead_zone": Constant(0.619),
    "rotor_drag": Uniform(0.005, 0.02),
    "centre_of_mass_xy": Uniform(-3e-4, 3e-4),
    "force_per_weight": Uniform(-0.1, 0.1),
    "torque_per_weight": Uniform(-1e-4, 1e-4),
}
"""Terms that act alone, set to something far from nominal."""


def table(**distributions) -> RandomizationTable:
    modes = {name: "set" if "set" in PARAMETERS[name].modes else "scale" for name in distributions}
    return RandomizationTable("terms", tuple(Term(name, d, modes[name], "test") for name, d in distributions.items()))


def draw(chosen: RandomizationTable, nominal) -> Sample:
    return sample(chosen, nominal, np.random.default_rng(1), NUM_ENVS)


def start_and_commands(drawn: Sample, rotors: int, height_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A tilted start with some speed, and commands that swing about hover far enough to rise and fall."""
    rng = np.random.default_rng(2)
    start = hover_state(drawn.flight, (0.0, 0.0, height_m))
    start[:, 3:7] = (0.98, 0.1, -0.1, 0.14)
    start[:, 3:7] /= np.linalg.norm(start[0, 3:7])
    start[:, 7:10] = rng.normal(0.0, 0.7, (NUM_ENVS, 3))
    start[:, 10:13] = rng.normal(0.0, 1.0, (NUM_ENVS, 3))
    phase = rng.uniform(0.0, 2.0 * np.pi, (NUM_ENVS, rotors))
    swing = 0.05 * np.sin(0.4 * np.arange(STEPS)[:, None, None] + phase)
    return start, (start[:, 13:] + swing).astype(np.float32)


def fly_in_mujoco(robot, nominal, drawn: Sample, start, commands) -> tuple[np.ndarray, np.ndarray]:
    """States after every step, and the wind during it."""
    airframes = Airframes(robot, nominal, STEP_S, NUM_ENVS, 1)
    airframes.load(np.arange(NUM_ENVS), drawn, drawn, start, STEP_S)
    states, winds = [], []
    for command in commands:
        airframes.begin_period(drawn.control_period)
        winds.append(airframes.wind_w.copy())
        airframes.step(command, None)
        states.append(np.concatenate([airframes.rigid, airframes.rotor_speed], axis=1))
    return np.stack(states), np.stack(winds)


def fly_in_kernel(drawn: Sample, start, commands, winds) -> np.ndarray:
    packed = drawn.flight.packed(STEP_S * drawn.control_period)
    state, states = start, []
    for command, wind in zip(commands, winds, strict=True):
        state = kernel.step(state, command, packed, wind)
        states.append(state)
    return np.stack(states)


def assert_parity(chosen, without=NOMINAL_TABLE, nominal=None, robot=CRAZYFLIE, height_m=1.0):
    """Both physics agree to rounding, and the term is felt a hundred times more than that."""
    drawn, plain = draw(chosen, nominal or robot.parameters()), draw(without, robot.parameters())
    nominal = nominal or robot.parameters()
    start, commands = start_and_commands(plain, nominal.num_rotors, height_m)
    in_mujoco, winds = fly_in_mujoco(robot, nominal, drawn, start, commands)
    in_kernel = fly_in_kernel(drawn, start, commands, winds)
    scale = np.array([1.0] * 7 + [10.0] * 3 + [50.0] * 3 + [1.0] * nominal.num_rotors)
    difference = np.abs(in_kernel - in_mujoco).max(axis=0) / scale
    felt = np.abs(in_kernel - fly_in_kernel(plain, start, commands, np.zeros_like(winds))).max(axis=0) / scale
    assert difference.max() < 4e-5
    assert np.median(felt.max(axis=1)) > 4e-3


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_term_alone(name):
    assert_parity(table(**{name: TERMS[name]}))


def test_thrust_curve():
    curve = (0.01, 0.08, 0.05)
    assert_parity(NOMINAL_TABLE, nominal=dataclasses.replace(CRAZYFLIE.parameters(), thrust_curve=curve))


def test_drag_is_relative_to_the_wind():
    assert_parity(
        table(rotor_drag=Constant(0.01), wind_w=Uniform(-3.0, 3.0)), table(rotor_drag=Constant(0.01))
    )  # fmt: skip


def test_gusts():
    assert_parity(table(rotor_drag=Constant(0.01), gust_speed=Constant(8.0)), table(rotor_drag=Constant(0.01)))


def test_ground_effect():
    discs = {"rotor_radius_m": Constant(0.5)}
    assert_parity(table(**discs, floor_height_w=Uniform(-0.5, 0.0)), table(**discs), height_m=0.5)


def test_centre_of_mass_along_z_is_felt_through_the_drag_at_the_hubs():
    drag = {"rotor_drag": Constant(0.03)}
    assert_parity(table(**drag, centre_of_mass_z=Uniform(-0.02, 0.02)), table(**drag))


def test_a_control_period_that_is_not_the_nominal_one():
    assert_parity(table(control_period=Uniform(0.9, 1.1)))


@pytest.mark.parametrize("shape", ["tilted", "six tilted"])
def test_tilted_rotors(shape):
    robot = CRAZYFLIE if shape == "tilted" else load_robot("hexarotor")
    flat = robot.parameters()
    hubs, up = np.array(flat.rotor_position_b), np.array([0.0, 0.0, 1.0])
    axes = up + 0.3 * np.array(flat.yaw_sign)[:, None] * np.cross(hubs / np.linalg.norm(hubs, axis=1)[:, None], up)
    axes[0] += (0.1, 0.0, 0.0)  # else the sideways forces cancel
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    tilted = dataclasses.replace(flat, rotor_axis_b=tuple(map(tuple, axes.tolist())))
    assert_parity(NOMINAL_TABLE, nominal=tilted, robot=robot)
    assert tilted.hover_command > flat.hover_command
