"""An int8 layer as C calls: quantize its inputs, run the integer kernel at every place, let NaN through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_export.onnx_to_c import quantized_kernels as kernels
from firmware_export.onnx_to_c.ir import Dense, Program, quantized_inputs
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


@dataclass(frozen=True)
class Lines:
    """C of an int8 layer: before the loops over places, inside them, after them."""

    before: str
    inside: list[str]
    after: str


def write_quantized(layer: Dense, source: str, target: str, tables: Tables, helpers: dict[str, str]) -> Lines:
    """Return the calls of an int8 layer and add what they need to ``tables`` and ``helpers``.

    Args:
        layer: a dense layer with ``quantized``.
        source: C name of the buffer it reads.
        target: C name of the buffer it writes.
        tables: of the C file.
        helpers: function definitions by name, in the order in which they stand in the file.
    """
    quantized = layer.quantized
    assert quantized is not None
    _need_kernels(layer, quantized, helpers)
    each = len(quantized.input_scale) > 1
    function = f"quantize_each_{quantized.bits}" if each else f"quantize_{quantized.bits}"
    input_scale = tables.add("input_scale", quantized.input_scale, f"{layer.nodes[0]}: steps per unit of each input")
    count = quantized_inputs(layer)
    place = _pointer(source, Affine(layer.input.start, ()))
    before = f"const float poison = {function}({place}, {input_scale}, {count}U, {_filled(layer)}U, {STEPS});"
    after = f"spread(poison, {_pointer(target, Affine(layer.start, ()))}, {_results(layer)}U);"
    return Lines(before, _at_a_place(layer, quantized, target, tables), after)


def _at_a_place(layer: Dense, quantized: Quantized, target: str, tables: Tables) -> list[str]:
    inputs, outputs = quantized.weight.shape
    comment = f"{layer.nodes[0]}: {inputs} -> {outputs}; per four outputs and four inputs, 256 odd + even in each half"
    weight = tables.add("weight", packed(quantized.weight), comment)
    comment = "per four outputs, their scales (those of odd ones / 256) and biases"
    scale = tables.add("output_scale", scales(quantized, layer.bias), comment)
    strides = tuple(loop.input_stride for loop in layer.loops)
    copies = [] if _in_place(layer) else _copies(layer, strides)
    steps = _pointer(STEPS, Affine(_window(layer), ()) if copies else Affine(0, strides))
    output = _pointer(target, Affine(layer.start, tuple(loop.output_stride for loop in layer.loops)))
    groups = -(-inputs // GROUP)
    return [*copies, f"dense_s8({weight}, {scale}, {steps}, {groups}U, {output}, {outputs}U);"]


def _copies(layer: Dense, strides: tuple[int, ...]) -> list[str]:
    """Gather the inputs of one place: compilers write copies of a known small size out in line."""
    length = len(layer.weight) // layer.runs
    lines = []
    for run in range(layer.runs):
        for start in range(0, length, kernels.COPY_LENGTH):
            count = min(kernels.COPY_LENGTH, length - start)
            to = _pointer(STEPS, Affine(_window(layer) + run * length + start, ()))
            come_from = _pointer(STEPS, Affine(run * layer.run_stride + start, strides))
            lines.append(f"memcpy({to}, {come_from}, {count}U * sizeof(int16_t));")
    return lines


def _need_kernels(layer: Dense, quantized: Quantized, helpers: dict[str, str]) -> None:
    bits, each = quantized.bits, len(quantized.input_scale) > 1
    needed = {
        f"to_steps_{bits}": kernels.step_kernel(bits),
        f"quantize_{'each_' if each else ''}{bits}": kernels.quantize_kernel(bits, each=each),
        "spread": kernels.SPREAD,
        "unpack": kernels.UNPACK,
        "dense_s8": kernels.DENSE,
    }
    for name, text in needed.items():
        helpers.setdefault(name, text)


def _in_place(layer: Dense) -> bool:
    """Whether its inputs lie in one run that begins at an even place, so that pairs are on 4 bytes."""
    return layer.runs == 1 and all(loop.input_stride % 2 == 0 for loop in layer.loops)


def _window(layer: Dense) -> int:
    """Where the inputs of one place are gathered: after all of them, on 4 bytes."""
    return quantized_inputs(layer) + quantized_inputs(layer) % 2


def _filled(layer: Dense) -> int:
    """16-bit numbers that are written: all inputs, and what the kernel's last group reads beyond them."""
    inputs = len(layer.weight)
    if _in_place(layer):
        return quantized_inputs(layer) + -inputs % GROUP
    return _window(layer) + inputs + -inputs % GROUP


def _results(layer: Dense) -> int:
    """How far from ``start`` the results of all places reach; they leave no gaps."""
    places = int(np.prod([loop.count for loop in layer.loops], dtype=int))
    return places * layer.weight.shape[1]


def _pointer(name: str, place: Affine) -> str:
    if any(place.strides):
        return f"&{name}[{place.text()}]"
    return name if place.offset == 0 else f"&{name}[{place.offset}]"
