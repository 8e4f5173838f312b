"""A person: the joint tree of SMPL with segment lengths and masses of published anthropometry.

The tree is SMPL's (Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model"), because motion files use it; its
body model needs a licence and is not used. Lengths are Drillis and Contini's (1966), masses Dempster's (1955), as in
D. Winter, "Biomechanics and Motor Control of Human Movement", 4th ed. 2009, fig. 4.1 and table 4.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.quaternions import from_rotation_vector, multiply, rotate, to_rotation_vector

Array = NDArray[np.float64]

STATURE_M = 1.7
"""Where a file says nothing: about the mean of men and women (NCD-RisC 2016: 171 and 159 cm)."""
STATURE_RANGE_M = (0.3, 2.5)
"""Of anybody whom a motion is made for, robots of a person's proportions included."""

FOOT_HEIGHT = 0.039
"""Ankle above the sole, in statures (Winter, fig. 4.1)."""
FOOT_LENGTH = 0.152
"""Heel to toe, in statures (the same)."""
FOOT_WIDTH = 0.055
"""In statures (the same)."""
HEEL = 0.04
"""Ankle to heel, in statures; ours, about a quarter of the foot's length."""

_TREE: tuple[tuple[str, str, tuple[float, float, float]], ...] = (
    ("pelvis", "", (0.0, 0.0, 0.53 + 0.03)),
    ("left_hip", "pelvis", (0.0, 0.05, -0.03)),
    ("right_hip", "pelvis", (0.0, -0.05, -0.03)),
    ("spine1", "pelvis", (0.0, 0.0, 0.05)),
    ("left_knee", "left_hip", (0.0, 0.0, -0.245)),
    ("right_knee", "right_hip", (0.0, 0.0, -0.245)),
    ("spine2", "spine1", (0.0, 0.0, 0.08)),
    ("left_ankle", "left_knee", (0.0, 0.0, -0.246)),
    ("right_ankle", "right_knee", (0.0, 0.0, -0.246)),
    ("spine3", "spine2", (0.0, 0.0, 0.06)),
    ("left_foot", "left_ankle", (0.08, 0.0, -0.03)),
    ("right_foot", "right_ankle", (0.08, 0.0, -0.03)),
    ("neck", "spine3", (0.0, 0.0, 0.09)),
    ("left_collar", "spine3", (0.0, 0.03, 0.06)),
    ("right_collar", "spine3", (0.0, -0.03, 0.06)),
    ("head", "neck", (0.0, 0.0, 0.05)),
    ("left_shoulder", "left_collar", (0.0, 0.099, 0.008)),
    ("right_shoulder", "right_collar", (0.0, -0.099, 0.008)),
    ("left_elbow", "left_shoulder", (0.0, 0.186, 0.0)),
    ("right_elbow", "right_shoulder", (0.0, -0.186, 0.0)),
    ("left_wrist", "left_elbow", (0.0, 0.146, 0.0)),
    ("right_wrist", "right_elbow", (0.0, -0.146, 0.0)),
    ("left_hand", "left_wrist", (0.0, 0.054, 0.0)),
    ("right_hand", "right_wrist", (0.0, -0.054, 0.0)),
)
"""Body, its parent and its place in the parent, in statures, of a person who stands upright with the arms out.

Winter, fig. 4.1: hip, knee, ankle and shoulder heights 0.530, 0.285, 0.039 and 0.818, shoulders 0.129 from the
middle, upper arm 0.186, forearm 0.146, hand 0.108 (to its middle: half). Where that figure has no joint (pelvis, spine,
neck, collars, ball of the foot, distance of the hip joints, which it gives from outside) the numbers are ours."""

BODIES = tuple(name for name, _, _ in _TREE)
"""All 24, in the order of SMPL; the first is the root."""
PARENTS = tuple(BODIES.index(parent) if parent else -1 for _, parent, _ in _TREE)
OFFSETS = np.array([offset for _, _, offset in _TREE])
"""In statures; the root's is its place above the ground; (24, 3)."""
JOINTS = tuple(f"{name}.{axis}" for name in BODIES[1:] for axis in "xyz")
"""Names of the rotation vectors' components, 69."""
FEET = ("left_ankle", "right_ankle")
"""Bodies whose contact with the ground is asked for; a sole is fixed to each."""

_SEGMENTS: tuple[tuple[str, str, float, float], ...] = (
    ("spine1", "pelvis", 0.142, 0.5),
    ("spine3", "spine1", 0.355, 0.5),
    ("head", "neck", 0.081, 1.0),
    *((f"{side}_knee", f"{side}_hip", 0.100, 0.433) for side in ("left", "right")),
    *((f"{side}_ankle", f"{side}_knee", 0.0465, 0.433) for side in ("left", "right")),
    *((f"{side}_foot", f"{side}_ankle", 0.0145, 0.5) for side in ("left", "right")),
    *((f"{side}_elbow", f"{side}_shoulder", 0.028, 0.436) for side in ("left", "right")),
    *((f"{side}_wrist", f"{side}_elbow", 0.016, 0.430) for side in ("left", "right")),
    *((f"{side}_hand", f"{side}_wrist", 0.006, 0.506) for side in ("left", "right")),
)
"""Distal body, proximal body, mass over the whole, centre of mass from the proximal end over the length: Winter, table
4.1 (trunk: pelvis 0.142, thorax and abdomen 0.355, head and neck 0.081, whose centres along our spine are ours)."""


def forward_kinematics(
    root_position_w: Array, root_quaternion_w: Array, joint_angles: Array, stature_m: float = STATURE_M
) -> tuple[Array, Array]:
    """Return where every body is.

    Args:
        root_position_w: of the pelvis, m; (T, 3).
        root_quaternion_w: (T, 4).
        joint_angles: rotation vectors in the order of ``JOINTS``, rad; (T, 69).
        stature_m: how tall the person is.

    Returns:
        Positions, m, (T, 24, 3), and quaternions, (T, 24, 4).
    """
    frames = len(root_position_w)
    local = from_rotation_vector(joint_angles.reshape(frames, -1, 3))
    positions, quaternions = np.zeros((frames, len(BODIES), 3)), np.zeros((frames, len(BODIES), 4))
    positions[:, 0], quaternions[:, 0] = root_position_w, root_quaternion_w
    for body in range(1, len(BODIES)):
        parent = PARENTS[body]
        positions[:, body] = positions[:, parent] + rotate(quaternions[:, parent], stature_m * OFFSETS[body])
        quaternions[:, body] = multiply(quaternions[:, parent], local[:, body - 1])
    return positions, quaternions


def joint_angles_from(quaternion_w: Array) -> Array:
    """Return the rotation vectors between bodies and their parents, (T, 24, 4) -> (T, 69), rad."""
    inverse = quaternion_w[:, PARENTS[1:]] * (1.0, -1.0, -1.0, -1.0)
    return to_rotation_vector(multiply(inverse, quaternion_w[:, 1:])).reshape(len(quaternion_w), -1)


def center_of_mass(position_w: Array) -> Array:
    """Return the centre of mass of a person from the bodies' positions, m; (T, 24, 3) -> (T, 3)."""
    total, moment = 0.0, np.zeros((len(position_w), 3))
    for distal, proximal, mass, share in _SEGMENTS:
        near, far = position_w[:, BODIES.index(proximal)], position_w[:, BODIES.index(distal)]
        moment += mass * (near + share * (far - near))
        total += mass
    return moment / total


def stature_from(position_w: Array) -> float:
    """Return how tall a person is whose legs are as long as these, m: legs are 0.491 of a stature; (T, 24, 3)."""
    of = BODIES.index
    parts = (("left_hip", "left_knee"), ("left_knee", "left_ankle"))
    leg = sum(np.linalg.norm(position_w[0, of(a)] - position_w[0, of(b)]) for a, b in parts)
    return float(leg / (0.245 + 0.246))


def sole_points(position_w: Array, quaternion_w: Array, stature_m: float) -> Array:
    """Return the corners of both soles: heel and toe, left and right of each; m, (T, 2, 4, 3).

    Args:
        position_w: of all bodies; (T, 24, 3).
        quaternion_w: of all bodies; (T, 24, 4).
        stature_m: sets the size of the soles.
    """
    half = 0.5 * FOOT_WIDTH
    corners = [(x, y, -FOOT_HEIGHT) for x in (-HEEL, FOOT_LENGTH - HEEL) for y in (half, -half)]
    feet = [BODIES.index(name) for name in FEET]
    turned = rotate(quaternion_w[:, feet, None], stature_m * np.array(corners))
    return position_w[:, feet, None] + turned
