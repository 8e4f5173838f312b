"""The policy on the robot side: same figures as torch, one robot or many, and refusals."""

import dataclasses

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from policies.bundle import Golden, save_bundle
from policies.replay import largest_error, parity_errors, replay
from policies.runtime import OnnxPolicy, load_policy
from policies.torch_policy import TorchPolicy
from sim.errors import BundleError


@pytest.fixture(scope="module")
def policy(pristine):
    return load_policy(pristine)[1]


@pytest.fixture
def plain_policy(plain_parts, tmp_path):
    return OnnxPolicy(save_bundle(tmp_path / "plain", plain_parts.info, plain_parts.onnx, plain_parts.golden))


def observations(count, steps=1, seed=1):
    return np.random.default_rng(seed).normal(size=(steps, count, 22)).astype(np.float32)


def test_load_gives_the_bundle_and_its_policy(pristine):
    bundle, policy = load_policy(pristine)
    assert policy.bundle == bundle
    assert (policy.observation_size, policy.state_size, policy.action_size) == (22, 11, 4)


@pytest.mark.parametrize("count", [1, 2, 7, 300])
def test_agrees_with_torch_at_every_batch_size(parts, policy, count):
    rng = np.random.default_rng(count)
    state = rng.normal(size=(count, 11)).astype(np.float32)
    reset = rng.random(count) < 0.3
    observation = observations(count)[0]
    for ours, theirs in zip(
        policy.step(observation, state, reset), TorchPolicy(parts.actor).step(observation, state, reset)
    ):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_golden_replay_is_within_the_bound(parts, policy):
    errors = parity_errors(policy, parts.golden, parts.info)
    assert errors.action < 1e-5
    assert errors.state < 1e-5


def test_single_step_is_the_batched_step(policy):
    single = policy.single()
    state = np.zeros((1, 11), np.float32)
    for t, observation in enumerate(observations(1, steps=30)):
        if t == 17:
            single.reset()
        action, state = policy.step(observation, state, np.array([t in (0, 17)]))
        np.testing.assert_array_equal(single.step(observation[0]), action[0])
        np.testing.assert_array_equal(single.state, state[0])


def test_two_single_steppers_do_not_share_memory(policy):
    first, second = policy.single(), policy.single()
    a, b = observations(2, steps=2)
    expected = policy.single().step(a[0])
    first.step(a[0])
    second.step(b[0])
    assert not np.array_equal(first.step(b[1]), expected)
    again = policy.single()
    again.step(a[0])
    first.reset()
    np.testing.assert_array_equal(first.step(a[0]), expected)


def test_returned_actions_are_not_overwritten(policy):
    single = policy.single()
    a, b = observations(1, steps=2)
    first = single.step(a[0])
    kept = first.copy()
    single.step(b[0])
    np.testing.assert_array_equal(first, kept)


def test_policy_without_memory(plain_parts, plain_policy):
    observation = observations(5)[0]
    action, state = plain_policy.step(observation, np.zeros((5, 0), np.float32), np.zeros(5, bool))
    expected, _ = TorchPolicy(plain_parts.actor).step(observation, state, np.zeros(5, bool))
    assert state.shape == (5, 0)
    np.testing.assert_allclose(action, expected, atol=1e-6)
    np.testing.assert_allclose(plain_policy.single().step(observation[0]), expected[0], atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_passes_through_and_reset_clears_it(policy, bad):
    single = policy.single()
    good = observations(1)[0, 0]
    expected = single.step(good)
    poisoned = good.copy()
    poisoned[3] = bad
    action = single.step(poisoned)
    assert np.isnan(action).all() or not np.isnan(bad)
    single.reset()
    np.testing.assert_array_equal(single.step(good), expected)


@pytest.mark.parametrize(
    ("observation", "state", "reset"),
    [
        ((3, 21), (3, 11), (3,)),
        ((22,), (1, 11), (1,)),
        ((), (1, 11), (1,)),
        ((3, 22), (3, 10), (3,)),
        ((3, 22), (2, 11), (3,)),
        ((3, 22), (3, 11), (3, 1)),
        ((3, 22), (3, 11), (2,)),
    ],
)
def test_wrong_shapes_are_named(policy, observation, state, reset):
    with pytest.raises(BundleError, match=r"policy input '\w+' has shape .*, expected"):
        policy.step(np.zeros(observation, np.float32), np.zeros(state, np.float32), np.zeros(reset, bool))


@pytest.mark.parametrize("shape", [(21,), (1, 22), ()])
def test_wrong_shape_of_a_single_observation(policy, shape):
    with pytest.raises(BundleError, match="observation has shape"):
        policy.single().step(np.zeros(shape))


def change_constant(content, name, change):
    model = onnx.load_model_from_string(content)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), name))
    return model.SerializeToString()


def test_a_graph_that_computes_something_else_is_refused(parts, tmp_path):
    other = change_constant(parts.onnx, "head.bias", lambda bias: bias + np.float32(1e-3))
    bundle = save_bundle(tmp_path / "b", parts.info, other, parts.golden)
    with pytest.raises(BundleError, match="does not reproduce its golden sequences") as caught:
        OnnxPolicy(bundle)
    assert "\n" not in str(caught.value)


def test_a_graph_that_computes_nan_is_refused(parts, tmp_path):
    other = change_constant(parts.onnx, "head.bias", lambda bias: bias * np.float32("nan"))
    with pytest.raises(BundleError, match="does not reproduce"):
        OnnxPolicy(save_bundle(tmp_path / "b", parts.info, other, parts.golden))


@pytest.mark.parametrize("content", [b"", b"no protobuf", b"\x08\x0a"])
def test_something_else_than_onnx_is_refused(parts, tmp_path, content):
    bundle = save_bundle(tmp_path / "b", parts.info, content, parts.golden)
    with pytest.raises(BundleError, match=r"policy\.onnx cannot be loaded by onnxruntime") as caught:
        OnnxPolicy(bundle)
    assert "\n" not in str(caught.value)


def test_a_graph_with_other_inputs_is_refused(plain_parts, parts, tmp_path):
    bundle = save_bundle(tmp_path / "b", parts.info, plain_parts.onnx, parts.golden)
    with pytest.raises(
        BundleError, match=r"inputs are \['observation'\], expected \['observation', 'reset', 'state_in'\]"
    ):
        OnnxPolicy(bundle)


def test_a_graph_of_another_size_is_refused(parts, tmp_path):
    terms = parts.info.observation[:-1]
    info = dataclasses.replace(parts.info, observation=terms)
    golden = dataclasses.replace(parts.golden, observation=parts.golden.observation[:, :, :18])
    bundle = save_bundle(tmp_path / "b", info, parts.onnx, golden)
    with pytest.raises(
        BundleError, match=r"'observation' is tensor\(float\) \['batch', 22\], expected float32 \(batch, 18\)"
    ):
        OnnxPolicy(bundle)


class Wrong:
    """Delays the action by one step: the error appears only in closed sequences."""

    def __init__(self, inner):
        self.inner, self.last = inner, None

    def step(self, observation, state, reset):
        action, state = self.inner.step(observation, state, reset)
        last, self.last = self.last if self.last is not None else action, action
        return last, state


def test_replay_runs_free_and_sees_a_delay(parts, policy):
    assert parity_errors(Wrong(policy), parts.golden, parts.info).action > 1e-3
    shifted = Golden(parts.golden.observation, parts.golden.reset, parts.golden.state + 1.0, parts.golden.action)
    _, state = replay(policy, shifted)
    np.testing.assert_allclose(state, parts.golden.state, atol=1e-5)


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.25),
        ([np.nan], [np.nan], 0.0),
        ([np.inf], [np.inf], 0.0),
        ([np.inf], [-np.inf], np.inf),
        ([np.nan], [1.0], np.inf),
        ([1.0], [np.nan], np.inf),
        ([1.0], [np.inf], np.inf),
        ([], [], 0.0),
    ],
)
def test_largest_error(actual, expected, error):
    scale = np.full(len(actual), 2.0)
    assert largest_error(np.array(actual, np.float32), np.array(expected, np.float32), scale) == error
