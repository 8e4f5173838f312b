"""Symphony's formulas against plain computations, and what its learner does with them."""

import math

import numpy as np
import pytest
import torch

from policies.learners.off_policy.replay import fading
from policies.learners.off_policy.settings import SymphonySettings
from policies.learners.off_policy.symphony import Symphony
from policies.learners.off_policy.symphony_formulas import (
    critic_weights,
    exploration_noise,
    omega,
    rehae,
    rehse,
    sorted_value,
    swaddling,
)
from policies.networks.resine import resine
from tests.policies.learners.off_policy.made_up import ACTIONS, CONFIG, Slopes, batch, mean_action_after

ERRORS = [-3.0, -0.2, 0.0, 0.5, 8.0]


def learner(**settings):
    torch.manual_seed(1)
    return Symphony(CONFIG(activation="resine", scaled=True), "critic", 7, SymphonySettings(**settings))


def test_errors_are_rectified():
    assert float(rehse(torch.tensor(ERRORS))) == pytest.approx(np.mean([e * math.tanh(e / 2) for e in ERRORS]))
    assert float(rehae(torch.tensor(ERRORS))) == pytest.approx(np.mean([abs(e) * math.tanh(e / 2) for e in ERRORS]))


def test_resine_is_its_formula():
    x, width = torch.linspace(-4.0, 4.0, 12).reshape(4, 3), torch.tensor([0.2, 0.5, 0.9])
    for row, values in zip(resine(x, width), x.tolist()):
        for found, value, s in zip(row.tolist(), values, width.tolist()):
            wave = s * math.sin(value / s)
            assert found == pytest.approx(wave / (1.0 + math.exp(-1.5 * wave / s)), abs=1e-6)


def test_swaddling_is_its_formula():
    scale, beta = torch.tensor([[0.3, 0.7], [0.05, 0.9]]), torch.tensor([[0.5, 0.2], [0.8, 0.95]])
    wall = lambda x: math.log((1.0 + x) / (1.0 - x))  # noqa: E731
    terms = [
        wall(s ** (1.0 / b)) + b * s * math.log(s) + wall(b * b)
        for s, b in zip(scale.flatten().tolist(), beta.flatten().tolist())
    ]
    assert float(swaddling(scale, beta)) == pytest.approx(np.mean(terms), rel=1e-5)
    assert float(omega(torch.tensor(0.5))) == pytest.approx(math.log(3.0))


def test_the_wall_about_large_actions_moves_no_beta():
    scale, beta = torch.tensor([0.3, 0.9]), torch.tensor([0.5, 0.8], requires_grad=True)
    (slope,) = torch.autograd.grad(swaddling(scale, beta), beta)
    expected = [(s * math.log(s) + 4.0 * b / (1.0 - b**4)) / 2.0 for s, b in zip(scale.tolist(), beta.tolist())]
    np.testing.assert_allclose(slope, expected, rtol=1e-5)


def test_swaddling_and_its_slopes_are_numbers_at_the_ends():
    ends = torch.tensor([0.0, 1.0], requires_grad=True)
    cost = swaddling(ends[:, None].expand(2, 2), ends[None].expand(2, 2))
    cost.backward()
    assert torch.isfinite(cost)
    assert torch.isfinite(ends.grad).all()


def test_small_values_count_most():
    weights = critic_weights(3)
    plain = [math.tanh((math.pi * (1 - i / 3)) ** math.e) for i in range(3)]
    np.testing.assert_allclose(weights, np.array(plain) / sum(plain), rtol=1e-5)
    value = sorted_value(torch.tensor([[5.0, 1.0, 3.0]]), weights)
    assert float(value) == pytest.approx(float(weights @ torch.tensor([1.0, 3.0, 5.0])))
    assert weights[2] < weights[0]
    many = critic_weights(96)
    assert many[-1] < 1e-3 * many[0]  # of many values the largest does not count


def test_noise_is_cut():
    torch.manual_seed(0)
    noise = exploration_noise(torch.zeros(200_000))
    assert noise.abs().max() == 1.0
    assert float(noise.std()) == pytest.approx(1.0 / math.e, rel=0.02)


def test_the_advantage_is_over_the_mean_value_so_far():
    symphony, carried = learner(), 0.0
    for values in ([1.0, 3.0], [5.0, 7.0], [-2.0, 1.0]):
        found = symphony.advantage(torch.tensor(values))
        qbar = [0.618 * carried + 0.382 * value for value in values]
        np.testing.assert_allclose(found, [(value - q) / abs(q) for value, q in zip(values, qbar)], rtol=1e-5)
        carried = np.mean(qbar)


def test_one_pass_follows_a_target_and_raises_the_value_of_the_next_action(monkeypatch):
    symphony, kept, losses = learner(), batch(), []
    symphony.watch_random(torch.tensor([-4.0, 2.0, 0.0]))
    monkeypatch.setattr(symphony, "descend", lambda loss, parameters: losses.append(loss))
    torch.manual_seed(5)
    symphony.learn(kept)
    torch.manual_seed(5)
    action, scale, beta = symphony.actor.sample(kept["next_actor"])
    values = symphony.targets(symphony.critic_scaled(kept["next_critic"]), action).sort(1).values
    assert values.shape == (32, 12)  # three critics, of a quarter of 16 values each
    value = (values * critic_weights(12)).sum(1)
    error = symphony.critics(symphony.critic_scaled(kept["critic"]), kept["action"])
    error = error - (kept["reward"] / 2.0 + kept["discount"] * value)[:, None]
    gained = (value - 0.382 * value) / (0.382 * value).abs().clamp(min=1e-3)
    torch.testing.assert_close(losses[0], rehse(error) - rehae(gained) + swaddling(scale, beta))


def test_rewards_are_divided_by_their_mean_size_so_far():
    symphony = learner()
    torch.testing.assert_close(symphony.scaled_reward(torch.tensor([3.0])), torch.tensor([3.0]))
    symphony.watch_random(torch.tensor([[-4.0, 2.0], [0.0, 6.0]]))
    symphony.watch_random(torch.tensor([[-9.0, 9.0]]))
    torch.testing.assert_close(symphony.scaled_reward(torch.tensor([3.0])), torch.tensor([3.0 / 5.0]))


def test_actions_are_scaled_amplitudes_with_noise():
    symphony = learner()
    seen = torch.randn(6, 5)
    torch.manual_seed(2)
    action, scale, beta = symphony.actor.sample(seen)
    outputs = symphony.actor.outputs(seen)
    torch.manual_seed(2)
    noise = torch.randn(6, ACTIONS).clamp(-math.e, math.e) / math.e
    amplitude = torch.tanh(outputs["action"] / 2)
    torch.testing.assert_close(action, torch.tanh(torch.tanh(outputs["scale"] / 2).abs() * amplitude + noise))
    assert ((scale >= 0) & (scale < 1) & (beta >= 0) & (beta < 1)).all()


@pytest.mark.parametrize("slope", [5.0, -5.0])
def test_the_actor_goes_where_critics_say_more(slope):
    symphony = learner(learning_rate=1e-2)
    assert slope * mean_action_after(symphony, Slopes([slope] * 12, [1.0] * 12)) > 0.5


def test_the_deployed_actor_is_the_same_without_noise():
    symphony = learner()
    for _ in range(3):
        symphony.watch({"actor": 3.0 + 2.0 * torch.randn(50, 5), "critic": torch.randn(50, 7)})
        symphony.learn(batch())
    seen = torch.randn(6, 5)
    outputs = symphony.actor.outputs(seen)
    expected = torch.tanh(torch.tanh(outputs["scale"] / 2).abs() * torch.tanh(outputs["action"] / 2))
    found, _ = symphony.actor.deployed()(seen, torch.zeros(6, 0), torch.zeros(6, 1))
    torch.testing.assert_close(found, expected * torch.tensor(CONFIG().action_high), atol=1e-6, rtol=1e-5)


def test_an_update_changes_every_weight_and_targets_follow():
    symphony = learner()
    before = {name: value.clone() for name, value in symphony.state_dict().items()}
    assert np.isfinite(list(symphony.learn(batch()).values())).all()
    for name, value in symphony.named_parameters():
        if value.requires_grad:
            assert (value != before[name]).any(), name
    for name, value in symphony.targets.state_dict().items():
        new = symphony.critics.state_dict()[name]
        torch.testing.assert_close(value, 0.995 * before[f"targets.{name}"] + 0.005 * new)
    group = symphony.optimizer.param_groups[0]
    assert (group["betas"], group["weight_decay"], group["lr"]) == ((0.618, 0.995), 0.01, 1e-4)
    assert symphony.replay_weights is fading
