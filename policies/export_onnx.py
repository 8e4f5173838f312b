"""torch actor -> ONNX bytes and back: one small graph with its weights inside.

The graph holds only what the actor computes (dense layers, clips, slices), its initialisers are
named after the actor's parameters so that generated C reads well, and ``rebuild_torch`` gets the
same actor back from the file alone.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from policies.bundle import Bundle
from policies.runtime import open_session
from policies.torch_policy import image_shapes
from sim.errors import BundleError, VerificationError

OPSET = 18
"""Newest operator set whose ``Split`` and ``Clip`` the exporter writes without version conversion."""

EXPORT_BOUND = 1e-5
"""Largest difference from torch on random inputs, relative to the largest output."""

ROUNDING_ROOM = 4.0
"""Unless torch's own rounding is larger: with steep weights and inputs ten times what is usual, single precision
itself is off by more. A graph may then differ by so many times the difference between torch in single and in double."""


def export_onnx(actor: torch.nn.Module) -> bytes:
    """Return ``actor`` as a serialised ONNX model with a dynamic axis named ``batch``.

    Inputs are ``observation``, ``state_in`` and ``reset``, outputs ``action`` and ``state_out``;
    the three about memory are absent when ``actor.state_size`` is 0. Images of the actor are inputs by their names.

    Args:
        actor: module with ``forward(observation, state_in, reset, *images) -> (action, state_out)`` and
            ``observation_size``, ``state_size``, ``action_size``, and, if it takes images, ``images``.

    Raises:
        VerificationError: if the actor has no fixed graph, or the graph does not compute the same.
    """
    actor = copy.deepcopy(actor).to("cpu", torch.float32).eval()
    model = _tidy(_trace(actor), actor)
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    _compare(actor, content)
    return content


def read_initializers(content: bytes) -> dict[str, np.ndarray]:
    """Return every constant of a serialised model by name."""
    model = onnx.load_model_from_string(content)
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def rebuild_torch(bundle: Bundle) -> torch.nn.Module:
    """Rebuild the torch actor from a bundle: architecture from its info, weights from its graph.

    Raises:
        BundleError: if a parameter is not in the graph or has another shape.
    """
    from policies import networks

    actor = networks.build(bundle.info.network)
    constants = read_initializers(bundle.read_policy())
    weights = {}
    for name, value in actor.state_dict().items():
        if name not in constants or constants[name].shape != tuple(value.shape):
            raise BundleError(
                f"{bundle.policy_path}: no weights '{name}' of shape {tuple(value.shape)}; train it again"
            )
        weights[name] = torch.from_numpy(constants[name].copy())
    actor.load_state_dict(weights)
    return actor.eval()


def _trace(actor: Any) -> onnx.ModelProto:
    wrapped = _WithMemory(actor) if actor.state_size else _WithoutMemory(actor)
    inputs, outputs = _signature(actor)
    batch = torch.export.Dim("batch")
    try:
        with _quiet_exporter(), torch.no_grad():
            program = torch.onnx.export(
                wrapped,
                # Two rows, because the exporter would take a batch of one for a constant.
                tuple(torch.zeros(2, *shape) for shape in inputs.values()),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=_axes(actor, len(inputs), {0: batch}),
                optimize=True,
                verbose=False,
                external_data=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise VerificationError(f"{type(actor).__name__} cannot be exported to ONNX: {reason}") from error
    assert program is not None
    return program.model_proto


def _axes(actor: torch.nn.Module, inputs: int, axes: dict[int, Any]) -> tuple[Any, ...]:
    """Return the dynamic axes of each input, the images as the one tuple that ``*images`` is to the exporter."""
    images = len(image_shapes(actor))
    return (*((axes,) * (inputs - images)), *(((axes,) * images,) if images else ()))


class _WithMemory(torch.nn.Module):
    """The actor under the name whose prefix ``_tidy`` removes."""

    def __init__(self, actor: torch.nn.Module) -> None:
        super().__init__()
        self.actor = actor

    def forward(
        self, observation: torch.Tensor, state_in: torch.Tensor, reset: torch.Tensor, *images: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self.actor(observation, state_in, reset, *images)


class _WithoutMemory(torch.nn.Module):
    """The actor as a function of the observation alone."""

    def __init__(self, actor: torch.nn.Module) -> None:
        super().__init__()
        self.actor = actor

    def forward(self, observation: torch.Tensor, *images: torch.Tensor) -> torch.Tensor:
        nothing = observation[:, :0]
        return self.actor(observation, nothing, observation[:, :1], *images)[0]


def _signature(actor: Any) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    """Return the shape of each input without the batch, in order, and the names of the outputs."""
    inputs: dict[str, tuple[int, ...]] = {"observation": (int(actor.observation_size),)}
    if actor.state_size:
        inputs |= {"state_in": (int(actor.state_size),), "reset": (1,)}
    return inputs | image_shapes(actor), ("action", "state_out") if actor.state_size else ("action",)


def _tidy(model: onnx.ModelProto, actor: torch.nn.Module) -> onnx.ModelProto:
    """Remove the exporter's traces (paths, stack traces), name constants after parameters, keep every weight."""
    graph = model.graph
    graph.name = "policy"
    model.producer_name, model.producer_version = "sim2metal", ""
    for owner in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        del owner.metadata_props[:]
        owner.ClearField("doc_string")
    del graph.value_info[:]
    prefix = "actor."
    for tensor in graph.initializer:
        tensor.name = tensor.name.removeprefix(prefix)
    for node in graph.node:
        node.name = ""
        node.input[:] = [name.removeprefix(prefix) for name in node.input]
    present = {tensor.name for tensor in graph.initializer}
    for name, value in actor.state_dict().items():
        # A parameter folded into another constant stays in the file, so that torch can be rebuilt.
        if name not in present:
            graph.initializer.append(numpy_helper.from_array(value.numpy(), name))
    return model


def _compare(actor: torch.nn.Module, content: bytes) -> None:
    """Run both on random inputs of several batch sizes and scales, resets included."""
    session = open_session(content, "the exported policy")
    generator = torch.Generator().manual_seed(0)
    inputs, outputs = _signature(actor)
    in_double = copy.deepcopy(actor).double()
    for batch, scale in ((1, 1.0), (3, 0.1), (64, 10.0)):
        feeds = {name: scale * torch.randn(batch, *shape, generator=generator) for name, shape in inputs.items()}
        reset = (torch.arange(batch) % 2 == 0).float()[:, None]
        state = feeds.get("state_in", torch.zeros(batch, 0))
        if "reset" in feeds:
            feeds["reset"] = reset
        arguments = (feeds["observation"], state, reset, *(feeds[name] for name in image_shapes(actor)))
        with torch.no_grad():
            expected: Any = actor(*arguments)
            exact: Any = in_double(*(value.double() for value in arguments))
        actual = session.run(list(outputs), {name: value.numpy() for name, value in feeds.items()})
        for name, torch_value, exact_value, onnx_value in zip(outputs, expected, exact, actual):
            reference = torch_value.numpy()
            error = _largest_error(np.asarray(onnx_value), reference)
            bound = max(EXPORT_BOUND, ROUNDING_ROOM * _largest_error(exact_value.numpy(), reference))
            if not error <= bound:
                raise VerificationError(
                    f"the exported '{name}' differs from torch by {error:.1e} (bound {bound:.0e}):"
                    " this actor cannot be exported as it is written"
                )


def _largest_error(actual: np.ndarray, reference: np.ndarray) -> float:
    """Largest difference, relative to the largest output where that exceeds 1."""
    return float(np.max(np.abs(reference - actual)) / max(1.0, float(np.max(np.abs(reference)))))


@contextlib.contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's notes on packages that are not installed and axis names it merges."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
