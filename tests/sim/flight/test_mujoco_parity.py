"""The kernel against MuJoCo's RK4 on the same MJCF: same airframes, same step, same commands.

The rotor model is shared by construction (rotor.py delivers MuJoCo's control); what is compared
is everything else: signs, lever arms, centre of mass, gyroscopic term, frames, disturbances.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mujoco.batch import Batch

from sim.flight.frames import from_body_origin, hover_state, to_body_origin
from sim.flight.kernel import step
from sim.flight.layout import FIRST_ROTOR
from sim.flight.model import build_model, model_fields
from sim.flight.parameters import FlightParameters
from sim.flight.rotor_bank import RotorBank
from sim.registry import load_robot, robot_names
from sim.spec import MultirotorParameters
from tests.sim.flight import reference
from tests.sim.flight.batches import random_parameters

ROBOT = load_robot("crazyflie")
MULTIROTORS = [name for name in robot_names() if isinstance(load_robot(name).parameters(), MultirotorParameters)]


def commands(rng: np.random.Generator, start: np.ndarray, parameters: FlightParameters, seconds: float, dt: float):
    """Random swings around hover with damped body rates, flown once in the kernel: ``(steps, N, num_rotors)``."""
    hover = np.nan_to_num(parameters.hover_command(), nan=0.9)[:, None]
    shape = (parameters.num_envs, parameters.num_rotors)
    phase, rate = rng.uniform(0.0, 2.0 * np.pi, shape), rng.uniform(5.0, 25.0, shape)
    packed, state, chosen = parameters.packed(dt), start, []
    turning = np.sign(packed[:, FIRST_ROTOR:].reshape(*shape, 6)[..., 3:])  # (N, R, 3)
    for k in range(round(seconds / dt)):
        damping = np.einsum("nra,na->nr", turning, state[:, 10:13] * (0.01, 0.01, 0.03))
        swing = 0.06 * np.sin(rate * dt * k + phase)
        chosen.append(np.clip(hover + swing - damping, 0.0, 1.0).astype(np.float32))
        state = step(state, chosen[-1], packed)
    return np.stack(chosen)


def fly_in_mujoco(
    start, command, parameters: FlightParameters, dt: float, parameter_set: str, robot=ROBOT
) -> np.ndarray:
    """States after every step, ``(steps, N, 13 + num_rotors)``."""
    model = build_model(robot, parameter_set, dt)
    batch = Batch(model, parameters.num_envs, 1)
    for name, value in model_fields(model, robot, parameters).items():
        batch.expand(name)[:] = value
    batch.set_const()
    rotors, speed = RotorBank(parameters, dt), start[:, 13:].copy()
    batch.qpos[:], batch.qvel[:] = to_body_origin(start, parameters.centre_of_mass_b)
    body = model.body(robot.name).id
    batch.xfrc_applied.reshape(parameters.num_envs, -1, 6)[:, body, :3] = parameters.force_w
    batch.qfrc_applied[:, 3:6] = parameters.torque_b
    flown = []
    for held in command:
        thrust, speed = rotors.advance(speed, held)
        batch.ctrl[:] = thrust
        batch.step()
        flown.append(from_body_origin(batch.qpos, batch.qvel, speed, parameters.centre_of_mass_b))
    return np.stack(flown)


def fly_in_kernel(start, command, parameters: FlightParameters, dt: float) -> np.ndarray:
    packed, state, flown = parameters.packed(dt), start, []
    for held in command:
        state = step(state, held, packed)
        flown.append(state)
    return np.stack(flown)


def fly_in_float64(start, command, parameters: FlightParameters, dt: float) -> np.ndarray:
    p, state, flown = reference.as_double(parameters), torch.from_numpy(start.astype(np.float64)), []
    for held in command:
        state = reference.step(state, torch.from_numpy(held.astype(np.float64)), p, dt)
        flown.append(state.numpy())
    return np.stack(flown)


def largest_difference(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Position m, attitude (quaternion, either sign), velocity m/s, body rates rad/s."""
    attitude = np.minimum(np.abs(a - b)[..., 3:7].max(-1), np.abs(a + b)[..., 3:7].max(-1))
    difference = np.abs(a - b)
    return {
        "position": float(difference[..., :3].max()),
        "attitude": float(attitude.max()),
        "velocity": float(difference[..., 7:10].max()),
        "rates": float(difference[..., 10:13].max()),
    }


def flight(parameter_set: str, seconds: float, dt: float):
    """Airframes, start and commands of a lively flight: a few turns, several m/s, tens of rad/s."""
    rng = np.random.default_rng(7)
    parameters = random_parameters(rng, 6, parameter_set)
    parameters.motor_gain[:] = 1.0 + rng.uniform(-0.05, 0.05, (6, 4))
    parameters.centre_of_mass_b[:] *= 0.2
    parameters.torque_b[:] *= 0.1
    start = hover_state(parameters)
    start[:, 7:10] = rng.normal(0.0, 0.5, (6, 3))
    start[:, 10:13] = rng.normal(0.0, 2.0, (6, 3))
    return start, commands(rng, start, parameters, seconds, dt), parameters


@pytest.mark.parametrize("dt", [0.005, 0.01])
@pytest.mark.parametrize("parameter_set", sorted(ROBOT.parameter_sets))
def test_two_second_flights_agree(parameter_set, dt):
    start, command, parameters = flight(parameter_set, 2.0, dt)
    in_mujoco = fly_in_mujoco(start, command, parameters, dt, parameter_set)
    assert np.abs(in_mujoco[..., 10:13]).max() > 5.0, "too gentle to tell the gyroscopic terms apart"
    assert np.abs(in_mujoco[..., 7:10]).max() > 3.0
    difference = largest_difference(fly_in_kernel(start, command, parameters, dt), in_mujoco)
    # Float32 rounding over up to 400 steps and 15 m of flight.
    assert difference["position"] < 1e-3
    assert difference["attitude"] < 2e-4
    assert difference["velocity"] < 2e-3
    assert difference["rates"] < 4e-4


@pytest.mark.parametrize("name", MULTIROTORS)
def test_every_robot_flies_alike(name):
    """Each robot's own numbers and rotor count; the air's forces, which MuJoCo is handed, have their own tests."""
    robot, rng = load_robot(name), np.random.default_rng(5)
    parameters = FlightParameters.nominal(robot.parameters(), 6)
    parameters.rotor_drag[:] = 0.0
    parameters.motor_gain[:] = 1.0 + rng.uniform(-0.02, 0.02, parameters.motor_gain.shape)
    start = hover_state(parameters)
    start[:, 10:13] = rng.normal(0.0, 1.0, (6, 3))
    command = commands(rng, start, parameters, 1.0, 0.005)
    in_mujoco = fly_in_mujoco(start, command, parameters, 0.005, robot.default_parameter_set, robot)
    assert np.abs(in_mujoco[-1] - start).max() > 0.1
    difference = largest_difference(fly_in_kernel(start, command, parameters, 0.005), in_mujoco)
    assert difference["position"] < 1e-3
    assert difference["attitude"] < 2e-4
    assert difference["velocity"] < 2e-3
    assert difference["rates"] < 1e-3


def test_difference_while_spinning_fast_is_truncation_of_fourth_order():
    """Both are RK4, MuJoCo on the rotation group: at 60 rad/s they differ, by something like dt^4."""
    rng = np.random.default_rng(3)
    parameters = random_parameters(rng, 6)
    parameters.torque_b[:] = 0.0
    start = hover_state(parameters)
    start[:, 10:13] = 60.0 * np.sign(rng.normal(size=(6, 3)))
    difference = {}
    for dt in (0.01, 0.005):
        command = np.repeat(start[None, :, 13:], round(0.2 / dt), axis=0)
        there = fly_in_mujoco(start, command, parameters, dt, "l2f_v2")
        difference[dt] = largest_difference(fly_in_kernel(start, command, parameters, dt), there)["attitude"]
    assert difference[0.005] > 1e-4, "float32 rounding would hide the order"
    assert difference[0.01] / difference[0.005] > 10.0


def test_centre_of_mass_offset_tilts_the_robot_alike():
    """A centre of mass forward of the rotors' middle pitches the nose down in both."""
    parameters = FlightParameters.nominal(ROBOT.parameters("l2f_paper"), 1)
    parameters.centre_of_mass_b[:, 0] = 2e-3
    start = hover_state(parameters)
    command = np.repeat(start[None, :, 13:], 20, axis=0)
    in_mujoco = fly_in_mujoco(start, command, parameters, 0.01, "l2f_paper")
    in_kernel = fly_in_kernel(start, command, parameters, 0.01)
    assert in_mujoco[-1, 0, 11] > 1.0  # positive about y, nose down
    assert in_kernel[-1, 0, 11] == pytest.approx(in_mujoco[-1, 0, 11], rel=1e-5)
    assert largest_difference(in_kernel, in_mujoco)["position"] < 1e-5
