"""DAgger and behaviour cloning: regression on what an expert that sees everything would do.

Ross, Gordon and Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning",
AISTATS 2011, with their parameter-free schedule: the expert acts in the first iteration, the student in all others. On
rsl-rl-lib's distillation, which learns from the latest rollout and keeps no older ones. Cloning is the same with the
expert acting throughout.
"""

from __future__ import annotations

from typing import cast

import torch
from rsl_rl.algorithms import Distillation
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict

from policies.learners.contact.rollouts import NUM_ACTIONS
from policies.learners.contact.script import ScriptedTeacher
from policies.learners.contact.settings import ImitationSettings
from policies.learners.contact.touch_model import TouchModel


class Imitation(Distillation):
    """rsl-rl-lib's distillation, whose episodes are the expert's as long as ``expert_acts``."""

    expert_acts = True
    always = False
    """The expert acts in later iterations, too: behaviour cloning."""

    def begin(self, batch: int) -> None:
        """Let student and expert forget: ``batch`` new episodes begin."""
        for model in (self.student, self.teacher):
            if isinstance(model, TouchModel):
                model.begin(batch)
        self.last_hidden_states = (self.student.get_hidden_state(), self.teacher.get_hidden_state())

    def act(self, obs: TensorDict) -> torch.Tensor:
        """Return the actions to take, (N, 6), and keep what the expert would do, within the actions' range."""
        actions = super().act(obs)
        labels = torch.clamp(cast(torch.Tensor, self.transition.privileged_actions), -1.0, 1.0)
        self.transition.privileged_actions = labels
        if self.expert_acts:
            self.transition.actions = actions = labels
        return actions

    def update(self) -> dict[str, float]:
        """Learn from the rollout; the student acts from now on unless this is cloning."""
        losses = super().update()
        self.expert_acts = self.always
        return losses


def make_imitation(
    student: TouchModel,
    expert: TouchModel | ScriptedTeacher,
    obs: TensorDict,
    horizon: int,
    settings: ImitationSettings,
    *,
    cloning: bool,
) -> Imitation:
    """Return the algorithm for rollouts of ``horizon`` steps of as many environments as ``obs`` shows."""
    storage = RolloutStorage("distillation", len(obs), horizon, obs, [NUM_ACTIONS])
    learner = Imitation(
        student,
        expert.requires_grad_(False).eval(),  # type: ignore[arg-type]
        storage,
        num_learning_epochs=settings.epochs,
        gradient_length=settings.gradient_steps,
        learning_rate=settings.learning_rate,
        max_grad_norm=1.0,
    )
    learner.always = cloning
    return learner
