"""SAC: densities, targets and the temperature against plain computations."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, TanhTransform, TransformedDistribution

from policies.learners.off_policy.sac import Sac, squashed_log_density
from policies.learners.off_policy.settings import SacSettings
from tests.policies.learners.off_policy.made_up import ACTIONS, CONFIG, Slopes, batch, mean_action_after


def learner(**settings):
    torch.manual_seed(1)
    return Sac(CONFIG(), "critic", 7, SacSettings(**settings))


def test_densities_are_those_of_torch():
    mean, log_std, noise = torch.randn(3, 40, ACTIONS).double().unbind(0)
    unsquashed = mean + log_std.exp() * noise
    squashed = TransformedDistribution(Normal(mean, log_std.exp()), TanhTransform(cache_size=1))
    keep = unsquashed.abs().max(1).values < 5.0  # beyond, torch's own loses digits
    expected = squashed.log_prob(torch.tanh(unsquashed)).sum(1)
    assert keep.sum() > 20
    torch.testing.assert_close(
        squashed_log_density(noise, log_std, unsquashed)[keep], expected[keep], rtol=1e-5, atol=0
    )


def test_targets_take_the_smaller_critic_and_the_entropy():
    sac, kept = learner(reward_scale=3.0, first_temperature=0.2), batch()
    torch.manual_seed(5)
    found = sac.target(kept)
    torch.manual_seed(5)
    action, log_density = sac.actor.sample(kept["next_actor"])
    values = sac.targets(sac.critic_scaled(kept["next_critic"]), action)
    soft = torch.minimum(values[:, 0], values[:, 1]) - 0.2 * log_density
    torch.testing.assert_close(found, 3.0 * kept["reward"] + kept["discount"] * soft)
    ended = kept["discount"] == 0.0
    torch.testing.assert_close(found[ended], 3.0 * kept["reward"][ended])


@pytest.mark.parametrize(("entropy", "falls"), [(-30.0, True), (30.0, False)])
def test_the_temperature_falls_where_there_is_more_entropy_than_asked_for(entropy, falls):
    sac = learner(entropy_per_action=entropy)
    before = float(sac.log_temperature.detach())
    sac.learn(batch())
    assert (float(sac.log_temperature.detach()) < before) == falls
    assert float(sac.log_temperature.detach()) == pytest.approx(before, abs=4e-4)  # Adam's first step is its rate


def test_an_update_changes_every_weight_and_targets_follow():
    sac = learner()
    before = {name: value.clone() for name, value in sac.state_dict().items()}
    assert np.isfinite(list(sac.learn(batch()).values())).all()
    for name, value in sac.named_parameters():
        if value.requires_grad:
            assert (value != before[name]).any(), name
    for name, value in sac.targets.state_dict().items():
        new = sac.critics.state_dict()[name]
        torch.testing.assert_close(value, 0.995 * before[f"targets.{name}"] + 0.005 * new)


@pytest.mark.parametrize("slope", [5.0, -5.0])
def test_the_actor_goes_where_the_smaller_critic_says_more(slope):
    sac = learner(first_temperature=1e-6, learning_rate=1e-2)
    assert slope * mean_action_after(sac, Slopes([slope, -slope], [0.0, 100.0])) > 1.0


def test_critics_learn_the_value_of_what_ends_at_once():
    sac = learner(learning_rate=1e-2, reward_scale=1.0)
    kept, errors = batch() | {"discount": torch.zeros(32)}, []
    for updates in (0, 60):
        for _ in range(updates):
            sac.learn(kept)
        value = sac.critics(sac.critic_scaled(kept["critic"]), kept["action"]).detach()
        errors.append(float((value - kept["reward"][:, None]).abs().mean()))
    assert errors[1] < 0.3 * errors[0]


def test_the_deployed_actor_is_the_mean():
    sac = learner()
    sac.watch({"actor": 3.0 + 2.0 * torch.randn(500, 5), "critic": torch.randn(500, 7)})
    sac.learn(batch())
    seen = 3.0 + torch.randn(6, 5)
    expected = torch.tanh(sac.actor.outputs(seen)["action"]) * torch.tensor(CONFIG().action_high)
    found, _ = sac.actor.deployed()(seen, torch.zeros(6, 0), torch.zeros(6, 1))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    assert math.isclose(float(sac.actor.scaled.moments.mean.mean()), 3.0, abs_tol=0.2)
