"""Statements -> C text inside ``policy_step``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

import numpy as np

from firmware_export.onnx_to_c.dense import dense_kernel, window_kernel
from firmware_export.onnx_to_c.ir import (
    Apply,
    Buffer,
    Constant,
    Dense,
    Expression,
    Map,
    Reduce,
    Statement,
    View,
    is_bool,
    leaves,
)
from firmware_export.onnx_to_c.loops import INDEX_NAMES, Affine, TwoNests, find_nest, find_two_nests
from firmware_export.onnx_to_c.operators import C_EXPRESSION, HELPERS
from firmware_export.onnx_to_c.quantized_statements import write_quantized
from firmware_export.onnx_to_c.tables import Tables, interleave, literal

_KERNELS = Path(__file__).with_name("kernels")
_COMMENT_LENGTH = 90


@dataclass
class StatementWriter:
    """Writes statements and remembers which constants, helpers and kernels they need."""

    names: dict[Buffer, str]
    """C name of every buffer."""
    dense_width: int
    """Outputs per block of the dense kernel."""
    tables: Tables = field(default_factory=Tables)
    helpers: dict[str, str] = field(default_factory=dict)
    """Definitions of the functions called, in an order in which each stands before its callers."""
    fused: bool = False
    """Every processor must round alike: a last bit may turn the rounding of an int8 layer's input."""

    def write(self, statement: Statement) -> str:
        """Return one statement as C, with the ONNX nodes it computes in a comment."""
        nodes = ", ".join(dict.fromkeys(statement.nodes))
        if len(nodes) > _COMMENT_LENGTH:
            nodes = nodes[: _COMMENT_LENGTH - 4] + " ..."
        if isinstance(statement, Map):
            body = self._map(statement)
        elif isinstance(statement, Dense):
            body = self._dense(statement)
        else:
            body = self._reduce(statement)
        return f"/* {nodes} */\n{body}"

    def _map(self, statement: Map) -> str:
        operands = leaves(statement.expression)
        arrays = {id(leaf): self._array(leaf) for leaf in operands if not self._is_literal(leaf)}
        regular = [leaf for leaf in operands if id(leaf) in arrays]
        nest = find_nest([statement.target, *(arrays[id(leaf)][1] for leaf in regular)], statement.shape)
        literals = [leaf for leaf in operands if isinstance(leaf, Constant) and self._is_literal(leaf)]
        texts = {id(leaf): _uniform_text(leaf) for leaf in literals}
        for leaf, affine in zip(regular, nest.affine[1:]):
            texts[id(leaf)] = self._element(*arrays[id(leaf)], affine, statement.shape)
        value = self._expression(statement.expression, texts, top=True)
        if is_bool(statement.expression):
            value = f"({value}) ? 1.0f : 0.0f"
        target = self._element(self.names[statement.output], statement.target, nest.affine[0], statement.shape)
        line = f"{target} = {value};"
        return _loops(nest.shape, [line])

    def _array(self, leaf: View | Constant) -> tuple[str, np.ndarray]:
        """Return the C array that holds an operand and the position of each element in it."""
        if isinstance(leaf, View):
            return self.names[leaf.buffer], leaf.index
        data = _without_repeats(leaf.data) if self.tables.share else _without_broadcasts(leaf.data)
        name = self.tables.add("constant", data.astype(np.float32))
        return name, np.broadcast_to(np.arange(data.size).reshape(data.shape), leaf.shape)

    def _is_literal(self, leaf: View | Constant) -> bool:
        """Whether an operand is one number in the code; of weights that may be replaced only a single one is."""
        return _is_uniform(leaf) and (self.tables.share or leaf.data.size == 1)

    def _element(self, name: str, index: np.ndarray, affine: Affine | None, shape: tuple[int, ...]) -> str:
        if affine is not None:
            return f"{name}[{affine.text()}]"
        table = self.tables.add("position", np.broadcast_to(index, shape))
        return f"{name}[{table}[{INDEX_NAMES[0]}]]"

    def _expression(self, expression: Expression, texts: dict[int, str], *, top: bool = False) -> str:
        if not isinstance(expression, Apply):
            text = texts[id(expression)]
            stored_bool = isinstance(expression, View) and expression.buffer.is_bool
            return f"({text} != 0.0f)" if stored_bool and not top else text + (" != 0.0f" if stored_bool else "")
        template = C_EXPRESSION[expression.function]
        call = re.fullmatch(r"(\w+)\(.*\)", template)
        if call:
            self._need(call.group(1))
        arguments = [self._expression(argument, texts, top=bool(call)) for argument in expression.arguments]
        text = template.format(*arguments)
        return text if call or top else f"({text})"

    def _need(self, function: str) -> None:
        known = HELPERS | {"multiply_add"}
        if function in known and function not in self.helpers:
            name = "multiply_add_fused" if self.fused and function == "multiply_add" else function
            text = (_KERNELS / f"{name}.c").read_text()
            for called in sorted(known & set(re.findall(r"(\w+)\(", text)) - {function}):
                self._need(called)
            self.helpers[function] = text

    def _dense(self, statement: Dense) -> str:
        if statement.quantized is not None:
            return self._quantized(statement)
        inputs, outputs = statement.weight.shape
        whole = outputs - outputs % self.dense_width
        calls = []
        for first, count, width in ((0, whole, self.dense_width), (whole, outputs - whole, outputs - whole)):
            if count == 0:
                continue
            columns = slice(first, first + count)
            weights = interleave(statement.weight[:, columns], statement.bias[columns], width)
            comment = f"{statement.nodes[0]}: {inputs} -> {count}; per {width} outputs, biases, then weights by input"
            calls.append(self._dense_call(statement, self.tables.add("weight", weights, comment), first, count, width))
        return _loops(tuple(loop.count for loop in statement.loops), calls)

    def _quantized(self, statement: Dense) -> str:
        self._need("multiply_add")
        names = self.names[statement.input.buffer], self.names[statement.output]
        lines = write_quantized(statement, *names, self.tables, self.helpers)
        loops = _loops(tuple(loop.count for loop in statement.loops), lines.inside)
        return "{\n" + _indented([lines.before, loops, lines.after]) + "\n}"

    def _dense_call(self, statement: Dense, table: str, first: int, count: int, width: int) -> str:
        source = Affine(statement.input.start, tuple(loop.input_stride for loop in statement.loops))
        target = Affine(statement.start + first, tuple(loop.output_stride for loop in statement.loops))
        runs, length = statement.runs, statement.weight.shape[0] // statement.runs
        form = "dense" if runs == 1 else "window"
        self._need("multiply_add")
        self.helpers.setdefault(f"{form}_{width}", dense_kernel(width) if runs == 1 else window_kernel(width))
        walk = "" if runs == 1 else f"{runs}U, {statement.run_stride}U, "
        operands = f"{_pointer(self.names[statement.input.buffer], source)}, {walk}{length}U"
        return f"{form}_{width}({table}, {operands}, {_pointer(self.names[statement.output], target)}, {count}U);"

    def _reduce(self, statement: Reduce) -> str:
        operands = [statement.input] + ([statement.second] if statement.second is not None else [])
        arrays = [self._array(leaf) for leaf in operands]
        nests = find_two_nests([index for _, index in arrays], statement.kept)
        texts = [self._reduced(*array, affine, nests) for array, affine in zip(arrays, nests.affine)]
        inner = int(np.prod(statement.input.shape[statement.kept :]))
        start, step, finish = self._reduction(statement, texts, inner)
        lines = [f"float total = {start};"]
        lines += _loops(nests.reduced, [step], names=INDEX_NAMES[len(nests.kept) :]).splitlines()
        lines.append(f"{self.names[statement.output]}[{nests.result.text()}] = {finish};")
        return _loops(nests.kept, lines) if nests.kept else "{\n" + _indented(lines) + "\n}"

    def _reduced(self, name: str, index: np.ndarray, affine: Affine | None, nests: TwoNests) -> str:
        if affine is not None:
            return f"{name}[{affine.text()}]"
        table = self.tables.add("position", index)
        sizes = (*nests.kept, *nests.reduced)
        strides = tuple(int(np.prod(sizes[axis + 1 :])) for axis in range(len(sizes)))
        return f"{name}[{table}[{Affine(0, strides).text()}]]"

    def _reduction(self, statement: Reduce, texts: list[str], inner: int) -> tuple[str, str, str]:
        x = texts[0]
        if statement.kind in ("max", "min"):
            function = "maximum" if statement.kind == "max" else "minimum"
            self._need(function)
            start = "-INFINITY" if statement.kind == "max" else "INFINITY"
            return start, f"total = {function}(total, {x});", "total"
        if statement.kind in ("dot", "l2"):
            self._need("multiply_add")
            other = texts[1] if statement.kind == "dot" else x
            finish = "total" if statement.kind == "dot" else "sqrtf(total)"
            return "0.0f", f"total = multiply_add({x}, {other}, total);", finish
        finish = "total" if statement.kind == "sum" else f"total / {literal(float(inner))}"
        return "0.0f", f"total += {x};", finish


def _without_repeats(data: np.ndarray) -> np.ndarray:
    """Shorten to one every axis along which an array, bit for bit, only repeats itself."""
    bits = data if data.dtype == np.bool_ else data.view(np.uint32)
    for axis in range(data.ndim):
        if np.array_equal(bits, np.broadcast_to(bits.take([0], axis), bits.shape)):
            data, bits = data.take([0], axis), bits.take([0], axis)
    return data


def _without_broadcasts(data: np.ndarray) -> np.ndarray:
    """Shorten to one every axis along which an array was broadcast, whatever its values are."""
    for axis in range(data.ndim):
        if data.strides[axis] == 0:
            data = data.take([0], axis)
    return data


def _is_uniform(leaf: View | Constant) -> TypeGuard[Constant]:
    """Whether an operand is one constant, bit for bit (-0.0 is not 0.0, NaN is NaN)."""
    if not isinstance(leaf, Constant):
        return False
    bits = leaf.data.ravel().view(np.uint8 if leaf.data.dtype == np.bool_ else np.uint32)
    return bool(np.all(bits == bits[0]))


def _uniform_text(leaf: Constant) -> str:
    value = leaf.data.ravel()[0]
    if leaf.data.dtype == np.bool_:
        return "1" if value else "0"
    text = literal(float(value))
    return f"({text})" if text.startswith("-") else text


def _pointer(name: str, place: Affine) -> str:
    if any(place.strides):
        return f"&{name}[{place.text()}]"
    return name if place.offset == 0 else f"&{name}[{place.offset}]"


def _indented(lines: list[str]) -> str:
    return "\n".join("  " + line for line in "\n".join(lines).splitlines())


def _loops(shape: tuple[int, ...], lines: list[str], names: str = INDEX_NAMES) -> str:
    text = "\n".join(lines)
    for size, name in reversed(list(zip(shape, names))):
        inner = "\n".join("  " + line for line in text.splitlines())
        text = f"for (size_t {name} = 0U; {name} < {size}U; ++{name}) {{\n{inner}\n}}"
    return text
