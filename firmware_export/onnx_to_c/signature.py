"""What a graph's inputs and outputs are to a policy: observation, state, reset and action.

A bundle's graph names them so. Graphs of other origin are read by these rules, which fit what plain
torch and rsl-rl export (``obs``, ``h_in``, ``c_in`` -> ``actions``, ``h_out``, ``c_out``):

* an output is a next state if its name is an input's with ``in`` for ``out`` (``h_in`` -> ``h_out``);
* an input named ``reset`` is the reset flag, all other inputs together are the observation, in order;
* the action is the output named ``action`` or ``actions``, else the only one that is no state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import onnx

from firmware_export.onnx_to_c.ir import UnsupportedModelError

LARGEST_INPUT = 1 << 20
"""Floats; a graph with more is damaged, or no policy."""
_ACTION_NAMES = ("action", "actions")


@dataclass(frozen=True)
class Port:
    """A graph input and where its elements lie in the array of its role."""

    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Signature:
    """The roles of a graph's inputs and outputs.

    Attributes:
        observation: inputs that together are the observation.
        state: inputs that together are the state.
        reset: the reset flag's port, if there is one.
        next_state: outputs in the order of ``state``.
        action: output.
        unused: outputs that are neither.
    """

    observation: tuple[Port, ...]
    state: tuple[Port, ...]
    reset: Port | None
    next_state: tuple[str, ...]
    action: str
    unused: tuple[str, ...]

    def describe(self) -> list[str]:
        """Return a line per port of arrays that are made of several, for a comment in the code."""
        lines = []
        for role, ports in (("observation", self.observation), ("state", self.state)):
            if len(ports) > 1 or any(len(port.shape) > 2 for port in ports):
                for port in ports:
                    shape = " x ".join(map(str, port.shape[1:] if port.shape[:1] == (1,) else port.shape))
                    lines.append(f"{role}[{port.start}] to [{port.start + port.size - 1}]: {port.name} ({shape})")
        return lines


def read_signature(graph: onnx.GraphProto) -> Signature:
    """Find the roles of a graph's inputs and outputs.

    Raises:
        UnsupportedModelError: if an input is no float32 tensor of known size, or the action cannot be told.
    """
    constants = {initializer.name for initializer in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    outputs = [value.name for value in graph.output]
    after = {name: _next_name(name, outputs) for name in (value.name for value in inputs)}
    states = [value for value in inputs if after[value.name]]
    resets = [value for value in inputs if value.name == "reset"]
    observed = [value for value in inputs if not after[value.name] and value.name != "reset"]
    if not observed:
        raise UnsupportedModelError("the graph has no input that could be the observation: it is not a policy")
    next_state = tuple(name for value in states if (name := after[value.name]))
    left = [name for name in outputs if name not in next_state]
    action = _action(left)
    return Signature(
        observation=_ports(observed),
        state=_ports(states),
        reset=_ports(resets)[0] if resets else None,
        next_state=next_state,
        action=action,
        unused=tuple(name for name in left if name != action),
    )


def _next_name(name: str, outputs: list[str]) -> str | None:
    """Return the output that is the next value of input ``name``."""
    parts = re.split(r"(?<![a-zA-Z])in(?![a-zA-Z])", name)
    if len(parts) < 2 or name == "in":
        return None
    wanted = "out".join(parts)
    if wanted not in outputs:
        raise UnsupportedModelError(f"the graph must have both '{name}' and '{wanted}', or neither")
    return wanted


def _action(outputs: list[str]) -> str:
    named = [name for name in outputs if name in _ACTION_NAMES]
    if len(named) == 1:
        return named[0]
    if len(outputs) == 1:
        return outputs[0]
    raise UnsupportedModelError(
        f"the graph has no output 'action': it is no policy, or name one of them so: {', '.join(outputs) or 'none'}"
    )


def _ports(values: list[onnx.ValueInfoProto]) -> tuple[Port, ...]:
    ports, start = [], 0
    for value in values:
        port = Port(value.name, _shape(value), start)
        ports.append(port)
        start += port.size
    return tuple(ports)


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Return a tensor's shape with the batch axis one: the only one that may be unknown."""
    tensor = value.type.tensor_type
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        raise UnsupportedModelError(f"graph input '{value.name}' must be float32")
    dims = list(tensor.shape.dim)
    unknown = [axis for axis, dim in enumerate(dims) if not dim.HasField("dim_value")]
    shape = tuple(1 if axis in unknown else dim.dim_value for axis, dim in enumerate(dims))
    batch = unknown[0] if unknown else (shape.index(1) if 1 in shape[:2] else None)
    if not shape or len(unknown) > 1 or batch is None or batch > 1 or min(shape) < 1:
        dimensions = [dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or "?") for dim in dims]
        raise UnsupportedModelError(f"graph input '{value.name}' must have shape (batch, size), found {dimensions}")
    if np.prod([float(size) for size in shape]) > LARGEST_INPUT:
        raise UnsupportedModelError(f"graph input '{value.name}' has shape {list(shape)}: too large for a policy")
    return shape
