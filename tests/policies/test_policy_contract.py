"""What every network kind must obey; a new kind in ``policies.networks`` is tested by being listed."""

import json

import numpy as np
import pytest
import torch

import sim.tasks.hover as hover
from policies import networks
from policies.export_onnx import export_onnx
from policies.policy import Policy
from policies.torch_policy import TorchPolicy

CONFIGS = {
    "memory_mlp": {"hover": hover.NOMINAL.hover_command},
    "gru_memory": {"hover": hover.NOMINAL.hover_command},
    "touch_actor": {
        "observation_size": 9,
        "action_low": [-0.01] * 6,
        "action_high": [0.01] * 6,
        "memory": [1, 8],
        "hidden": [16, 8],
    },
    "squashed_actor": {
        "observation_size": 7,
        "action_low": [-1.0, 0.0],
        "action_high": [1.0, 2.0],
        "hidden": [16, 8],
        "activation": "resine",
        "scaled": True,
    },
    "pose": {"pose_rad": [0.1, -0.2, 0.3], "lean_rad": [0.0, 0.5, -0.5]},
}
"""What each kind is built from; a new kind is tested when it is listed here."""
LEARNT = ["memory_mlp", "gru_memory"]
"""Kinds that learn the hover task, with a memory for delay and trim."""
COUNT = 5


def make(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        actor = networks.build({"kind": kind, **CONFIGS[kind]})
        with torch.no_grad():
            for parameter in actor.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    return actor.eval()


@pytest.fixture(scope="module", params=CONFIGS)
def actor(request):
    return make(request.param)


@pytest.fixture(scope="module", params=LEARNT)
def learnt(request):
    return make(request.param)


def test_every_kind_is_tested():
    assert set(CONFIGS) == set(networks._KINDS)


@pytest.fixture
def inputs(actor):
    return inputs_of(actor)


def inputs_of(actor):
    rng = np.random.default_rng(0)
    observation = rng.normal(size=(COUNT, actor.observation_size)).astype(np.float32)
    state = rng.normal(size=(COUNT, actor.state_size)).astype(np.float32)
    return observation, state


def test_sizes_and_shapes(actor, inputs):
    policy: Policy = TorchPolicy(actor)
    action, state = policy.step(*inputs, np.zeros(COUNT, bool))
    assert policy.state_size == actor.state_size == len(actor.state_scale)
    assert action.shape == (COUNT, actor.action_size)
    assert state.shape == (COUNT, actor.state_size)
    assert action.dtype == state.dtype == np.float32
    assert all(scale > 0.0 for scale in actor.state_scale)


def test_it_fits_its_task(learnt):
    assert learnt.observation_size == hover.TASK.observation_size
    assert learnt.action_size == hover.TASK.action.size


def test_actions_are_within_limits_whatever_comes_in(learnt):
    actor = learnt
    rng = np.random.default_rng(1)
    observation = (rng.normal(size=(500, actor.observation_size)) * 10.0 ** rng.uniform(-2, 4, (500, 1))).astype(
        np.float32
    )
    state = (rng.normal(size=(500, actor.state_size)) * 100.0).astype(np.float32)
    action, _ = TorchPolicy(actor).step(observation, state, rng.random(500) < 0.5)
    assert (action >= hover.TASK.action.low).all()
    assert (action <= hover.TASK.action.high).all()


def test_after_a_reset_the_old_state_does_not_matter(actor, inputs):
    observation, state = inputs
    policy, reset = TorchPolicy(actor), np.ones(COUNT, bool)
    results = [policy.step(observation, other, reset) for other in (state, np.full_like(state, np.nan), 0.0 * state)]
    for action, next_state in results[1:]:
        np.testing.assert_array_equal(action, results[0][0])
        np.testing.assert_array_equal(next_state, results[0][1])


def test_without_a_reset_the_state_matters(learnt):
    observation, state = inputs_of(learnt)
    policy, reset = TorchPolicy(learnt), np.zeros(COUNT, bool)
    assert not np.array_equal(policy.step(observation, state, reset)[0], policy.step(observation, 0 * state, reset)[0])


def test_rows_are_independent(actor, inputs):
    observation, state = inputs
    policy, reset = TorchPolicy(actor), np.arange(COUNT) % 2 == 0
    together = policy.step(observation, state, reset)
    for i in range(COUNT):
        row = slice(i, i + 1)
        for ours, theirs in zip(policy.step(observation[row], state[row], reset[row]), together):
            np.testing.assert_allclose(ours, theirs[row], rtol=1e-5, atol=1e-6)
    spoiled = observation.copy()
    spoiled[0] = np.nan
    for ours, theirs in zip(policy.step(spoiled, state, reset), together):
        assert not np.isnan(ours[1:]).any()
        np.testing.assert_allclose(ours[1:], theirs[1:], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reset", [False, True])
def test_nan_in_any_observation_reaches_every_action(actor, inputs, reset):
    observation = np.tile(inputs[0][:1], (actor.observation_size, 1))
    np.fill_diagonal(observation, np.nan)
    state = np.tile(inputs[1][:1], (actor.observation_size, 1))
    action, _ = TorchPolicy(actor).step(observation, state, np.full(len(state), reset))
    assert np.isnan(action).all()


def test_inputs_are_not_changed(actor, inputs):
    observation, state = inputs
    before = observation.copy(), state.copy()
    TorchPolicy(actor).step(observation, state, np.ones(COUNT, bool))
    np.testing.assert_array_equal(observation, before[0])
    np.testing.assert_array_equal(state, before[1])


def test_its_configuration_rebuilds_it(actor, inputs):
    config = json.loads(json.dumps(actor.config(), allow_nan=False))
    assert config["kind"] in CONFIGS
    rebuilt = networks.build(config)
    rebuilt.load_state_dict(actor.state_dict())
    reset = np.zeros(COUNT, bool)
    for ours, theirs in zip(TorchPolicy(rebuilt).step(*inputs, reset), TorchPolicy(actor).step(*inputs, reset)):
        np.testing.assert_array_equal(ours, theirs)


def test_it_exports(actor):
    assert export_onnx(actor)
