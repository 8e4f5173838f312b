"""A motion: poses over time of a person or of a robot with joints, as one record that saves and loads whole.

Every loader, generator and retargeting makes a ``Clip`` and everything else reads one; what could not be a motion
(missing numbers, degrees, centimetres, a wrong frame rate) is refused where it is made, by ``sim/motion/plausible.py``.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.files import write_atomic
from sim.motion.plausible import check_person, check_plausible

Array = NDArray[np.float64]

HUMAN = "human"
"""The ``character`` of a clip of a person; any other is a robot's name."""

FORMAT = "sim2metal-motion-1"
"""In every file, so that another npz is told apart; the number counts changes that old readers cannot read."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A motion of T frames.

    World frame: x forward at the start, y left, z up, the ground at z = 0. Quaternions are wxyz.

    Attributes:
        name: for messages and file names.
        character: ``human`` or the robot's name.
        fps: frames per second.
        joint_names: n of them. A robot's are its hinges, in its order. A person's are the components of rotation
            vectors, ``left_knee.x``, ``left_knee.y``, ``left_knee.z``, each in the frame of the parent body.
        root_position_w: of the base, or of the pelvis, m; (T, 3).
        root_quaternion_w: (T, 4).
        joint_angles: rad; (T, n).
        loops: frame T would be frame 0 again, displaced and turned about z as far as the clip goes.
        body_names: B bodies of a person; empty for a robot, whose model knows them (``sim/motion/robot_poses.py``).
        body_position_w: m; (T, B, 3).
        body_quaternion_w: all are the identity in a person who stands upright, arms out, facing x; (T, B, 4).
        contact_names: feet whose contact with the ground is known; empty where it is not.
        contact: (T, feet), bool.
        source: where it is from: a file, a generator with its parameters.

    Raises:
        ConfigError: naming clip, joint and frame, for what could not be a motion.
    """

    name: str
    character: str
    fps: float
    joint_names: tuple[str, ...]
    root_position_w: Array
    root_quaternion_w: Array
    joint_angles: Array
    loops: bool = False
    body_names: tuple[str, ...] = ()
    body_position_w: Array = field(default_factory=lambda: np.zeros((0, 0, 3)))
    body_quaternion_w: Array = field(default_factory=lambda: np.zeros((0, 0, 4)))
    contact_names: tuple[str, ...] = ()
    contact: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), bool))
    source: str = ""

    def __post_init__(self) -> None:
        check_plausible(self)
        if self.character == HUMAN:
            check_person(self)

    @property
    def num_frames(self) -> int:
        """How many frames there are."""
        return len(self.root_position_w)

    @property
    def duration_s(self) -> float:
        """Time from the first frame to the last, or to the first again where the clip loops."""
        return (self.num_frames if self.loops else self.num_frames - 1) / self.fps

    def digest(self) -> str:
        """Return the SHA-256 of all that the motion is, hexadecimal; its name and source do not count."""
        hasher = hashlib.sha256()
        for f in fields(self):
            if f.name not in ("name", "source"):
                value = np.asarray(getattr(self, f.name))
                hasher.update(f"{f.name} {value.dtype.kind} {value.shape}".encode())
                hasher.update(value.tobytes())
        return hasher.hexdigest()

    def body(self, name: str) -> int:
        """Return the index of a body.

        Raises:
            ConfigError: if the clip has none of this name.
        """
        if name not in self.body_names:
            raise ConfigError(
                f"clip '{self.name}' has no body '{name}'; it has: {', '.join(self.body_names) or 'none'}"
            )
        return self.body_names.index(name)

    def cut(self, first: int, last: int) -> Clip:
        """Return the frames from ``first`` up to ``last`` (which is left out); a part does not loop.

        Raises:
            ConfigError: for an empty or impossible range.
        """
        if not 0 <= first < last <= self.num_frames:
            raise ConfigError(f"clip '{self.name}' has frames 0 to {self.num_frames - 1}, not {first} to {last - 1}")
        over_time = [f.name for f in fields(self) if isinstance(getattr(self, f.name), np.ndarray)]
        parts = {name: getattr(self, name)[first:last] for name in over_time}
        return replace(self, loops=self.loops and last - first == self.num_frames, **parts)


def save_clip(clip: Clip, path: Path | str) -> None:
    """Write a clip to an npz file.

    Raises:
        StorageError: if it cannot be written; what was there is untouched.
    """
    write_atomic(path, clip_bytes(clip))


def clip_bytes(clip: Clip) -> bytes:
    """Return the content of the npz file of a clip."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, format=FORMAT, **{f.name: getattr(clip, f.name) for f in fields(clip)})
    return buffer.getvalue()


def load_clip(path: Path | str) -> Clip:
    """Read a clip that ``save_clip`` wrote.

    Raises:
        ConfigError: if the file is missing, is no clip, or holds what could not be a motion.
    """
    values = read_npz(path)
    if str(values.get("format", "")) != FORMAT:
        raise ConfigError(f"{path} is not a clip ({FORMAT}); 'sim2metal motion convert' makes one from BVH or AMASS")
    missing = [f.name for f in fields(Clip) if f.name not in values]
    if missing:
        raise ConfigError(f"{path} is incomplete: it lacks '{missing[0]}'")
    return Clip(**{f.name: _restored(values[f.name], f.name, path) for f in fields(Clip)})


def read_npz(path: Path | str) -> dict[str, NDArray[Any]]:
    """Return every array of an npz file.

    Raises:
        ConfigError: if the file is missing or is no npz of plain arrays.
    """
    if not Path(path).exists():
        raise ConfigError(f"no such file: {path}")
    if not zipfile.is_zipfile(path):  # NumPy would take it for a pickle, and say so
        raise ConfigError(f"cannot read {path}: not an npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or ["not an npz file"])[0]
        raise ConfigError(f"cannot read {path}: {reason}") from None


_TEXTS = ("name", "character", "source")
_NAMES = ("joint_names", "body_names", "contact_names")
_TRUTHS = ("loops", "contact")


def _restored(value: NDArray[Any], name: str, path: Path | str) -> Any:
    """Return a field as it was before ``np.savez`` made an array of it; refuse what is of another kind."""
    kinds, expected = "fiu", "numbers"
    if name in _TEXTS or name in _NAMES:
        kinds, expected = "U", "text"
    elif name in _TRUTHS:
        kinds, expected = "b", "true or false"
    single = name in (*_TEXTS, "fps", "loops")
    if (value.size and value.dtype.kind not in kinds) or single != (value.ndim == 0):
        shape = "one value" if single else "an array"
        raise ConfigError(
            f"{path}: '{name}' is {value.dtype.type.__name__} {value.shape}, expected {expected}, {shape}"
        )
    if single:
        return float(value) if name == "fps" else value.item()
    if name in _NAMES:
        return tuple(value.tolist())
    return value.astype(bool if name in _TRUTHS else float)
