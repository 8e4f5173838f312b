"""AMASS-like npz: rotation vectors of SMPL's joints, without SMPL's body model, which needs a licence.

Keys (Mahmood et al. 2019, "AMASS: Archive of Motion Capture as Surface Shapes"): ``poses`` (T, 156) for SMPL-H, or 72,
66 or 165 wide for its relatives, whose first 22 joints are the same; ``trans`` (T, 3), m; ``mocap_framerate``.
The bones are ours (``sim/motion/skeleton.py``), whatever ``betas`` say, so places are right in proportion only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip, read_npz
from sim.motion.files.person import upright
from sim.quaternions import from_rotation_vector, multiply

Array = NDArray[np.float64]

RATES = ("mocap_framerate", "mocap_frame_rate", "fps")
"""What releases of AMASS and its relatives call the frame rate."""
BODY_JOINTS = 22
"""Root and joints up to the wrists; what follows are hands and face, except for SMPL's own two hands."""
WIDTHS = (66, 72, 156, 165)
"""SMPL without hands, SMPL, SMPL-H, SMPL-X; three numbers per joint."""
_TO_SMPL = np.array([0.5, -0.5, -0.5, -0.5])
"""The turn from our axes (x ahead, y left, z up) to SMPL's (x left, y up, z ahead): a third of one about (1, 1, 1)."""


def is_amass(values: dict[str, NDArray]) -> bool:
    """Return whether the arrays of an npz are an AMASS-like motion."""
    return "poses" in values


def load_amass(path: Path | str, stature_m: float = skeleton.STATURE_M) -> Clip:
    """Read a file.

    Args:
        path: of the npz.
        stature_m: how tall the person is.

    Raises:
        ConfigError: if it is no such file or what it holds could not be a motion.
    """
    return amass_clip(read_npz(path), Path(path).stem, stature_m)


def amass_clip(values: dict[str, NDArray], name: str, stature_m: float = skeleton.STATURE_M) -> Clip:
    """Return the clip of the arrays of a file; see ``load_amass``."""
    low, high = skeleton.STATURE_RANGE_M
    if not low <= stature_m <= high:
        raise ConfigError(f"--stature {stature_m:g}: expected {low:g} to {high:g} m")
    poses, trans, fps = _checked(values, name)
    vectors = poses.reshape(len(poses), -1, 3)[:, 1:]
    if poses.shape[1] != 72:  # SMPL-H and SMPL-X have fingers here, which our hands have not
        vectors = vectors[:, : BODY_JOINTS - 1]
    angles = np.zeros((len(poses), len(skeleton.BODIES) - 1, 3))
    angles[:, : vectors.shape[1]] = vectors[..., [2, 0, 1]]
    turn = multiply(from_rotation_vector(poses[:, :3]), _TO_SMPL)
    positions, quaternions = skeleton.forward_kinematics(trans, turn, angles.reshape(len(poses), -1), stature_m)
    clip = Clip(
        name=name, character=HUMAN, fps=fps, joint_names=skeleton.JOINTS, root_position_w=trans, root_quaternion_w=turn,
        joint_angles=angles.reshape(len(poses), -1), body_names=skeleton.BODIES, body_position_w=positions,
        body_quaternion_w=quaternions, source=f"AMASS-like file {name}",
    )  # fmt: skip
    return upright(clip)


def _checked(values: dict[str, NDArray], name: str) -> tuple[Array, Array, float]:
    for key in ("poses", "trans"):
        if key not in values:
            raise ConfigError(f"clip '{name}' lacks '{key}'; an AMASS-like npz has poses, trans and mocap_framerate")
    rate = next((values[key] for key in RATES if key in values), None)
    if rate is None:
        raise ConfigError(f"clip '{name}' lacks its frame rate; expected 'mocap_framerate'")
    try:
        poses, trans, fps = values["poses"].astype(float), values["trans"].astype(float), float(rate)
    except (TypeError, ValueError):
        raise ConfigError(f"clip '{name}': 'poses', 'trans' and the frame rate must be numbers") from None
    if poses.ndim != 2 or poses.shape[1] not in WIDTHS:
        raise ConfigError(
            f"clip '{name}': 'poses' is {poses.shape}, expected (frames, {' or '.join(map(str, WIDTHS))})"
        )
    if len(poses) < 2:
        raise ConfigError(f"clip '{name}' has {len(poses)} frames; a motion has 2 or more")
    if trans.shape != (len(poses), 3):
        raise ConfigError(f"clip '{name}': 'trans' is {trans.shape}, expected ({len(poses)}, 3)")
    _check_angles(poses, name)
    return poses, trans, fps


def _check_angles(poses: Array, name: str) -> None:
    """Refuse degrees and missing numbers here, where the joint still has its name."""
    lengths = np.linalg.norm(poses.reshape(len(poses), -1, 3)[:, :BODY_JOINTS], axis=2)
    bad = ~(lengths <= 2.0 * np.pi + 1e-6)
    if bad.any():
        frame, joint = (int(k) for k in np.argwhere(bad)[0])
        what = "not a finite number" if not np.isfinite(lengths[frame, joint]) else "more than a whole turn; degrees?"
        raise ConfigError(f"clip '{name}', joint '{skeleton.BODIES[joint]}', frame {frame}: {what}")
