"""Weights in one structure: the same numbers as the plain C, and those of another training when replaced."""

import ctypes
import re

import numpy as np
import pytest
import torch

from firmware_export.host import HostPolicy, build_library, compiler, run_self_test
from firmware_export.onnx_to_c import UnsupportedModelError, generate
from firmware_export.toolchain import STRICT_C99, run_tool
from policies.weights_image import LARGEST_IMAGE, WeightsImage, WeightsTooLargeError
from sim.errors import BundleError, ToolchainError
from tests.firmware_export.images import CONTRACT, excerpt_of, memory_model, replaceable, replaceable_int8
from tests.firmware_export.models import export_torch, make_model, write_c


@pytest.fixture(scope="module")
def models():
    return [memory_model(seed) for seed in (0, 1)]


@pytest.fixture(scope="module")
def first(models):
    return replaceable(models[0], 1)


@pytest.fixture(scope="module")
def second(models):
    return replaceable(models[1], 2)


def run(policy, steps=20):
    observations = np.random.default_rng(1).normal(size=(steps, 1, 22)).astype(np.float32)
    state, actions = np.zeros((1, 24), np.float32), []
    for step, observation in enumerate(observations):
        action, state = policy.step(observation, state, np.array([step == 0]))
        actions.append(action[0])
    return np.array(actions)


def test_it_computes_what_the_plain_code_computes(models, first, tmp_path):
    plain = write_c(tmp_path / "plain", generate(models[0]))
    ours = write_c(tmp_path / "ours", first)
    expected = run(HostPolicy(build_library(plain, tmp_path / "plain.so")))
    assert np.array_equal(run(HostPolicy(build_library(ours, tmp_path / "ours.so"))), expected)


def test_its_own_self_test_passes_under_sanitizers(first, tmp_path):
    assert run_self_test(write_c(tmp_path / "c", first), sanitize=True) < 1e-6


def test_trainings_of_one_network_have_one_architecture_and_the_same_code(first, second):
    assert first.weights.architecture == second.weights.architecture
    assert len(first.weights.data) == len(second.weights.data)
    assert first.weights.crc != second.weights.crc
    codes = [re.sub(r"\{[^{}]*\}", "", generated.files["policy.c"]) for generated in (first, second)]
    assert codes[0].split("policy_step_with", 1)[1] == codes[1].split("policy_step_with", 1)[1]


def test_another_activation_or_contract_is_another_architecture(models, first):
    other = replaceable(memory_model(0, torch.nn.Tanh), 1)
    assert other.weights.architecture != first.weights.architecture
    assert replaceable(models[0], 1, b"50 Hz").weights.architecture != first.weights.architecture


def load(generated, folder):
    """The C of one policy, with access to ``policy_step_with`` and ``policy_self_test_with``."""
    write_c(folder, generated)
    names = ("policy.c", "policy_selftest.c")
    command = [compiler(), *STRICT_C99, "-O2", "-fPIC", "-shared", f"-I{folder}", *(folder / n for n in names)]
    run_tool([*command, "-lm", "-o", folder / "p.so"])
    library = ctypes.CDLL(str(folder / "p.so"))
    library.policy_step_with.restype = None
    return library


def floats(array):
    return np.ascontiguousarray(array, np.float32).ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def test_with_the_weights_of_another_training_it_is_that_policy(first, second, models, tmp_path):
    library = load(first, tmp_path / "first")
    memory = ctypes.create_string_buffer(second.weights.data, len(second.weights.data))
    weights = ctypes.byref(memory, 32)
    excerpt = excerpt_of(models[1])
    state = np.zeros(24, np.float32)
    workspace = np.zeros(4096, np.float32)
    action = np.zeros(4, np.float32)
    for step, observation in enumerate(excerpt.observation):
        library.policy_step_with(
            weights, floats(observation), ctypes.c_float(step == 0), floats(state), floats(workspace), floats(action)
        )
        assert action == pytest.approx(excerpt.action[step], abs=2e-6)
    assert state == pytest.approx(excerpt.state, abs=2e-6)


def self_test(library, header, image):
    """Wrong values of an image's golden steps with its own weights."""
    weights_size = int(re.search(r"POLICY_WEIGHTS_SIZE (\d+)", header)[1])
    memory = ctypes.create_string_buffer(bytes(image), len(image))
    state, workspace = np.zeros(24, np.float32), np.zeros(4096, np.float32)
    return library.policy_self_test_with(
        ctypes.byref(memory, 32), ctypes.byref(memory, 32 + weights_size), floats(state), floats(workspace),
        ctypes.byref(ctypes.c_float()),
    )  # fmt: skip


@pytest.mark.parametrize("damage", ["weight", "scale", "nothing"])
def test_the_self_test_proves_weights_against_their_own_golden_steps(first, second, tmp_path, damage):
    library = load(first, tmp_path / "first")
    data = bytearray(second.weights.data)
    weights_size = int(re.search(r"POLICY_WEIGHTS_SIZE (\d+)", first.files["policy.h"])[1])
    if damage == "weight":
        data[32 + weights_size // 8 * 4 + 3] ^= 0x40  # the exponent of a float in the middle
    if damage == "scale":
        data[-96:] = bytes(96)  # the state's scale: with zeros, every error would vanish
    wrong = self_test(library, first.files["policy.h"], data)
    assert (wrong == 0) == (damage == "nothing")


def test_trainings_in_integers_replace_each_other_too(models, tmp_path):
    first, second = (replaceable_int8(model, number) for number, model in enumerate(models))
    assert "int32_t weight" in first.files["policy.h"] or "int8_t weight" in first.files["policy.h"]
    assert first.weights.architecture == second.weights.architecture
    library = load(first, tmp_path / "first")
    assert self_test(library, first.files["policy.h"], second.weights.data) == 0
    damaged = bytearray(second.weights.data)
    damaged[len(damaged) // 2] ^= 0x7F
    assert self_test(library, first.files["policy.h"], damaged) > 0


def test_cpp_compiles_it_without_warnings(first, tmp_path):
    folder = write_c(tmp_path, first)
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-fsyntax-only", f"-I{folder}"]
    run_tool(["g++", *flags, folder / "policy.c", folder / "policy_selftest.c"])


@pytest.mark.toolchain
def test_the_cortex_m4_compiles_it_without_warnings(first, tmp_path):
    folder = write_c(tmp_path, first)
    chip = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]
    for name in ("policy.c", "policy_selftest.c"):
        run_tool(["arm-none-eabi-gcc", *STRICT_C99, *chip, f"-I{folder}", "-c", folder / name, "-o", tmp_path / "x.o"])


def test_a_policy_without_weights_is_refused():
    from onnx import helper

    model = make_model([helper.make_node("Tanh", ["observation"], ["action"])], {"observation": 4})
    excerpt = excerpt_of(memory_model(0))
    with pytest.raises(UnsupportedModelError, match="no weights"):
        generate(model, excerpt=excerpt, contract=CONTRACT)


def test_an_image_larger_than_any_bank_is_refused_with_the_bytes_it_needs():
    image = WeightsImage(bytes(8), bytes(LARGEST_IMAGE + 4))
    with pytest.raises(WeightsTooLargeError, match="28,676 B"):
        image.require_fitting()
    WeightsImage(bytes(8), bytes(LARGEST_IMAGE)).require_fitting()


def test_a_file_of_weights_reads_back_and_a_damaged_one_does_not(first):
    content = first.weights.to_bytes()
    assert WeightsImage.from_bytes(content) == first.weights
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(content), 50):
        if 6 <= position < 16:
            continue  # reserved, and the architecture, which the robot judges
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.integers(8)
        with pytest.raises(BundleError, match=r"policy_weights\.bin"):
            WeightsImage.from_bytes(bytes(damaged))
    for length in (0, 3, 30, len(content) - 1):
        with pytest.raises(BundleError):
            WeightsImage.from_bytes(content[:length])


def test_a_wrong_golden_step_fails_the_self_test(models, tmp_path):
    excerpt = excerpt_of(models[0])
    excerpt.action[3, 1] += 1e-3
    folder = write_c(tmp_path, generate(models[0], "01" * 32, excerpt, contract=CONTRACT))
    with pytest.raises(ToolchainError):
        run_self_test(folder)


def test_uniform_weights_are_weights_too():
    """A layer that is all alike before training must not become a literal."""

    class Scaled(torch.nn.Module):
        def __init__(self, scale):
            super().__init__()
            self.register_buffer("scale", scale)

        def forward(self, observation):
            return torch.tanh(observation * self.scale)

    def image(scale):
        model = export_torch(Scaled(scale), {"observation": 4}, ("action",))
        excerpt = excerpt_of(memory_model(0))
        one = np.ones(4, np.float32)
        excerpt = type(excerpt)(excerpt.observation[:, :4], excerpt.action, one, one, one)
        return generate(model, "01" * 32, excerpt, contract=CONTRACT).weights

    uniform, varied = image(torch.ones(4)), image(torch.arange(1.0, 5.0))
    assert uniform.architecture == varied.architecture
    assert varied.data[32:48] == np.arange(1.0, 5.0, dtype=np.float32).tobytes()
