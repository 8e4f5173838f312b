"""An earlier run as a source of a critic or of actions to imitate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensordict import TensorDict

from policies.checkpoint import Checkpoint, load_checkpoint, part
from policies.learners.contact.inputs import load_input
from policies.learners.contact.touch_model import TouchModel
from policies.learners.weights import load_network, network_arrays
from policies.networks.touch_actor import TouchActorConfig
from sim.errors import ConfigError


@dataclass(frozen=True)
class Expert:
    """The checkpoint of an earlier run."""

    path: Path
    checkpoint: Checkpoint

    @property
    def digest(self) -> str:
        """SHA-256 of its weights, so that a run goes on with the expert it began with."""
        sha = hashlib.sha256()
        for name in sorted(self.checkpoint.arrays):
            sha.update(name.encode() + np.ascontiguousarray(self.checkpoint.arrays[name]).tobytes())
        return sha.hexdigest()

    @property
    def sensors(self) -> tuple[str, ...]:
        """What must be simulated for its actor."""
        return self._seen.sensors

    @property
    def groups(self) -> tuple[str, ...]:
        """What its actor sees."""
        return self._seen.learnt_from

    def actor(self, obs: TensorDict) -> TouchModel:
        """Return its actor with the best weights it had, without noise."""
        config = TouchActorConfig(**_tuples(self.checkpoint.record["actor"]))
        model = TouchModel(obs, self._seen.group, config, len(config.action_low))
        load_network(model, _without_noise(part("best", self.checkpoint.arrays)))
        return model

    def load_actor(self, actor: TouchModel) -> None:
        """Let an actor begin with this run's best weights; its noise stays.

        Raises:
            ConfigError: if it sees something else or has other sizes.
        """
        weights = _without_noise(part("best", self.checkpoint.arrays))
        mine = actor.state_dict()
        if _shapes(weights) != _shapes(_without_noise(mine)) or self._seen.group != actor.group:
            raise ConfigError(f"--expert {self.path}: its actor has another input or other sizes")
        load_network(actor, {**network_arrays(actor), **weights})

    def load_critic(self, critic: TouchModel) -> None:
        """Give a critic the weights of this run's.

        Raises:
            ConfigError: if this run has none, or one of other sizes.
        """
        weights = part("critic", self.checkpoint.arrays)
        if _shapes(weights) != _shapes(critic.state_dict()):
            reason = "its critic has other sizes: give its --config.network.hidden" if weights else "no critic in it"
            raise ConfigError(f"--expert {self.path}: {reason}")
        load_network(critic, weights)

    @property
    def _seen(self) -> Any:
        return load_input(self.checkpoint.record["identity"]["input"])


def load_expert(path: Path, checkpoint_name: str, task: str) -> Expert:
    """Read an earlier run of the same task.

    Raises:
        StorageError: if there is none in the folder.
        ConfigError: if it is of another task, or no contact task's.
    """
    checkpoint = load_checkpoint(path / checkpoint_name)
    identity = checkpoint.record.get("identity", {})
    if identity.get("task") != task or "learner" not in identity:
        raise ConfigError(f"--expert {path} is a run of task '{identity.get('task')}', not of '{task}'")
    return Expert(path, checkpoint)


def _without_noise(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arrays.items() if not name.startswith("distribution.")}


def _shapes(arrays: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in arrays.items()}


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
