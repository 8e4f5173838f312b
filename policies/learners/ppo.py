"""Settings of proximal policy optimisation (arXiv 1707.06347), as rsl-rl-lib has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policies.option_checks import require_at_least, require_positive, require_share


@dataclass(frozen=True)
class PpoSettings:
    """What every task that is learnt by PPO can set."""

    learning_rate: float = 5e-4
    """At the start; follows the KL divergence unless ``desired_kl`` is 0."""
    desired_kl: float = 0.01
    """Divergence of the policy in an update that the learning rate aims at; 0: the rate stays as it is."""
    clip: float = 0.2
    """How far the ratio of an action's probabilities, after an update and before it, counts from 1."""
    discount: float = 0.99
    """Of rewards, per control step."""
    trace: float = 0.95
    """Lambda of the generalised advantage estimate."""
    epochs: int = 4
    """How often each rollout is learnt from."""
    mini_batches: int = 4
    """Parts of a rollout, each of which a gradient is taken over."""
    critic_weight: float = 2.0
    """Of the critic's loss beside the actor's."""
    entropy_weight: float = 0.0
    """Of the entropy of actions, which keeps exploration up."""
    first_std: float = 0.6
    """Exploration noise at the start, of a range of -1 to 1; of bodies on legs, in action scales."""
    most_gradient: float = 1.0
    """Norm at which gradients are clipped."""


def check_ppo(settings: PpoSettings) -> None:
    """Refuse settings that cannot be.

    Raises:
        ConfigError: naming the option, below ``--config.ppo``.
    """

    def options(*names: str) -> dict[str, Any]:
        return {f"config.ppo.{name.replace('_', '-')}": getattr(settings, name) for name in names}

    require_at_least(1, options("epochs", "mini_batches"))
    require_positive(options("learning_rate", "first_std", "clip", "most_gradient"))
    require_at_least(0, options("desired_kl", "critic_weight", "entropy_weight"))
    require_share(options("discount", "trace"))


def ppo_arguments(settings: PpoSettings) -> dict[str, Any]:
    """Return the settings under the names of rsl-rl-lib's ``PPO``."""
    return {
        "num_learning_epochs": settings.epochs,
        "num_mini_batches": settings.mini_batches,
        "clip_param": settings.clip,
        "gamma": settings.discount,
        "lam": settings.trace,
        "value_loss_coef": settings.critic_weight,
        "entropy_coef": settings.entropy_weight,
        "learning_rate": settings.learning_rate,
        "max_grad_norm": settings.most_gradient,
        # Returns are many clips wide: a critic held back so never gets there.
        "use_clipped_value_loss": False,
        "schedule": "adaptive" if settings.desired_kl > 0.0 else "fixed",
        "desired_kl": settings.desired_kl,
    }
