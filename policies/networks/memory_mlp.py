"""The flight actor: a small tanh MLP on body-frame features and a hand-made, bounded memory.

A multirotor's trim (mass, thrust, imbalance, wind) and its motor lag cannot be seen in one
observation. Instead of a recurrent cell that must first learn to remember, the memory holds what
a control engineer would keep: the last commands (so that delay is observable), two exponential
averages of the command (the fast one is an open-loop rotor observer, the slow one the trim),
a leaky integral of the squashed position error (offset-free hovering), and slow copies of the
velocities (their difference to the present is a filtered acceleration).

Position and velocity are turned into the body frame, so that yaw drops out and the network need
not learn the product of R^T and p. Every operation is one of slice, concatenate, add, subtract,
multiply, matrix product and tanh (and one selection, on reset): no clip or maximum, which swallow
NaN on some back ends. Inside, every command is a fraction of its range.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

POSITION, ROTATION, VELOCITY, ANGULAR_VELOCITY, ACTION = (
    slice(0, 3), slice(3, 12), slice(12, 15), slice(15, 18), slice(18, 22),
)  # fmt: skip
"""The actor observation of the flight tasks (order of ``ACTOR_TERMS``)."""

OBSERVATION_SIZE = 22
ACTION_SIZE = 4
STATE_SIZE = 25
FEATURE_SIZE = 41


_FEATURE_SCALE = {
    "position": 4.0,
    "velocity": 1.5,
    "gravity": 1.5,
    "angular_velocity": 0.3,
    "command": 4.0,
    "integral": 6.0,
    "acceleration": 6.0,
    "angular_acceleration": 1.0,
}


@dataclass(frozen=True)
class MemoryMlpConfig:
    """Every constant inside the graph besides the weights; SI units."""

    hover: float | tuple[float, ...]
    """Command that holds the nominal robot, as a fraction of each channel's range; one number for all alike."""
    command_low: tuple[float, ...] = (0.0,) * ACTION_SIZE
    """Lower end of each channel's range, in the task's unit."""
    command_high: tuple[float, ...] = (1.0,) * ACTION_SIZE
    hidden: tuple[int, int] = (64, 64)
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
    feature_scale: dict[str, float] = field(default_factory=lambda: dict(_FEATURE_SCALE))
    """Inverse typical magnitude of each group of features: the normaliser."""


class MemoryMlp(nn.Module):
    """Actor ``(observation, state_in, reset) -> (action, state_out)`` with explicit memory.

    State layout (25): the two commands before the last one (newest first, 2 x 4), fast average of
    the command (4), slow average (4), integral of the position error in the world (3, m s), slow
    velocity in the world (3), slow angular velocity in the body (3).
    """

    observation_size = OBSERVATION_SIZE
    state_size = STATE_SIZE
    action_size = ACTION_SIZE

    feature_offset: Tensor
    feature_scale: Tensor
    command_low: Tensor
    command_span: Tensor

    def __init__(self, config: MemoryMlpConfig) -> None:
        super().__init__()
        self.settings = config
        first, second = config.hidden
        self.layer1 = nn.Linear(FEATURE_SIZE, first)
        self.layer2 = nn.Linear(first, second)
        self.layer3 = nn.Linear(second, ACTION_SIZE)
        self.register_buffer("feature_offset", _feature_offset(config), persistent=False)
        self.register_buffer("feature_scale", _feature_scale(config), persistent=False)
        low, high = torch.tensor(config.command_low), torch.tensor(config.command_high)
        self.register_buffer("command_low", low, persistent=False)
        self.register_buffer("command_span", high - low, persistent=False)
        self.in_fractions = not low.any() and bool((high == 1.0).all())
        self.start_at_hover()

    @property
    def state_scale(self) -> list[float]:
        """Typical magnitude of each state element."""
        return [1.0] * 16 + [0.2] * 3 + [1.0] * 3 + [3.0] * 3

    def config(self) -> dict[str, Any]:
        """Return everything ``policies.networks.build`` needs, JSON-able."""
        return {"kind": "memory_mlp", **asdict(self.settings)}

    def start_at_hover(self) -> None:
        """Shrink the last layer tenfold around the nominal hover command."""
        with torch.no_grad():
            self.layer3.weight.mul_(0.1)
            self.layer3.bias.copy_(torch.tensor([math.atanh(2.0 * hover - 1.0) for hover in _hover(self.settings)]))

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step.

        Args:
            observation: raw SI terms, ``(batch, 22)``.
            state_in: memory of the previous step, ``(batch, 25)``.
            reset: 1.0 on the first step of an episode, ``(batch, 1)``.

        Returns:
            Commands within their ranges, ``(batch, 4)``, and the memory, ``(batch, 25)``.
        """
        history, state_out = self.remember(observation, state_in, reset)
        features = (self.features(observation, history, state_out) - self.feature_offset) * self.feature_scale
        hidden = torch.tanh(self.layer1(features))
        hidden = torch.tanh(self.layer2(hidden))
        fraction = 0.5 + 0.5 * torch.tanh(self.layer3(hidden))
        return fraction if self.in_fractions else self.command_low + self.command_span * fraction, state_out

    def applied(self, observation: Tensor) -> Tensor:
        """Return the last command as a fraction of its range, ``(batch, 4)``."""
        command = observation[:, ACTION]
        return command if self.in_fractions else (command - self.command_low) * (1.0 / self.command_span)

    def remember(self, observation: Tensor, state_in: Tensor, reset: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two commands before the last, ``(batch, 8)``, and the new memory, ``(batch, 25)``."""
        c = self.settings
        position, velocity, rate = observation[:, POSITION], observation[:, VELOCITY], observation[:, ANGULAR_VELOCITY]
        action = self.applied(observation)
        first = torch.cat([action, action, action, action, 0.0 * position, velocity, rate], dim=1)
        state = torch.where(reset > 0.5, first, state_in)
        history, fast, slow = state[:, 0:8], state[:, 8:12], state[:, 12:16]
        integral, slow_velocity, slow_rate = state[:, 16:19], state[:, 19:22], state[:, 22:25]
        dt = c.control_period_s
        error = c.integral_range_m * torch.tanh(position * (1.0 / c.integral_range_m))
        state_out = torch.cat(
            [
                action,
                history[:, 0:4],
                fast + gain(dt, c.fast_s) * (action - fast),
                slow + gain(dt, c.slow_s) * (action - slow),
                (1.0 - gain(dt, c.integral_leak_s)) * integral + dt * error,
                slow_velocity + gain(dt, c.velocity_s) * (velocity - slow_velocity),
                slow_rate + gain(dt, c.velocity_s) * (rate - slow_rate),
            ],
            dim=1,
        )
        return history, state_out

    def features(self, observation: Tensor, history: Tensor, state_out: Tensor) -> Tensor:
        """Return the network's input before normalisation, ``(batch, 41)``."""
        c = self.settings
        rotation, velocity = observation[:, ROTATION], observation[:, VELOCITY]
        position = c.position_range_m * torch.tanh(observation[:, POSITION] * (1.0 / c.position_range_m))
        squashed = c.velocity_range_m_s * torch.tanh(velocity * (1.0 / c.velocity_range_m_s))
        return torch.cat(
            [
                to_body(rotation, position),
                to_body(rotation, squashed),
                rotation[:, 6:9],
                observation[:, ANGULAR_VELOCITY],
                self.applied(observation),
                history,
                state_out[:, 8:16],
                to_body(rotation, state_out[:, 16:19]),
                to_body(rotation, velocity - state_out[:, 19:22]),
                observation[:, ANGULAR_VELOCITY] - state_out[:, 22:25],
            ],
            dim=1,
        )


def to_body(rotation: Tensor, vector_w: Tensor) -> Tensor:
    """Return R^T v for ``rotation`` (batch, 9) row-major world<-body and ``vector_w`` (batch, 3)."""
    return (
        vector_w[:, 0:1] * rotation[:, 0:3] + vector_w[:, 1:2] * rotation[:, 3:6] + vector_w[:, 2:3] * rotation[:, 6:9]
    )


def gain(dt_s: float, time_constant_s: float) -> float:
    """Gain of an exponential average with the given time constant, 1 - exp(-dt/tau)."""
    return -math.expm1(-dt_s / time_constant_s)


def _feature_scale(config: MemoryMlpConfig) -> Tensor:
    """Factor on each feature, ``(41,)``."""
    sizes = {"position": 3, "velocity": 3, "gravity": 3, "angular_velocity": 3, "command": 20}
    sizes |= {"integral": 3, "acceleration": 3, "angular_acceleration": 3}
    return torch.tensor([config.feature_scale[name] for name, size in sizes.items() for _ in range(size)])


def _feature_offset(config: MemoryMlpConfig) -> Tensor:
    """What is subtracted from each feature: upright gravity and the nominal command, ``(41,)``."""
    return torch.tensor([0.0] * 8 + [1.0] + [0.0] * 3 + 5 * _hover(config) + [0.0] * 9)


def _hover(config: MemoryMlpConfig) -> list[float]:
    """Hover command of each channel, fractions, ``(4,)``."""
    return list(config.hover) if isinstance(config.hover, tuple) else [config.hover] * ACTION_SIZE
