"""Recordings of flights whose truth is known: drawn airframes in the flight kernel, with the sensors' rates and noise.

A virtual Crazyflie each: its mass, thrust, inertia, rotors' lag and drag are drawn; a geometric controller holds it on
a course of slow sines while sines of many periods are added to its commands.
"""

from dataclasses import dataclass

import numpy as np

from calibration.recording.record import Recording, make_stream
from sim.controllers.controller import Controller
from sim.controllers.registry import load_law, tuned_gains
from sim.flight.kernel import step as kernel_step
from sim.flight.kernel import still_air
from sim.flight.parameters import FlightParameters
from sim.flight.rotation import rotation_matrix
from sim.quaternions import from_rotation_vector, multiply
from sim.registry import load_robot

PERIOD_S = 0.01
STEP_S = 0.002
GRAVITY_W = np.array([0.0, 0.0, 9.81])


@dataclass(frozen=True)
class Sensors:
    """Standard deviations of white noise, and the rows that are lost."""

    gyro: float = 0.03
    accelerometer: float = 0.2
    position: float = 1e-3
    velocity: float = 0.02
    attitude: float = 5e-3
    lost: float = 0.01
    pose_delay_s: float = 0.0


def fly(count: int, seconds: float = 20.0, seed: int = 0, excitation: float = 0.03, sensors: Sensors = Sensors()):
    """Return ``count`` recordings of ``seconds``, each of another airframe and course."""
    rng = np.random.default_rng(seed)
    nominal = load_robot("crazyflie").parameters("l2f_v2")
    flight = FlightParameters.nominal(nominal, count)
    flight.mass *= rng.uniform(0.85, 1.2, count).astype(np.float32)
    flight.inertia *= rng.uniform(0.8, 1.25, (count, 1)).astype(np.float32)
    flight.motor_gain *= rng.uniform(0.95, 1.05, flight.motor_gain.shape).astype(np.float32)
    flight.motor_rise_s *= rng.uniform(0.7, 1.3, count).astype(np.float32)
    flight.motor_fall_s[:] = flight.motor_rise_s
    flight.rotor_drag[:] = rng.uniform(0.0, 0.02, (count, 1))
    rows = _integrate(flight, nominal, seconds, rng, excitation)
    return [_recording(i, {name: values[:, i] for name, values in rows.items()}, rng, sensors) for i in range(count)]


def _integrate(flight, nominal, seconds, rng, excitation):
    """True state and commands at every control step, (steps, count, k)."""
    count, inner = flight.num_envs, round(PERIOD_S / STEP_S)
    law = load_law("lee")
    controller = Controller(law, nominal, count, PERIOD_S, tuned_gains(law, "crazyflie", "l2f_paper"))
    packed, wind = flight.packed(STEP_S), still_air(np.zeros((count, 17), np.float32))
    state = np.zeros((count, 17), np.float32)
    state[:, 3], state[:, 13:] = 1.0, nominal.hover_speed
    amplitude, rate = rng.uniform(0.1, 0.5, (count, 3)), rng.uniform(0.5, 1.5, (count, 3))
    phase = rng.uniform(0.0, 2.0 * np.pi, (count, 3))
    tones = rng.uniform(2.0, 30.0, (count, 4, 3)), rng.uniform(0.0, 2.0 * np.pi, (count, 4, 3))
    steps = round(seconds / PERIOD_S)
    kept = {"position": [], "velocity": [], "quaternion": [], "omega": [], "command": [], "acceleration": []}
    for step in range(steps):
        now = step * PERIOD_S
        reference = np.zeros((count, 14))
        reference[:, :3] = amplitude * (np.sin(rate * now + phase) - np.sin(phase))
        rotation = rotation_matrix(state[:, 3:7]).reshape(count, 9)
        seen = np.concatenate([state[:, :3], rotation, state[:, 7:10], state[:, 10:13]], axis=1)
        command = controller.step(seen, reference)
        command += (excitation * np.sin(tones[0] * now + tones[1]).sum(axis=2)).astype(np.float32)
        command = np.clip(command, 0.0, 1.0)
        for name, values in zip(kept, (state[:, :3], state[:, 7:10], state[:, 3:7], state[:, 10:13], command)):
            kept[name].append(values.copy())
        before = state[:, 7:10].copy()
        for i in range(inner):
            state = kernel_step(state, command, packed, wind)
            if i == 0:  # over the first step: what an accelerometer at the time of the row feels
                kept["acceleration"].append((state[:, 7:10] - before) / STEP_S)
    return {name: np.array(values, np.float64) for name, values in kept.items()}


def _recording(number, rows, rng, sensors):
    steps = len(rows["position"])
    time_s = np.arange(steps) * PERIOD_S

    def noisy(values, std):
        return values + std * rng.standard_normal(values.shape)

    rotation = rotation_matrix(rows["quaternion"])
    force = np.einsum("nji,nj->ni", rotation, rows["acceleration"] + GRAVITY_W)
    turn = from_rotation_vector(sensors.attitude * rng.standard_normal((steps, 3)))
    values = {
        "gyro": noisy(rows["omega"], sensors.gyro) + 0.02 * rng.standard_normal(3),
        "accelerometer": noisy(force, sensors.accelerometer) + 0.1 * rng.standard_normal(3),
        "position": noisy(rows["position"], sensors.position),
        "velocity": noisy(rows["velocity"], sensors.velocity),
        "attitude": multiply(rows["quaternion"], turn),
        "motor_command": rows["command"],
    }
    late = dict.fromkeys(("position", "velocity", "attitude"), sensors.pose_delay_s)
    streams = {}
    for name, value in values.items():
        there = rng.random(steps) >= sensors.lost
        streams[name] = make_stream(name, time_s[there] + late.get(name, 0.0), value[there])
    return Recording("crazyflie", f"cf{number:02d}", streams, (), f"flight {number}", "00" * 32)
