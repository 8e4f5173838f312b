"""A scripted controller as an expert: it looks at the simulation itself, and labels what students see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import torch
from tensordict import TensorDict
from torch import Tensor, nn
from torch.nn import functional

from policies.learners.contact.rollouts import ContactEnv
from sim.errors import ConfigError

MOST_STAGES, MOST_CLUES = 32, 16
"""Of a script."""


class Script(Protocol):
    """A controller that watches simulations, such as ``sim.contact.oracle.Oracle``.

    It may also tell what it is at, ``stage`` (N,), whole numbers from 0, and what it goes by, ``clues`` (N, some),
    numbers of the order of one; both of the latest actions.
    """

    def act(self) -> npt.NDArray:
        """Return actions (N, 6) in [-1, 1] for the present state of all simulations."""
        ...


ScriptMaker = Callable[[Any], Script]
"""Makes the controller of an environment."""
Scripts = Mapping[str, ScriptMaker]
"""By their names on the command line, in place of a run's folder."""


class ScriptedTeacher(nn.Module):
    """Answers like a network, but from the simulations that it watches.

    Args:
        make_script: makes the controller of an environment.
    """

    def __init__(self, make_script: ScriptMaker) -> None:
        super().__init__()
        self._make_script = make_script
        self._script: Script | None = None

    def watch(self, env: ContactEnv) -> None:
        """Look at other simulations from now on."""
        self._script = self._make_script(env)

    def forward(self, obs: TensorDict) -> Tensor:
        """Return what the script would do now, (N, 6)."""
        assert self._script is not None
        return torch.as_tensor(self._script.act(), dtype=torch.float32)

    def stage(self) -> Tensor | None:
        """Return which of several things the script is at, (N,) whole numbers; ``None`` if it does only one."""
        stage = getattr(self._script, "stage", None)
        return None if stage is None else torch.from_numpy(np.array(stage, np.int64))

    def clues(self) -> Tensor | None:
        """Return what the script goes by, (N, ``MOST_CLUES``), zeros behind; ``None`` if it does not tell."""
        clues = getattr(self._script, "clues", None)
        if clues is None:
            return None
        return functional.pad(torch.from_numpy(np.array(clues, np.float32)), (0, MOST_CLUES - clues.shape[1]))

    def reset(self, dones: Tensor | None = None, hidden_state: Any = None) -> None:
        """Nothing to forget: scripts see when episodes begin."""

    def get_hidden_state(self) -> None:
        """It has none."""


class ScriptedExpert:
    """What ``expert.Expert`` is for an earlier run.

    Args:
        name: of the script.
        make_script: makes the controller of an environment.
    """

    sensors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __init__(self, name: str, make_script: ScriptMaker) -> None:
        self.digest, self._make_script = name, make_script

    def actor(self, obs: TensorDict) -> ScriptedTeacher:
        """Return the teacher; it has to be told what to ``watch``."""
        return ScriptedTeacher(self._make_script)

    def load_actor(self, actor: nn.Module) -> NoReturn:
        """Refuse.

        Raises:
            ConfigError: always: a script has no weights.
        """
        raise ConfigError(f"--expert {self.digest} has no weights for ppo to begin with: imitate it by dagger first")

    def load_critic(self, critic: nn.Module) -> NoReturn:
        """Refuse.

        Raises:
            ConfigError: always: a script values nothing.
        """
        raise ConfigError(f"--expert {self.digest} has no critic for aacd: give the folder of a run of --learner ppo")
