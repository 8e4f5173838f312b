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

from calibration.multirotor.excitation import Excitation, into_range
from calibration.recording.record import Recording, make_stream
from sim.controllers.controller import Controller, reference_rows
from sim.controllers.law import Law
from sim.controllers.registry import load_law, tuned_gains, tuned_path
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
    fastest_m_s: Array
    """(num_robots,): largest speed."""
    lowest_m: Array
    """(num_robots,): where the lowest place is, from the start; so is the highest."""
    highest_m: Array


def fly(
    flight: FlightParameters,
    latency_s: Array,
    nominal: MultirotorParameters,
    excitation: Excitation,
    rng: np.random.Generator,
    sensors: Sensors | None = None,
    robot: str = "crazyflie",
    law: str = "lee",
    pace: float = 1.0,
    motors: Array | None = None,
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
        pace: how quick it is, of what was tuned for the nominal airframe: late and heavy robots want a slower one.
        motors: (num_commands, num_robots, num_rotors) what to shake each robot with; the excitation's own when None.
    """
    sensors = sensors or Sensors()
    n, ticks, per = flight.num_envs, excitation.num_commands, round(PERIOD_S / STEP_S)
    chosen = load_law(law)
    tuned = tuned_path(chosen, robot, nominal.name).exists()
    gains = tuned_gains(chosen, robot, nominal.name) if tuned else chosen.published()
    controller = Controller(chosen, nominal, n, PERIOD_S, paced(chosen, gains, pace))
    motors = excitation.motors[:, None] if motors is None else motors
    instruments = _Instruments(sensors, rng, n)
    bodies = _Bodies(flight, nominal.hover_speed, sensors, rng)
    time_s = PERIOD_S * np.arange(ticks)
    delay, rows = np.rint(latency_s / STEP_S).astype(int), np.arange(n)
    sent = np.tile(np.float32(nominal.hover_command), (n, ticks + 1, flight.num_rotors))
    measured = np.empty((n, ticks, 9))
    farthest, steepest, fastest, lowest, highest = np.zeros((5, n))
    for k in range(ticks):
        rotation, rates = bodies.rotation, bodies.rates
        farthest = np.maximum(farthest, np.linalg.norm(bodies.state[:, :3], axis=1))
        steepest = np.maximum(steepest, np.arccos(np.clip(rotation[:, 2, 2], -1.0, 1.0)))
        fastest = np.maximum(fastest, np.linalg.norm(bodies.state[:, layout.VELOCITY_W], axis=1))
        lowest, highest = np.minimum(lowest, bodies.state[:, 2]), np.maximum(highest, bodies.state[:, 2])
        # The controller sees what is logged: one that knew more would make commands foretell what the log cannot.
        measured[:, k, :3] = instruments.gyro(rates)
        measured[:, k, 6:] = instruments.position(bodies.origin(rotation))
        velocity = instruments.velocity(bodies.state[:, layout.VELOCITY_W])
        seen = np.concatenate([measured[:, k, 6:], rotation.reshape(n, 9), velocity, measured[:, k, :3]], axis=1)
        reference = np.repeat(reference_rows(excitation.reference(time_s[k : k + 1])), n, axis=0)
        wanted = controller.step(seen, reference) + motors[k].astype(np.float32)
        sent[:, k + 1] = into_range(np.nan_to_num(wanted, nan=0.0), excitation.lowest, 1.0)
        for i in range(per):
            bodies.advance(sent[rows, np.maximum(0, k + 1 + (i - delay) // per)])
            if i == 0:  # what the accelerometer reads is the mean of the steps before and after
                measured[:, k, 3:6] = instruments.accelerometer(bodies.specific_force(rotation, rates))
    recordings = tuple(_log(robot, time_s, measured[i], sent[i, 1:], sensors, rng) for i in range(n))
    biases = instruments.gyro_bias, instruments.accelerometer_bias
    return Flights(recordings, flight, STEP_S * delay, *biases, farthest, steepest, fastest, lowest, highest)


class _Bodies:
    """The robots in the kernel, shaken by gusts: unmodelled forces and torques, white from step to step."""

    def __init__(
        self, flight: FlightParameters, rotor_speed: float, sensors: Sensors, rng: np.random.Generator
    ) -> None:
        self._packed, self._rng = flight.packed(STEP_S), rng
        self._free = self._packed[:, layout.FREE_ACCELERATION_W].copy()
        self._free_turn = self._packed[:, layout.FREE_ANGULAR_ACCELERATION_B].copy()
        self._gusts = np.array([sensors.force_walk, sensors.torque_walk]) / np.sqrt(STEP_S)
        self._arm = -flight.centre_of_mass_b.astype(np.float64)
        self.state = np.zeros((flight.num_envs, layout.state_size(flight.num_rotors)), np.float32)
        self.state[:, 3] = 1.0
        self.state[:, layout.ROTOR_SPEED] = rotor_speed
        self._accelerations = np.zeros((2, flight.num_envs, 6))
        """Of the last two steps: of the centre of mass (world) and angular (body)."""

    @property
    def rotation(self) -> Array:
        return rotations(self.state[:, layout.QUATERNION])

    @property
    def rates(self) -> Array:
        return self.state[:, layout.ANGULAR_VELOCITY_B].astype(np.float64)

    def origin(self, rotation: Array) -> Array:
        """Where the body's origin is, world."""
        return self.state[:, :3] + np.einsum("nij,nj->ni", rotation, self._arm)

    def advance(self, command: NDArray[np.float32]) -> None:
        """One step of the kernel."""
        shape = len(self.state), 3
        self._packed[:, layout.FREE_ACCELERATION_W] = self._free + self._gusts[0] * self._rng.standard_normal(shape)
        turn = self._free_turn + self._gusts[1] * self._rng.standard_normal(shape)
        self._packed[:, layout.FREE_ANGULAR_ACCELERATION_B] = turn
        before = self.state[:, 7:13].astype(np.float64)
        step(self.state, np.ascontiguousarray(command), self._packed, out=self.state)
        self._accelerations[0] = self._accelerations[1]
        self._accelerations[1] = (self.state[:, 7:13] - before) / STEP_S

    def specific_force(self, rotation: Array, rates: Array) -> Array:
        """What an accelerometer at the body's origin feels between the last two steps, body."""
        mean = self._accelerations.mean(axis=0)
        force = mean[:, :3] + np.array([0.0, 0.0, GRAVITY])
        lever = np.cross(mean[:, 3:], self._arm) + np.cross(rates, np.cross(rates, self._arm))
        return np.einsum("nji,nj->ni", rotation, force) + lever


class _Instruments:
    """Readings with noise and bias."""

    def __init__(self, sensors: Sensors, rng: np.random.Generator, count: int) -> None:
        self._sensors, self._rng = sensors, rng
        self.gyro_bias = sensors.gyro_bias * rng.standard_normal((count, 3))
        self.accelerometer_bias = sensors.accelerometer_bias * rng.standard_normal((count, 3))

    def gyro(self, rates: Array) -> Array:
        return rates + self.gyro_bias + self._noise(self._sensors.gyro_noise)

    def position(self, position: Array) -> Array:
        return position + self._noise(self._sensors.position_noise)

    def velocity(self, velocity: NDArray) -> Array:
        return velocity + self._noise(VELOCITY_NOISE)

    def accelerometer(self, force: Array) -> Array:
        return force + (self.accelerometer_bias + self._noise(self._sensors.accelerometer_noise))

    def _noise(self, std: float) -> Array:
        return std * self._rng.standard_normal(self.gyro_bias.shape)


def paced(law: Law, gains: dict[str, float], pace: float) -> dict[str, float]:
    """Return gains of a controller whose time runs ``pace`` times as fast: a gain in 1/s^n goes with the n-th power."""
    powers = {gain.name: _POWERS.get(gain.unit, 0) for gain in law.gains}
    return {name: value * pace ** powers[name] for name, value in gains.items()}


_POWERS = {"1/s": 1, "1/s^2": 2, "1/s^3": 3}


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
