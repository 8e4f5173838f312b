"""BVH files (Biovision hierarchy): joints with offsets and channels, and one line of numbers per frame.

Format: Meredith and Maddock, "Motion Capture File Formats Explained", University of Sheffield, 2001. Angles are degrees
and act in the order of their channels; lengths have no unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sim.errors import ConfigError
from sim.quaternions import multiply, rotate

Array = NDArray[np.float64]

DEEPEST = 100
"""Joints within joints: skeletons with fingers have some ten; beyond it the file is broken."""
RADIANS = 2.0 * np.pi
"""No angle of a whole file is beyond it; in degrees some are: arms are out in rest, and hanging ones turn by tens."""
CHANNELS = ("Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation")


@dataclass
class BvhJoint:
    """One joint.

    Attributes:
        name: as in the file.
        parent: index, -1 of the root.
        offset: in the parent, in the file's unit.
        channels: in the file's order.
        end: offset of the end site, if there is one.
    """

    name: str
    parent: int
    offset: Array = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()
    end: Array | None = None


@dataclass(frozen=True)
class Bvh:
    """A whole file; ``motion`` is (T, channels of all joints) in the file's units and degrees."""

    name: str
    joints: list[BvhJoint]
    frame_s: float
    motion: Array

    def poses(self) -> tuple[Array, Array]:
        """Return positions, (T, joints, 3), in the file's unit and axes, and quaternions, wxyz, (T, joints, 4)."""
        frames = len(self.motion)
        positions, quaternions = np.zeros((frames, len(self.joints), 3)), np.zeros((frames, len(self.joints), 4))
        start = 0
        for index, joint in enumerate(self.joints):
            values = self.motion[:, start : start + len(joint.channels)]
            start += len(joint.channels)
            way, turn = _local(joint, values)
            if joint.parent < 0:
                positions[:, index], quaternions[:, index] = way, turn
                continue
            above = quaternions[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + rotate(above, way)
            quaternions[:, index] = multiply(above, turn)
        return positions, quaternions

    def rest(self) -> Array:
        """Return the joints' positions with every channel at zero, in the file's unit and axes; (joints, 3)."""
        places = np.zeros((len(self.joints), 3))
        for index, joint in enumerate(self.joints):
            places[index] = joint.offset + (places[joint.parent] if joint.parent >= 0 else 0.0)
        return places


def read_bvh(path: Path | str) -> Bvh:
    """Read a file.

    Raises:
        ConfigError: naming file and line, or joint and frame, of what is wrong.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from None
    return parse_bvh(text, path.stem)


def parse_bvh(text: str, name: str) -> Bvh:
    """Like ``read_bvh``, from the content of a file."""
    lines = _Lines(text, name)
    lines.expect("HIERARCHY")
    joints: list[BvhJoint] = []
    _read_joint(lines, lines.next(), -1, joints)
    lines.expect("MOTION")
    frames = lines.number("Frames:")
    if not (frames >= 1.0 and frames.is_integer()):
        raise lines.error(f"{frames:g} frames: expected a whole number")
    frame_s = lines.number("Frame", "Time:")
    if not 0.0 < frame_s < 10.0:
        raise lines.error(f"frame time {frame_s:g} s: expected more than 0, 0.0333 for 30 frames per second")
    width = sum(len(joint.channels) for joint in joints)
    motion = np.array([_frame(lines, number, width) for number in range(int(frames))])
    names = [f"{joint.name}' ({channel})" for joint in joints for channel in joint.channels]
    lines.require_end(int(frames))
    bad = np.argwhere(~np.isfinite(motion))
    if len(bad):
        raise ConfigError(f"clip '{name}', joint '{names[bad[0, 1]]}, frame {bad[0, 0]}: not a finite number")
    turns = np.abs(motion[:, [k for k, title in enumerate(names) if title.endswith("rotation)")]])
    if 0.0 < turns.max(initial=0.0) <= RADIANS:
        raise ConfigError(
            f"clip '{name}': no joint turns further than {turns.max():.3g} degrees; are these radians? BVH files have"
            " degrees"
        )
    return Bvh(name, joints, frame_s, motion)


class _Lines:
    """Lines with words in them, one after the other."""

    def __init__(self, text: str, name: str) -> None:
        self._lines: Iterator[tuple[int, list[str]]] = (
            (number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()
        )
        self._name, self._number = name, 0

    def next(self) -> list[str]:
        number, words = next(self._lines, (self._number + 1, None))
        self._number = number
        if words is None:
            raise self.error("the file ends too early")
        return words

    def expect(self, word: str) -> None:
        words = self.next()
        if words[0].upper() != word:
            raise self.error(f"expected '{word}', found '{' '.join(words)[:40]}'")

    def number(self, *label: str) -> float:
        words = self.next()
        try:
            if [word.lower() for word in words[:-1]] != [word.lower() for word in label]:
                raise ValueError
            return float(words[-1])
        except ValueError:
            raise self.error(f"expected '{' '.join(label)}' and a number, found '{' '.join(words)[:40]}'") from None

    def numbers(self, words: list[str], count: int) -> Array:
        try:
            values = np.array([float(word) for word in words])
        except ValueError:
            raise self.error(f"expected {count} numbers, found '{' '.join(words)[:40]}'") from None
        if len(values) != count:
            raise self.error(f"expected {count} numbers, found {len(values)}")
        return values

    def require_end(self, frames: int) -> None:
        number, words = next(self._lines, (0, None))
        if words is not None:
            self._number = number
            raise self.error(f"more lines than the {frames} frames that 'Frames:' says")

    def error(self, what: str) -> ConfigError:
        return ConfigError(f"clip '{self._name}', line {self._number} of the BVH file: {what}")


def _read_joint(lines: _Lines, words: list[str], parent: int, joints: list[BvhJoint], depth: int = 0) -> None:
    if depth > DEEPEST:
        raise lines.error(f"more than {DEEPEST} joints within one another")
    if words[0].upper() not in ("ROOT", "JOINT") or len(words) < 2:
        raise lines.error(f"expected 'JOINT' and a name, found '{' '.join(words)[:40]}'")
    joint = BvhJoint(" ".join(words[1:]), parent)
    index = len(joints)
    joints.append(joint)
    lines.expect("{")
    while (words := lines.next())[0] != "}":
        match words[0].upper():
            case "OFFSET":
                joint.offset = lines.numbers(words[1:], 3)
                if not np.isfinite(joint.offset).all():
                    raise lines.error(f"offset of joint '{joint.name}': not a finite number")
            case "CHANNELS":
                joint.channels = _channels(lines, words)
            case "END":
                lines.expect("{")
                joint.end = lines.numbers(lines.next()[1:], 3)
                lines.expect("}")
            case _:
                _read_joint(lines, words, index, joints, depth + 1)


def _channels(lines: _Lines, words: list[str]) -> tuple[str, ...]:
    channels = tuple(word.capitalize() for word in words[2:])
    unknown = [channel for channel in channels if channel not in CHANNELS]
    if len(words) < 2 or words[1] != str(len(channels)) or unknown or len(set(channels)) != len(channels):
        raise lines.error(f"expected 'CHANNELS', how many and which of {', '.join(CHANNELS)}")
    return channels


def _frame(lines: _Lines, number: int, width: int) -> Array:
    try:
        words = lines.next()
    except ConfigError as error:
        raise ConfigError(f"{error}: frame {number} is missing") from None
    return lines.numbers(words, width)


def _local(joint: BvhJoint, values: Array) -> tuple[Array, Array]:
    """Return the place in the parent, (T, 3), and the turn, (T, 4), of a joint."""
    way = np.tile(joint.offset, (len(values), 1))
    for column, channel in enumerate(joint.channels):
        if channel.endswith("position"):
            way[:, "XYZ".index(channel[0])] = values[:, column]
    turns = [column for column, channel in enumerate(joint.channels) if channel.endswith("rotation")]
    if not turns:
        return way, np.tile((1.0, 0.0, 0.0, 0.0), (len(values), 1))
    order = "".join(joint.channels[column][0] for column in turns)  # capital letters: each about the axes turned so far
    return way, Rotation.from_euler(order, values[:, turns], degrees=True).as_quat(scalar_first=True)
