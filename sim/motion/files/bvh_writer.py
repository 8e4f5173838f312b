"""A person's clip as a BVH file, for other programmes: y up, centimetres, the joint names of Mixamo."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.quaternions import conjugate, multiply, rotate

Array = NDArray[np.float64]

_PARTS = {
    "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "foot": "ToeBase", "collar": "Shoulder", "shoulder": "Arm",
    "elbow": "ForeArm", "wrist": "Hand", "hand": "HandMiddle1",
}  # fmt: skip
_MIDDLE = {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck", "head": "Head"}
_TURNS = "ZXY"
_CENTIMETRES = 100.0
_END_CM = 5.0


def write_bvh(clip: Clip) -> str:
    """Return the file's content.

    Raises:
        ConfigError: for a robot's clip.
    """
    if clip.character != HUMAN:
        raise ConfigError(f"clip '{clip.name}' is of robot '{clip.character}'; BVH files are of people")
    lines = ["HIERARCHY"]
    order: list[int] = []
    _write_joint(clip, 0, 0, lines, order)
    lines += ["MOTION", f"Frames: {clip.num_frames}", f"Frame Time: {1.0 / clip.fps:.8f}"]
    columns = [_CENTIMETRES * clip.root_position_w[:, [1, 2, 0]]]
    for body in order:
        local = clip.body_quaternion_w[:, body]
        if body:
            local = multiply(conjugate(clip.body_quaternion_w[:, skeleton.PARENTS[body]]), local)
        turned = np.concatenate([local[:, :1], local[:, [2, 3, 1]]], axis=1)
        with warnings.catch_warnings():  # where two axes coincide any share of their turns is right
            warnings.simplefilter("ignore", UserWarning)
            columns.append(Rotation.from_quat(turned, scalar_first=True).as_euler(_TURNS, degrees=True))
    lines += [" ".join(f"{value:.6f}" for value in row) for row in np.concatenate(columns, axis=1)]
    return "\n".join(lines) + "\n"


def _write_joint(clip: Clip, body: int, depth: int, lines: list[str], order: list[int]) -> None:
    order.append(body)
    pad = "\t" * depth
    turns = " ".join(f"{axis}rotation" for axis in _TURNS)
    lines += [f"{pad}{'JOINT' if body else 'ROOT'} {_name(skeleton.BODIES[body])}", f"{pad}{{"]
    lines.append(f"{pad}\tOFFSET {_text(_offset(clip, body))}")
    lines.append(f"{pad}\tCHANNELS " + (f"3 {turns}" if body else f"6 Xposition Yposition Zposition {turns}"))
    children = [k for k, parent in enumerate(skeleton.PARENTS) if parent == body]
    for child in children:
        _write_joint(clip, child, depth + 1, lines, order)
    if not children:
        lines += [f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET 0.0 {_END_CM} 0.0", f"{pad}\t}}"]
    lines.append(f"{pad}}}")


def _offset(clip: Clip, body: int) -> Array:
    """Return where a body is in its parent, cm, in the file's axes; the first frame's, as bones do not change."""
    if not body:
        return np.zeros(3)
    parent = skeleton.PARENTS[body]
    way = clip.body_position_w[0, body] - clip.body_position_w[0, parent]
    return _CENTIMETRES * rotate(conjugate(clip.body_quaternion_w[0, parent]), way)[[1, 2, 0]]


def _name(body: str) -> str:
    if body in _MIDDLE:
        return _MIDDLE[body]
    side, part = body.split("_")
    return side.capitalize() + _PARTS[part]


def _text(values: Array) -> str:
    return " ".join(f"{value:.6f}" for value in values)
