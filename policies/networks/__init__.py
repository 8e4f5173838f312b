"""Actor networks: torch modules ``forward(observation, state_in, reset) -> (action, state_out)``.

Each has ``observation_size``, ``state_size``, ``action_size``, ``state_scale`` and ``config()``;
One that takes images has them as further arguments of ``forward``, and their shapes by name in ``images``.
``build(config)`` rebuilds it from the bundle's record. A new network is one file and one line here.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from policies.networks.gru_memory import GruMemory, GruMemoryConfig
from policies.networks.memory_mlp import MemoryMlp, MemoryMlpConfig
from policies.networks.pose import Pose, PoseConfig
from policies.networks.squashed_actor import SquashedActor, SquashedActorConfig
from policies.networks.touch_actor import TouchActor, TouchActorConfig
from sim.errors import ConfigError

_KINDS: dict[str, tuple[type[nn.Module], type]] = {
    "gru_memory": (GruMemory, GruMemoryConfig),
    "memory_mlp": (MemoryMlp, MemoryMlpConfig),
    "pose": (Pose, PoseConfig),
    "squashed_actor": (SquashedActor, SquashedActorConfig),
    "touch_actor": (TouchActor, TouchActorConfig),
}


def build(config: dict[str, Any]) -> nn.Module:
    """Rebuild an actor (fresh weights) from what its ``config()`` returned.

    Raises:
        ConfigError: for an unknown kind or setting, with the valid ones.
    """
    settings = dict(config)
    kind = settings.pop("kind", None)
    if kind not in _KINDS:
        raise ConfigError(f"unknown network kind {kind!r}; choose one of: {', '.join(sorted(_KINDS))}")
    module, dataclass = _KINDS[kind]
    try:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
        return module(dataclass(**values))
    except TypeError as error:
        raise ConfigError(f"network '{kind}': {error}") from error
