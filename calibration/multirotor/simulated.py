"""Flights of robots whose parameters are known, by the hundred: the flight kernel under a classical controller.

They judge the identification. The kernel has another step (1 ms, float32, fourth order) and other terms than the
model of body.py can be given (ground effect, a dead zone), but thrust, lag and rigid body are the same equations:
with every term in the model this is an inverse crime, and says whether the statistics are right, not whether the
physics is. The virtual Crazyflie flies in MuJoCo behind the real protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.multirotor.excitation import Excitation
from calibration.recording.record import Recording, make_stream
from sim.controllers.controller import Controller, reference_rows
from sim.controllers.registry import load_law, tuned_gains
from sim.flight import layout
from sim.flight.kernel import step
from sim.flight.parameters import FlightParameters
from sim.spec import GRAVITY, MultirotorParameters

Array = NDArray[np.floating]

STEP_S = 0.001
PERIOD_S = 0.010
VELOCITY_NOISE = 0.002
"""m/s, of the controller's estimate: the noise the hover task assumes."""


@dataclass(frozen=True)
class Sensors:
    """What is wrong with what is logged, standard deviations of one sample at 100 Hz."""

    gyro_noise: float = 0.02
    """rad/s; 0.0024 of it the BMI088's 0.014 deg/s/sqrt(Hz), the rest vibration (assumed)."""
    accelerometer_noise: float = 0.2
    """m/s^2; 0.02 of it the BMI088's 175 ug/sqrt(Hz), the rest vibration (assumed)."""
    position_noise: float = 0.001
    """m: markers (sim/estimators.py)."""
    gyro_bias: float = 0.01
    """rad/s; half the zero-rate offset of the BMI088."""
    accelerometer_bias: float = 0.1
    """m/s^2; half its zero-g offset."""
    drop_out: float = 0.01
    """Probability that a row begins a gap."""
    longest_gap: int = 5
    """Rows."""
    torque_walk: float = 0.1
    """rad/s per sqrt(s): what turbulence adds to rates (assumed: 0.01 rad/s per period)."""
    force_walk: float = 0.005
    """m/s per sqrt(s): the same of velocity."""


@dataclass(frozen=True)
class Flights:
    """What a batch of robots logged, and what they are."""

    recordings: tuple[Recording, ...]
    flight: FlightParameters
    latency_s: Array
    """(num_robots,)"""
    gyro_bias: Array
    """(num_robots, 3) rad/s"""
    accelerometer_bias: Array
    """(num_robots, 3) m/s^2"""
    farthest_m: Array
    """(num_robots,): largest distance from the start."""
    steepest_rad: Array
    """(num_robots,): largest tilt."""


def fly(
    flight: FlightParameters,
    latency_s: Array,
    nominal: MultirotorParameters,
    excitation: Excitation,
    rng: np.random.Generator,
    sensors: Sensors | None = None,
    robot: str = "crazyflie",
    law: str = "lee",
) -> Flights:
    """Fly an excitation with every robot of a batch, the controller knowing the nominal one only.

    Args:
        flight: the robots.
        latency_s: from a command to the motors, (num_robots,), rounded to the kernel's step.
        nominal: what the controller believes.
        excitation: what to fly.
        rng: of noise and gusts.
        sensors: their errors; the default ones when None.
        robot: name of the robot, for gains and the recording.
        law: name of the classical controller.
    """
    sensors = sensors or Sensors()
    n, rotors = flight.num_envs, flight.num_rotors
    chosen = load_law(law)
    controller = Controller(chosen, nominal, n, PERIOD_S, tuned_gains(chosen, robot, nominal.name))
    packed = flight.packed(STEP_S)
    free_push, free_turn = (
        packed[:, layout.FREE_ACCELERATION_W].copy(),
        packed[:, layout.FREE_ANGULAR_ACCELERATION_B].copy(),
    )
    state = np.zeros((n, layout.state_size(rotors)), np.float32)
    state[:, 3] = 1.0
    state[:, layout.ROTOR_SPEED] = nominal.hover_speed
    ticks, per = excitation.num_commands, round(PERIOD_S / STEP_S)
    delay = np.rint(latency_s / STEP_S).astype(int)
    sent = np.tile(np.float32(nominal.hover_command), (n, ticks + 1, rotors))
    time_s = PERIOD_S * np.arange(ticks)
    measured = np.empty((n, ticks, 9))
    gyro_bias = sensors.gyro_bias * rng.standard_normal((n, 3))
    accelerometer_bias = sensors.accelerometer_bias * rng.standard_normal((n, 3))
    farthest, steepest = np.zeros(n), np.zeros(n)
    push, turned = np.zeros((2, n, 3)), np.zeros((2, n, 3))
    arm = -flight.centre_of_mass_b.astype(np.float64)
    gusts = np.array([sensors.force_walk, sensors.torque_walk]) / np.sqrt(STEP_S)
    rows = np.arange(n)
    for tick in range(ticks * per):
        k, i = divmod(tick, per)
        if i == 0:
            rotation = rotations(state[:, layout.QUATERNION])
            rates = state[:, layout.ANGULAR_VELOCITY_B].astype(np.float64)
            farthest = np.maximum(farthest, np.linalg.norm(state[:, :3], axis=1))
            steepest = np.maximum(steepest, np.arccos(np.clip(rotation[:, 2, 2], -1.0, 1.0)))
            # The controller sees what is logged: one that knew more would make commands foretell what the log cannot.
            measured[:, k, :3] = rates + gyro_bias + sensors.gyro_noise * rng.standard_normal((n, 3))
            origin = state[:, :3] + np.einsum("nij,nj->ni", rotation, arm)
            measured[:, k, 6:] = origin + sensors.position_noise * rng.standard_normal((n, 3))
            velocity = state[:, layout.VELOCITY_W] + VELOCITY_NOISE * rng.standard_normal((n, 3))
            seen = measured[:, k, 6:], rotation.reshape(n, 9), velocity, measured[:, k, :3]
            estimate = np.concatenate(seen, axis=1)
            reference = np.repeat(reference_rows(excitation.reference(time_s[k : k + 1])), n, axis=0)
            wanted = controller.step(estimate, reference) + excitation.motors[k].astype(np.float32)
            sent[:, k + 1] = np.clip(np.nan_to_num(wanted, nan=0.0), excitation.lowest, 1.0)
        command = sent[rows, np.maximum(0, k + 1 + (i - delay) // per)]
        packed[:, layout.FREE_ACCELERATION_W] = free_push + gusts[0] * rng.standard_normal((n, 3))
        packed[:, layout.FREE_ANGULAR_ACCELERATION_B] = free_turn + gusts[1] * rng.standard_normal((n, 3))
        before = state[:, 7:13].astype(np.float64)
        step(state, np.ascontiguousarray(command), packed, out=state)
        push[0], turned[0] = push[1], turned[1]
        push[1], turned[1] = (state[:, 7:10] - before[:, :3]) / STEP_S, (state[:, 10:13] - before[:, 3:]) / STEP_S
        if i == 0:  # what the accelerometer reads is the mean of the steps before and after
            force = push.mean(axis=0) + np.array([0.0, 0.0, GRAVITY])
            lever = np.cross(turned.mean(axis=0), arm) + np.cross(rates, np.cross(rates, arm))
            noise = accelerometer_bias + sensors.accelerometer_noise * rng.standard_normal((n, 3))
            measured[:, k, 3:6] = np.einsum("nji,nj->ni", rotation, force) + lever + noise
    recordings = tuple(_log(robot, time_s, measured[i], sent[i, 1:], sensors, rng) for i in range(n))
    return Flights(recordings, flight, STEP_S * delay, gyro_bias, accelerometer_bias, farthest, steepest)


def _log(
    robot: str, time_s: Array, measured: Array, command: Array, sensors: Sensors, rng: np.random.Generator
) -> Recording:
    kept = np.ones(len(time_s), bool)
    for first in np.flatnonzero(rng.random(len(time_s)) < sensors.drop_out):
        kept[first : first + rng.integers(1, sensors.longest_gap + 1)] = False
    kept[:2] = False, True  # before the first row no force is known
    parts = {"gyro": slice(0, 3), "accelerometer": slice(3, 6), "position": slice(6, 9)}
    streams = {name: make_stream(name, time_s[kept], measured[kept, part]) for name, part in parts.items()}
    streams["motor_command"] = make_stream("motor_command", time_s[kept], command[kept])
    return Recording(robot, None, streams, (), "simulated flight", "")


def rotations(quaternion: NDArray) -> Array:
    """Return world<-body, (n, 3, 3), of unit quaternions wxyz (n, 4)."""
    w, x, y, z = quaternion.astype(np.float64).T
    return np.stack([
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ], -2)  # fmt: skip
