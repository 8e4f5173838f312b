"""Settings of DAgger on bodies on legs: a student with memory, which has to find out what its teacher is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.learners.contact.settings import ImitationSettings
from sim.legged.physics import AS_TRAINED


@dataclass(frozen=True)
class LeggedDaggerConfig:
    """Everything that determines a run, besides task, robot and seed; by default as bodies learn to walk."""

    iterations: int = 400
    """Rollouts, each learnt from."""
    num_envs: int = 160
    """Simulations that step together."""
    horizon: int = 64
    """Control steps of a rollout in each environment, and of the windows that are learnt from."""
    checkpoint_every: int = 40
    """Iterations between two checkpoints; each begins new episodes, so that a resumed run goes on alike."""
    evaluations: int = 4
    """Candidates among which the best is kept, evenly spaced over the second half of the training."""
    evaluation_episodes: int = 64
    """Episodes that choose among the candidates."""
    judge_episodes: int = 200
    """Episodes that judge the chosen one; 0 for none."""
    hidden: tuple[int, ...] = (64,)
    """Dense layers behind the LSTM, with ELU."""
    memory: int = 40
    """Outputs of the LSTM."""
    shortcut: bool = True
    """Whether the dense layers see what the LSTM sees, too: what is measured need not pass through it."""
    target_noise_rad: float = 0.05
    """Spread of the noise on the last targets that the student sees in training. Standing, they hardly change: a
    student that sees them exactly learns to repeat itself, and drifts (arXiv 1905.11979)."""
    physics: tuple[str, ...] = (AS_TRAINED.name,)
    """Of the rollouts, by names of ``sim/legged/physics.py``, another one after every checkpoint: who learns under one
    integrator alone learns its quirks, too. Policies are judged as ever."""
    imitation: ImitationSettings = field(
        default_factory=lambda: ImitationSettings(expert_until=0.25, updates=30, windows=32)
    )
    """The teacher acts in fewer and fewer environments at first: who falls at the first push is shown little of what
    comes after it."""
