"""DAgger and behaviour cloning: regression on what an expert would do, over all recent rollouts.

Ross, Gordon and Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning",
AISTATS 2011: the expert acts in a share of the environments that falls to none, by default after the first iteration,
and the student in all others. Cloning is the same with the expert acting throughout. rsl-rl-lib's distillation keeps no
older rollouts and goes back through time step by step; here windows of all that is kept are drawn at random and learnt
from at once. A script that does one thing after the other also says which it is at, and what it goes by: what the
student remembers has to tell, so that it learns to remember, and to find out what the script is told (Ji et al.,
"Concurrent Training of a Control Policy and a State Estimator", RA-L 2022).
"""

from __future__ import annotations

from typing import Any

import torch
from tensordict import TensorDict
from torch import Tensor, nn
from torch.nn import functional

from policies.learners.contact.aggregate import Aggregate
from policies.learners.contact.script import MOST_CLUES, MOST_STAGES, ScriptedTeacher
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
        hints: tell from what the student remembers what a script is at and goes by; of no use after the training.
        optimizer: of both.
        learning_rate: of the next update.
        expert_share: of the environments whose episodes are the expert's.
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
        sizes = {"stage": MOST_STAGES, "clues": MOST_CLUES}
        self.hints = nn.ModuleDict({name: nn.Linear(student.said_size, size) for name, size in sizes.items()})
        self.optimizer = torch.optim.Adam([*student.parameters(), *self.hints.parameters()], lr=settings.learning_rate)
        self.learning_rate, self.expert_share = settings.learning_rate, 1.0
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
        """Set learning rate and the expert's share for where the training is, from 0 to 1.

        The rate falls linearly to nothing in the second half, the share from all to nothing until ``expert_until``.
        """
        if self.always or share == 0.0:
            self.expert_share = 1.0
        else:
            self.expert_share = max(0.0, 1.0 - share / max(self.settings.expert_until, share))
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
        if isinstance(self.teacher, ScriptedTeacher):
            told = {"stage": self.teacher.stage(), "clues": self.teacher.clues()}
            step |= {name: value for name, value in told.items() if value is not None}
        step |= {"label": labels, "first": self._first, "weight": counts[:, None]}
        self._steps.append(TensorDict(step, batch_size=obs.batch_size))  # pyright: ignore[reportArgumentType]
        guided = torch.arange(len(labels)) < round(self.expert_share * len(labels))
        return torch.where(guided[:, None], labels, actions)

    def process_env_step(self, obs: TensorDict, rewards: Tensor, dones: Tensor, extras: dict[str, Any]) -> None:
        """Take note of what a step brought; ended episodes are forgotten."""
        self.student.update_normalization(obs)
        self.student.reset(dones)
        self.teacher.reset(dones)
        self._first = dones.float()[:, None]

    def update(self) -> dict[str, float]:
        """Learn, and return the mean loss."""
        self.data.add(torch.stack(self._steps), self._memory)  # pyright: ignore[reportArgumentType]
        self._steps = []
        losses = [self._learn() for _ in range(self.settings.updates)]
        return {"behavior": sum(losses) / len(losses)}

    def _learn(self) -> float:
        """Take one step on random windows, and return the loss."""
        windows, memory = self.data.draw(self.settings.windows)
        actions, latent = self.student.unroll(windows, windows["first"], memory)
        weight = windows["weight"] * self.trusted(windows["first"])
        loss = (weight * _cost(miss(actions, windows["label"]))).mean()
        loss = loss + self._unsaid(windows, latent)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        return float(loss.detach())

    def _unsaid(self, windows: TensorDict, latent: Tensor) -> Tensor:
        """Return what it costs that the student's memory does not tell what the script is at and goes by."""
        cost, told = torch.zeros(()), set(windows.keys())
        if "stage" in told:
            said = self.hints["stage"](latent).flatten(0, 1)
            cost = cost + self.settings.hint_weight * functional.cross_entropy(said, windows["stage"].flatten())
        if "clues" in told:
            apart = functional.smooth_l1_loss(self.hints["clues"](latent), windows["clues"])
            cost = cost + self.settings.clue_weight * apart
        return cost

    def trusted(self, first: Tensor) -> Tensor:
        """Return 0 for steps whose memory is an older student's, else 1; (time, batch, 1) like ``first``."""
        if self.student.rnn is None:
            return torch.ones_like(first)
        begun = first.cumsum(dim=0) > 0.0
        late = torch.arange(len(first))[:, None, None] >= min(self.settings.burn_in, len(first) - 1)
        return (begun | late).float()


def miss(actions: Tensor, labels: Tensor) -> Tensor:
    """Return how far actions are from labels in [-1, 1]; beyond a label at a limit they are the same action."""
    apart = actions - labels
    return torch.where(labels >= 1.0, apart.clamp(max=0.0), torch.where(labels <= -1.0, apart.clamp(min=0.0), apart))


def _cost(error: Tensor) -> Tensor:
    """Return what errors cost, 1.0 at an error of one and a little more."""
    return functional.huber_loss(error, torch.zeros_like(error), reduction="none", delta=_SMALL) / _SMALL


def _copy(memory: Any) -> Any:
    return None if memory is None else tuple(part.detach().clone() for part in memory)
