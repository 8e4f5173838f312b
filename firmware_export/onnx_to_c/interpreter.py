"""Run a program in numpy, many samples at once: what reaches each layer, and what integer layers make of it.

A third computation of the policy beside onnxruntime and the C. Calibration looks at the inputs of the layers with it,
and the tests hold the C of int8 layers against it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firmware_export.onnx_to_c.ir import (
    Apply,
    Buffer,
    Constant,
    Dense,
    Expression,
    Map,
    Program,
    Reduce,
    Value,
    View,
    quantized_inputs,
)
from firmware_export.onnx_to_c.numpy_functions import NUMPY
from firmware_export.onnx_to_c.quantized import Quantized

Watcher = Callable[[Dense, np.ndarray], None]
"""Told of each dense layer and its inputs, (samples, places, inputs) float32."""


def run_program(
    program: Program,
    observation: np.ndarray,
    state: np.ndarray,
    reset: np.ndarray,
    watch: Watcher | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute one step of many independent samples.

    Args:
        program: what to compute.
        observation: (samples, observation_size).
        state: (samples, state_size) before the step.
        reset: (samples,), 1 on a first step.
        watch: told what reaches each dense layer.

    Returns:
        action (samples, action_size) and next state (samples, state_size), float32.
    """
    samples = len(observation)
    inputs = {"observation": observation, "state_in": state, "reset": np.reshape(reset, (samples, 1))}
    memory = {buffer: inputs[role].astype(np.float32) for role, buffer in program.inputs.items()}
    with np.errstate(all="ignore"):
        for statement in program.statements:
            if statement.output not in memory:
                memory[statement.output] = np.zeros((samples, statement.output.size), np.float32)
            if isinstance(statement, Map):
                _map(statement, memory)
            elif isinstance(statement, Dense):
                _dense(statement, memory, watch)
            else:
                _reduce(statement, memory)
    results = [
        _read(program.outputs[name], memory, samples) for name in ("action", "state_out") if name in program.outputs
    ]
    return results[0], results[1] if len(results) > 1 else np.zeros((samples, 0), np.float32)


def _read(value: Value, memory: dict[Buffer, np.ndarray], samples: int) -> np.ndarray:
    if isinstance(value, View):
        return memory[value.buffer][:, value.index.ravel()]
    return np.broadcast_to(value.data.ravel().astype(np.float32), (samples, value.data.size))


def _map(statement: Map, memory: dict[Buffer, np.ndarray]) -> None:
    values = _evaluate(statement.expression, statement.shape, memory)
    target = statement.target.ravel()
    output = memory[statement.output]
    output[:, target] = np.broadcast_to(values, (len(output), *statement.shape)).reshape(len(output), -1)


def _evaluate(expression: Expression, shape: tuple[int, ...], memory: dict[Buffer, np.ndarray]) -> np.ndarray:
    if isinstance(expression, View):
        values = memory[expression.buffer][:, np.broadcast_to(expression.index, shape)]
        return values != 0.0 if expression.buffer.is_bool else values
    if isinstance(expression, Constant):
        return np.broadcast_to(expression.data, shape)
    assert isinstance(expression, Apply)
    result = NUMPY[expression.function](*(_evaluate(argument, shape, memory) for argument in expression.arguments))
    return result if expression.is_bool else result.astype(np.float32)


def _dense(statement: Dense, memory: dict[Buffer, np.ndarray], watch: Watcher | None) -> None:
    source, target = positions(statement)
    whole = memory[statement.input.buffer]
    if watch is not None:
        watch(statement, whole[:, source])
    if statement.quantized is None:
        result = whole[:, source] @ statement.weight + statement.bias
    else:
        result = _integer(statement, statement.quantized, whole, source)
    memory[statement.output][:, target] = result


def positions(statement: Dense) -> tuple[np.ndarray, np.ndarray]:
    """Return where a layer's inputs and results lie: (places, inputs) and (places, outputs)."""
    inputs, outputs = statement.weight.shape
    source, target = np.array([statement.input.start]), np.array([statement.start])
    for loop in statement.loops:
        steps = np.arange(loop.count)
        source = (source[:, None] + loop.input_stride * steps).ravel()
        target = (target[:, None] + loop.output_stride * steps).ravel()
    length = inputs // statement.runs
    under = (statement.run_stride * np.arange(statement.runs)[:, None] + np.arange(length)).ravel()
    return source[:, None] + under, target[:, None] + np.arange(outputs)


def _integer(statement: Dense, layer: Quantized, whole: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Do what the C does; the one rounding that may differ is that of the last multiply-add (float64 here)."""
    x = whole[:, source]
    steps = quantize_inputs(x, layer)
    sums = steps @ layer.weight.astype(np.int64)
    result = sums.astype(np.float32).astype(np.float64) * layer.output_scale + statement.bias
    read = whole[:, statement.input.start + np.arange(quantized_inputs(statement))]
    result[~np.isfinite(read).all(axis=1)] = np.nan
    return result.astype(np.float32)


def quantize_inputs(x: np.ndarray, layer: Quantized) -> np.ndarray:
    """Return a layer's inputs (..., inputs) in steps, int64; what is not a number is 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.rint(x.astype(np.float32) * layer.input_scale)
    return np.clip(np.nan_to_num(steps), -layer.largest_step - 1, layer.largest_step).astype(np.int64)


def _reduce(statement: Reduce, memory: dict[Buffer, np.ndarray]) -> None:
    x = memory[statement.input.buffer][:, statement.input.index]
    if statement.second is not None:
        second = statement.second
        x = x * (memory[second.buffer][:, second.index] if isinstance(second, View) else second.data)
    axes = tuple(range(1 + statement.kept, x.ndim))
    kind = statement.kind
    if kind in ("sum", "dot"):
        result = x.sum(axis=axes)
    elif kind == "mean":
        result = x.mean(axis=axes)
    elif kind == "l2":
        result = np.sqrt(np.square(x).sum(axis=axes))
    else:
        result = x.max(axis=axes) if kind == "max" else x.min(axis=axes)
    memory[statement.output][:, : result[0].size] = result.reshape(len(x), -1)
