"""Settings of the learners of contact tasks.

Published ones (TacSL, arXiv 2408.06506): clip 0.2, discount 0.99, lambda 0.95, 4 epochs, critic coefficient 2; the
learning rates are not theirs (PPO 1e-4, DAgger 3e-4), which are for one GPU: PPO's follows the KL divergence, as is
rsl-rl-lib's default, and imitation's is higher, because two cores take fewer steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.learners.ppo import PpoSettings

LearnerName = Literal["ppo", "aacd", "dagger", "bc"]


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes of the actor and the critic."""

    hidden: tuple[int, ...] = (128, 64)
    """Dense layers of both, with ELU; published: 256, 128, 64."""
    memory_layers: int | None = None
    """Layers of the actor's LSTM, 0 for none; default: 1 where it feels or sees, 0 where it knows its state."""
    memory_size: int = 64
    """Outputs of each of them; published: 2 layers of 256."""
    shortcut: bool = False
    """Whether the actor's dense layers see what its LSTM sees, too: forces and places need not pass through it."""
    channels: tuple[int, ...] = (8, 16, 16)
    """Of the convolutions; published: 32, 32, 64 with kernels 8, 4, 3, which learn four times more slowly on a CPU."""
    kernels: tuple[int, ...] = (4, 3, 3)
    strides: tuple[int, ...] = (2, 1, 1)
    motion: bool = True
    """Whether actors that are not told velocities see how the tool moves (``policies/networks/pose_motion.py``)."""
    moments: bool = True
    """Whether the sums and moments of force fields are seen, too (``policies/networks/field_moments.py``)."""


@dataclass(frozen=True)
class ContactPpoSettings(PpoSettings):
    """PPO where an earlier run's weights can be begun with."""

    goal_bonus: float = 0.1
    """Reward for each step at the goal, beside the task's: by that alone a peg on a hole's rim is nearly as well off as
    one that is in it. 0: as published."""
    later_std: float = 0.2
    """Exploration noise where the actor begins with an earlier run's weights."""
    critic_first: int = 10
    """Iterations in which such an actor waits for its new critic."""
    critic: Literal["fine-tuned", "frozen"] = "fine-tuned"
    """What asymmetric distillation does with the critic of the first stage."""


@dataclass(frozen=True)
class ImitationSettings:
    """Regression on an expert's actions, along its own or the student's episodes."""

    learning_rate: float = 1e-3
    """Falls to nothing over the second half of the training."""
    expert_until: float = 0.0
    """Until this share of DAgger's iterations the expert acts in some environments, fewer and fewer; 0: in the first
    iteration only. An expert that goes from one thing to the next is first to be seen doing so."""
    hint_weight: float = 0.1
    """Of the cross-entropy of what a script is at, beside errors of actions in [-1, 1]."""
    clue_weight: float = 1.0
    """Of errors of what a script goes by, numbers of the order of one (mean over them of the Huber loss)."""
    rollouts: int = 150
    """The latest ones are learnt from, older ones forgotten."""
    updates: int = 16
    """Gradients after each rollout."""
    burn_in: int = 12
    """Steps at the beginning of a window that are not learnt from: what was remembered there, an older student did."""
    windows: int = 32
    """Windows, each a rollout of one environment, that a gradient is taken over."""


@dataclass(frozen=True)
class ContactTrainConfig:
    """Everything that determines a run, besides task, learner, input, expert and seed."""

    iterations: int = 120
    """Rollouts, each followed by an update."""
    num_envs: int = 128
    horizon: int = 32
    """Control steps of a rollout in each environment."""
    checkpoint_every: int = 40
    """Iterations between two checkpoints; each begins new episodes, so that a resumed run goes on alike."""
    evaluations: int = 3
    """Candidates among which the best is kept, evenly spaced over the second half of the training."""
    evaluation_episodes: int = 256
    """Starts that choose among the candidates."""
    augment: bool = True
    """Pictures have other colours and another view in each episode of the training."""
    judge_episodes: int = 1024
    """Starts that judge the chosen one; 0 for none."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    ppo: ContactPpoSettings = field(default_factory=ContactPpoSettings)
    imitation: ImitationSettings = field(default_factory=ImitationSettings)
