"""Settings of the learners of bodies on legs.

Published ones (legged_gym, arXiv 2109.11978): 4096 environments, 24 steps, 5 epochs of 4 mini-batches, discount 0.99,
lambda 0.95, entropy 0.01, learning rate after a KL divergence of 0.01, layers of 512, 256 and 128. Networks here are
smaller, because on two cores they would cost more than the physics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.learners.ppo import PpoSettings
from sim.legged.progress import TrackingSettings


@dataclass(frozen=True)
class LeggedPpoSettings(PpoSettings):
    """PPO, whether left and right are taken to be alike, and who says what a state is worth."""

    symmetry: bool = True
    """Learn from each step as seen in a mirror, too (arXiv 2403.04359): twice the data for twice the update."""
    critics: Literal["group", "single"] = "group"
    """A critic for each of the task's groups of rewards, or one for their sum."""
    critic_first: int = 20
    """With --start-from: iterations in which the critic alone learns. It begins with random weights, and what it says
    of steps would undo those of the bundle."""


@dataclass(frozen=True)
class LeggedTrainConfig:
    """Everything that determines a run, besides task, robot and seed."""

    iterations: int = 1200
    """Rollouts, each followed by an update."""
    num_envs: int = 512
    """Simulations that step together."""
    horizon: int = 24
    """Control steps of a rollout in each environment."""
    checkpoint_every: int = 50
    """Iterations between two checkpoints; each begins new episodes, so that a resumed run goes on alike."""
    evaluations: int = 4
    """Candidates among which the best is kept, evenly spaced over the second half of the training."""
    evaluation_episodes: int = 128
    """Episodes that choose among the candidates."""
    judge_episodes: int = 200
    """Episodes that judge the chosen one; 0 for none."""
    hidden: tuple[int, ...] = ()
    """Dense layers of actor and critic, with ELU; default: by the number of joints."""
    ppo: LeggedPpoSettings = field(
        default_factory=lambda: LeggedPpoSettings(
            learning_rate=1e-3, epochs=4, critic_weight=1.0, entropy_weight=2e-3, first_std=0.5
        )
    )
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    """How a motion is learnt, where there is one."""


def hidden_layers(asked: tuple[int, ...], num_joints: int) -> tuple[int, ...]:
    """Return the sizes of the dense layers, if none are asked for: 128 and 128 for 12 joints, 256 and 128 for more."""
    return asked or ((128, 128) if num_joints <= 12 else (256, 128))
