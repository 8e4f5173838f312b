"""Judge a policy on a contact task: success over randomised starts, the policy without exploration noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from policies.judged_episodes import Arrays, JudgedEpisodes, first_episodes, in_batches
from policies.learners.contact.inputs import ActorInput, flat_input
from policies.learners.contact.rollouts import NUM_ACTIONS, EnvMaker
from policies.policy import Policy


def judge(
    policy: Policy, make_env: EnvMaker, seen: ActorInput, reach: npt.NDArray, episodes: int, seed: int
) -> JudgedEpisodes:
    """Run episodes to their end.

    Args:
        policy: gives motions of the end effector, m and rad.
        make_env: builds the task's simulations.
        seen: what the policy sees.
        reach: (6,) the largest motion, m and rad; what is 1 to the simulation.
        episodes: how many.
        seed: of starts, noise and randomization.

    Raises:
        ConfigError: for no episodes.
    """

    def some(count: int, batch_seed: int) -> Arrays:
        env = make_env(count, seen.sensors, batch_seed)
        return first_episodes(policy, env, lambda shown: flat_input(shown, seen), lambda said: to_unit(said, reach))

    return JudgedEpisodes(seed, *in_batches(episodes, seed, some))


def to_unit(action: npt.NDArray, reach: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return motions (N, 6), m and rad, as shares of the largest; NaN stands still, as a supervisor would let it."""
    shares = np.asarray(action, np.float32).reshape(-1, NUM_ACTIONS) / reach.astype(np.float32)
    return np.clip(np.nan_to_num(shares, nan=0.0), -1.0, 1.0)
