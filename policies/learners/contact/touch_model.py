"""Actor and critic for rsl-rl-lib: state, images, an LSTM if wanted, dense layers.

The same layers as ``policies.networks.touch_actor.TouchActor``, in the form that the library trains: dictionaries of
observations, whole trajectories at once, a distribution on top. ``deployed`` makes the one of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from rsl_rl.models import MLPModel
from rsl_rl.modules import RNN, EmpiricalNormalization
from rsl_rl.utils import unpad_trajectories
from tensordict import TensorDict
from torch import Tensor, nn
from torch.nn import functional

from policies.learners.contact.rollouts import BEFORE, NUM_ACTIONS
from policies.networks.pose_features import PoseFeatures
from policies.networks.pose_motion import POSE, PoseMotion
from policies.networks.touch_actor import (
    LstmCell,
    TouchActor,
    TouchActorConfig,
    clipped,
    dense_inputs,
    encoded_size,
    field_moments,
    image_encoders,
)

_BEYOND = 0.02
"""Slope of outputs beyond the limit of what is obeyed. Imitators put out six times the limit on a long way: changes
there move nothing, but were most of the KL divergence that PPO's learning rate follows, and held it at 1e-5."""
_LEAST_SPREAD = 1e-3
"""Added to the spread that the flat observation is divided by: fingers open by a few millimetres, in metres."""

_SEEN = 10_000_000
"""Observations that a deployed actor's normaliser stands for, of which it does not say the number: so many that the
next ones hardly move it, as at the end of a training (1,200 rollouts of 512 times 24 steps)."""


class TouchModel(MLPModel):
    """A model on one flat group and any number of images, with or without memory.

    Args:
        obs: an observation of the environment, for its sizes.
        group: name of the flat group.
        config: sizes, as of the deployed actor.
        outputs: of the dense layers; 1 for a critic.
        std: of the exploration noise at the start; ``None`` for a model without noise.
        limit: of actions that are obeyed; the middle of the noise hardly leaves it. ``None``: it goes anywhere.
    """

    def __init__(
        self,
        obs: TensorDict,
        group: str,
        config: TouchActorConfig,
        outputs: int,
        std: float | None = None,
        limit: float | None = None,
    ) -> None:
        layers, size = config.memory
        self.is_recurrent = layers > 0
        self._seen_size = encoded_size(config)
        distribution = None
        if std is not None:
            distribution = {"class_name": "GaussianDistribution", "init_std": std, "std_type": "log"}
        self.config, self.limit = config, limit
        super().__init__(
            obs, {"model": [group]}, "model", outputs, config.hidden, "elu",
            obs_normalization=True, distribution_cfg=distribution,
        )  # fmt: skip
        self.obs_normalizer = EmpiricalNormalization(self.obs_dim, eps=_LEAST_SPREAD)
        self.encoders = image_encoders(config)
        self.moments = field_moments(config)
        self.group = group
        self.pose_features = PoseFeatures(config.poses, config.vectors) if config.poses else None
        self.motion = PoseMotion() if config.motion else None
        self._moves = outputs == NUM_ACTIONS
        self.rnn = RNN(self.obs_dim + self._seen_size, size, layers, "lstm") if layers else None

    def forward(
        self,
        obs: TensorDict,
        masks: Tensor | None = None,
        hidden_state: Any = None,
        stochastic_output: bool = False,
    ) -> Tensor:
        """Return actions in the base frame, or values; motions are thought of along the tool's heading."""
        latent = self.get_latent(obs, masks, hidden_state)
        output = self._in_base(
            unpad_trajectories(obs[self.group], masks) if masks is not None else obs[self.group], self.mlp(latent)
        )
        if self.distribution is None:
            return output
        if self.limit is not None:
            inside = output.clamp(-self.limit, self.limit)
            output = inside + _BEYOND * (output - inside)
        if stochastic_output:
            self.distribution.update(output)
            return self.distribution.sample()
        return self.distribution.deterministic_output(output)

    def get_latent(self, obs: TensorDict, masks: Tensor | None = None, hidden_state: Any = None) -> Tensor:
        """Return what the dense layers see, of observations (batch, ...) or padded trajectories (time, batch, ...)."""
        x = self._features(obs)
        if self.rnn is None:
            return x if masks is None else unpad_trajectories(x, masks)
        said = self.rnn(x, masks, hidden_state).squeeze(0)
        return self._with_shortcut(said, x if masks is None else unpad_trajectories(x, masks))

    def unroll(self, obs: TensorDict, first: Tensor, memory: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        """Return the actions of windows, without noise, and what the memory said; gradients flow through both.

        Args:
            obs: (time, batch, ...).
            first: 1.0 where an episode begins: what was before is forgotten; (time, batch, 1).
            memory: outputs and cells before the windows, (layers, batch, size) each; ``None`` without an LSTM.
        """
        x = said = self._features(obs)
        if self.rnn is not None:
            assert memory is not None
            said = _unroll(self.rnn.rnn, x, first, memory)
            x = self._with_shortcut(said, x)
        return self._in_base(obs[self.group], self.mlp(x)), said

    @property
    def said_size(self) -> int:
        """Length of what the memory says; without one, of what is seen."""
        layers, size = self.config.memory
        return size if layers else self._get_latent_dim()

    def _with_shortcut(self, said: Tensor, seen: Tensor) -> Tensor:
        return torch.cat([said, seen], dim=-1) if self.config.shortcut else said

    def _features(self, obs: TensorDict) -> Tensor:
        flat = clipped(super().get_latent(obs))
        seen = [_over_all(encoder, obs[name]) for name, encoder in self.encoders.items()]
        seen += [moments(obs[name]) for name, moments in self.moments.items()]
        if self.pose_features is not None:
            seen.append(self.pose_features(obs[self.group]))
        if self.motion is not None and self.pose_features is not None:
            tool = slice(self.config.poses[0], self.config.poses[0] + POSE)
            now, before = obs[self.group], obs[f"{self.group}{BEFORE}"]
            seen.append(self.motion(now[..., tool], before[..., tool], self.pose_features.heading(now)))
        return torch.cat([flat, *seen], dim=-1)

    def _in_base(self, flat: Tensor, output: Tensor) -> Tensor:
        if self.pose_features is None or not self._moves:
            return output
        return self.pose_features.to_base(flat, output)

    def reset(self, dones: Tensor | None = None, hidden_state: Any = None) -> None:
        """Forget, everywhere or where episodes are done."""
        if self.rnn is not None:
            self.rnn.reset(dones, hidden_state)

    def begin(self, batch: int) -> None:
        """Remember nothing of ``batch`` new episodes; ``reset`` alone would leave older memories in the storage."""
        if self.rnn is not None:
            layers, size = self.config.memory
            self.rnn.reset(hidden_state=(torch.zeros(layers, batch, size), torch.zeros(layers, batch, size)))

    def get_hidden_state(self) -> Any:
        """Return the LSTM's memory."""
        return None if self.rnn is None else self.rnn.hidden_state

    def detach_hidden_state(self, dones: Tensor | None = None) -> None:
        """Let gradients end here."""
        if self.rnn is not None:
            self.rnn.detach_hidden_state(dones)

    def _get_latent_dim(self) -> int:
        return dense_inputs(self.config, self.obs_dim + self._seen_size)


def deployed(model: TouchModel) -> TouchActor:
    """Return the actor that a bundle holds, with the model's weights."""
    actor = TouchActor(model.config)
    normalizer = cast(EmpiricalNormalization, model.obs_normalizer)
    with torch.no_grad():
        actor.observation_mean.copy_(normalizer.mean)
        actor.observation_std.copy_(normalizer.std + normalizer.eps)
        actor.encoders.load_state_dict(model.encoders.state_dict())
        actor.dense.load_state_dict(model.mlp.state_dict())
        for layer, cell in enumerate(actor.cells):
            for theirs, mine in _layer(cast(RNN, model.rnn).rnn, layer, cast(LstmCell, cell)):
                mine.copy_(theirs)
    return actor.eval()


def take_over(model: TouchModel, actor: TouchActor) -> None:
    """Give a model the weights of a deployed actor, in place; the inverse of ``deployed``."""
    normalizer = cast(EmpiricalNormalization, model.obs_normalizer)
    with torch.no_grad():
        spread = actor.observation_std - normalizer.eps
        normalizer._mean.copy_(actor.observation_mean)
        normalizer._std.copy_(spread)
        normalizer._var.copy_(spread**2)
        normalizer.count.fill_(_SEEN)
        model.encoders.load_state_dict(actor.encoders.state_dict())
        model.mlp.load_state_dict(actor.dense.state_dict())
        for layer, cell in enumerate(actor.cells):
            for theirs, mine in _layer(cast(RNN, model.rnn).rnn, layer, cast(LstmCell, cell)):
                theirs.copy_(mine)


def _unroll(lstm: nn.Module, x: Tensor, first: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
    """Return an LSTM's outputs (time, batch, size), forgetting where episodes begin.

    Where they begin at the windows' beginning only, torch's own LSTM does it in a quarter of the time.
    """
    if not first[1:].any():
        output, cell = (part * (1.0 - first[0]) for part in memory)
        return lstm(x, (output, cell))[0]
    for layer, (output, cell) in enumerate(zip(*memory)):
        x = _unroll_layer(lstm, layer, x, first, output, cell)
    return x


def _unroll_layer(lstm: nn.Module, layer: int, x: Tensor, first: Tensor, output: Tensor, cell: Tensor) -> Tensor:
    """Return an LSTM layer's outputs (time, batch, size), forgetting where episodes begin."""
    weight = {name: getattr(lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    inputs = functional.linear(x, weight["weight_ih"], weight["bias_ih"] + weight["bias_hh"])
    outputs = []
    for gates, keep in zip(inputs, 1.0 - first):
        output, cell = output * keep, cell * keep
        gates = gates + functional.linear(output, weight["weight_hh"])
        let_in, forget, new, let_out = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(let_in) * torch.tanh(new)
        output = torch.sigmoid(let_out) * torch.tanh(cell)
        outputs.append(output)
    return torch.stack(outputs)


def _layer(lstm: nn.Module, layer: int, cell: LstmCell) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the parameters of a layer of torch's LSTM, each with that of a cell that does the same."""
    for mine, theirs in ((cell.from_input, "ih"), (cell.from_output, "hh")):
        for name in ("weight", "bias"):
            yield getattr(lstm, f"{name}_{theirs}_l{layer}"), getattr(mine, name)


def _over_all(encoder: nn.Module, images: Tensor) -> Tensor:
    """Encode images with any number of leading axes: (batch, *shape) or (time, batch, *shape)."""
    leading = images.shape[: images.dim() - len(encoder.shape)]  # pyright: ignore[reportArgumentType]
    return encoder(images.reshape(-1, *images.shape[len(leading) :]).float()).reshape(*leading, -1)
