"""What an actor of a contact task may see, by the name of ``--input``.

The groups are those of TacSL (arXiv 2408.06506): reduced state with a noisy goal, force fields of two pads, pictures of
two pads, a camera at the wrist; ``privileged`` is what only a simulator knows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from policies.learners.contact.rollouts import BEFORE
from sim.contact.spec import ContactTaskSpec
from sim.registry import require_known
from sim.spec import ImageTerm, ObservationTerm

SCALES = {"field": 0.05, "image": 50.0, "wrist": 255.0}
"""What becomes one inside the encoder: a taxel under a firm press, N; a strong change of colour; white."""


@dataclass(frozen=True)
class ActorInput:
    """One way to see a task.

    Attributes:
        name: as on the command line.
        group: the flat observation.
        images: names of what else is seen.
    """

    name: str
    group: str
    images: tuple[str, ...] = ()

    @property
    def sensors(self) -> tuple[str, ...]:
        """What an environment must simulate for it."""
        return ("state", *self.images)

    @property
    def groups(self) -> tuple[str, ...]:
        """All that is seen, in order."""
        return (self.group, *self.images)

    @property
    def learnt_from(self) -> tuple[str, ...]:
        """What is rolled out for it: all that is seen, and how the arm was a step earlier where it is not told."""
        return self.groups if self.group == "privileged" else (*self.groups, self.group + BEFORE)

    def terms(self, task: ContactTaskSpec) -> tuple[ObservationTerm, ...]:
        """Return what the flat observation of a task holds."""
        return task.actor_terms if self.group == "state" else task.critic_terms

    def image_terms(self, task: ContactTaskSpec) -> tuple[ImageTerm, ...]:
        """Return the images of a task that are seen, as the policy gets them.

        Raises:
            ConfigError: if the task does not show one of them.
        """
        terms = {term.name: term for term in task.images}
        for name in self.images:
            require_known(name, terms, f"sensor of task '{task.name}'")
        return tuple(_as_seen(terms[name]) for name in self.images)

    def scaled_images(self, task: ContactTaskSpec) -> tuple[tuple[str, tuple[int, ...], float], ...]:
        """Return name, shape and scale of each image, as ``TouchActorConfig`` has them."""
        return tuple((term.name, term.shape, SCALES[term.name]) for term in self.image_terms(task))


INPUTS = {
    seen.name: seen
    for seen in (
        ActorInput("state", "state"),
        ActorInput("privileged", "privileged"),
        ActorInput("field", "state", ("field",)),
        ActorInput("image", "state", ("image",)),
        ActorInput("image+wrist", "state", ("image", "wrist")),
    )
}


def load_input(name: str) -> ActorInput:
    """Return an input by name.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    require_known(name, INPUTS, "input")
    return INPUTS[name]


def flat_input(observation: Mapping[str, npt.NDArray], seen: ActorInput) -> npt.NDArray[np.float32]:
    """Return what ``Policy.step`` takes, (N, terms and images) float32, of an environment's observation."""
    parts = [np.asarray(observation[name], np.float32).reshape(len(observation[name]), -1) for name in seen.groups]
    return np.concatenate(parts, axis=1)


def pose_starts(terms: Sequence[ObservationTerm]) -> tuple[int, ...]:
    """Return where the poses, position and quaternion, begin in a flat observation."""
    ends = accumulate(term.size for term in terms)
    return tuple(end - term.size for term, end in zip(terms, ends) if term.name.endswith("_pose"))


def vector_starts(terms: Sequence[ObservationTerm]) -> tuple[int, ...]:
    """Return where the vectors of velocities, linear and angular, begin in a flat observation."""
    ends = accumulate(term.size for term in terms)
    starts = [end - term.size for term, end in zip(terms, ends) if term.name.endswith("_velocity")]
    return tuple(part for start in starts for part in (start, start + 3))


def _as_seen(term: ImageTerm) -> ImageTerm:
    """Pads' pictures are seen as differences to the untouched pad (``hardware/tactile/difference.py``)."""
    return dataclasses.replace(term, unit="1/255 less untouched") if term.name == "image" else term
