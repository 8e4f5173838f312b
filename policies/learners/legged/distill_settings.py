"""Settings of distillation on bodies on legs: rsl-rl-lib's, which learns from the latest rollout alone.

Published ones (rsl-rl-lib's defaults): one epoch, 15 steps a gradient, learning rate 1e-3, mean squared errors. More
epochs here: a rollout costs more than to learn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LeggedDistillConfig:
    """Everything that determines a run, besides task, robot, teacher and seed."""

    iterations: int = 300
    """Rollouts, each learnt from and then forgotten."""
    num_envs: int = 256
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
    """Dense layers of the student, with ELU; default: by the number of joints, as PPO's."""
    memory: int = 0
    """Outputs of an LSTM in front of the dense layers; 0: no memory."""
    noise: float = 0.1
    """Spread of the noise on the student's actions in training, in action scales."""
    epochs: int = 2
    """Times that each rollout is learnt from."""
    gradient_length: int = 4
    """Control steps that a gradient is taken over, and goes back through in a memory; divides horizon times epochs."""
    learning_rate: float = 1e-3
    """Of Adam."""
    most_gradient: float = 1.0
    """Norm that gradients are cut to."""
    loss: Literal["mse", "huber"] = "mse"
    """Of the difference to the teacher's action, in action scales: its square, or from one on its size."""
