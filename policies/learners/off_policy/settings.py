"""Settings of the learners with a replay.

Published ones: SAC (arXiv 1812.05905) learning rate 3e-4, discount 0.99, target rate 0.005, batch 256, layers of 256
and 256, a million steps kept, one update for each step of one environment. Symphony: learning rate 1e-4, Adam's betas
0.618 and 0.995, weight decay 0.01, batch 384, layers of 512, 3 updates for each step, 10,240 steps of exploration
first. Here many environments step at once, and networks are PPO's: updates are counted per control step of all
environments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.option_checks import require_at_least, require_positive, require_share
from policies.segmented_run import check_segments
from sim.errors import ConfigError

LearnerName = Literal["ppo", "sac", "symphony"]


@dataclass(frozen=True)
class OffPolicySettings:
    """What both learners can set."""

    learning_rate: float = 3e-4
    """Of actor and critics."""
    batch: int = 256
    """Steps that a gradient is taken over."""
    updates: int = 4
    """For each control step of all environments."""
    steps: int = 1
    """Rewards that a target adds up before it asks the critics."""
    discount: float = 0.99
    """Of rewards, per control step."""
    target_rate: float = 0.005
    """At which target critics follow."""
    first_steps: int = 10_240
    """Random actions, of all environments together, before the first update."""
    replay: int = 400_000
    """Latest steps, of all environments together, that are learnt from."""
    reach: float = 2.0
    """Largest action, in the robot's action scales."""
    asymmetric: bool = True
    """Critics see what only a simulator knows, as PPO's; else what the actor sees."""


@dataclass(frozen=True)
class SacSettings(OffPolicySettings):
    """SAC with a temperature that finds itself."""

    reward_scale: float = 10.0
    """That rewards are multiplied by: a task's are some hundredths per control step."""
    first_temperature: float = 0.1
    """Weight of the entropy beside rewards, at the start."""
    entropy_per_action: float = -1.0
    """Aimed at, for each joint, of actions in [-1, 1]."""
    layer_norm: bool = True
    """In the critics (arXiv 2110.02034); not in the published SAC."""


@dataclass(frozen=True)
class SymphonySettings(OffPolicySettings):
    """Symphony; where its publication leaves something open, see ``docs/learners.md``."""

    learning_rate: float = 1e-4
    """Of actor and critics, by AdamW."""
    batch: int = 384
    """Steps that a gradient is taken over."""
    updates: int = 3
    """For each control step of all environments."""
    weight_decay: float = 0.01
    """Of AdamW, per step over the learning rate."""


@dataclass(frozen=True)
class OffPolicyTrainConfig:
    """Everything that determines a run, besides task, robot, learner and seed."""

    iterations: int = 640
    """Rollouts, each followed by its updates."""
    num_envs: int = 64
    """Simulations that step together."""
    horizon: int = 24
    """Control steps of a rollout in each environment."""
    checkpoint_every: int = 80
    """Iterations between two checkpoints; each begins new episodes, so that a resumed run goes on alike."""
    evaluations: int = 4
    """Candidates among which the best is kept, evenly spaced over the second half of the training."""
    evaluation_episodes: int = 128
    """Episodes that choose among the candidates."""
    judge_episodes: int = 200
    """Episodes that judge the chosen one; 0 for none."""
    hidden: tuple[int, ...] = ()
    """Dense layers of actor and critics; default: by the number of joints, as PPO's."""
    sac: SacSettings = field(default_factory=SacSettings)
    symphony: SymphonySettings = field(default_factory=SymphonySettings)


def check_off_policy(config: OffPolicyTrainConfig) -> None:
    """Refuse settings that cannot be.

    Raises:
        ConfigError: naming the option, below ``--config``.
    """
    check_segments(config)
    require_at_least(1, {"config.hidden": min(config.hidden, default=1)})
    for name, settings in (("sac", config.sac), ("symphony", config.symphony)):
        _check(name, settings, config.num_envs * config.horizon)
    require_positive(
        {
            "config.sac.first-temperature": config.sac.first_temperature,
            "config.sac.reward-scale": config.sac.reward_scale,
        }
    )
    require_at_least(0, {"config.symphony.weight-decay": config.symphony.weight_decay})


def _check(name: str, settings: OffPolicySettings, rollout: int) -> None:
    def options(*names: str) -> dict[str, float]:
        return {f"config.{name}.{option.replace('_', '-')}": getattr(settings, option) for option in names}

    require_at_least(1, options("batch", "updates", "steps", "first_steps"))
    require_positive(options("learning_rate", "reach"))
    require_share(options("discount", "target_rate"))
    if settings.replay < rollout:
        raise ConfigError(f"--config.{name}.replay: {settings.replay} steps are less than a rollout's {rollout}")
