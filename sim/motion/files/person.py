"""From joints of anybody's skeleton to a clip of a person: unit, axes, heading, and bodies that are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.quaternions import conjugate, from_rotation_vector, multiply, rotate

Array = NDArray[np.float64]

UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "CMU": 0.0254 / 0.45}
"""Metres per unit; CMU's is 1/0.45 inch (mocap.cs.cmu.edu, FAQ)."""
GROWN_M = (1.3, 2.1)
"""Of grown people; narrow enough that no two units fit the same skeleton."""
UPRIGHT = 0.8
"""Cosine: from the pelvis to the head in the rest pose, along an axis."""

STANDING = (0.35, 0.7)
"""Height of the pelvis of people who are on their feet, bent or jumping, in statures; 0.56 upright."""
LEG = 0.491
"""Hip to ankle along the bones, in statures (Winter, fig. 4.1)."""


@dataclass(frozen=True)
class Joints:
    """Joints over T frames in a file's unit and axes; ``rest_*`` is the pose to measure turns from: upright, arms out.

    Attributes:
        name: of the clip.
        fps: frames per second.
        bodies: a person's body -> index of the joint.
        position: (T, joints, 3).
        quaternion: wxyz; (T, joints, 4).
        rest_position: (joints, 3).
        rest_quaternion: (joints, 4).
    """

    name: str
    fps: float
    bodies: dict[str, int]
    position: Array
    quaternion: Array
    rest_position: Array
    rest_quaternion: Array


def person_clip(joints: Joints, scale: float | None, source: str) -> Clip:
    """Return the clip, facing x at the beginning, above the origin.

    Args:
        joints: of the file.
        scale: metres per unit; found by the length of the legs when None.
        source: for the clip.

    Raises:
        ConfigError: if the rest pose is not upright, the unit cannot be told, or the motion is implausible.
    """
    order = _axes(joints)
    scale = unit_of(joints) if scale is None else scale
    index = [joints.bodies.get(body, -1) for body in skeleton.BODIES]
    position = scale * joints.position[..., order]
    # Turns from the rest pose, in axes with z up; in rest the person faces ``heading``.
    turn = multiply(joints.quaternion, conjugate(joints.rest_quaternion))
    turn = np.concatenate([turn[..., :1], turn[..., 1:][..., order]], axis=-1)
    heading = _heading(joints.rest_position[..., order], joints.bodies)
    turn = multiply(turn, heading)
    frames = len(position)
    bodies, turns = np.zeros((frames, len(index), 3)), np.zeros((frames, len(index), 4))
    stature = _leg(joints) * scale / LEG
    for body, joint in enumerate(index):
        if joint >= 0:
            bodies[:, body], turns[:, body] = position[:, joint], turn[:, joint]
        else:  # as on the default skeleton, stiff
            parent = skeleton.PARENTS[body]
            bodies[:, body] = bodies[:, parent] + rotate(turns[:, parent], stature * skeleton.OFFSETS[body])
            turns[:, body] = turns[:, parent]
    clip = Clip(
        name=joints.name, character=HUMAN, fps=joints.fps, joint_names=skeleton.JOINTS, root_position_w=bodies[:, 0],
        root_quaternion_w=turns[:, 0], joint_angles=skeleton.joint_angles_from(turns), body_names=skeleton.BODIES,
        body_position_w=bodies, body_quaternion_w=turns, source=source,
    )  # fmt: skip
    return face_forward(upright(clip))


def upright(clip: Clip) -> Clip:
    """Turn a person's clip so that z is up, where its file had another axis up than its skeleton.

    It is turned only if the back is along that axis and the pelvis as high along it as in standing, which people who
    lie down are not.
    """
    back = clip.body_position_w[:, clip.body("head")] - clip.root_position_w
    back = (back / np.linalg.norm(back, axis=1, keepdims=True)).mean(axis=0)
    high = np.median(clip.root_position_w, axis=0) / skeleton.stature_from(clip.body_position_w)
    low, top = STANDING
    for axis, about in ((0, (0.0, -1.0, 0.0)), (1, (1.0, 0.0, 0.0))):
        if abs(back[2]) < 1.0 - UPRIGHT and back[axis] > UPRIGHT and low < high[axis] < top:
            return _turned(clip, from_rotation_vector(0.5 * np.pi * np.array(about)))
    return clip


def face_forward(clip: Clip) -> Clip:
    """Turn a person's clip about z and move it so that the pelvis begins above the origin, facing x."""
    ahead = rotate(clip.root_quaternion_w[0], (1.0, 0.0, 0.0))
    half = -0.5 * np.arctan2(ahead[1], ahead[0])
    back = np.array([np.cos(half), 0.0, 0.0, np.sin(half)])
    start = clip.root_position_w[0] * (1.0, 1.0, 0.0)
    return _turned(clip, back, start)


def _turned(clip: Clip, turn: Array, about: Array | float = 0.0) -> Clip:
    """Turn a clip about a point, which becomes the origin."""
    return replace(
        clip,
        root_position_w=rotate(turn, clip.root_position_w - about),
        root_quaternion_w=multiply(turn, clip.root_quaternion_w),
        body_position_w=rotate(turn, clip.body_position_w - about),
        body_quaternion_w=multiply(turn, clip.body_quaternion_w),
    )


def unit_of(joints: Joints) -> float:
    """Return the metres per unit that make a grown person of a skeleton.

    Raises:
        ConfigError: if no known unit does.
    """
    low, high = GROWN_M
    for metres in UNITS_M.values():
        if low <= metres * _leg(joints) / LEG <= high:
            return metres
    raise ConfigError(
        f"clip '{joints.name}': legs of {_leg(joints):.3g} are no grown person's in {', '.join(UNITS_M)}; "
        "give --scale, metres per unit"
    )


def _leg(joints: Joints) -> float:
    bones = (("left_hip", "left_knee"), ("left_knee", "left_ankle"))
    at, rest = joints.bodies, joints.rest_position
    return float(sum(np.linalg.norm(rest[at[a]] - rest[at[b]]) for a, b in bones))


def _axes(joints: Joints) -> list[int]:
    """Return which of the file's axes are our x, y and z: files have y or z up, and both are right-handed."""
    up = joints.rest_position[joints.bodies["head"]] - joints.rest_position[joints.bodies["pelvis"]]
    feet = joints.rest_position[joints.bodies["left_ankle"]] - joints.rest_position[joints.bodies["pelvis"]]
    up, down = up / max(np.linalg.norm(up), 1e-12), feet / max(np.linalg.norm(feet), 1e-12)
    for axis, order in ((1, [2, 0, 1]), (2, [0, 1, 2])):
        if up[axis] > UPRIGHT and down[axis] < -UPRIGHT:
            return order
    raise ConfigError(
        f"clip '{joints.name}': its rest pose does not stand upright; name a frame that does, arms out, by --rest-frame"
    )


def _heading(rest: Array, bodies: dict[str, int]) -> Array:
    """Return the turn about z of a person at rest, wxyz; (4,)."""
    left = rest[bodies["left_hip"]] - rest[bodies["right_hip"]]
    half = 0.5 * np.arctan2(-left[0], left[1])
    return np.array([np.cos(half), 0.0, 0.0, np.sin(half)])
