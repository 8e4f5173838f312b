"""The bundle: one folder that holds everything a robot needs and nothing it must guess.

``policy.onnx`` computes ``action, state = step(observation, state, reset)`` from raw SI terms,
``bundle.json`` says what every number means, ``golden.npz`` proves that a back end computes
what was trained. Every file is hash-listed; ``bundle.json`` carries its own hash, the bundle's
**id**, which generated C code embeds and robots report.

This module is on the robot side: it imports neither torch nor mujoco nor onnxruntime.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import shutil
import tempfile
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import BundleError, StorageError
from sim.spec import ActionSpec, ObservationTerm, SupervisorLimits, Timing

SCHEMA_VERSION = 1
POLICY_FILE = "policy.onnx"
GOLDEN_FILE = "golden.npz"
INFO_FILE = "bundle.json"


@dataclass(frozen=True)
class RobotInfo:
    """Which robot, with which constants, the policy was trained for."""

    name: str
    parameter_set: str
    motor_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    model_hash: str
    """SHA-256 of the MJCF."""
    constants: dict[str, Any]
    """The nominal parameter set, as data."""


@dataclass(frozen=True)
class BundleInfo:
    """The content of ``bundle.json`` (less ``schema_version``, ``files`` and ``id``)."""

    task: str
    robot: RobotInfo
    observation: tuple[ObservationTerm, ...]
    """Terms in the order of the flat ``observation`` input."""
    action: ActionSpec
    timing: Timing
    limits: SupervisorLimits
    state_size: int
    """Length of the flat ``state_in`` and ``state_out``; 0 for a policy without memory."""
    state_scale: tuple[float, ...]
    """Typical magnitude of each state element; parity of states is relative to it."""
    command_ranges: dict[str, tuple[float, float]]
    """Ranges of user commands seen in training, e.g. set-point steps in metres."""
    network: dict[str, Any]
    """Architecture, enough to rebuild the torch module from the ONNX weights."""
    provenance: dict[str, Any]
    """Commit, seed, resolved configuration, package versions, licences."""
    evaluation: dict[str, Any] = field(default_factory=dict)
    """The evaluation table the policy earned, with the table's hash."""

    @property
    def observation_size(self) -> int:
        """Length of the flat observation."""
        return sum(term.size for term in self.observation)


@dataclass(frozen=True)
class Golden:
    """Seeded closed-loop sequences recorded with the torch policy.

    Shapes: ``observation`` (sequences, steps, observation_size), ``reset`` (sequences, steps),
    ``state`` (sequences, steps, state_size) after each step, ``action`` (sequences, steps,
    action_size); all float32.
    """

    observation: np.ndarray
    reset: np.ndarray
    state: np.ndarray
    action: np.ndarray

    def to_bytes(self) -> bytes:
        """Return the ``.npz`` file's content."""
        buffer = io.BytesIO()
        arrays = {f.name: getattr(self, f.name).astype(np.float32) for f in dataclasses.fields(self)}
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()


@dataclass(frozen=True)
class Bundle:
    """A loaded and checked bundle."""

    path: Path
    id: str
    """SHA-256 of the canonical ``bundle.json``, hexadecimal; covers every listed file."""
    info: BundleInfo
    files: dict[str, str]

    @property
    def policy_path(self) -> Path:
        """The ONNX file."""
        return self.path / POLICY_FILE

    def read_policy(self) -> bytes:
        """Return the ONNX model, read once and checked again against the bundle's hash.

        Raises:
            BundleError: if the file changed since the bundle was loaded.
        """
        return _read_checked(self.policy_path, self.files[POLICY_FILE])

    def golden(self) -> Golden:
        """Load the golden sequences.

        Raises:
            BundleError: if an array is missing or its shape does not fit the bundle.
        """
        content = _read_checked(self.path / GOLDEN_FILE, self.files[GOLDEN_FILE])
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            missing = [f.name for f in dataclasses.fields(Golden) if f.name not in data]
            if missing:
                raise BundleError(f"{self.path / GOLDEN_FILE}: no array '{missing[0]}'; export the bundle again")
            golden = Golden(**{f.name: data[f.name] for f in dataclasses.fields(Golden)})
        _check_golden(golden, self.info, self.path)
        return golden


def load_bundle(path: Path | str) -> Bundle:
    """Read and check a bundle folder.

    Args:
        path: the folder.

    Raises:
        BundleError: if it is missing, truncated, altered or of another schema; the one-line
            message says which and what to do. Nothing else has happened by then.
    """
    path = Path(path)
    if not path.is_dir():
        raise BundleError(f"no bundle at {path}: give the folder that holds {INFO_FILE}")
    document = _read_document(path / INFO_FILE)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BundleError(
            f"{path / INFO_FILE}: schema version {version!r}, this program reads {SCHEMA_VERSION};"
            " train or export it again"
        )
    claimed = document.get("id")
    actual = _document_id(document)
    if claimed != actual:
        raise BundleError(f"{path / INFO_FILE} was altered: its id is {actual[:12]}, it claims {str(claimed)[:12]}")
    files = document.get("files")
    if not isinstance(files, dict) or set(files) != {POLICY_FILE, GOLDEN_FILE}:
        raise BundleError(f"{path / INFO_FILE}: 'files' must list {POLICY_FILE} and {GOLDEN_FILE}")
    for name, digest in files.items():
        _read_checked(path / name, digest)
    info = _from_json(BundleInfo, document.get("info"), str(path / INFO_FILE))
    return Bundle(path=path, id=actual, info=info, files=dict(files))


def save_bundle(path: Path | str, info: BundleInfo, policy_onnx: bytes, golden: Golden) -> Bundle:
    """Write a bundle folder in one step: either the whole new bundle is there or the old one.

    Args:
        path: the folder to create or replace.
        info: what the numbers mean.
        policy_onnx: serialised ONNX model, weights inside.
        golden: recorded sequences.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
        BundleError: if the golden sequences do not fit ``info``.
    """
    path = Path(path)
    _check_golden(golden, info, path)
    contents = {POLICY_FILE: policy_onnx, GOLDEN_FILE: golden.to_bytes()}
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        "info": _to_json(info),
    }
    document["id"] = _document_id(document)
    contents[INFO_FILE] = (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()
    _replace_folder(path, contents)
    return load_bundle(path)


def _replace_folder(path: Path, contents: dict[str, bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise StorageError(f"cannot write bundle {path}: {error.strerror or error}") from error
    try:
        for name, data in contents.items():
            with (staging / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        staging.chmod(0o755)
        old = path.with_name(f".{path.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            path.rename(old)
        staging.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"cannot write bundle {path}: {error.strerror or error}; the old one is untouched"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: this folder is not a bundle") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{path} cannot be read ({error}): copy the bundle again") from None
    if not isinstance(document, dict):
        raise BundleError(f"{path}: expected a JSON object")
    return document


def _document_id(document: dict[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "id"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read_checked(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: copy the bundle again") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}): copy the bundle again") from None
    actual = hashlib.sha256(content).hexdigest()
    if actual != digest:
        raise BundleError(f"{path} was altered or truncated: SHA-256 {actual[:12]}, expected {str(digest)[:12]}")
    return content


def _check_golden(golden: Golden, info: BundleInfo, path: Path) -> None:
    sequences, steps = golden.reset.shape if golden.reset.ndim == 2 else (-1, -1)
    expected = {
        "observation": (sequences, steps, info.observation_size),
        "state": (sequences, steps, info.state_size),
        "action": (sequences, steps, info.action.size),
    }
    for name, shape in expected.items():
        actual = getattr(golden, name).shape
        if actual != shape:
            raise BundleError(f"{path / GOLDEN_FILE}: '{name}' has shape {actual}, expected {shape}")


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _from_json(kind: Any, value: Any, where: str) -> Any:
    """Rebuild ``kind`` from parsed JSON, strictly: unknown and missing fields are errors."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_from_json(kind, value, where)
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(_from_json(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _from_json(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin is typing.Literal and value in arguments:
        return value
    if origin in (typing.Union, types.UnionType) and (value is None or isinstance(value, arguments)):
        return value
    if kind is Any or (kind is float and type(value) in (int, float)):
        return float(value) if kind is float else value
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise BundleError(f"{where}: expected {getattr(kind, '__name__', kind)}, found {value!r}")


def _dataclass_from_json(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise BundleError(f"{where}: expected an object for {kind.__name__}")
    hints = typing.get_type_hints(kind)
    names = {f.name for f in dataclasses.fields(kind)}
    wrong = sorted(set(value) ^ names)
    if wrong:
        problem = "unknown" if wrong[0] in value else "missing"
        raise BundleError(f"{where}: {problem} field '{wrong[0]}' in {kind.__name__}")
    return kind(**{name: _from_json(hints[name], value[name], f"{where}.{name}") for name in names})
