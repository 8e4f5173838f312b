"""What to fly so that a robot shows its parameters: set-points for the slow ones, motor commands for the fast ones.

Set-points sway along every axis (drag, biases, the thrust curve, heading). On top of what the controller commands,
each of thrust, roll, pitch and yaw gets a multisine of its own frequencies (lag, delay, inertia, torque constant) with
Schroeder's phases, which keep the peaks low (IEEE Trans. Information Theory 16, 1970), and thrust gets steps (rise
and fall apart). Chirps, larger steps and throws are other ways, and a flight may have parts of several; planning.py
says which tell most. Amplitudes are what the weakest of the hover task's airframes can bear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.multirotor import waveforms
from sim.errors import ConfigError
from sim.trajectories.reference import Reference, times

Array = NDArray[np.floating]

PERIOD_S = 0.010
"""Of the motor commands."""
CHANNELS = ("thrust", "roll", "pitch", "yaw")
KINDS = ("multisine", "chirp", "steps", "throws", "hover")
"""Ways to shake. ``multisine`` has small steps of thrust with it; ``steps`` and ``throws`` have larger changes of
thrust, and the multisines of roll, pitch and yaw; ``hover`` is none."""
SWEEP_S = 10.0
"""Of a chirp, through the band of the multisine."""
STEP_HOLDS_S = (0.1, 0.2, 0.3)
"""How long the large steps of thrust last, in turn; rotors take 0.05 to 0.15 s."""
THROW_HOLD_S = 0.2
"""Pushed up so long, let fall for twice that, caught."""
FALL = 1.4
"""Size of the fall, in that of the push."""
REST_S = 1.0
"""Between large steps, and between throws: the controller brings the robot back meanwhile."""


@dataclass(frozen=True)
class Excitation:
    """One designed flight; fractions of the largest rotor speed, metres, radians.

    Raises:
        ConfigError: for a duration too short, or an amplitude that is negative or beyond the command's range.
    """

    duration_s: float = 60.0
    thrust: float = 0.03
    """Root mean square of the multisine on all motors together."""
    roll: float = 0.012
    """The same of opposite sides."""
    pitch: float = 0.012
    yaw: float = 0.04
    """The same of the two directions of rotation."""
    step: float = 0.03
    """Steps of all motors together, either way."""
    step_s: float = 0.4
    """Mean time between them."""
    large_step: float = 0.08
    """The same of ``steps``, up and down so that the height stays."""
    throw: float = 0.15
    """Of ``throws``: more thrust for the push and the catch; less by ``FALL`` times as much for the fall."""
    parts: tuple[tuple[str, float], ...] = (("multisine", 1.0),)
    """Which of ``KINDS`` the motors are shaken with, one after the other, and their shares of the time."""
    sway_m: float = 0.3
    """Amplitude of the set-points, horizontal; vertically half of it."""
    turn_rad: float = 0.5
    """Amplitude of the heading."""
    lowest_hz: float = 0.5
    highest_hz: float = 15.0
    lines: int = 24
    """Frequencies of each channel, evenly spread in logarithm."""
    lowest: float = 0.2
    """Commands are not let below: rotors that stand still say nothing."""
    quiet_s: float = 2.0
    """Hover at the beginning."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 5.0 <= self.duration_s <= 600.0:
            raise ConfigError(f"excitation: the flight lasts {self.duration_s:g} s; choose 5 to 600")
        for name in (*_SIZES, "lowest"):
            if not 0.0 <= getattr(self, name) <= 0.5:
                raise ConfigError(f"excitation: '{name}' is {getattr(self, name):g}; choose 0 to 0.5 of the full speed")
        if not set(dict(self.parts)) <= set(KINDS) or not all(share > 0.0 for _, share in self.parts):
            raise ConfigError(f"excitation: its parts are {dict(self.parts)}; choose from {', '.join(KINDS)}")
        if not 0.0 < self.lowest_hz < self.highest_hz <= 0.4 / PERIOD_S:
            raise ConfigError(f"excitation: frequencies must rise from above 0 to at most {0.4 / PERIOD_S:g} Hz")

    def scaled(self, size: float) -> Excitation:
        """Return the same flight with motor commands of another size.

        Raises:
            ConfigError: for a size that is not above 0 and at most 2.
        """
        if not 0.0 < size <= 2.0:
            raise ConfigError(f"excitation: a size of {size:g} cannot be flown; choose above 0, at most 2")
        return replace(self, **{name: size * getattr(self, name) for name in _SIZES})

    @property
    def num_commands(self) -> int:
        """Number of motor commands."""
        return round(self.duration_s / PERIOD_S)

    @cached_property
    def motors(self) -> Array:
        """What to add to the controller's commands, ``(num_commands, 4)``; motors clockwise from the front right."""
        time = PERIOD_S * np.arange(self.num_commands)
        fade = np.clip((time - self.quiet_s) / 0.5, 0.0, 1.0)
        shares = np.cumsum([share for _, share in self.parts])
        edges = np.rint(np.concatenate([[0.0], shares]) / shares[-1] * len(time)).astype(int)
        channels = np.zeros((len(CHANNELS), len(time)))
        for (kind, _), first, last in zip(self.parts, edges[:-1], edges[1:], strict=True):
            if last > first:
                channels[:, first:last] = self._channels(kind, time[: last - first])
        return (fade * channels).T @ _MIX

    def reference(self, time_s: ArrayLike) -> Reference:
        """Return the set-points, as a trajectory that begins at rest."""
        t = times(time_s)
        fade, fade_rate = _fade(t - self.quiet_s)
        position, velocity = np.zeros((len(t), 3)), np.zeros((len(t), 3))
        for axis, (first, second) in enumerate(_SWAY_HZ):
            amplitude = self.sway_m * (0.5 if axis == 2 else 1.0)
            wave, rate = _two_sines(t - self.quiet_s, first, second)
            position[:, axis], velocity[:, axis] = amplitude * fade * wave, amplitude * (fade * rate + fade_rate * wave)
        wave, rate = _two_sines(t - self.quiet_s, *_TURN_HZ)
        nothing = np.zeros((len(t), 3))
        yaw, yaw_rate = self.turn_rad * fade * wave, self.turn_rad * (fade * rate + fade_rate * wave)
        return Reference(position, velocity, nothing, nothing.copy(), yaw, yaw_rate)

    def _channels(self, kind: str, time: Array) -> Array:
        """One part of the flight, (4, n), from its own beginning."""
        size = np.array([[getattr(self, name)] for name in CHANNELS])
        if kind == "hover":
            return 0.0 * size * time
        if kind == "chirp":
            ahead = np.arange(len(CHANNELS)) / len(CHANNELS)
            return size * [waveforms.chirp(time, self.lowest_hz, self.highest_hz, SWEEP_S, each) for each in ahead]
        rates = np.geomspace(self.lowest_hz, self.highest_hz, len(CHANNELS) * self.lines)
        channels = size * [waveforms.multisine(time, rates[k :: len(CHANNELS)]) for k in range(len(CHANNELS))]
        if kind == "multisine":
            channels[0] += self.step * waveforms.random_steps(time, self.step_s, np.random.default_rng(self.seed))
        elif kind == "steps":
            channels[0] = self.large_step * waveforms.pushes(time, STEP_HOLDS_S, REST_S, 1.0, 1.0)
        else:
            push = waveforms.pushes(time, (THROW_HOLD_S,), REST_S, 1.0, FALL)
            channels[0] = self.throw * push
            channels[1:] *= push == 0.0  # who falls has little thrust to turn with
        return channels


def into_range(command: Array, low: Array | float, high: Array | float) -> Array:
    """Return commands (..., 4) within a range, all motors shifted together first: turning goes before lifting."""
    above = np.maximum((command - high).max(axis=-1, keepdims=True), 0.0)
    below = np.maximum((low - command).max(axis=-1, keepdims=True), 0.0)
    return np.clip(command - above + below, low, high)


_SIZES = (*CHANNELS, "step", "large_step", "throw")
_MIX = np.array([[1, 1, 1, 1], [-1, -1, 1, 1], [-1, 1, 1, -1], [-1, 1, -1, 1]], np.float64)
"""(channel, motor): front right, back right, back left, front left; roll lifts the left, pitch the back (FLU)."""
_SWAY_HZ = ((0.11, 0.31), (0.13, 0.37), (0.17, 0.41))
_TURN_HZ = (0.07, 0.29)


def _two_sines(t: Array, first_hz: float, second_hz: float) -> tuple[Array, Array]:
    """Return a wave of amplitude about 1 and its derivative."""
    a, b = 2.0 * np.pi * first_hz, 2.0 * np.pi * second_hz
    wave = 0.7 * np.sin(a * t) + 0.3 * np.sin(b * t)
    return wave, 0.7 * a * np.cos(a * t) + 0.3 * b * np.cos(b * t)


def _fade(t: Array) -> tuple[Array, Array]:
    """Return a smooth step from 0 to 1 over two seconds and its derivative."""
    s = np.clip(t / 2.0, 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s), 3.0 * s * (1.0 - s)
