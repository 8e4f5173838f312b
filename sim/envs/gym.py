"""The flight environment for Gymnasium users: one flight, or many in a vector environment.

``import sim.envs.gym`` registers every flight task, e.g. ``gymnasium.make("sim2metal/hover-v0")``
and ``gymnasium.make_vec("sim2metal/hover-v0", num_envs=64)``. Reward, start states and
termination are the task's; the episode is truncated after the task's duration.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.registry import load_task, task_names
from sim.spec import TaskSpec

_MAX_SEED = 2**63


def observation_space(task: TaskSpec) -> Box:
    """The task's flat actor observation in SI units, unbounded."""
    return Box(-np.inf, np.inf, (task.observation_size,), np.float32)


def action_space(task: TaskSpec) -> Box:
    """The task's command between its limits."""
    return Box(np.array(task.action.low, np.float32), np.array(task.action.high, np.float32), dtype=np.float32)


class FlightVectorEnv(gymnasium.vector.VectorEnv):
    """Many flights on one MuJoCo batch, all ways of auto-reset that Gymnasium knows.

    ``NEXT_STEP`` (default): the step after an episode's end ignores the action and begins the
    next episode. ``SAME_STEP``: the ending step returns the next episode's first observation,
    the last one is in ``info["final_obs"]``. ``DISABLED``: the caller resets, with
    ``options={"reset_mask": mask}``. Each ``info`` has ``"critic"``, the privileged observation.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        task: str = "hover",
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        parameter_set: str | None = None,
        threads: int | None = None,
    ) -> None:
        """Build the environment.

        Args:
            num_envs: flights in parallel.
            task: name of the task.
            autoreset_mode: what happens after an episode's end.
            parameter_set: nominal airframe; default: the robot's default set.
            threads: MuJoCo's thread pool; ``None`` for one per CPU.

        Raises:
            ConfigError: for an unknown task or parameter set, or fewer than one flight.
        """
        if num_envs < 1:
            raise ConfigError(f"a vector environment needs at least 1 flight, got {num_envs}")
        self.num_envs = num_envs
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self._task = load_flight_task(task)
        self._flights = MultirotorEnv(self._task, num_envs, parameter_set=parameter_set, threads=threads)
        self.single_observation_space = observation_space(self._task.TASK)
        self.single_action_space = action_space(self._task.TASK)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._steps = np.zeros(num_envs, np.int64)
        self._ended = np.zeros(num_envs, bool)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin episodes, all or those of ``options["reset_mask"]`` (num_envs,) bool.

        Raises:
            ConfigError: if the mask is not a boolean array of that shape with something to reset.
        """
        mask = self._reset_mask(options)
        super().reset(seed=seed)
        if seed is not None or self._np_random_seed is None:
            self._flights.seed(int(self.np_random.integers(_MAX_SEED)))
        self._begin(mask)
        return self._flights.observation.copy(), self._info()

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Advance every flight by one control period; see the class for what happens at an end."""
        if self.autoreset_mode is AutoresetMode.DISABLED and self._ended.any():
            raise ConfigError("an episode has ended: call reset(options={'reset_mask': mask}) before the next step")
        begin = self._ended.copy()
        flights = self._flights
        flights.step(actions, ~begin if begin.any() else None)
        self._steps += 1
        state = flights.state
        rewards = self._task.reward(state, flights.applied_action)
        terminated = self._task.terminated(state) | flights.invalid_action
        truncated = ~terminated & (self._steps >= self._task.TASK.control_steps)
        for array in (rewards, terminated, truncated):
            array[begin] = 0
        self._ended = terminated | truncated
        info: dict[str, Any] = {}
        if begin.any():
            self._begin(begin)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and self._ended.any():
            info |= self._final_info()
            self._begin(self._ended.copy())
        return flights.observation.copy(), rewards, terminated, truncated, info | self._info()

    def close_extras(self, **kwargs: Any) -> None:
        """Release the simulations."""
        del kwargs
        self._flights.close()

    def _begin(self, mask: np.ndarray) -> None:
        self._flights.reset(mask)
        self._steps[mask] = 0
        self._ended[mask] = False

    def _reset_mask(self, options: dict[str, Any] | None) -> np.ndarray:
        if not options or "reset_mask" not in options:
            return np.ones(self.num_envs, bool)
        mask = options["reset_mask"]
        valid = isinstance(mask, np.ndarray) and mask.shape == (self.num_envs,) and mask.dtype == bool
        if not valid or not mask.any():
            raise ConfigError(f"options['reset_mask'] must be a boolean array of shape ({self.num_envs},), some True")
        return mask

    def _info(self) -> dict[str, Any]:
        everyone = np.ones(self.num_envs, bool)
        return {"critic": self._flights.critic_observation(), "_critic": everyone}

    def _final_info(self) -> dict[str, Any]:
        final = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(self._ended):
            final[i] = self._flights.observation[i].copy()
        critic = {"critic": self._flights.critic_observation(), "_critic": self._ended.copy()}
        ended = self._ended.copy()
        return {"final_obs": final, "_final_obs": ended, "final_info": critic, "_final_info": ended.copy()}


class FlightEnv(gymnasium.Env):
    """One flight; ``info["critic"]`` is the privileged observation."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self, task: str = "hover", *, parameter_set: str | None = None, render_mode: str | None = None
    ) -> None:
        """Build the environment.

        Args:
            task: name of the task.
            parameter_set: nominal airframe; default: the robot's default set.
            render_mode: none is offered; ``sim2metal report`` renders flights.

        Raises:
            ConfigError: for an unknown task, parameter set or render mode.
        """
        if render_mode is not None:
            raise ConfigError(f"no render mode '{render_mode}': sim2metal report renders flights")
        self.render_mode = None
        self._vector = FlightVectorEnv(
            1, task, autoreset_mode=AutoresetMode.DISABLED, parameter_set=parameter_set, threads=1
        )
        self.observation_space = self._vector.single_observation_space
        self.action_space = self._vector.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; no options are known."""
        super().reset(seed=seed)
        observation, info = self._vector.reset(seed=seed)
        return observation[0], {"critic": info["critic"][0]}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Advance by one control period."""
        observation, reward, terminated, truncated, info = self._vector.step(np.asarray(action)[None])
        critic = {"critic": info["critic"][0]}
        return observation[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), critic

    def close(self) -> None:
        """Release the simulation."""
        self._vector.close()


def register() -> None:
    """Register ``sim2metal/<task>-v0`` for every task that flies; harmless when repeated."""
    for name in task_names():
        key = f"sim2metal/{name}-v0"
        if key not in gymnasium.registry and hasattr(load_task(name), "sample_start"):
            gymnasium.register(
                key,
                entry_point="sim.envs.gym:FlightEnv",
                vector_entry_point="sim.envs.gym:FlightVectorEnv",
                kwargs={"task": name},
            )


register()
