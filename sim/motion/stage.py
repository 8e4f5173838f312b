"""A MuJoCo scene in which a clip can be shown: the robot itself, or a person of capsules, on a floor with a grid."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from sim.bodies.model import build_joint_spec
from sim.flight.scene import add_scene
from sim.motion import skeleton
from sim.motion.clip import HUMAN, Clip
from sim.motion.robot_poses import require_robot

_SKIN, _FOOT = (0.80, 0.62, 0.50, 1.0), (0.25, 0.28, 0.34, 1.0)
_BONES: dict[str, tuple[str, float]] = {
    "spine1": ("pelvis", 0.065), "spine2": ("spine1", 0.07), "spine3": ("spine2", 0.075), "neck": ("spine3", 0.04),
    **{
        f"{side}_{body}": (f"{side}_{parent}", radius)
        for side in ("left", "right")
        for body, parent, radius in (
            ("knee", "hip", 0.042), ("ankle", "knee", 0.03), ("foot", "ankle", 0.02), ("shoulder", "collar", 0.035),
            ("elbow", "shoulder", 0.028), ("wrist", "elbow", 0.022), ("hand", "wrist", 0.022),
        )
    },
    **{f"{side}_hip": ("pelvis", 0.06) for side in ("left", "right")},
    **{f"{side}_collar": ("spine3", 0.04) for side in ("left", "right")},
}  # fmt: skip
"""Body -> the body at the other end of its capsule, and the capsule's radius in statures; for the eye only."""
_HEAD_RADIUS, _NOSE_RADIUS, _HEAD_UP = 0.06, 0.012, 0.05
SHADOW_SIZE = 1024
"""px; the stage's own, for stills, is so large that films take minutes without a graphics card."""
LIGHT_FROM_ROOT_M = np.array([0.6, -0.8])
"""x and y, as the scene has it from the origin."""
_PERSON = "person_"
"""Before names of capsules: bodies of robots have the same names."""


@dataclass
class Stage:
    """A model and its data; ``show`` poses it.

    Attributes:
        model: with floor, sky and light.
        data: of it.
        clip: what is shown.
    """

    model: mujoco.MjModel
    data: mujoco.MjData
    clip: Clip

    def show(self, frame: int) -> None:
        """Pose the scene as in a frame of the clip."""
        clip, data = self.clip, self.data
        # The shadow's map covers some metres around the light: it goes along.
        self.model.light_pos[:, :2] = LIGHT_FROM_ROOT_M + clip.root_position_w[frame, :2]
        if clip.character == HUMAN:
            for body, (other, _) in _BONES.items():
                _stretch(self.model, data, body, clip.body_position_w[frame, [clip.body(other), clip.body(body)]])
            head = clip.body("head")
            data.mocap_pos[self.model.body(f"{_PERSON}head").mocapid[0]] = clip.body_position_w[frame, head]
            data.mocap_quat[self.model.body(f"{_PERSON}head").mocapid[0]] = clip.body_quaternion_w[frame, head]
        else:
            data.qpos[:3], data.qpos[3:7] = clip.root_position_w[frame], clip.root_quaternion_w[frame]
            data.qpos[7:] = clip.joint_angles[frame]
        mujoco.mj_forward(self.model, data)


def make_stage(clip: Clip) -> Stage:
    """Build the scene.

    Raises:
        ConfigError: for a clip that is not of the robot it says it is of, or an unknown robot.
    """
    if clip.character == HUMAN:
        spec = mujoco.MjSpec()
        _add_person(spec, clip)
        add_scene(spec)
    else:
        require_robot(clip)
        spec = build_joint_spec(clip.character)
    spec.visual.quality.shadowsize = SHADOW_SIZE
    model = spec.compile()
    stage = Stage(model, mujoco.MjData(model), clip)
    stage.show(0)
    return stage


def _add_person(spec: mujoco.MjSpec, clip: Clip) -> None:
    stature = skeleton.stature_from(clip.body_position_w)
    for body, (other, radius) in _BONES.items():
        ends = clip.body_position_w[0, [clip.body(other), clip.body(body)]]
        part = spec.worldbody.add_body(name=_PERSON + body, mocap=True)
        half = 0.5 * float(np.linalg.norm(ends[1] - ends[0]))
        part.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[radius * stature, half, 0.0],
            rgba=_FOOT if body.endswith("foot") else _SKIN, contype=0, conaffinity=0,
        )  # fmt: skip
    head = spec.worldbody.add_body(name=f"{_PERSON}head", mocap=True)
    at, size = [0.0, 0.0, _HEAD_UP * stature], [_HEAD_RADIUS * stature, 0.0, 0.0]
    head.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=size, pos=at, rgba=_SKIN, contype=0, conaffinity=0)
    nose = [_HEAD_RADIUS * stature, 0.0, _HEAD_UP * stature]
    head.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[_NOSE_RADIUS * stature, 0.0, 0.0],
        pos=nose,
        rgba=_FOOT,
        contype=0,
        conaffinity=0,
    )


def _stretch(model: mujoco.MjModel, data: mujoco.MjData, body: str, ends: np.ndarray) -> None:
    """Put a capsule between two points."""
    index = model.body(_PERSON + body).mocapid[0]
    data.mocap_pos[index] = ends.mean(axis=0)
    along = ends[1] - ends[0]
    length = np.linalg.norm(along)
    if length > 1e-9:
        turn = np.zeros(4)
        mujoco.mju_quatZ2Vec(turn, along / length)
        data.mocap_quat[index] = turn
