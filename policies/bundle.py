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
import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from policies.limit_checks import check_action, check_limits, is_ordered
from policies.strict_json import from_json, parse, render, since_then, to_json
from sim.errors import BundleError
from sim.files import recover_folder, replace_folder
from sim.spec import ENDLESS, ActionSpec, Episode, FlightLimits, ImageTerm, JointLimits, ObservationTerm, Timing

SCHEMA_VERSION = 1
POLICY_FILE = "policy.onnx"
GOLDEN_FILE = "golden.npz"
CLIP_FILE = "clip.npz"
"""The motion that the policy follows (``sim/motion/clip.py``), if it follows one."""
INFO_FILE = "bundle.json"
C_FOLDER = "c"
"""Generated C, when exported; it embeds the bundle's id instead of being listed by hash."""
CERTIFICATE_FILE = "certificate.json"
"""What the policy reaches under other physics (``policies/certificate.py``), when certified; it names the bundle's
id."""

_RESERVED = ("observation", "state_in", "reset")
"""Graph inputs that are no images."""


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
    limits: FlightLimits | JointLimits
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
    images: tuple[ImageTerm, ...] = since_then(())
    """Inputs of the graph by name, beside the flat observation."""
    episode: Episode = since_then(ENDLESS)  # noqa: RUF009 - a field, of an immutable default
    """How long it acts at a stretch, and what ends that."""

    @property
    def observation_size(self) -> int:
        """Length of the flat ``observation`` input."""
        return sum(term.size for term in self.observation)

    @property
    def input_size(self) -> int:
        """Elements of all that is observed: the flat observation, and after it each image, row-major.

        So they lie in golden sequences, in ``Policy.step`` and in generated C.
        """
        return self.observation_size + sum(image.size for image in self.images)


@dataclass(frozen=True)
class Golden:
    """Seeded closed-loop sequences recorded with the torch policy.

    Shapes: ``observation`` (sequences, steps, input_size), ``reset`` (sequences, steps),
    ``state`` (sequences, steps, state_size) after each step, ``action`` (sequences, steps,
    action_size); all float32.
    """

    observation: np.ndarray
    reset: np.ndarray
    state: np.ndarray
    action: np.ndarray

    def state_scale(self, least: Sequence[float]) -> tuple[float, ...]:
        """Return how large each state element gets here, (state_size,), but no less than ``least``.

        Cells of an LSTM may count, up to the number of steps: what is computed otherwise differs by a share of that.
        """
        return tuple(np.maximum(np.abs(self.state).max(axis=(0, 1)), least).tolist())

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

    @property
    def clip_path(self) -> Path | None:
        """The motion that the policy follows; ``None`` if it follows none."""
        return self.path / CLIP_FILE if CLIP_FILE in self.files else None

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
        where = self.path / GOLDEN_FILE
        golden = _read_golden(_read_checked(where, self.files[GOLDEN_FILE]), where)
        _check_golden(golden, self.info, where)
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
    recover_folder(path)
    if not path.is_dir():
        raise BundleError(f"no bundle at {path}: give the folder that holds {INFO_FILE}")
    where = path / INFO_FILE
    document = _read_document(where)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BundleError(
            f"{where}: schema version {version!r}, this program reads {SCHEMA_VERSION}; train or export it again"
        )
    claimed = document.get("id")
    actual = document_id(document)
    if claimed != actual:
        raise BundleError(f"{where} was altered: its id is {actual[:12]}, it claims {str(claimed)[:12]}")
    files = document.get("files")
    if not isinstance(files, dict) or set(files) - {CLIP_FILE} != {POLICY_FILE, GOLDEN_FILE}:
        raise BundleError(f"{where}: 'files' must list {POLICY_FILE} and {GOLDEN_FILE}")
    info = from_json(BundleInfo, document.get("info"), str(where))
    _check_info(info, where)
    for name, digest in files.items():
        _read_checked(path / name, digest)
    return Bundle(path=path, id=actual, info=info, files=dict(files))


def save_bundle(
    path: Path | str, info: BundleInfo, policy_onnx: bytes, golden: Golden, clip: bytes | None = None
) -> Bundle:
    """Write a bundle folder in one step: either the whole new bundle is there or the old one.

    Args:
        path: the folder to create or replace; an existing one must be a bundle or empty.
        info: what the numbers mean.
        policy_onnx: serialised ONNX model, weights inside.
        golden: recorded sequences.
        clip: content of the file of a motion that the policy follows.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
        BundleError: if the parts do not fit each other.
    """
    path = Path(path)
    _check_info(info, path / INFO_FILE)
    _check_golden(golden, info, path / GOLDEN_FILE)
    contents = {POLICY_FILE: policy_onnx, GOLDEN_FILE: golden.to_bytes(), **({CLIP_FILE: clip} if clip else {})}
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        "info": to_json(info),
    }
    document["id"] = document_id(document)
    contents[INFO_FILE] = render(document).encode()
    replace_folder(path, contents, replaceable={*contents, CLIP_FILE, C_FOLDER, CERTIFICATE_FILE})
    return load_bundle(path)


def _read_document(path: Path) -> dict[str, Any]:
    try:
        return parse(path.read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(f"{path} is missing: this folder is not a bundle") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}): copy the bundle again") from None
    except ValueError as error:  # not UTF-8, not JSON, or not the text that was written
        raise BundleError(f"{path} was altered or truncated ({error}): copy the bundle again") from None


def document_id(document: dict[str, Any]) -> str:
    """Return the hash of a document without its own ``id``."""
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


def _read_golden(content: bytes, where: Path) -> Golden:
    names = [f.name for f in dataclasses.fields(Golden)]
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            return Golden(**{name: data[name] for name in names})
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BundleError(f"{where} does not hold the arrays {', '.join(names)} ({reason}); train it again") from None


def _check_golden(golden: Golden, info: BundleInfo, where: Path) -> None:
    sequences, steps = golden.reset.shape if golden.reset.ndim == 2 else (-1, -1)
    expected = {
        "reset": (sequences, steps),
        "observation": (sequences, steps, info.input_size),
        "state": (sequences, steps, info.state_size),
        "action": (sequences, steps, info.action.size),
    }
    for name, shape in expected.items():
        array = getattr(golden, name)
        if array.shape != shape or 0 in shape[:2]:
            raise BundleError(f"{where}: '{name}' has shape {array.shape}, expected {shape}")
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise BundleError(f"{where}: '{name}' must be finite float32")
    if not (golden.reset[:, 0] == 1.0).all():
        raise BundleError(f"{where}: every sequence must start with a reset")


def _check_info(info: BundleInfo, where: Path) -> None:
    check_action(info.action, where)
    if len(info.state_scale) != info.state_size or not all(0.0 < scale < math.inf for scale in info.state_scale):
        raise BundleError(f"{where}: state_scale needs {info.state_size} positive values")
    for image in info.images:
        if not image.shape or min(image.shape) < 1 or image.name in _RESERVED:
            raise BundleError(f"{where}: image '{image.name}' needs a name of its own and positive sizes")
    if not 0.0 < info.timing.control_period_s < math.inf:
        raise BundleError(f"{where}: control_period_s must be positive, is {info.timing.control_period_s}")
    if not is_ordered(info.episode):
        raise BundleError(f"{where}: the episode's times contradict each other: {info.episode}")
    for name, (low, high) in info.command_ranges.items():
        if not -math.inf < low <= high < math.inf:
            raise BundleError(f"{where}: command range '{name}' needs low <= high, has {low}, {high}")
    check_limits(info.limits, info.action, where)
