"""An int8 layer as C calls: quantize its inputs, run the integer kernel at every place, let NaN through."""

from __future__ import annotations

import numpy as np

from firmware_export.onnx_to_c import quantized_kernels as kernels
from firmware_export.onnx_to_c.ir import Dense, Program
from firmware_export.onnx_to_c.loops import Affine
from firmware_export.onnx_to_c.quantized import GROUP, Quantized, packed, scales
from firmware_export.onnx_to_c.tables import Tables

STEPS = "steps"
"""C name of the scratch array of quantized inputs."""


def is_quantized(program: Program) -> bool:
    """Return whether a program has int8 layers."""
    return any(isinstance(s, Dense) and s.quantized is not None for s in program.statements)


def steps_size(program: Program) -> int:
    """Return how many 16-bit numbers the largest int8 layer's inputs need; 0 without such layers."""
    return max((_filled(s) for s in program.statements if isinstance(s, Dense) and s.quantized is not None), default=0)


def write_quantized(layer: Dense, source: str, target: str, tables: Tables, helpers: dict[str, str]) -> list[str]:
    """Return the calls of an int8 layer and add what they need to ``tables`` and ``helpers``.

    Args:
        layer: a dense layer with ``quantized``.
        source: C name of the buffer it reads.
        target: C name of the buffer it writes.
        tables: of the C file.
        helpers: function definitions by name, in the order in which they stand in the file.

    Returns:
        C lines: what comes before the loops over places, what is inside them, what comes after.
    """
    quantized = layer.quantized
    assert quantized is not None
    _need_kernels(layer, quantized, helpers)
    each = len(quantized.input_scale) > 1
    function = f"quantize_each_{quantized.bits}" if each else f"quantize_{quantized.bits}"
    input_scale = tables.add("input_scale", quantized.input_scale, f"{layer.nodes[0]}: steps per unit of each input")
    count = layer.input.index.size
    place = _pointer(source, Affine(layer.input.start, ()))
    before = f"const float poison = {function}({place}, {input_scale}, {count}U, {_filled(layer)}U, {STEPS});"
    after = f"spread(poison, {_pointer(target, Affine(layer.start, ()))}, {_results(layer)}U);"
    return [before, _kernel_call(layer, quantized, target, tables), after]


def _kernel_call(layer: Dense, quantized: Quantized, target: str, tables: Tables) -> str:
    inputs, outputs = quantized.weight.shape
    comment = f"{layer.nodes[0]}: {inputs} -> {outputs}; per four outputs and four inputs, 256 odd + even in each half"
    weight = tables.add("weight", packed(quantized.weight, layer.runs), comment)
    comment = "per four outputs, their scales (those of odd ones / 256) and biases"
    scale = tables.add("output_scale", scales(quantized, layer.bias), comment)
    steps = _pointer(STEPS, Affine(0, tuple(loop.input_stride for loop in layer.loops)))
    output = _pointer(target, Affine(layer.start, tuple(loop.output_stride for loop in layer.loops)))
    groups = -(-inputs // layer.runs // GROUP)
    if _is_plain(layer):
        return f"dense_s8({weight}, {scale}, {steps}, {groups}U, {output}, {outputs}U);"
    walk = f"{layer.runs}U, {layer.run_stride}U, {groups}U"
    return f"window_s8({weight}, {scale}, {steps}, {walk}, {output}, {outputs}U);"


def _need_kernels(layer: Dense, quantized: Quantized, helpers: dict[str, str]) -> None:
    bits, each, plain = quantized.bits, len(quantized.input_scale) > 1, _is_plain(layer)
    needed = {
        f"to_steps_{bits}": kernels.step_kernel(bits),
        f"quantize_{'each_' if each else ''}{bits}": kernels.quantize_kernel(bits, each=each),
        "spread": kernels.SPREAD,
        "unpack": kernels.UNPACK,
        "sum_aligned_s8" if plain else "sum_s8": kernels.sum_kernel(aligned=plain),
        "finish_s8": kernels.FINISH,
        "dense_s8" if plain else "window_s8": kernels.DENSE if plain else kernels.WINDOW,
    }
    for name, text in needed.items():
        helpers.setdefault(name, text)


def _is_plain(layer: Dense) -> bool:
    """Whether its inputs are one run that begins at an even place, so that pairs lie on 4 bytes."""
    return layer.runs == 1 and all(loop.input_stride % 2 == 0 for loop in layer.loops)


def _filled(layer: Dense) -> int:
    """Inputs that are quantized, with those that the last group of the last run reads beyond them."""
    length = len(layer.weight) // layer.runs
    beyond = -length % GROUP
    return int(layer.input.index.size + beyond)


def _results(layer: Dense) -> int:
    """How far from ``start`` the results of all places reach; they leave no gaps."""
    places = int(np.prod([loop.count for loop in layer.loops], dtype=int))
    return places * layer.weight.shape[1]


def _pointer(name: str, place: Affine) -> str:
    if any(place.strides):
        return f"&{name}[{place.text()}]"
    return name if place.offset == 0 else f"&{name}[{place.offset}]"
