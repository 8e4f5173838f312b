"""From a plan to a clip: the pelvis goes where the centre of mass must be, the legs reach the footsteps.

Legs are solved in closed form (two bones and a hinge), so feet that stand do not slide at all. The pelvis is found
by moving it until the centre of mass is where ``balance`` wants it, which takes three rounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.motion.generators.balance import center_of_mass
from sim.motion.generators.plan import Arm, Plan, Settings
from sim.quaternions import conjugate, cross, from_rotation_vector, multiply, rotate, to_rotation_vector

Array = NDArray[np.float64]

EASY_STANDING = 0.02
"""The pelvis below where straight legs have it, in statures; ours: knees are a little bent."""
COM_HEIGHT = 0.55
"""Of the centre of mass, in statures; Winter's segments give 0.58 with straight legs, less with bent ones."""
STRETCH = 0.98
"""The longest leg, over a straight one: knees never lock."""
MOST_LOWERED = 0.15
"""How far the pelvis may be lowered so that the legs reach, in statures."""
ROUNDS = 3


def make_clip(plan: Plan, settings: Settings, name: str, source: str) -> Clip:
    """Return the clip of a plan; it loops.

    Raises:
        ConfigError: if the legs are too short for the footsteps.
    """
    time_s, stature = settings.time_s, settings.stature_m
    loop_s = settings.num_frames / settings.fps
    feet, contact = plan.footwork.feet(time_s)
    ankles = feet + plan.foot_way_m + (0.0, 0.0, skeleton.FOOT_HEIGHT * stature)
    forward = (0.5 * skeleton.FOOT_LENGTH - skeleton.HEEL) * stature
    pressure = plan.footwork.pressure(time_s, loop_s, forward)
    target = center_of_mass(pressure, plan.footwork.drift, loop_s, COM_HEIGHT * stature)
    body = _Body(plan, ankles, stature)
    height = (skeleton.OFFSETS[0, 2] - EASY_STANDING) * stature - plan.lower_m
    pelvis = np.column_stack([target, height])
    for _ in range(ROUNDS):
        pelvis[:, 2] = height - _too_far(body, np.column_stack([pelvis[:, :2], height]), stature, name)
        positions, _ = body.pose(pelvis)
        pelvis[:, :2] += target - skeleton.center_of_mass(positions)[:, :2]
    pelvis[:, 2] = height - _too_far(body, np.column_stack([pelvis[:, :2], height]), stature, name)
    positions, quaternions = body.pose(pelvis)
    return Clip(
        name=name, character=HUMAN, fps=settings.fps, joint_names=skeleton.JOINTS, root_position_w=pelvis,
        root_quaternion_w=quaternions[:, 0], joint_angles=skeleton.joint_angles_from(quaternions), loops=True,
        body_names=skeleton.BODIES, body_position_w=positions, body_quaternion_w=quaternions,
        contact_names=skeleton.FEET, contact=contact, source=source,
    )  # fmt: skip


def _too_far(body: _Body, pelvis: Array, stature: float, name: str) -> float:
    """Return how much the pelvis must be lower so that the legs reach everywhere, m."""
    longest = STRETCH * body.leg
    lower = 0.0
    for side in range(2):
        way = body.ankles[:, side] - body.hips(pelvis)[:, side]
        level = np.linalg.norm(way[:, :2], axis=1)
        if level.max() < longest:
            lower = max(lower, float((-way[:, 2] - np.sqrt(longest**2 - level**2)).max()))
        else:
            lower = np.inf
    if lower > MOST_LOWERED * stature:
        raise ConfigError(f"motion '{name}': the legs are too short for these steps; lower --speed or --amplitude")
    return lower


class _Body:
    """Poses a person for any place of the pelvis; all else is the plan's."""

    def __init__(self, plan: Plan, ankles: Array, stature: float) -> None:
        self.plan, self.ankles, self.stature = plan, ankles, stature
        self._turn = from_rotation_vector(plan.pelvis)
        at = skeleton.BODIES.index
        self._hips = stature * skeleton.OFFSETS[[at("left_hip"), at("right_hip")]]
        self._bones = (
            -stature * skeleton.OFFSETS[at("left_knee"), 2],
            -stature * skeleton.OFFSETS[at("left_ankle"), 2],
        )
        self._upper = _upper_body(plan)

    @property
    def leg(self) -> float:
        """Length of a straight leg, m."""
        return sum(self._bones)

    def hips(self, pelvis: Array) -> Array:
        """Return the hip joints, m; (T, 2, 3)."""
        return pelvis[:, None] + rotate(self._turn[:, None], self._hips)

    def pose(self, pelvis: Array) -> tuple[Array, Array]:
        """Return positions, (T, 24, 3), and quaternions, (T, 24, 4), of all bodies."""
        local = dict(self._upper)
        hips = self.hips(pelvis)
        for index, side in enumerate(("left", "right")):
            thigh, shank = _leg(hips[:, index], self.ankles[:, index], self._turn, self._bones)
            foot = from_rotation_vector(np.outer(self.plan.foot_pitch[:, index], (0.0, 1.0, 0.0)))
            local[f"{side}_hip"] = multiply(conjugate(self._turn), thigh)
            local[f"{side}_knee"] = multiply(conjugate(thigh), shank)
            local[f"{side}_ankle"] = multiply(conjugate(shank), foot)
        still = np.tile((1.0, 0.0, 0.0, 0.0), (len(pelvis), 1))
        angles = np.column_stack([to_rotation_vector(local.get(name, still)) for name in skeleton.BODIES[1:]])
        return skeleton.forward_kinematics(pelvis, self._turn, angles, self.stature)


def _leg(hip: Array, ankle: Array, pelvis: Array, bones: tuple[float, float]) -> tuple[Array, Array]:
    """Return the turns of thigh and shank, (T, 4) each: two bones, a hinge that stays as far left as it can."""
    upper, lower = bones
    way = ankle - hip
    far = np.linalg.norm(way, axis=1, keepdims=True)
    down = way / far
    left = rotate(pelvis, (0.0, 1.0, 0.0))
    left = _unit(left - (left * down).sum(axis=1, keepdims=True) * down)
    front = cross(left, -down)
    along = (upper**2 - lower**2 + far**2) / (2.0 * far)
    knee = hip + along * down + np.sqrt(np.maximum(upper**2 - along**2, 0.0)) * front
    return _frame(left, _unit(hip - knee)), _frame(left, _unit(knee - ankle))


def _frame(left: Array, up: Array) -> Array:
    """Return the turn whose y axis is ``left`` and whose z axis is ``up``, (T, 4)."""
    matrix = np.stack([cross(left, up), left, up], axis=2)
    return Rotation.from_matrix(matrix).as_quat(scalar_first=True)


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def _upper_body(plan: Plan) -> dict[str, Any]:
    """Return the turns of trunk and arms against their parents, each (T, 4)."""
    local = {name: from_rotation_vector(plan.spine / 3.0) for name in ("spine1", "spine2", "spine3")}
    local |= {name: from_rotation_vector(plan.neck / 2.0) for name in ("neck", "head")}
    for side, sign, arm in zip(("left", "right"), (1.0, -1.0), plan.arms, strict=True):
        local[f"{side}_shoulder"], local[f"{side}_elbow"] = _arm(arm, sign)
    return local


def _arm(arm: Arm, sign: float) -> tuple[Array, Array]:
    """Return the turns of upper arm and forearm against their parents; ``sign`` is 1 left, -1 right."""
    x, y, z = np.eye(3)
    down = from_rotation_vector(np.outer(sign * (arm.aside - 0.5 * np.pi), x))
    forward = from_rotation_vector(np.outer(-arm.forward, y))
    twist = from_rotation_vector(np.outer(-arm.twist, y))
    elbow = from_rotation_vector(np.outer(-sign * arm.elbow, z))
    return multiply(multiply(forward, down), twist), elbow
