"""Int8 layers: bit for bit the same on every processor, close to float, honest about NaN, sums that cannot overflow."""

import itertools

import numpy as np
import pytest
from onnx import helper

from firmware_export.host import HostPolicy, build_library, run_self_test
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.onnx_to_c.fuse import fuse, remove_unused
from firmware_export.onnx_to_c.interpreter import run_program
from firmware_export.onnx_to_c.ir import Dense
from firmware_export.onnx_to_c.planner import place_outputs
from firmware_export.onnx_to_c.quantize import Samples, quantize
from firmware_export.onnx_to_c.reader import read_quietly
from tests.firmware_export.models import MemoryPolicy, make_model, run_onnx, write_c


def mlp(sizes, activation="Tanh", seed=0):
    rng = np.random.default_rng(seed)
    nodes, constants, name = [], {}, "observation"
    for i, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        constants[f"w{i}"] = rng.normal(0.0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        constants[f"b{i}"] = rng.normal(0.0, 0.1, outputs).astype(np.float32)
        last = i == len(sizes) - 2
        result = "action" if last else f"linear{i}"
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [result], name=f"linear{i}"))
        if not last:
            nodes.append(helper.make_node(activation, [result], [f"hidden{i}"], name=f"hidden{i}"))
            name = f"hidden{i}"
    return make_model(nodes, {"observation": sizes[0]}, constants)


def samples_for(observation_size, state_size=0, count=200, scale=1.0, seed=5):
    rng = np.random.default_rng(seed)
    observation = rng.normal(0.0, 1.0, (count, observation_size)) * scale
    state = rng.uniform(-1.0, 1.0, (count, state_size))
    reset = (np.arange(count) % 5 == 0).astype(np.float32)
    return Samples(observation.astype(np.float32), state.astype(np.float32), reset)


def flown(model, observation_size, state_size, steps=300):
    """Samples whose states are those that the policy itself came to."""
    samples = samples_for(observation_size, state_size, count=steps)
    state = samples.state[:1]
    for t in range(steps):
        samples.state[t] = state[0]
        feeds = {"observation": samples.observation[t : t + 1], "reset": samples.reset[t : t + 1, None]}
        _, state = run_onnx(model, {**feeds, "state_in": samples.state[t : t + 1]})
    return samples


def program_of(model, samples):
    """The same steps as ``generate``, for the interpreter."""
    program = read_quietly(model)
    fuse(program)
    place_outputs(program)
    remove_unused(program)
    quantize(program, samples)
    return program


def host(model, samples, folder, **options):
    generated = generate(model, samples=samples, **options)
    write_c(folder, generated)
    return HostPolicy(build_library(folder, folder / "policy.so"))


def step(policy, samples):
    return policy.step(samples.observation, samples.state, samples.reset)


CONVOLUTION = {
    "nodes": [
        helper.make_node("Reshape", ["observation", "shape"], ["image"], name="image"),
        helper.make_node("Conv", ["image", "k0", "c0"], ["conv0"], name="conv0", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv0"], ["relu0"], name="relu0"),
        helper.make_node("Conv", ["relu0", "k1"], ["conv1"], name="conv1", strides=[2, 2]),
        helper.make_node("Relu", ["conv1"], ["relu1"], name="relu1"),
        helper.make_node("Flatten", ["relu1"], ["flat"], name="flat"),
        helper.make_node("Gemm", ["flat", "w", "b"], ["action"], name="head"),
    ],
    "observation": 3 * 7 * 5,
}


def convolution():
    rng = np.random.default_rng(2)
    constants = {
        "shape": np.array([-1, 3, 7, 5]),
        "k0": rng.normal(0, 0.3, (6, 3, 3, 3)).astype(np.float32),
        "c0": rng.normal(0, 0.1, 6).astype(np.float32),
        "k1": rng.normal(0, 0.3, (9, 6, 3, 3)).astype(np.float32),
        "w": rng.normal(0, 0.2, (9 * 3 * 2, 5)).astype(np.float32),
        "b": rng.normal(0, 0.2, 5).astype(np.float32),
    }
    return make_model(CONVOLUTION["nodes"], {"observation": CONVOLUTION["observation"]}, constants)


@pytest.mark.parametrize("sizes", [(146, 64, 64, 4), (22, 33, 7), (5, 41, 3), (300, 9)])
def test_dense_layers_are_the_quantized_arithmetic_and_close_to_float(sizes, tmp_path):
    model, samples = mlp(sizes, "Relu"), samples_for(sizes[0])
    action, _ = step(host(model, samples, tmp_path), samples)
    expected, _ = run_program(program_of(model, samples), samples.observation, samples.state, samples.reset)
    one_step = 1e-7 if len(sizes) == 2 else 3e-6  # a last bit of a hidden value may turn its rounding
    np.testing.assert_allclose(action, expected, rtol=3e-7, atol=one_step)
    exact = run_onnx(model, {"observation": samples.observation})[0]
    error = np.abs(action - exact).max() / np.ptp(exact)
    assert 1e-6 < error < 0.01  # int8 it is, and a good one


def test_convolutions_are_the_quantized_arithmetic(tmp_path):
    model, samples = convolution(), samples_for(CONVOLUTION["observation"], count=40)
    action, _ = step(host(model, samples, tmp_path), samples)
    program = program_of(model, samples)
    assert sum(isinstance(s, Dense) and s.quantized is not None for s in program.statements) == 3
    expected, _ = run_program(program, samples.observation, samples.state, samples.reset)
    np.testing.assert_allclose(action, expected, rtol=1e-6, atol=1e-6)
    exact = run_onnx(model, {"observation": samples.observation})[0]
    assert np.abs(action - exact).max() / np.ptp(exact) < 0.02


def test_recurrent_layers_are_close_to_float_over_many_steps(memory_model, tmp_path):
    sizes = MemoryPolicy.observation_size, MemoryPolicy.state_size
    policy = host(memory_model, flown(memory_model, *sizes), tmp_path)
    rng = np.random.default_rng(0)
    ours = theirs = np.zeros((4, sizes[1]), np.float32)
    errors = []
    for t in range(200):
        observation = rng.normal(size=(4, sizes[0])).astype(np.float32)
        reset = np.full(4, t == 0)
        action, ours = policy.step(observation, ours, reset)
        feeds = {"observation": observation, "state_in": theirs, "reset": reset[:, None].astype(np.float32)}
        expected, theirs = run_onnx(memory_model, feeds)
        errors.append(np.abs(action - expected).max())
    assert 1e-6 < max(errors) < 0.02


def test_observations_of_different_units_keep_their_resolution(tmp_path):
    """Millimetres beside thousands of revolutions: with one scale for both the small ones would be lost."""
    scale = np.array([1e-3, 1.0, 3e3, 10.0])
    weight = np.outer(1.0 / scale, np.ones(40)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["observation", "w"], ["action"], name="m")]
    model = make_model(
        nodes, {"observation": 4}, {"w": weight * np.random.default_rng(0).normal(size=(4, 40)).astype("f")}
    )
    samples = samples_for(4, scale=scale)
    action, _ = step(host(model, samples, tmp_path), samples)
    exact = run_onnx(model, {"observation": samples.observation})[0]
    assert np.abs(action - exact).max() < 0.1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_makes_actions_and_state_nan(memory_model, tmp_path, value):
    sizes = MemoryPolicy.observation_size, MemoryPolicy.state_size
    samples = samples_for(*sizes, count=sizes[0])
    bad = np.diag(np.full(sizes[0], 1.0)) > 0
    observation = np.where(bad, np.float32(value), samples.observation)
    policy = host(memory_model, samples_for(*sizes), tmp_path)
    reset = np.zeros(sizes[0], np.float32)
    action, state = policy.step(observation, samples.state, reset)
    feeds = {"observation": observation, "state_in": samples.state, "reset": reset[:, None]}
    for ours, theirs in zip((action, state), run_onnx(memory_model, feeds)):
        assert not np.isfinite(ours[~np.isfinite(theirs)]).any()
    again, _ = policy.step(samples.observation, state, np.ones(sizes[0]))
    assert np.isfinite(again).all()


def test_nan_in_a_pixel_is_not_hidden(tmp_path):
    samples = samples_for(CONVOLUTION["observation"], count=40)
    policy = host(convolution(), samples, tmp_path)
    observation = samples.observation.copy()
    observation[7, 11] = np.nan
    action, _ = policy.step(observation, samples.state, samples.reset)
    assert np.isnan(action[7]).all()
    assert np.isfinite(np.delete(action, 7, axis=0)).all()


def test_inputs_beyond_their_range_are_held_to_it(tmp_path):
    model, samples = mlp((20, 40)), samples_for(20)
    policy = host(model, samples, tmp_path)
    (layer,) = (s for s in program_of(model, samples).statements if isinstance(s, Dense))
    top = layer.quantized.largest_step / layer.quantized.input_scale[0]
    for sign in (1.0, -1.0):
        rows = np.zeros((3, 20), np.float32)
        rows[:, 3] = sign * np.array([1.01 * top, 2.0 * top, 1e38])
        action, _ = policy.step(rows, np.zeros((3, 0)), np.zeros(3))
        np.testing.assert_array_equal(action, np.broadcast_to(action[0], action.shape))


@pytest.mark.parametrize("case", ["mlp", "memory", "convolution"])
def test_sanitizers_and_strict_compilers_have_no_objection(case, memory_model, tmp_path):
    model, samples = {
        "mlp": (mlp((146, 64, 64, 4)), samples_for(146)),
        "memory": (memory_model, samples_for(22, 24)),
        "convolution": (convolution(), samples_for(CONVOLUTION["observation"])),
    }[case]
    from tests.firmware_export.test_generated_code import excerpt_of

    sizes = generate(model).sizes
    write_c(tmp_path, generate(model, excerpt=excerpt_of(model, sizes), samples=samples))
    text = (tmp_path / "policy_selftest.c").read_text()
    (tmp_path / "policy_selftest.c").write_text(text.replace("TOLERANCE 1e-05f", "TOLERANCE 5e-02f"))
    assert run_self_test(tmp_path, sanitize=True) < 0.05


def test_an_input_that_never_moves_is_no_division_by_zero(tmp_path):
    model, samples = mlp((20, 40)), samples_for(20, scale=np.array([0.0] + [1.0] * 19))
    action, _ = step(host(model, samples, tmp_path), samples)
    assert np.isfinite(action).all()


def test_float_code_is_as_it_was(memory_model):
    text = "".join(generate(memory_model).files.values())
    assert "int16_t" not in text
    assert "_s8(" not in text


def test_a_pixel_that_no_window_reads_is_not_judged(tmp_path):
    """One place with a stride: what lies between is neither quantized nor may its NaN count."""
    nodes = [
        helper.make_node("Reshape", ["observation", "shape"], ["image"], name="image"),
        helper.make_node("Conv", ["image", "k"], ["y"], name="conv", strides=[3]),
        helper.make_node("Flatten", ["y"], ["action"], name="flat"),
    ]
    kernel = np.random.default_rng(0).normal(size=(80, 1, 2)).astype(np.float32)
    model = make_model(nodes, {"observation": 4}, {"shape": np.array([-1, 1, 4]), "k": kernel})
    policy = host(model, samples_for(4), tmp_path)
    action, _ = policy.step(np.array([[1.0, -1.0, np.nan, np.nan]], np.float32), np.zeros((1, 0)), np.zeros(1))
    np.testing.assert_allclose(action[0], kernel[:, 0, 0] - kernel[:, 0, 1], atol=0.05)


def test_the_worst_inputs_for_the_worst_weights_overflow_nothing(tmp_path):
    """Under the sanitizer: every weight at its largest, every input held to its range, all products of a sign."""
    rng = np.random.default_rng(3)
    weight = rng.choice([-1.0, 1.0], (146, 6)).astype(np.float32)
    model = make_model(
        [helper.make_node("MatMul", ["observation", "w"], ["action"])], {"observation": 146}, {"w": weight}
    )
    observation = np.concatenate([1e9 * weight.T, -1e9 * weight.T]).astype(np.float32)
    excerpt = Excerpt(observation, observation @ weight, np.zeros(0), np.full(6, 1e15), np.ones(0), tolerance=1.0)
    write_c(tmp_path, generate(model, excerpt=excerpt, samples=samples_for(146)))
    run_self_test(tmp_path, sanitize=True)
    action, _ = HostPolicy(build_library(tmp_path, tmp_path / "policy.so")).step(
        observation, np.zeros((12, 0)), np.zeros(12)
    )
    own = action[np.arange(12), np.arange(12) % 6]
    assert (np.abs(own) > 146 * 1.25).all()  # held to their range, which is beyond the largest of the samples
    np.testing.assert_allclose(own[:6], -own[6:], rtol=2e-3)  # the range has one step more below zero
