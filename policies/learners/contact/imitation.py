"""DAgger and behaviour cloning: regression on what an expert would do, over all recent rollouts.

Ross, Gordon and Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning",
AISTATS 2011, with their parameter-free schedule: the expert acts in the first iteration, the student in all others.
Cloning is the same with the expert acting throughout. rsl-rl-lib's distillation keeps no older rollouts and goes back
through time step by step; here windows of all that is kept are drawn at random and learnt from at once.
"""

from __future__ import annotations

from typing import Any

import torch
from tensordict import TensorDict
from torch import Tensor
from torch.nn import functional

from policies.learners.contact.aggregate import Aggregate
from policies.learners.contact.script import ScriptedTeacher
from policies.learners.contact.settings import ImitationSettings
from policies.learners.contact.touch_model import TouchModel

_LARGEST_GRADIENT = 1.0
_SMALL = 0.05
"""Errors of actions in [-1, 1] that cost by their square; larger ones by their size, so that half a millimetre counts
beside centimetres (Huber)."""


class Imitation:
    """Acts, keeps what it saw and what the expert would have done, and learns from all that is kept.

    Attributes:
        student: in training.
        teacher: whose actions it learns.
        optimizer: of the student.
        learning_rate: of the next update.
        expert_acts: the episodes are the expert's.
        data: what is kept.

    Args:
        student: to train.
        teacher: to imitate.
        groups: of the observation that the student sees.
        settings: of the updates.
        cloning: the expert acts throughout.
    """

    def __init__(
        self,
        student: TouchModel,
        teacher: TouchModel | ScriptedTeacher,
        groups: tuple[str, ...],
        settings: ImitationSettings,
        *,
        cloning: bool,
    ) -> None:
        self.student, self.teacher = student.train(), teacher.requires_grad_(False).eval()
        self.groups, self.settings, self.always = groups, settings, cloning
        self.optimizer = torch.optim.Adam(student.parameters(), lr=settings.learning_rate)
        self.learning_rate, self.expert_acts = settings.learning_rate, True
        self.data = Aggregate(settings.rollouts)
        self._steps: list[TensorDict] = []
        self._memory: Any = None
        self._first = torch.empty(0)

    def begin(self, batch: int) -> None:
        """Let student and expert forget: ``batch`` new episodes begin."""
        for model in (self.student, self.teacher):
            if isinstance(model, TouchModel):
                model.begin(batch)
        self._steps, self._first = [], torch.ones(batch, 1)

    def anneal(self, share: float) -> None:
        """Set the learning rate for where the training is, from 0 to 1: linearly to nothing in its second half."""
        self.learning_rate = self.settings.learning_rate * min(1.0, 2.0 * (1.0 - share))
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate

    def act(self, obs: TensorDict, counts: Tensor) -> Tensor:
        """Return the actions to take, (N, 6).

        Args:
            obs: what is seen, (N, ...).
            counts: whether the next action counts, (N,): a hand that lets go does so whatever a policy says.
        """
        if not self._steps:
            self._memory = _copy(self.student.get_hidden_state())
        labels = torch.clamp(self.teacher(obs), -1.0, 1.0)
        actions = self.student(obs)
        step = {name: obs[name] for name in self.groups}
        step |= {"label": labels, "first": self._first, "weight": counts[:, None]}
        self._steps.append(TensorDict(step, batch_size=obs.batch_size))  # pyright: ignore[reportArgumentType]
        return labels if self.expert_acts else actions

    def process_env_step(self, obs: TensorDict, rewards: Tensor, dones: Tensor, extras: dict[str, Any]) -> None:
        """Take note of what a step brought; ended episodes are forgotten."""
        self.student.update_normalization(obs)
        self.student.reset(dones)
        self.teacher.reset(dones)
        self._first = dones.float()[:, None]

    def update(self) -> dict[str, float]:
        """Learn; the student acts from now on unless this is cloning."""
        self.data.add(torch.stack(self._steps), self._memory)  # pyright: ignore[reportArgumentType]
        self._steps = []
        losses = [self._learn() for _ in range(self.settings.updates)]
        self.expert_acts = self.always
        return {"behavior": sum(losses) / len(losses)}

    def _learn(self) -> float:
        """Take one step on random windows, and return the loss."""
        windows, memory = self.data.draw(self.settings.windows)
        actions = self.student.unroll(windows, windows["first"], memory)
        loss = (windows["weight"] * _cost(miss(actions, windows["label"]))).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        return float(loss.detach())


def miss(actions: Tensor, labels: Tensor) -> Tensor:
    """Return how far actions are from labels in [-1, 1]; beyond a label at a limit they are the same action."""
    apart = actions - labels
    return torch.where(labels >= 1.0, apart.clamp(max=0.0), torch.where(labels <= -1.0, apart.clamp(min=0.0), apart))


def _cost(error: Tensor) -> Tensor:
    """Return what errors cost, 1.0 at an error of one and a little more."""
    return functional.huber_loss(error, torch.zeros_like(error), reduction="none", delta=_SMALL) / _SMALL


def _copy(memory: Any) -> Any:
    return None if memory is None else tuple(part.detach().clone() for part in memory)
