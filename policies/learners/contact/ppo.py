"""PPO with a privileged critic, and asymmetric actor-critic distillation on top of it.

Distillation (TacSL, arXiv 2408.06506, section V): a first stage trains an actor on low-dimensional state with a critic
that sees everything; a second starts a new actor on touch from scratch, with that critic loaded, and goes on with the
same loss: PPO's clipped objective and the Bellman error, nothing that imitates. The critic is fine-tuned or frozen.
"""

from __future__ import annotations

from rsl_rl.algorithms import PPO
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict

from policies.learners.contact.rollouts import NUM_ACTIONS
from policies.learners.contact.touch_model import TouchModel
from policies.learners.ppo import PpoSettings, ppo_arguments


class ContactPpo(PPO):
    """rsl-rl-lib's PPO, where one of the two networks can stay as it is.

    A frozen critic neither learns nor follows the observations' statistics. An actor that begins with an earlier
    run's weights waits for the critic, whose first guesses would only spoil it.
    """

    frozen = False
    critic_first = 0
    """Updates in which the critic alone learns."""

    def update(self) -> dict[str, float]:
        """Learn from the rollout and return the mean losses."""
        if self.critic_first < 1:
            return super().update()
        self.critic_first -= 1
        self.storage.advantages.zero_()
        schedule, self.schedule = self.schedule, "fixed"  # (nothing diverges, so the rate would only grow)
        try:
            return super().update()
        finally:
            self.schedule = schedule

    def freeze_critic(self) -> None:
        """Keep the critic as it is."""
        self.frozen = True
        self.critic.requires_grad_(False)
        self.train_mode()

    def train_mode(self) -> None:
        """Let actor and critic learn, unless the critic is frozen."""
        super().train_mode()
        if self.frozen:
            self.critic.eval()


def make_ppo(actor: TouchModel, critic: TouchModel, obs: TensorDict, horizon: int, settings: PpoSettings) -> ContactPpo:
    """Return the algorithm for rollouts of ``horizon`` steps of as many environments as ``obs`` shows."""
    storage = RolloutStorage("rl", len(obs), horizon, obs, [NUM_ACTIONS])
    return ContactPpo(actor, critic, storage, **ppo_arguments(settings))
