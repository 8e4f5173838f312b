"""The generated C on an emulated STM32F405, over its serial port, through the real pyserial."""

import os
import time

import numpy as np
import pytest
import serial
from onnx import helper

from firmware_export.build import build_target
from firmware_export.hil.board import Board
from firmware_export.hil.emulator import Emulator
from firmware_export.hil.policy import Stm32Policy
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target
from hardware.framing import Frame, FrameReader, encode
from sim.errors import ConfigError, LinkError, ToolchainError
from tests.bench.network_costs import excerpt_of, measure_costs
from tests.bench.networks import load_network
from tests.firmware_export.models import MemoryPolicy, export_torch, make_model, run_onnx, write_c

pytestmark = pytest.mark.toolchain
STEPS = 60


@pytest.fixture(scope="module")
def memory():
    """Model, observations, resets and what onnxruntime answers, (sequences, steps, ...)."""
    model = export_torch(MemoryPolicy(), {"observation": 22, "state_in": 24, "reset": 1}, ("action", "state_out"))
    rng = np.random.default_rng(0)
    observation = rng.normal(size=(2, STEPS, 22)).astype(np.float32)
    reset = np.zeros((2, STEPS), np.float32)
    reset[:, 0] = reset[1, 30] = 1.0
    state, actions, states = np.zeros((2, 24), np.float32), [], []
    for t in range(STEPS):
        feeds = {"observation": observation[:, t], "state_in": state, "reset": reset[:, t, None]}
        action, state = run_onnx(model, feeds)
        actions.append(action)
        states.append(state)
    return model, observation, reset, np.stack(actions, 1), np.stack(states, 1)


def build(model, excerpt, folder):
    write_c(folder, generate(model, "c3" * 32, excerpt))
    return build_target(load_target("stm32f405"), folder, folder)


@pytest.fixture(scope="module")
def image(memory, tmp_path_factory):
    model, observation, _, action, state = memory
    excerpt = Excerpt(observation[0, :3], action[0, :3], state[0, 2], np.ones(4), np.ones(24))
    return build(model, excerpt, tmp_path_factory.mktemp("stm32")).artifact


@pytest.fixture(scope="module")
def policy(image):
    with Stm32Policy(image) as policy:
        yield policy


def test_board_names_its_bundle_and_sizes(policy):
    info = policy.board.info
    assert info.bundle_id == "c3" * 32
    assert (info.observation_size, info.state_size, info.action_size) == (22, 24, 4)


def test_golden_self_test_passes_on_board(policy):
    wrong, error = policy.board.self_test()
    assert wrong == 0
    assert error < 1e-5


def test_replay_equals_onnxruntime(policy, memory):
    _, observation, reset, action, state = memory
    ours, states = policy.replay(observation, reset)
    np.testing.assert_allclose(ours, action, atol=2e-6)
    np.testing.assert_allclose(states, state, atol=2e-6)


def test_single_steps_equal_the_replay_bit_for_bit(policy, memory):
    _, observation, reset, _, _ = memory
    expected, states = policy.replay(observation[:, :5], reset[:, :5])
    state = np.zeros((2, 24), np.float32)
    for t in range(5):
        action, state = policy.step(observation[:, t], state, reset[:, t] > 0.5)
        np.testing.assert_array_equal(action, expected[:, t])
        np.testing.assert_array_equal(state, states[:, t])


def test_nan_comes_out_as_nan(policy):
    observation = np.full((1, 22), np.nan, np.float32)
    action, _ = policy.step(observation, np.zeros((1, 24), np.float32), np.zeros(1, bool))
    assert np.isnan(action).all()


def test_instruction_count_repeats_and_stack_is_small(image, memory):
    _, observation, reset, _, state = memory
    steps = (observation[0, 1:9], state[0, :8], reset[0, 1:9])
    with Stm32Policy(image, count_instructions=True) as counting:
        first = counting.instructions(*steps)
        again = counting.instructions(*steps)
        used = counting.board.read_info().stack_used
    np.testing.assert_allclose(first, again, rtol=1e-3)
    assert min(first) > 3000  # at least an instruction per multiply-add
    assert 0 < used < 1024


def test_damaged_requests_are_refused_and_the_next_one_is_answered(image):
    with Emulator(load_target("stm32f405"), image) as emulator:
        with Board(emulator.port) as board:
            assert board.info.state_size == 24
        request = bytearray(encode(Frame(1, 7, b"")))
        request[3] ^= 0x55
        with serial.Serial(emulator.port, 115200, timeout=0.1) as port:
            port.write(bytes(request))
            (answer,) = _read(port)
            assert answer.type == 0xFF
            port.write(encode(Frame(2, 8, b"too short")))
            (answer,) = _read(port)
            assert (answer.type, answer.sequence, answer.payload) == (0xFF, 8, b"\x02")
        with Board(emulator.port) as board:
            assert board.self_test()[0] == 0


def _read(port):
    reader, deadline = FrameReader(), time.monotonic() + 5.0
    while time.monotonic() < deadline:
        frames = reader.feed(port.read(64))
        if frames:
            return frames
    return []


def test_wrong_golden_value_is_found_on_board(memory, tmp_path):
    model, observation, _, action, state = memory
    wrong = action[0, :2].copy()
    wrong[1, 2] += 1e-3
    excerpt = Excerpt(observation[0, :2], wrong, state[0, 1], np.ones(4), np.ones(24))
    with Stm32Policy(build(model, excerpt, tmp_path).artifact) as policy:
        count, error = policy.board.self_test()
    assert count == 1
    assert error == pytest.approx(1e-3, rel=1e-2)


def test_emulator_is_gone_after_its_context(image):
    with Emulator(load_target("stm32f405"), image) as emulator:
        pid = emulator._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_reference_network_keeps_its_budget():
    """146-64-64-4, tanh, float, the policy alone: the goals of its page of figures."""
    network = load_network("mlp64")
    costs = measure_costs(network, generate(network.model, excerpt=excerpt_of(network.run(2))).files)
    assert costs["instructions"] <= 30_000
    assert costs["instructions"] < costs["cycles_estimated"] <= 55_000 < costs["cycles_from_flash"]
    assert costs["text_bytes"] <= 60_000
    assert costs["ram_bytes"] <= 1_500
    assert costs["stack_bytes"] <= 256
    assert costs["max_abs_err"] <= 2e-6


def test_large_observation_fits_one_frame(tmp_path):
    """Beyond the default frame the buffer grows with the policy."""
    nodes = [helper.make_node("MatMul", ["observation", "w"], ["action"])]
    weight = np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)
    model = make_model(nodes, {"observation": 600}, {"w": weight})
    x = np.random.default_rng(1).normal(size=(2, 600)).astype(np.float32)
    excerpt = Excerpt(x[:1], x[:1] @ weight, np.zeros(0), np.full(2, 100.0), np.zeros(0))
    with Stm32Policy(build(model, excerpt, tmp_path).artifact) as policy:
        action, _ = policy.step(x, np.zeros((2, 0), np.float32), np.zeros(2))
    np.testing.assert_allclose(action, x @ weight, atol=1e-3)


@pytest.mark.parametrize("tool", ["arm-none-eabi-gcc", "qemu-system-arm"])
def test_missing_tools_are_named_with_their_package(tool, image, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    target = load_target("stm32f405")
    package = {"arm-none-eabi-gcc": "gcc-arm-none-eabi", "qemu-system-arm": "qemu-system-arm"}[tool]
    needs_tool = {
        "qemu-system-arm": lambda: Stm32Policy(image),
        "arm-none-eabi-gcc": lambda: build_target(target, image.parent, tmp_path / "out"),
    }[tool]
    with pytest.raises(ToolchainError, match=f"{tool} is not installed.*{package}"):
        needs_tool()
    assert not (tmp_path / "out").exists()


def test_image_that_does_not_fit_is_refused(image, tmp_path):
    """A workspace beyond the chip's RAM fails in the linker, with its message, and leaves nothing."""
    for name in ("policy.c", "policy_selftest.c", "policy.h"):
        text = (image.parent / name).read_text()
        (tmp_path / name).write_text(text.replace("float value[24]", "float value[40000]"))
    with pytest.raises(ToolchainError, match="RAM"):
        build_target(load_target("stm32f405"), tmp_path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_silent_port_ends_in_a_link_error():
    primary, secondary = os.openpty()
    try:
        with pytest.raises(LinkError, match="no answer within"):
            Board(os.ttyname(secondary), timeout_s=0.2)
    finally:
        os.close(primary)
        os.close(secondary)


def test_missing_port_and_wrong_use_are_named(image):
    with pytest.raises(LinkError, match="no serial port /dev/nowhere"):
        Stm32Policy(port="/dev/nowhere")
    with pytest.raises(ConfigError, match="either an image"):
        Stm32Policy(image, port="/dev/ttyACM0")


def test_missing_image_is_refused(tmp_path):
    with pytest.raises(ToolchainError, match="no image at"):
        Stm32Policy(tmp_path / "missing.elf")
