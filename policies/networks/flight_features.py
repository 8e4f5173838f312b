"""What every flight actor sees: body-frame features and a hand-made, bounded memory.

A multirotor's trim (mass, thrust, imbalance, wind) and its motor lag cannot be seen in one
observation. Instead of a recurrent cell that must first learn to remember, the memory holds what
a control engineer would keep: the last commands (so that delay is observable), two exponential
averages of the command (the fast one is an open-loop rotor observer, the slow one the trim),
a leaky integral of the squashed position error (offset-free hovering), and slow copies of the
velocities (their difference to the present is a filtered acceleration). Where millimetres count it
also holds an observer: the position error less most of its noise, a complementary filter (Higgins
1975, doi 10.1109/TAES.1975.308081) that integrates the velocity and is pulled to what is measured;
and the acceleration that the thrust's direction does not explain (an attitude read wrongly, wind),
by a g-h filter with fading memory (Brookner 1998, Tracking and Kalman Filtering Made Easy, chapter 1).

Position and velocity are turned into the body frame, so that yaw drops out and the network need
not learn the product of R^T and p. A task that tracks also observes where its reference goes;
velocity is then counted from the reference's, and each look ahead becomes the mean acceleration
2 (p(t + h) - p(t) - h v(t)) / h^2 that the reference asks for until then.

Every operation is one of slice, concatenate, add, subtract, multiply, matrix product and tanh
(and one selection, on reset): no clip or maximum, which swallow NaN on some back ends. Inside,
every command is a fraction of its range. An actor is a subclass that adds its layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sim.spec import GRAVITY

POSITION, ROTATION, VELOCITY, ANGULAR_VELOCITY = slice(0, 3), slice(3, 12), slice(12, 15), slice(15, 18)
FIRST_COMMAND = 18
"""The actor observation of the flight tasks: these, the command applied last, and what a reference does."""

VECTORS, OBSERVER = 9, 9
"""Vectors' part of the memory: integral (3), slow velocity (3), slow angular velocity (3); and the observer's:
filtered position error (3), its velocity (3), disturbance (3)."""
OBSERVED = 6
"""Features of the observer: filtered position error (3), disturbance (3)."""

FEATURE_SCALE = {
    "position": 4.0,
    "velocity": 1.5,
    "gravity": 1.5,
    "angular_velocity": 0.3,
    "command": 4.0,
    "integral": 6.0,
    "acceleration": 6.0,
    "angular_acceleration": 1.0,
    "reference_velocity": 0.7,
    "reference_acceleration": 0.3,
    "filtered_position": 10.0,
    "disturbance": 2.0,
}
"""Inverse typical magnitude of each group of features."""
MEMORY_FEATURES = ("command", "integral", "acceleration", "angular_acceleration", "filtered_position", "disturbance")
"""Groups of features that come from memory, the last command among them."""


@dataclass(frozen=True)
class FlightSettings:
    """Every constant of features and memory; SI units."""

    hover: float | tuple[float, ...]
    """Command that holds the nominal robot, as a fraction of each channel's range; one number for all alike."""
    command_low: tuple[float, ...] = (0.0,) * 4
    """Lower end of each channel's range, in the task's unit; its length is the number of channels."""
    command_high: tuple[float, ...] = (1.0,) * 4
    control_period_s: float = 0.01
    position_range_m: float = 0.7
    """Position errors are squashed to r tanh(p/r): set-point jumps look no larger than this."""
    velocity_range_m_s: float = 3.0
    integral_range_m: float = 0.15
    """Squash of the integrated error: bounds wind-up on the ground and during set-point jumps."""
    integral_leak_s: float = 10.0
    fast_s: float = 0.15
    """Fast command average: the published motor time constant, hence a rotor speed observer."""
    slow_s: float = 0.8
    velocity_s: float = 0.03
    """Averaging time of the slow copies of both velocities."""
    observer_s: float = 0.0
    """Time constant with which the observer forgets what it measured; 0: no observer."""
    disturbance_range_m_s2: float = 3.0
    """Squash of the acceleration that the observer cannot explain."""
    preview_s: tuple[float, ...] = ()
    """How far ahead the reference's position is observed; none for tasks that hold a set-point."""
    preview_range_m_s2: float = 15.0
    """Squash of the accelerations that the previews ask for: a step of the reference asks for any."""
    feature_scale: dict[str, float] = field(default_factory=lambda: dict(FEATURE_SCALE))
    """Inverse typical magnitude of each group of features: the normaliser."""


class FlightFeatures(nn.Module):
    """Memory and features for ``k`` command channels and ``h`` looks ahead.

    Observation (18 + k + [3 + 3 h]): position error (3), rotation row-major (9), velocity (3), angular
    velocity (3), command applied last (k), and in tracking tasks the reference's velocity (3) and its
    position ahead less that now (3 h); raw SI, world frame but for the angular velocity.

    Memory (4 k + 9 [+ 9]): the two commands before the last one (newest first, 2 k), fast average of the command
    (k), slow average (k), integral of the position error in the world (3, m s), slow velocity in the world
    (3), slow angular velocity in the body (3); with an observer the filtered position error, velocity and
    disturbance in the world (9). An actor's own state follows it.
    """

    feature_offset: Tensor
    feature_scale: Tensor
    command_low: Tensor
    command_span: Tensor

    def __init__(self, settings: FlightSettings) -> None:
        super().__init__()
        self.settings = settings
        self.action_size = k = len(settings.command_low)
        ahead = len(settings.preview_s)
        self.observation_size = FIRST_COMMAND + k + (3 + 3 * ahead if ahead else 0)
        self.observes = settings.observer_s > 0.0
        self.memory_size = 4 * k + VECTORS + (OBSERVER if self.observes else 0)
        self.feature_size = feature_size(k, ahead, self.observes)
        self.register_buffer("feature_offset", _feature_offset(settings), persistent=False)
        self.register_buffer("feature_scale", _feature_scale(settings), persistent=False)
        low, high = torch.tensor(settings.command_low), torch.tensor(settings.command_high)
        self.register_buffer("command_low", low, persistent=False)
        self.register_buffer("command_span", high - low, persistent=False)
        self.in_fractions = not low.any() and bool((high == 1.0).all())

    @property
    def memory_scale(self) -> list[float]:
        """Typical magnitude of each memory element."""
        observer = [0.2] * 3 + [1.0] * 6 if self.observes else []
        return [1.0] * (4 * self.action_size) + [0.2] * 3 + [1.0] * 3 + [3.0] * 3 + observer

    def see(self, observation: Tensor, memory: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Return the normalised features, (batch, feature_size), and the memory after them."""
        history, after = self.remember(observation, memory, reset)
        return (self.features(observation, history, after) - self.feature_offset) * self.feature_scale, after

    def command(self, linear: Tensor) -> Tensor:
        """Return commands within their ranges from a network's last, linear layer; (batch, k) both."""
        fraction = 0.5 + 0.5 * torch.tanh(linear)
        return fraction if self.in_fractions else self.command_low + self.command_span * fraction

    def start_at_hover(self, last: nn.Linear) -> None:
        """Shrink the last layer tenfold around the nominal hover command."""
        with torch.no_grad():
            last.weight.mul_(0.1)
            last.bias.copy_(torch.tensor([math.atanh(2.0 * hover - 1.0) for hover in _hover(self.settings)]))

    def applied(self, observation: Tensor) -> Tensor:
        """Return the last command as a fraction of its range, (batch, k)."""
        command = observation[:, FIRST_COMMAND : FIRST_COMMAND + self.action_size]
        return command if self.in_fractions else (command - self.command_low) * (1.0 / self.command_span)

    def remember(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two commands before the last, (batch, 2 k), and the new memory, (batch, memory_size)."""
        c, k = self.settings, self.action_size
        position, velocity, rate = observation[:, POSITION], observation[:, VELOCITY], observation[:, ANGULAR_VELOCITY]
        action = self.applied(observation)
        observer = [position, velocity, 0.0 * position] if self.observes else []
        first = torch.cat([action, action, action, action, 0.0 * position, velocity, rate, *observer], dim=1)
        state = torch.where(reset > 0.5, first, state_in)
        history, fast, slow = state[:, 0 : 2 * k], state[:, 2 * k : 3 * k], state[:, 3 * k : 4 * k]
        integral, slow_velocity, slow_rate = (state[:, 4 * k + i : 4 * k + i + 3] for i in (0, 3, 6))
        dt = c.control_period_s
        error = squash(position, c.integral_range_m)
        state_out = torch.cat(
            [
                action,
                history[:, 0:k],
                fast + gain(dt, c.fast_s) * (action - fast),
                slow + gain(dt, c.slow_s) * (action - slow),
                (1.0 - gain(dt, c.integral_leak_s)) * integral + dt * error,
                slow_velocity + gain(dt, c.velocity_s) * (velocity - slow_velocity),
                slow_rate + gain(dt, c.velocity_s) * (rate - slow_rate),
                *(self._observer(state[:, 4 * k + VECTORS :], observation) if self.observes else []),
            ],
            dim=1,
        )
        return history, state_out

    def _observer(self, state: Tensor, observation: Tensor) -> list[Tensor]:
        """Return filtered position error, velocity and disturbance after an observation, world frame, (batch, 3) each.

        In flight that neither rises nor falls the thrust's vertical part carries the weight, so that what is
        sideways is g e / e_z of its axis e; 2 - e_z is 1 / e_z to first order, and bounded where a robot tumbles.
        """
        c, rotation = self.settings, observation[:, ROTATION]
        position, velocity, disturbance = state[:, 0:3], state[:, 3:6], state[:, 6:9]
        dt, keep = c.control_period_s, 1.0 - gain(c.control_period_s, c.observer_s)
        pulling = GRAVITY * (2.0 - rotation[:, 8:9])
        thrust = torch.cat([pulling * rotation[:, 2:3], pulling * rotation[:, 5:6], 0.0 * pulling], dim=1)
        predicted = velocity + dt * (thrust + disturbance)
        surprise = observation[:, VELOCITY] - predicted
        moved = position + dt * self._relative_velocity(observation)
        return [
            moved + (1.0 - keep) * (observation[:, POSITION] - moved),
            predicted + (1.0 - keep**2) * surprise,
            disturbance + ((1.0 - keep) ** 2 / dt) * surprise,
        ]

    def _relative_velocity(self, observation: Tensor) -> Tensor:
        """Return the velocity less the reference's where there is one, world frame, (batch, 3)."""
        velocity, begin = observation[:, VELOCITY], FIRST_COMMAND + self.action_size
        return velocity - observation[:, begin : begin + 3] if self.settings.preview_s else velocity

    def features(self, observation: Tensor, history: Tensor, state_out: Tensor) -> Tensor:
        """Return the network's input before normalisation, (batch, feature_size)."""
        c, k = self.settings, self.action_size
        rotation, velocity = observation[:, ROTATION], observation[:, VELOCITY]
        position = squash(observation[:, POSITION], c.position_range_m)
        relative = squash(self._relative_velocity(observation), c.velocity_range_m_s)
        ahead = self.look_ahead(observation)
        vectors = 4 * k
        observed = self._observed(state_out[:, vectors + VECTORS :]) if self.observes else []
        return torch.cat(
            [
                to_body(rotation, position),
                to_body(rotation, relative),
                rotation[:, 6:9],
                observation[:, ANGULAR_VELOCITY],
                self.applied(observation),
                history,
                state_out[:, 2 * k : vectors],
                to_body(rotation, state_out[:, vectors : vectors + 3]),
                to_body(rotation, velocity - state_out[:, vectors + 3 : vectors + 6]),
                observation[:, ANGULAR_VELOCITY] - state_out[:, vectors + 6 : vectors + 9],
                *(to_body(rotation, vector) for vector in (*ahead, *observed)),
            ],
            dim=1,
        )

    def _observed(self, state: Tensor) -> list[Tensor]:
        """Return what an actor sees of the observer's state (batch, 9), squashed, world frame, (batch, 3) each."""
        c = self.settings
        return [squash(state[:, 0:3], c.position_range_m), squash(state[:, 6:9], c.disturbance_range_m_s2)]

    def look_ahead(self, observation: Tensor) -> list[Tensor]:
        """Return the reference's velocity and the accelerations it asks for, world frame, (batch, 3) each."""
        c = self.settings
        if not c.preview_s:
            return []
        begin = FIRST_COMMAND + self.action_size
        velocity, limit = observation[:, begin : begin + 3], c.preview_range_m_s2
        result = [velocity]
        for number, horizon in enumerate(c.preview_s):
            offset = observation[:, begin + 3 + 3 * number : begin + 6 + 3 * number]
            asked = (offset - velocity * horizon) * (2.0 / horizon**2)
            result.append(squash(asked, limit))
        return result


def squash(value: Tensor, limit: float) -> Tensor:
    """Return r tanh(x / r): the value while it is small, never more than the limit r."""
    return limit * torch.tanh(value * (1.0 / limit))


def to_body(rotation: Tensor, vector_w: Tensor) -> Tensor:
    """Return R^T v for ``rotation`` (batch, 9) row-major world<-body and ``vector_w`` (batch, 3)."""
    return (
        vector_w[:, 0:1] * rotation[:, 0:3] + vector_w[:, 1:2] * rotation[:, 3:6] + vector_w[:, 2:3] * rotation[:, 6:9]
    )


def gain(dt_s: float, time_constant_s: float) -> float:
    """Gain of an exponential average with the given time constant, 1 - exp(-dt/tau)."""
    return -math.expm1(-dt_s / time_constant_s)


def feature_size(channels: int, ahead: int = 0, observes: bool = False) -> int:
    """Number of features for so many command channels and looks ahead, with or without an observer."""
    return 21 + 5 * channels + (3 + 3 * ahead if ahead else 0) + (OBSERVED if observes else 0)


def _feature_scale(settings: FlightSettings) -> Tensor:
    """Factor on each feature, (feature_size,)."""
    ahead = len(settings.preview_s)
    sizes = {"position": 3, "velocity": 3, "gravity": 3, "angular_velocity": 3}
    sizes |= {"command": 5 * len(settings.command_low), "integral": 3, "acceleration": 3, "angular_acceleration": 3}
    if ahead:
        sizes |= {"reference_velocity": 3, "reference_acceleration": 3 * ahead}
    if settings.observer_s > 0.0:
        sizes |= {"filtered_position": 3, "disturbance": 3}
    return torch.tensor([settings.feature_scale[name] for name, size in sizes.items() for _ in range(size)])


def _feature_offset(settings: FlightSettings) -> Tensor:
    """What is subtracted from each feature: upright gravity and the nominal command, (feature_size,)."""
    commands = 5 * _hover(settings)
    size = feature_size(len(settings.command_low), len(settings.preview_s), settings.observer_s > 0.0)
    after = size - 12 - len(commands)
    return torch.tensor([0.0] * 8 + [1.0] + [0.0] * 3 + commands + [0.0] * after)


def _hover(settings: FlightSettings) -> list[float]:
    """Hover command of each channel, fractions, (k,)."""
    channels = len(settings.command_low)
    return list(settings.hover) if isinstance(settings.hover, tuple) else [settings.hover] * channels
