"""Any motion file by what it is: a clip, BVH, AMASS-like npz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.errors import ConfigError
from sim.motion.clip import HUMAN, Clip, load_clip, read_npz
from sim.motion.files.amass import amass_clip, is_amass
from sim.motion.files.bvh import read_bvh
from sim.motion.files.joint_names import find_bodies
from sim.motion.files.person import Joints, face_forward, person_clip
from sim.motion.height import correct_height
from sim.motion.robot_poses import require_robot
from sim.motion.skeleton import STATURE_M


def load_motion(
    path: Path | str,
    scale: float | None = None,
    rest_frame: int | None = None,
    stature_m: float | None = None,
    first: int = 0,
    last: int | None = None,
) -> Clip:
    """Read a clip, or make one of somebody else's file: on the ground, from above the origin, facing x.

    Args:
        path: ``.npz`` or ``.bvh``.
        scale: of BVH: metres per unit; found by the length of the legs when None.
        rest_frame: of BVH: a frame that stands upright, arms out, where the file's own rest pose does not.
        stature_m: of AMASS: how tall the person is; ``STATURE_M`` when None.
        first: frame to begin with; many BVH files begin with a pose that the motion jumps out of.
        last: frame to end with; the file's last when None.

    Raises:
        ConfigError: if it cannot be read or could not be a motion.
    """
    path = Path(path)
    if path.suffix.lower() == ".bvh":
        _require_no_stature(path, stature_m)
        return correct_height(load_bvh(path, scale, rest_frame, first, last))
    if path.suffix.lower() != ".npz":
        raise ConfigError(f"{path}: expected a motion file, .npz or .bvh")
    if scale is not None or rest_frame is not None:
        raise ConfigError(f"{path}: --scale and --rest-frame go with BVH files")
    values = read_npz(path)
    if is_amass(values):
        clip = amass_clip(values, path.stem, STATURE_M if stature_m is None else stature_m)
        return correct_height(face_forward(_part(clip, first, last)))
    _require_no_stature(path, stature_m)
    clip = load_clip(path)
    if clip.character != HUMAN:
        require_robot(clip)
    return _part(clip, first, last)


def _require_no_stature(path: Path, stature_m: float | None) -> None:
    if stature_m is not None:
        raise ConfigError(f"{path}: --stature goes with AMASS-like files, which do not say where joints are")


def _part(clip: Clip, first: int, last: int | None) -> Clip:
    return clip.cut(first, clip.num_frames if last is None else last + 1)


def load_bvh(
    path: Path | str,
    scale: float | None = None,
    rest_frame: int | None = None,
    first: int = 0,
    last: int | None = None,
) -> Clip:
    """Read a BVH file of a person; see ``load_motion``. The height is the file's."""
    if scale is not None and not 0.0 < scale < np.inf:
        raise ConfigError(f"--scale {scale:g}: expected metres per unit, a positive number")
    bvh = read_bvh(path)
    bodies = find_bodies([joint.name for joint in bvh.joints], [joint.parent for joint in bvh.joints], bvh.name)
    position, quaternion = bvh.poses()
    rest_position, rest_quaternion = bvh.rest(), np.tile((1.0, 0.0, 0.0, 0.0), (len(bvh.joints), 1))
    if rest_frame is not None:
        if not 0 <= rest_frame < len(position):
            raise ConfigError(f"--rest-frame {rest_frame}: clip '{bvh.name}' has frames 0 to {len(position) - 1}")
        rest_position, rest_quaternion = position[rest_frame], quaternion[rest_frame]
    end = len(position) if last is None else last + 1
    if not 0 <= first < end <= len(position):
        raise ConfigError(f"clip '{bvh.name}' has frames 0 to {len(position) - 1}, not {first} to {end - 1}")
    part = slice(first, end)
    joints = Joints(
        bvh.name, 1.0 / bvh.frame_s, bodies, position[part], quaternion[part], rest_position, rest_quaternion
    )
    return person_clip(joints, scale, f"BVH file {bvh.name}")
