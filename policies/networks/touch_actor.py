"""The actor of contact tasks: state, force fields and pictures in, a motion of the end effector out.

Normaliser, convolutions, LSTM, dense layers and the action's scale are all inside the graph; its memory is explicit.
Trained as ``policies.learners.contact.touch_model``, whose weights ``load`` takes over.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from policies.networks.field_moments import FieldMoments
from policies.networks.image_encoder import Convolutions, ImageEncoder
from policies.networks.pose_features import PoseFeatures, feature_count
from policies.networks.pose_motion import POSE, SIZE, PoseMotion


@dataclass(frozen=True)
class TouchActorConfig:
    """Every constant inside the graph besides the weights."""

    observation_size: int
    action_low: tuple[float, ...]
    action_high: tuple[float, ...]
    """The command at an output of -1 and of 1."""
    images: tuple[tuple[str, tuple[int, ...], float], ...] = ()
    """Name, shape without the batch and scale of each image."""
    poses: tuple[int, ...] = ()
    """Where poses begin in the observation, the tool's first (``pose_features``); with them, motions are thought of
    along the tool's heading."""
    vectors: tuple[int, ...] = ()
    """Where vectors in the base frame begin."""
    hidden: tuple[int, ...] = (256, 128, 64)
    memory: tuple[int, int] = (0, 256)
    """Layers and size of the LSTM; no layers for an actor without memory."""
    shortcut: bool = False
    """Whether the dense layers see what the LSTM sees, too, beside what it says."""
    channels: tuple[int, ...] = field(default=Convolutions.channels)
    kernels: tuple[int, ...] = field(default=Convolutions.kernels)
    strides: tuple[int, ...] = field(default=Convolutions.strides)
    moments: tuple[str, ...] = ()
    """Images that are fields of forces on two pads, of which sums and moments are seen, too (``field_moments``)."""

    motion: bool = False
    """Whether it sees how the tool moves (``pose_motion``); needs ``poses``."""
    centre: int | None = None
    """Where in the observation the values begin that its commands are counted from; ``None``: from a fixed middle."""

    def __post_init__(self) -> None:
        # JSON has lists for tuples.
        images = tuple((str(name), tuple(shape), float(scale)) for name, shape, scale in self.images)
        object.__setattr__(self, "images", images)

    @property
    def convolutions(self) -> Convolutions:
        """Sizes of the encoders."""
        return Convolutions(self.channels, self.kernels, self.strides)


class TouchActor(nn.Module):
    """Actor ``(observation, state_in, reset, *images) -> (action, state_out)`` with explicit memory."""

    observation_mean: Tensor
    observation_std: Tensor
    middle: Tensor
    reach: Tensor

    def __init__(self, config: TouchActorConfig) -> None:
        super().__init__()
        self.settings = config
        layers, size = config.memory
        self.observation_size, self.action_size = config.observation_size, len(config.action_low)
        self.images = {name: shape for name, shape, _ in config.images}
        self.layers, self.size = layers, size
        self.tool = config.poses[0] if config.motion else None
        self.state_size = 2 * layers * size + (POSE if config.motion else 0)
        low, high = torch.tensor(config.action_low), torch.tensor(config.action_high)
        self.register_buffer("observation_mean", torch.zeros(1, config.observation_size))
        self.register_buffer("observation_std", torch.ones(1, config.observation_size))
        self.register_buffer("middle", 0.5 * (low + high))
        self.register_buffer("reach", 0.5 * (high - low))
        self.encoders = image_encoders(config)
        self.moments = field_moments(config)
        self.pose_features = PoseFeatures(config.poses, config.vectors) if config.poses else None
        self.motion = PoseMotion() if config.motion else None
        width = config.observation_size + encoded_size(config)
        self.cells = nn.ModuleList(LstmCell(width if layer == 0 else size, size) for layer in range(layers))
        self.dense = dense_layers((dense_inputs(config, width), *config.hidden, self.action_size))

    @property
    def state_scale(self) -> list[float]:
        """Least magnitude of each state element: an LSTM's and a pose's are of the order of one, cells may count."""
        return [1.0] * self.state_size

    def config(self) -> dict[str, Any]:
        """Return everything ``policies.networks.build`` needs, JSON-able."""
        return {"kind": "touch_actor", **asdict(self.settings)}

    def forward(self, observation: Tensor, state_in: Tensor, reset: Tensor, *images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute one control step.

        Args:
            observation: raw SI terms, ``(batch, observation_size)``.
            state_in: memory of the previous step, ``(batch, state_size)``.
            reset: 1.0 on the first step of an episode, ``(batch, 1)``.
            images: in the order of ``images``, ``(batch, *shape)`` each.

        Returns:
            The motion, within its range, ``(batch, action_size)``, and the memory, ``(batch, state_size)``.
        """
        seen = [encoder(image) for encoder, image in zip(self.encoders.values(), images, strict=True)]
        seen += [self.moments[name](image) for name, image in zip(self.images, images) if name in self.moments]
        if self.pose_features is not None:
            seen.append(self.pose_features(observation))
        memory, kept = state_in, []
        if self.motion is not None and self.pose_features is not None and self.tool is not None:
            memory, last = state_in[:, :-POSE], state_in[:, -POSE:]
            pose = observation[:, self.tool : self.tool + POSE]
            before = torch.where(reset > 0.5, pose, last)
            seen.append(self.motion(pose, before, self.pose_features.heading(observation)))
            kept = [pose]
        x = torch.cat([clipped((observation - self.observation_mean) / self.observation_std), *seen], dim=1)
        if self.layers:
            said, memory = self._remember(x, torch.where(reset > 0.5, 0.0, memory))
            x = torch.cat([said, x], dim=1) if self.settings.shortcut else said
        state_out = torch.cat([memory, *kept], dim=1)
        motion, middle = self.dense(x), self.middle
        if self.pose_features is not None:
            motion = self.pose_features.to_base(observation, motion)
        if self.settings.centre is not None:
            middle = middle + observation[:, self.settings.centre : self.settings.centre + self.action_size]
        return middle + self.reach * torch.clamp(motion, -1.0, 1.0), state_out

    def _remember(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        parts = state.split(self.size, dim=1)
        after = []
        for layer, cell in enumerate(self.cells):
            x, memory = cell(x, parts[2 * layer], parts[2 * layer + 1])
            after += [x, memory]
        return x, torch.cat(after, dim=1)


class LstmCell(nn.Module):
    """One LSTM layer's step, with torch's order of the gates (input, forget, cell, output).

    Args:
        inputs: size of the input.
        size: of the output and of the memory.
    """

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.from_input, self.from_output = nn.Linear(inputs, 4 * size), nn.Linear(size, 4 * size)

    def forward(self, x: Tensor, output: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next output and memory, ``(batch, size)`` each."""
        gates = self.from_input(x) + self.from_output(output)
        let_in, keep, new, let_out = gates.split(self.size, dim=1)
        memory = torch.sigmoid(keep) * memory + torch.sigmoid(let_in) * torch.tanh(new)
        return torch.sigmoid(let_out) * torch.tanh(memory), memory


def clipped(normalised: Tensor) -> Tensor:
    """Cut normalised observations where none should be: what hardly varies in training is divided by very little."""
    return torch.clamp(normalised, -_LARGEST, _LARGEST)


_LARGEST = 8.0
"""Standard deviations; what is drawn evenly is within two."""


def image_encoders(config: TouchActorConfig) -> nn.ModuleDict:
    """Return an untrained encoder for each image, by name."""
    return nn.ModuleDict({
        name: ImageEncoder(shape, scale, config.convolutions) for name, shape, scale in config.images
    })  # fmt: skip


def field_moments(config: TouchActorConfig) -> nn.ModuleDict:
    """Return what sums up each image that is a field of forces, by name."""
    return nn.ModuleDict({
        name: FieldMoments(shape) for name, shape, _ in config.images if name in config.moments
    })  # fmt: skip


def encoded_size(config: TouchActorConfig) -> int:
    """Return the length of what all encoders find, and fields and poses say."""
    found = sum(ImageEncoder.output_size(shape, config.convolutions) for _, shape, _ in config.images)
    found += sum(FieldMoments.output_size(shape) for name, shape, _ in config.images if name in config.moments)
    found += SIZE if config.motion else 0
    return found + feature_count(len(config.poses), len(config.vectors))


def dense_inputs(config: TouchActorConfig, seen: int) -> int:
    """Return how many numbers the dense layers see where the LSTM, if there is one, sees so many."""
    layers, size = config.memory
    return (size if layers else 0) + (seen if config.shortcut or not layers else 0)


def dense_layers(sizes: tuple[int, ...]) -> nn.Sequential:
    """Return linear layers of these sizes, ELU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*layers[:-1])
