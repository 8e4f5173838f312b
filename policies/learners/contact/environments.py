"""Builds the simulations of a contact task as its learners see them: pictures less those of untouched pads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from policies.learners.contact.rollouts import ContactEnv, ContactTransition, Observation
from policies.learners.contact.script import Script, ScriptMaker, Scripts
from sim.contact.oracle import Oracle
from sim.contact.search import Search
from sim.envs.contact_task import ContactTask, ContactTaskEnv, Transition
from sim.tactile.augmentation import Augmentation, Ranges

PLAIN = Ranges(False, (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), 0.0)
"""No change at all: what is judged, and what a device sees."""


class PictureDifferences:
    """A contact task whose pictures are differences to the untouched pads, as on a device (``hardware.tactile``).

    Args:
        inner: the task, with the sensor ``image``.
        ranges: from which each episode's augmentation is drawn.
        seed: of those draws.
    """

    def __init__(self, inner: ContactTaskEnv, ranges: Ranges, seed: int) -> None:
        self.inner, self.num_envs = inner, inner.num_envs
        self._augmentation = Augmentation(inner.num_envs, inner.untouched, ranges, seed)

    @property
    def age(self) -> npt.NDArray[np.int64]:
        """Steps since each episode began; (n,)."""
        return self.inner.age

    @property
    def obeys(self) -> npt.NDArray[np.bool_]:
        """Where the next action will be obeyed; (n,)."""
        return self.inner.obeys

    def reset(self, ids: npt.NDArray | None = None) -> Observation:
        """Begin episodes, everywhere or in some simulations, each with an augmentation of its own."""
        observation = self.inner.reset(ids)
        self._augmentation.reset(ids)
        return self._seen(observation)

    def step(self, action: npt.NDArray) -> ContactTransition:
        """Advance by one control period; what an episode ended with stays as the task shows it."""
        after: Transition = self.inner.step(action)
        if after.ended.any():
            self._augmentation.reset(after.ended)
        return dataclasses.replace(after, observation=self._seen(after.observation))

    def _seen(self, observation: Observation) -> Observation:
        """Return it with whole grey levels of difference."""
        return observation | {"image": self._augmentation.difference(observation["image"]).astype(np.int16)}


def make_environment(
    task: ContactTask,
    num_envs: int,
    sensors: tuple[str, ...],
    seed: int,
    *,
    training: bool = False,
    augment: bool = True,
    threads: int = 1,
) -> ContactEnv:
    """Return simulations of a task.

    Args:
        task: its module.
        num_envs: how many.
        sensors: what they show beside the state.
        seed: of all draws.
        training: randomised by the table for training, else by that for evaluation.
        augment: pictures are changed in training, differently in each episode.
        threads: of the physics; results do not depend on it.
    """
    table = task.TRAINING_TABLE if training else task.EVALUATION_TABLE
    env = ContactTaskEnv(task, num_envs, sensors=sensors, table=table, seed=seed, threads=threads)
    if "image" not in sensors:
        return env
    return PictureDifferences(env, Ranges() if training and augment else PLAIN, seed)


def _on_simulations(make: Callable[[ContactTaskEnv], Script]) -> ScriptMaker:
    """Return what makes a controller for the simulations behind what learners see."""

    def make_script(env: ContactEnv) -> Script:
        inner = env.inner if isinstance(env, PictureDifferences) else env
        assert isinstance(inner, ContactTaskEnv)
        return make(inner)

    return make_script


SCRIPTS: Scripts = {"script": _on_simulations(Oracle), "search": _on_simulations(Search)}
"""``script`` knows the truth; ``search`` feels its way into a hole, and knows no more than a policy that feels."""
