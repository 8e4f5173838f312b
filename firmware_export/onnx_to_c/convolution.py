"""Convolution and pooling: windows over an image, whose channels lie together in memory.

ONNX counts (batch, channel, height, width). Here the image is copied once, where it is not so already,
into (height, width, channel) with its border, so that a row under the kernel is one run of floats.
One-dimensional signals are images of height one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from firmware_export.onnx_to_c.ir import (
    Apply,
    Buffer,
    Constant,
    Dense,
    Loop,
    Reduce,
    UnsupportedModelError,
    Value,
    View,
)
from firmware_export.onnx_to_c.lowering import Lowering, Node
from firmware_export.onnx_to_c.padding import padded


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image: (height, width) each.

    Attributes:
        kernel: its size.
        stride: between two places.
        dilation: between two of its rows or columns.
        before: border added above and to the left.
        after: border added below and to the right.
        ceil: places that are partly outside count too.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]
    ceil: bool = False

    @classmethod
    def of(cls, node: Node, kernel: tuple[int, ...], image: tuple[int, ...]) -> Window:
        """Read a node's attributes.

        Args:
            node: convolution or pooling.
            kernel: its size along the image's axes.
            image: size of the image, one or two axes.
        """
        axes = len(image)
        if len(kernel) != axes:
            raise UnsupportedModelError(f"{node.label}: a kernel with {len(kernel)} axes for an image with {axes}")
        stride, dilation = (tuple(node.attributes.get(name) or [1] * axes) for name in ("strides", "dilations"))
        pads = tuple(node.attributes.get("pads") or [0] * 2 * axes)
        automatic = node.attributes.get("auto_pad", b"NOTSET")
        if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
            pads = _same(image, kernel, stride, dilation, upper=automatic == b"SAME_UPPER")
        elif automatic not in (b"NOTSET", b"VALID"):
            raise UnsupportedModelError(f"{node.label}: auto_pad {automatic.decode(errors='replace')}")
        if min(pads) < 0:
            raise UnsupportedModelError(f"{node.label}: negative pads")
        return cls(
            kernel=_two(kernel, 1),
            stride=_two(stride, 1),
            dilation=_two(dilation, 1),
            before=_two(pads[:axes], 0),
            after=_two(pads[axes:], 0),
            ceil=bool(node.attributes.get("ceil_mode", 0)),
        )

    @property
    def extent(self) -> tuple[int, int]:
        """Size of the kernel with its gaps."""
        (h, w), (dy, dx) = self.kernel, self.dilation
        return (h - 1) * dy + 1, (w - 1) * dx + 1

    def places(self, node: Node, image: tuple[int, ...]) -> tuple[int, int]:
        """Return how many places the kernel takes."""
        counts = []
        for size, extent, stride, before, after in zip(image, self.extent, self.stride, self.before, self.after):
            free = size + before + after - extent
            count = (-(-free // stride) if self.ceil else free // stride) + 1
            if self.ceil and (count - 1) * stride >= size + before:
                count -= 1  # a place must begin inside the image or its border before
            counts.append(count)
        if min(counts) < 1:
            raise UnsupportedModelError(f"{node.label}: the kernel is larger than the image {list(image)}")
        return counts[0], counts[1]

    def bordered(self, image: tuple[int, ...], places: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the image with all that some place of the kernel covers."""
        reach = [(n - 1) * s + e for n, s, e in zip(places, self.stride, self.extent)]
        sizes = [max(b + size, r) for b, size, r in zip(self.before, image, reach)]
        return sizes[0], sizes[1]


def _two(values: tuple[int, ...], one: int) -> tuple[int, int]:
    return (int(values[0]), int(values[1])) if len(values) == 2 else (one, int(values[0]))


def _same(
    image: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...], *, upper: bool
) -> tuple[int, ...]:
    before, after = [], []
    for size, k, s, d in zip(image, kernel, stride, dilation):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        less, more = total // 2, total - total // 2
        before.append(less if upper else more)
        after.append(more if upper else less)
    return (*before, *after)


def _image(node: Node, value: Value | None) -> View:
    """Return (height, width, channel) of a run-time image (1, channel, height, width) or (1, channel, width)."""
    if not isinstance(value, View) or value.index.ndim not in (3, 4) or value.shape[0] != 1:
        shape = "a constant" if value is None or isinstance(value, Constant) else f"shape {list(value.shape)}"
        raise UnsupportedModelError(f"{node.label}: {node.op_type} needs one image of one or two axes, found {shape}")
    index = value.index[0] if value.index.ndim == 4 else value.index[0][:, None, :]
    return View(value.buffer, index.transpose(1, 2, 0))


def _bordered(
    node: Node, image: View, window: Window, places: tuple[int, int], border: float, lowering: Lowering
) -> View:
    """Return the image with its border, channels together, copied only where that is not so already."""
    size = window.bordered(image.shape[:2], places)
    if size == image.shape[:2] and image.is_contiguous:
        return image
    before = (*window.before, 0)
    return padded(node, image, before, (*size, image.shape[2]), border, lowering)


def _convolution(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write a convolution as one dense layer at every place, or as dot products where its inputs do not lie in rows."""
    x, weight, bias = [*values, None][:3]
    if not isinstance(weight, Constant) or isinstance(bias, View):
        raise UnsupportedModelError(f"{node.label}: Conv needs constant weights")
    image = _image(node, x)
    kernel = weight.data if weight.data.ndim == 4 else weight.data[:, :, None, :]
    outputs, groups = kernel.shape[0], node.attributes.get("group", 1)
    if kernel.shape[1] * groups != image.shape[2] or outputs % groups:
        raise UnsupportedModelError(
            f"{node.label}: {image.shape[2]} channels do not fit {groups} groups of {kernel.shape[1]}"
        )
    if isinstance(bias, Constant) and bias.data.shape != (outputs,):
        raise UnsupportedModelError(f"{node.label}: {outputs} channels with a bias of shape {list(bias.data.shape)}")
    window = Window.of(node, weight.data.shape[2:], _spatial(x))
    places = window.places(node, image.shape[:2])
    source = _bordered(node, image, window, places, 0.0, lowering)
    biases = bias.data if isinstance(bias, Constant) else np.zeros(outputs, np.float32)
    if groups == 1 and (window.dilation[1] == 1 or window.kernel[1] == 1):
        result = _in_rows(node, source, kernel, biases, window, places, lowering)
    else:
        result = _dot_products(node, source, kernel, biases, window, places, lowering)
    _set_image(node, result, x, lowering)


def _in_rows(
    node: Node,
    source: View,
    kernel: np.ndarray,
    bias: np.ndarray,
    window: Window,
    places: tuple[int, int],
    lowering: Lowering,
) -> View:
    """One dense layer whose runs are the rows under the kernel."""
    outputs, channels, rows, columns = kernel.shape
    pitch = source.shape[1] * channels
    loops = (
        Loop(places[0], window.stride[0] * pitch, places[1] * outputs),
        Loop(places[1], window.stride[1] * channels, outputs),
    )
    buffer = lowering.new_buffer(node, places[0] * places[1] * outputs)
    weight = kernel.transpose(2, 3, 1, 0).reshape(rows * columns * channels, outputs)
    statement = Dense(buffer, 0, source, weight.astype(np.float32), bias.astype(np.float32), [node.comment])
    statement.loops = tuple(loop for loop in loops if loop.count > 1)
    statement.runs, statement.run_stride = rows, window.dilation[0] * pitch
    if rows > 1 and statement.run_stride == columns * channels:  # the kernel is as wide as the image: one run
        statement.runs, statement.run_stride = 1, 0
    lowering.statements.append(statement)
    return View.of(buffer, (*places, outputs))


def _dot_products(
    node: Node,
    source: View,
    kernel: np.ndarray,
    bias: np.ndarray,
    window: Window,
    places: tuple[int, int],
    lowering: Lowering,
) -> View:
    """One dot product per result: for channels in groups and for kernels with gaps."""
    outputs, per_group = kernel.shape[:2]
    groups = source.shape[2] // per_group
    under = _under(source, window, places)  # (height, width, channel, row, column)
    under = under.reshape(*places, groups, 1, per_group, *window.kernel)
    shape = (*places, groups, outputs // groups, per_group, *window.kernel)
    weights = kernel.reshape(groups, outputs // groups, per_group, *window.kernel).astype(np.float32)
    buffer = lowering.new_buffer(node, int(np.prod(shape[:4])))
    first = View(source.buffer, np.broadcast_to(under, shape))
    second = Constant(np.broadcast_to(weights, shape))
    lowering.statements.append(Reduce(buffer, "dot", first, 4, second, [node.comment]))
    view = View.of(buffer, (*places, outputs))
    if not np.any(bias):
        return view
    return lowering.map_to_view(node, Apply("add", (view, Constant(bias.astype(np.float32)))))


def _under(source: View, window: Window, places: tuple[int, int]) -> np.ndarray:
    """Return the positions under the kernel: (height, width, channel, row, column)."""
    windows = np.lib.stride_tricks.sliding_window_view(source.index, window.extent, axis=(0, 1))
    at_places = windows[:: window.stride[0], :: window.stride[1]][: places[0], : places[1]]
    return at_places[..., :: window.dilation[0], :: window.dilation[1]]


def _max_pool(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write the largest value under the kernel at every place."""
    if len(node.outputs) > 1 and node.outputs[1]:
        raise UnsupportedModelError(f"{node.label}: MaxPool with indices")
    window, places = _pooling(node, values[0])
    source = _bordered(node, _image(node, values[0]), window, places, -np.inf, lowering)
    _set_image(node, _pooled(node, "max", source, window, places, lowering), values[0], lowering)


def _average_pool(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write the mean under the kernel at every place; whether the border counts is an attribute."""
    window, places = _pooling(node, values[0])
    image = _image(node, values[0])
    source = _bordered(node, image, window, places, 0.0, lowering)
    counts = _counts(image.shape[:2], window, places, border=bool(node.attributes.get("count_include_pad", 0)))
    if np.all(counts == np.prod(window.kernel)):
        mean = _pooled(node, "mean", source, window, places, lowering)
    else:
        total = _pooled(node, "sum", source, window, places, lowering)
        mean = lowering.map_to_view(node, Apply("div", (total, Constant(counts[:, :, None]))))
    _set_image(node, mean, values[0], lowering)


def _pooling(node: Node, value: Value | None) -> tuple[Window, tuple[int, int]]:
    window = Window.of(node, tuple(node.attributes["kernel_shape"]), _spatial(value))
    return window, window.places(node, _image(node, value).shape[:2])


def _counts(image: tuple[int, ...], window: Window, places: tuple[int, int], *, border: bool) -> np.ndarray:
    """Return how many pixels each mean is of: (height, width), float32."""
    size = window.bordered(image, places)
    counted = np.zeros(size, np.float32)
    first = (0, 0) if border else window.before
    last = [b + n + (a if border else 0) for b, n, a in zip(window.before, image, window.after)]
    counted[first[0] : last[0], first[1] : last[1]] = 1.0
    view = View(Buffer("ones", counted.size), np.arange(counted.size).reshape(*size, 1))
    return counted.ravel()[_under(view, window, places)].sum(axis=(2, 3, 4), dtype=np.float32)


def _pooled(
    node: Node,
    kind: Literal["sum", "mean", "max"],
    source: View,
    window: Window,
    places: tuple[int, int],
    lowering: Lowering,
) -> View:
    under = View(source.buffer, _under(source, window, places))
    buffer = lowering.new_buffer(node, int(np.prod(under.shape[:3])))
    lowering.statements.append(Reduce(buffer, kind, under, 3, None, [node.comment]))
    return View.of(buffer, under.shape[:3])


def _global_pool(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    image = _image(node, values[0])
    kind = "mean" if node.op_type == "GlobalAveragePool" else "max"
    buffer = lowering.new_buffer(node, image.shape[2])
    operand = View(image.buffer, image.index.transpose(2, 0, 1))
    lowering.statements.append(Reduce(buffer, kind, operand, 1, None, [node.comment]))
    _set_image(node, View.of(buffer, (1, 1, image.shape[2])), values[0], lowering)


def _spatial(value: Value | None) -> tuple[int, ...]:
    assert value is not None
    return value.shape[2:]


def _set_image(node: Node, image: View, like: Value | None, lowering: Lowering) -> None:
    """Bind the node's output to (height, width, channel) in ONNX's order, with as many axes as its input."""
    index = image.index.transpose(2, 0, 1)[None]
    lowering.set_value(node, View(image.buffer, index if like is not None and len(like.shape) == 4 else index[:, :, 0]))


CONVOLUTION = {
    "Conv": _convolution,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
}
"""Handlers by ONNX operator."""
