"""Statements -> C text inside ``policy_step``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from firmware_export.onnx_to_c.dense import dense_kernel
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
from firmware_export.onnx_to_c.loops import INDEX_NAMES, Affine, find_nest
from firmware_export.onnx_to_c.operators import C_EXPRESSION, HELPERS
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
        arrays = {id(leaf): self._array(leaf) for leaf in operands if not _is_uniform(leaf)}
        regular = [leaf for leaf in operands if id(leaf) in arrays]
        output = statement.start + np.arange(int(np.prod(statement.shape))).reshape(statement.shape)
        nest = find_nest([output, *(arrays[id(leaf)][1] for leaf in regular)], statement.shape)
        texts = {id(leaf): _uniform_text(leaf) for leaf in operands if isinstance(leaf, Constant) and _is_uniform(leaf)}
        for leaf, affine in zip(regular, nest.affine[1:]):
            texts[id(leaf)] = self._element(*arrays[id(leaf)], affine, statement.shape)
        target = nest.affine[0]
        assert target is not None
        value = self._expression(statement.expression, texts, top=True)
        if is_bool(statement.expression):
            value = f"({value}) ? 1.0f : 0.0f"
        line = f"{self.names[statement.output]}[{target.text()}] = {value};"
        return _loops(nest.shape, [line])

    def _array(self, leaf: View | Constant) -> tuple[str, np.ndarray]:
        """Return the C array that holds an operand and the position of each element in it."""
        if isinstance(leaf, View):
            return self.names[leaf.buffer], leaf.index
        name = self.tables.add("constant", leaf.data.astype(np.float32))
        return name, np.arange(leaf.data.size).reshape(leaf.shape)

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
        if function in HELPERS | {"multiply_add"} and function not in self.helpers:
            text = (_KERNELS / f"{function}.c").read_text()
            if "multiply_add(" in text and function != "multiply_add":
                self._need("multiply_add")
            self.helpers[function] = text

    def _dense(self, statement: Dense) -> str:
        inputs, outputs = statement.weight.shape
        whole = outputs - outputs % self.dense_width
        lines = []
        for first, count, width in ((0, whole, self.dense_width), (whole, outputs - whole, outputs - whole)):
            if count == 0:
                continue
            columns = slice(first, first + count)
            weights = interleave(statement.weight[:, columns], statement.bias[columns], width)
            comment = f"{statement.nodes[0]}: {inputs} -> {count}; per {width} outputs, biases, then weights by input"
            table = self.tables.add("weight", weights, comment)
            source = _pointer(self.names[statement.input.buffer], statement.input.start)
            target = _pointer(self.names[statement.output], statement.start + first)
            lines.append(f"dense_{width}({table}, {source}, {inputs}U, {target}, {count}U);")
            self._need("multiply_add")
            self.helpers.setdefault(f"dense_{width}", dense_kernel(width))
        return "\n".join(lines)

    def _reduce(self, statement: Reduce) -> str:
        outer, inner = statement.input.shape
        operands = [statement.input] + ([statement.second] if statement.second is not None else [])
        arrays = [self._array(leaf) for leaf in operands]
        # Two explicit loops: the outer one over results, the inner one over what is reduced.
        texts = []
        for name, index in arrays:
            nest = find_nest([index], (outer, inner))
            affine = nest.affine[0]
            full = _two_axes(affine, nest.shape, outer, inner) if affine is not None else None
            if full is None:
                table = self.tables.add("position", index)
                texts.append(f"{name}[{table}[{inner}U * i + j]]")
            else:
                texts.append(f"{name}[{full.text()}]")
        start, step, finish = self._reduction(statement, texts, inner)
        lines = [f"float total = {start};"]
        lines += _loops((inner,), [step], names="j").splitlines()
        lines.append(f"{self.names[statement.output]}[i] = {finish};")
        return f"for (size_t i = 0U; i < {outer}U; ++i) {{\n" + "\n".join("  " + line for line in lines) + "\n}"

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


def _two_axes(affine: Affine, shape: tuple[int, ...], outer: int, inner: int) -> Affine | None:
    """Undo the merging of axes: strides for (outer, inner)."""
    if len(shape) == 2:
        return affine
    if len(shape) == 0:
        return Affine(affine.offset, (0, 0))
    stride = affine.strides[0]
    if inner == 1:
        return Affine(affine.offset, (stride, 0))
    return Affine(affine.offset, (stride * inner if outer > 1 else 0, stride))


def _is_uniform(leaf: View | Constant) -> bool:
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


def _pointer(name: str, start: int) -> str:
    return name if start == 0 else f"&{name}[{start}]"


def _loops(shape: tuple[int, ...], lines: list[str], names: str = INDEX_NAMES) -> str:
    text = "\n".join(lines)
    for size, name in reversed(list(zip(shape, names))):
        inner = "\n".join("  " + line for line in text.splitlines())
        text = f"for (size_t {name} = 0U; {name} < {size}U; ++{name}) {{\n{inner}\n}}"
    return text
