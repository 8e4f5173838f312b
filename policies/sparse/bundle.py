"""The bundle of a network for three poses: its graph, what its numbers mean, and windows that prove it.

It is not a policy's bundle (``policies/bundle.py``) on purpose: its output is a pose in a heading frame and not a
command to motors, it has no control loop, limits or supervisor, and nothing that runs policies must take it for one.
So its description has another file name, ``sparse.json``, and everything that reads policies refuses the folder.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.bundle import POLICY_FILE, RobotInfo, document_id
from policies.export_onnx import export_onnx
from policies.provenance import plain, provenance, robot_info
from policies.runtime import SELF_CHECK_BOUND, open_session
from policies.sparse.network import SparseNetwork
from policies.strict_json import from_json, parse, render, to_json
from sim.bodies.parameters import joint_parameters
from sim.errors import BundleError
from sim.files import recover_folder, replace_folder
from sim.motion.sparse.pose_code import code_size
from sim.motion.sparse.tracked import TRACKED, TRACKER_FPS
from sim.motion.sparse.window import FRAMES_AGO, WINDOW_SIZE
from sim.registry import load_robot, require_known, robot_names

Array = NDArray[np.floating]

SCHEMA_VERSION = 1
INFO_FILE = "sparse.json"
GOLDEN_FILE = "golden.npz"


@dataclass(frozen=True)
class SparseInfo:
    """The content of ``sparse.json`` (less ``schema_version``, ``files`` and ``id``)."""

    robot: RobotInfo
    tracked: tuple[str, ...]
    """Poses in the order of the window."""
    frames_ago: tuple[int, ...]
    """Which frames a window has."""
    fps: float
    """Of the trackers."""
    network: dict[str, Any]
    provenance: dict[str, Any]
    evaluation: dict[str, Any]
    """What it reached on held-out motions (``judge.py``)."""


class SparseBundle:
    """A loaded and checked bundle; call it to get poses.

    Args:
        path: the folder.

    Raises:
        BundleError: if it is missing, altered, of another schema, made for other windows or another robot than
            today's, or if its graph does not give what it gave in training.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        recover_folder(self.path)
        document = _read_document(self.path / INFO_FILE)
        self.id: str = document["id"]
        self.info: SparseInfo = from_json(SparseInfo, document.get("info"), str(self.path / INFO_FILE))
        files = document.get("files")
        if not isinstance(files, dict) or set(files) != {POLICY_FILE, GOLDEN_FILE}:
            raise BundleError(f"{self.path / INFO_FILE}: 'files' must list {POLICY_FILE} and {GOLDEN_FILE}")
        contents = {name: _read_checked(self.path / name, digest) for name, digest in files.items()}
        self.robot = self.info.robot.name
        _check_fits(self.info, self.path)
        self._session = open_session(contents[POLICY_FILE], str(self.path / POLICY_FILE))
        self._check_golden(contents[GOLDEN_FILE])

    def __call__(self, window: Array) -> Array:
        """Return poses, (N, code), of windows, (N, window)."""
        return np.asarray(self._session.run(["action"], {"observation": np.asarray(window, np.float32)})[0], float)

    def _check_golden(self, content: bytes) -> None:
        where = self.path / GOLDEN_FILE
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as data:
                window, pose = data["window"], data["pose"]
            error = float(np.abs(self(window) - pose).max())
        except (ValueError, KeyError, zipfile.BadZipFile) as problem:
            raise BundleError(f"{where} does not hold windows and poses ({problem}); train it again") from None
        except Exception as problem:  # noqa: BLE001 - onnxruntime has no common error class of its own
            reason = str(problem).splitlines()[0]
            raise BundleError(f"{self.path / POLICY_FILE} is not a graph of windows ({reason})") from None
        if not error <= SELF_CHECK_BOUND:
            raise BundleError(f"{self.path / POLICY_FILE} does not give the poses of {GOLDEN_FILE}: {error:.1e} off")


def save_sparse_bundle(
    path: Path | str,
    network: SparseNetwork,
    robot: str,
    windows: Array,
    seed: int,
    config: Any,
    evaluation: dict[str, Any],
) -> SparseBundle:
    """Write a bundle, the whole new one or nothing, and load it back.

    Args:
        path: folder to create or replace.
        network: trained.
        robot: whose poses it gives.
        windows: to prove the graph by; (N, window).
        seed: of the training.
        config: of the training.
        evaluation: what it reached.

    Raises:
        StorageError: if it cannot be written; an older bundle there is untouched.
        VerificationError: if the graph does not compute what the network computes.
    """
    import torch

    seen = torch.from_numpy(np.asarray(windows, np.float32))
    with torch.no_grad():
        pose = network(seen, torch.zeros(len(seen), 0), torch.zeros(len(seen), 1))[0].numpy()
    golden = io.BytesIO()
    np.savez_compressed(golden, window=seen.numpy(), pose=pose)
    contents = {POLICY_FILE: export_onnx(network), GOLDEN_FILE: golden.getvalue()}
    info = SparseInfo(
        robot=robot_info(load_robot(robot), joint_parameters(robot)), tracked=TRACKED, frames_ago=FRAMES_AGO,
        fps=TRACKER_FPS, network=plain(network.config()), provenance=provenance(seed, config),
        evaluation=plain(evaluation),
    )  # fmt: skip
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        "info": to_json(info),
    }
    document["id"] = document_id(document)
    contents[INFO_FILE] = render(document).encode()
    replace_folder(path, contents, replaceable=set(contents))
    return SparseBundle(path)


def _read_document(where: Path) -> dict[str, Any]:
    try:
        document = parse(where.read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(
            f"{where} is missing: give the folder of a bundle that 'sim2metal sparse train' made"
        ) from None
    except OSError as error:
        raise BundleError(f"{where} cannot be read ({error.strerror}): copy the bundle again") from None
    except ValueError as error:
        raise BundleError(f"{where} was altered or truncated ({error}): copy the bundle again") from None
    if document.get("schema_version") != SCHEMA_VERSION:
        raise BundleError(f"{where}: this program reads schema version {SCHEMA_VERSION}; train it again")
    if document.get("id") != document_id(document):
        raise BundleError(f"{where} was altered: its content does not have the id that it claims")
    return document


def _read_checked(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}): copy the bundle again") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise BundleError(f"{path} was altered or truncated: copy the bundle again")
    return content


def _check_fits(info: SparseInfo, path: Path) -> None:
    """Refuse what was made for another robot or other windows than this program's."""
    require_known(info.robot.name, robot_names(), "robot")
    now = load_robot(info.robot.name).joint_names
    changed = sorted(set(info.robot.joint_names) ^ set(now))
    if changed:
        raise BundleError(f"{path}: joint '{changed[0]}' is not both in the bundle and in robot '{info.robot.name}'")
    same = (info.tracked, info.frames_ago, info.fps, info.robot.joint_names) == (TRACKED, FRAMES_AGO, TRACKER_FPS, now)
    sizes = info.network.get("window"), info.network.get("code")
    if not same or sizes != (WINDOW_SIZE, code_size(info.robot.name)):
        raise BundleError(f"{path} was made for other windows or poses than this program's; train it again")
