"""A bare ONNX file as a policy: its weights, also those in files beside it, and the id its C carries."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnx.external_data_helper as external_data
from google.protobuf.message import DecodeError

from firmware_export.onnx_to_c.graph import LONGEST_REASON
from firmware_export.onnx_to_c.ir import UnsupportedModelError

LARGEST_FILE = 1 << 28
"""Bytes; no microcontroller holds more, and a damaged length must not fill the memory."""


@dataclass(frozen=True)
class ModelFile:
    """A model that was read whole.

    Attributes:
        path: the file it came from.
        id: SHA-256 of the file, hexadecimal; where weights lie in other files, of these too, after it, by name.
        content: serialised model with all weights inside.
    """

    path: Path
    id: str
    content: bytes


def read_model_file(path: Path) -> ModelFile:
    """Read an ONNX file and the files beside it that hold its weights (``model.onnx.data``).

    Raises:
        UnsupportedModelError: if a file is missing, too large or no ONNX model; says which.
    """
    content = _read(path)
    digest = hashlib.sha256(content)
    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, RuntimeError, ValueError):
        raise UnsupportedModelError(f"{path}: not an ONNX model: export the policy again") from None
    names = _external_names(model)
    if not names:
        return ModelFile(path, digest.hexdigest(), content)
    _require_beside(path, names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about entries that the format does not know
            external_data.load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:LONGEST_REASON] if str(error) else type(error).__name__
        raise UnsupportedModelError(f"{path}: its weights in '{names[0]}' cannot be read: {reason}") from None
    for name in names:
        digest.update((path.parent / name).read_bytes())
    return ModelFile(path, digest.hexdigest(), model.SerializeToString())


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnsupportedModelError(f"{path} has {path.stat().st_size} bytes: too large for a microcontroller")
        return path.read_bytes()
    except FileNotFoundError:
        raise UnsupportedModelError(f"no file {path}: give an ONNX file or the folder of a bundle") from None
    except OSError as error:
        raise UnsupportedModelError(f"{path} cannot be read: {error.strerror or error}") from None


def _external_names(model: onnx.ModelProto) -> list[str]:
    """Return the names of the files that hold weights, each once, in alphabetical order."""
    tensors = [tensor for tensor in _all_tensors(model) if external_data.uses_external_data(tensor)]
    return sorted({entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"})


def _all_tensors(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """Return what may lie in other files: initializers and the tensors among attributes, functions' too."""
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    attributes = [attribute for node in nodes for attribute in node.attribute]
    return [*model.graph.initializer, *(attribute.t for attribute in attributes if attribute.HasField("t"))]


def _require_beside(path: Path, names: list[str]) -> None:
    for name in names:
        if Path(name).name != name:
            raise UnsupportedModelError(f"{path}: its weights lie in '{name}': that must be a file beside it")
        beside = path.parent / name
        if not beside.is_file():
            raise UnsupportedModelError(f"{path}: its weights lie in '{name}', which is missing: copy both files")
        if beside.stat().st_size > LARGEST_FILE:
            raise UnsupportedModelError(f"{beside} has {beside.stat().st_size} bytes: too large for a microcontroller")
