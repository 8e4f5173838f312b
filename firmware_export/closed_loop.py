"""What a change of arithmetic costs in flight: two computations of one policy in the same MuJoCo episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.bundle import Bundle
from policies.evaluation import Evaluation
from policies.evaluator import Evaluator
from policies.policy import Policy
from policies.runtime import OnnxPolicy
from sim.envs.task import FlightTask, task_flown_by
from sim.errors import ConfigError

EPISODES = 1000
"""Drawn; flights at the edge of success may go either way, a few in a thousand."""
SEED = 1000
"""The one with which ``sim2metal eval`` judges."""


@dataclass(frozen=True)
class Flights:
    """How one computation flew.

    Attributes:
        success: share of successful episodes.
        rms_error_m: root mean square over the episodes that succeed with both of the mean distance to the target
            over each one's last seconds; NaN without such episodes.
    """

    success: float
    rms_error_m: float


@dataclass(frozen=True)
class ClosedLoop:
    """Both computations in the same episodes.

    Attributes:
        task: that was flown.
        episodes: flown with each.
        reference: by onnxruntime in float.
        candidate: by the other.
    """

    task: str
    episodes: int
    reference: Flights
    candidate: Flights

    @property
    def success_loss(self) -> float:
        """Share of episodes lost; negative if more succeed."""
        return self.reference.success - self.candidate.success

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name; what could not be measured is null."""
        return {
            "task": self.task,
            "episodes": self.episodes,
            "success_float": self.reference.success,
            "success_int8": self.candidate.success,
            "success_loss": self.success_loss,
            "rms_error_float_m": _number(self.reference.rms_error_m),
            "rms_error_int8_m": _number(self.candidate.rms_error_m),
        }


def closed_loop_task(bundle: Bundle) -> FlightTask | None:
    """Return the task in which a bundle can be flown here; ``None`` if there is none such."""
    try:
        return task_flown_by(bundle.info.task, bundle.info.robot.name)
    except ConfigError:
        return None


def fly_both(
    bundle: Bundle, task: FlightTask, candidate: Policy, episodes: int = EPISODES, seed: int = SEED
) -> ClosedLoop:
    """Fly a bundle on onnxruntime and another computation of it through the same randomised episodes.

    Args:
        bundle: what is flown, with the airframe it was trained for and with disturbances.
        task: its task.
        candidate: the other computation.
        episodes: drawn; those whose airframe cannot hover are left out.
        seed: of everything random.
    """
    evaluator = Evaluator(task, episodes, seed, parameter_set=bundle.info.robot.parameter_set)
    reference = evaluator(OnnxPolicy(bundle))
    other = evaluator(candidate)
    both = reference.success & other.success
    return ClosedLoop(bundle.info.task, reference.episodes, _flights(reference, both), _flights(other, both))


def _flights(evaluation: Evaluation, counted: np.ndarray) -> Flights:
    errors = evaluation.steady_error_m[counted]
    return Flights(evaluation.success_rate, float(np.sqrt(np.mean(np.square(errors)))) if counted.any() else np.nan)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
