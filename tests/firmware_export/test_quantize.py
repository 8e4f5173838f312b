"""The choice of integers: ranges, rounding, packing, bounds of sums, and what calibration looks through."""

import numpy as np
import pytest
from onnx import helper

from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.interpreter import quantize_inputs, run_program
from firmware_export.onnx_to_c.numpy_functions import NUMPY
from firmware_export.onnx_to_c.operators import C_EXPRESSION
from firmware_export.onnx_to_c.quantize import CalibrationError, quantize, round_weights
from firmware_export.onnx_to_c.quantized import LARGEST_SUM, Quantized, packed, sum_bits
from firmware_export.onnx_to_c.reader import read_quietly
from tests.firmware_export.models import MemoryPolicy, make_model, run_onnx
from tests.firmware_export.test_int8 import mlp, samples_for


def test_every_function_of_the_generated_code_is_known_to_the_interpreter():
    assert set(NUMPY) == set(C_EXPRESSION)


def test_the_interpreter_computes_what_onnxruntime_computes(memory_model):
    program = read_quietly(memory_model)
    samples = samples_for(MemoryPolicy.observation_size, MemoryPolicy.state_size, count=20)
    action, state = run_program(program, samples.observation, samples.state, samples.reset)
    feeds = {"observation": samples.observation, "state_in": samples.state, "reset": samples.reset[:, None]}
    for ours, theirs in zip((action, state), run_onnx(memory_model, feeds)):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_rounding_is_to_the_nearest_even_and_held():
    layer = Quantized(np.zeros((1, 1), np.int8), np.ones(1, np.float32), np.ones(1, np.float32), 8)
    x = np.array([0.5, 1.5, -0.5, -1.5, 126.6, 127.4, 300.0, -128.6, np.inf])[:, None]
    assert quantize_inputs(x, layer).ravel().tolist() == [0, 2, 0, -2, 127, 127, 127, -128, 127]


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (146, 5), (512, 3), (7, 2)])
def test_no_sum_can_leave_32_bits(shape):
    """The worst inputs for the worst weights, added up in the kernel's order and with the kernel's operations."""
    weight = np.full(shape, 127) * np.random.default_rng(0).choice([-1, 1], shape)
    largest = 1 << (sum_bits(weight) - 1)
    odd = np.pad(weight, ((0, 0), (0, shape[1] % 2)))[:, 1::2]
    halves = np.abs(weight[:, 0::2]) + 256 * np.abs(odd)
    assert largest * halves.sum(axis=0).max() <= LARGEST_SUM
    assert sum_bits(weight) == 16 or 2 * largest * halves.sum(axis=0).max() > LARGEST_SUM


def test_a_layer_too_wide_for_32_bit_sums_is_refused():
    model = mlp((2000, 4))
    wide = read_quietly(model)
    for statement in wide.statements:
        statement.weight = np.sign(statement.weight)
    with pytest.raises(CalibrationError, match=r"layer 'linear0' adds 2000 products, which leaves \d bits"):
        quantize(wide, samples_for(2000, count=10))


def test_packed_weights_are_what_the_kernel_reads():
    weight = np.arange(1, 13).reshape(3, 4)  # three inputs, four outputs
    halves = packed(weight).view(np.int16).reshape(2, 2, 2).tolist()  # pair of inputs, of outputs, input
    assert halves == [[[0x0201, 0x0605], [0x0403, 0x0807]], [[0x0A09, 0], [0x0C0B, 0]]]


def test_rounding_with_correlations_errs_less_than_rounding_alone():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 40)) @ rng.normal(size=(40, 40)) * 0.2  # correlated, as observations are
    weight = rng.uniform(-127, 127, (40, 16))
    ours, plain = round_weights(weight, rows), np.rint(weight)
    assert np.abs(ours).max() <= 127
    assert np.square(rows @ (ours - weight)).mean() < 0.6 * np.square(rows @ (plain - weight)).mean()


def test_calibration_without_numbers_is_refused(memory_model):
    model = mlp((20, 40))
    with pytest.raises(CalibrationError, match="no samples"):
        generate(model, samples=samples_for(20, count=0))
    broken = samples_for(20)
    broken.observation[3, 4] = np.nan
    with pytest.raises(CalibrationError, match="'linear0' inputs that are not finite"):
        generate(model, samples=broken)
    with pytest.raises(CalibrationError, match="no dense"):
        generate(
            make_model([helper.make_node("Relu", ["observation"], ["action"])], {"observation": 20}), samples=broken
        )


def test_weights_that_are_not_finite_are_refused():
    program = read_quietly(mlp((20, 40)))
    program.statements[0].weight = program.statements[0].weight.copy()
    program.statements[0].weight[0, 0] = np.inf
    with pytest.raises(CalibrationError, match=r"not finite"):
        quantize(program, samples_for(20))
