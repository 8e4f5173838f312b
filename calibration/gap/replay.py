"""Fly logged commands in the flight kernel, every stretch from its logged state, on changed airframes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.gap.segments import BEFORE_S, Segments
from sim.flight.kernel import step as kernel_step
from sim.flight.parameters import FlightParameters
from sim.quaternions import conjugate, multiply, to_rotation_vector
from sim.spec import MultirotorParameters

STEP_S = 0.002
SIGNALS = {"position": "m", "velocity": "m/s", "attitude": "rad", "angular velocity": "rad/s"}
"""What is compared, three components each, in the order of an error's columns."""

Change = Callable[[FlightParameters, np.ndarray], None]
"""Writes a change of an airframe into the rows given."""


@dataclass(frozen=True)
class Variant:
    """An airframe to fly: the nominal one with one thing changed."""

    change: Change | None = None
    latency_s: float = 0.0
    """Commands reach the motors so much later than the log says."""


def replay(segments: Segments, nominal: MultirotorParameters, variants: Sequence[Variant]) -> np.ndarray:
    """Return what the log says less what the simulation does, (variants, S, T, 12).

    Columns are those of ``SIGNALS``: position and velocity in the world, the rotation vector from the simulated to
    the logged body, angular velocity in the body.

    Args:
        segments: of the flight.
        nominal: the airframe.
        variants: what to fly it with.
    """
    count, steps = len(segments.start_s), len(segments.offset_s)
    flight = FlightParameters.nominal(nominal, count * len(variants))
    for i, variant in enumerate(variants):
        if variant.change is not None:
            variant.change(flight, np.arange(i * count, (i + 1) * count))
    packed = flight.packed(STEP_S)
    commands = np.concatenate([_commands(segments, variant.latency_s) for variant in variants])
    starts = [
        _start(segments, flight.take(np.arange(i * count, (i + 1) * count)), _before(segments, variant.latency_s))
        for i, variant in enumerate(variants)
    ]
    state = np.concatenate(starts)
    inner = round(segments.period_s / STEP_S)
    errors = np.empty((len(variants), count, steps, 12))
    for step in range(steps):
        simulated = state.reshape(len(variants), count, -1).astype(np.float64)
        errors[:, :, step] = _error(segments, step, simulated)
        if step + 1 == steps:
            break
        for part in range(inner):
            state = kernel_step(state, np.ascontiguousarray(commands[:, step * inner + part]), packed)
    return errors


def _error(segments: Segments, step: int, simulated: np.ndarray) -> np.ndarray:
    position = segments.position_w[:, step] - simulated[..., :3]
    velocity = segments.velocity_w[:, step] - simulated[..., 7:10]
    turn = to_rotation_vector(multiply(conjugate(simulated[..., 3:7]), segments.attitude[:, step]))
    rates = segments.angular_velocity_b[:, step] - simulated[..., 10:13]
    return np.concatenate([position, velocity, turn, rates], axis=-1)


def _commands(segments: Segments, latency_s: float) -> np.ndarray:
    """Commands in force at every inner step, (S, steps, motors) float32."""
    inner = (len(segments.offset_s) - 1) * round(segments.period_s / STEP_S)
    # Half a step inside, so that rounding does not decide which command is in force.
    at = segments.start_s[:, None] + (np.arange(inner) + 0.5) * STEP_S - latency_s
    return _held(segments, at)


def _before(segments: Segments, latency_s: float) -> np.ndarray:
    """Commands in force before each stretch, (S, steps, motors), at the grid's rate."""
    rows = round(BEFORE_S / segments.period_s)
    at = segments.start_s[:, None] + (np.arange(-rows, 0) + 0.5) * segments.period_s - latency_s
    return _held(segments, at)


def _held(segments: Segments, at: np.ndarray) -> np.ndarray:
    row = np.searchsorted(segments.commands.time_s, at, side="right") - 1
    return segments.commands.values[np.clip(row, 0, None)].astype(np.float32)


def _start(segments: Segments, flight: FlightParameters, commands: np.ndarray) -> np.ndarray:
    """States at the stretches' beginnings, (S, 13 + motors) float32; rotors where their commands brought them."""
    speed = commands[:, 0].astype(np.float64)
    for step in range(commands.shape[1]):
        voltage = flight.battery_voltage[:, None] - flight.battery_sag[:, None] * np.square(speed).mean(axis=1)[:, None]
        target = voltage * commands[:, step]
        lag = np.where(target > speed, flight.motor_rise_s[:, None], flight.motor_fall_s[:, None])
        speed = target + np.exp(-segments.period_s / lag) * (speed - target)
    parts = [
        segments.position_w[:, 0], segments.attitude[:, 0], segments.velocity_w[:, 0],
        segments.angular_velocity_b[:, 0], speed,
    ]  # fmt: skip
    return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)
