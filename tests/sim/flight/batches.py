"""Random airframes, states and commands for the tests of the flight kernel."""

from __future__ import annotations

import numpy as np

from sim.flight.parameters import FlightParameters
from sim.registry import load_robot


def random_parameters(
    rng: np.random.Generator, num_envs: int, parameter_set: str = "l2f_v2", num_rotors: int = 4
) -> FlightParameters:
    """Asymmetric motors, unbalanced rotors, an offset centre of mass and disturbances."""
    p = FlightParameters.nominal(load_robot("crazyflie").parameters(parameter_set), num_envs)
    if num_rotors != 4:
        angle = 2.0 * np.pi * np.arange(num_rotors) / num_rotors
        p.rotor_position_b = (0.04 * np.stack([np.cos(angle), np.sin(angle), 0.1 * angle], 1)).astype(np.float32)
        p.rotor_axis_b = np.tile(np.float32([0.0, 0.0, 1.0]), (num_rotors, 1))
        p.yaw_sign = np.where(np.arange(num_rotors) % 2, 1.0, -1.0).astype(np.float32)
        p.motor_gain = np.ones((num_envs, num_rotors), np.float32)

    def scale(array: np.ndarray, width: float) -> None:
        array *= rng.uniform(1.0 - width, 1.0 + width, array.shape).astype(np.float32)

    for name in ("mass", "inertia", "thrust_curve", "torque_per_thrust", "motor_rise_s", "motor_fall_s", "motor_gain"):
        scale(getattr(p, name), 0.3)
    p.centre_of_mass_b[:] = rng.normal(0.0, 2e-3, (num_envs, 3))
    p.force_w[:] = rng.normal(0.0, 0.02, (num_envs, 3))
    p.torque_b[:] = rng.normal(0.0, 3e-5, (num_envs, 3))
    return p


def random_states(rng: np.random.Generator, num_envs: int, num_rotors: int = 4) -> np.ndarray:
    """Any attitude, m/s and several rad/s, rotors anywhere; ``(num_envs, 13 + num_rotors)`` float32."""
    state = rng.normal(0.0, 1.0, (num_envs, 13 + num_rotors))
    state[:, 3:7] /= np.linalg.norm(state[:, 3:7], axis=1, keepdims=True)
    state[:, 10:13] *= 5.0
    state[:, 13:] = rng.uniform(0.0, 1.0, (num_envs, num_rotors))
    return state.astype(np.float32)


def random_commands(rng: np.random.Generator, num_envs: int, num_rotors: int = 4) -> np.ndarray:
    return rng.uniform(0.0, 1.0, (num_envs, num_rotors)).astype(np.float32)


def with_all_terms(rng: np.random.Generator, p: FlightParameters) -> FlightParameters:
    """Add drag, a sagging battery, a dead zone, tilted rotors and a floor among the states, in place."""
    n, rotors = p.num_envs, p.num_rotors
    p.arm_scale[:] = rng.uniform(0.7, 1.3, n)
    p.rotor_drag[:] = rng.uniform(0.005, 0.05, (n, 3))
    p.battery_voltage[:] = rng.uniform(0.9, 1.0, n)
    p.battery_sag[:] = rng.uniform(0.05, 0.2, n)
    p.dead_zone[:] = 0.15
    p.rotor_radius_m[:] = rng.uniform(0.2, 2.0, n)
    p.floor_height_w[:] = rng.uniform(-1.5, 0.0, n)
    axis = rng.normal(0.0, 0.3, (rotors, 3)) + np.array([0.0, 0.0, 1.0])
    p.rotor_axis_b = (axis / np.linalg.norm(axis, axis=1, keepdims=True)).astype(np.float32)
    return p


def random_wind(rng: np.random.Generator, num_envs: int) -> np.ndarray:
    return rng.normal(0.0, 2.0, (num_envs, 3)).astype(np.float32)
