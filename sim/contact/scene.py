"""The MuJoCo model of a contact task: table, arm, pads, the object in the hand, the fixture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco

from sim.arm.model import FINGERS, build_arm_spec
from sim.contact import fixtures
from sim.contact.pads import policy_pad
from sim.contact.spec import PHYSICS_STEP_S, ContactTaskSpec
from sim.contact.thread import add_threaded
from sim.contact.workpieces import MAX_DIAMETER_M
from sim.spec import ArmParameters
from sim.tactile.mount import Mount
from sim.tactile.sensor import Pad

OBJECT = "object"
GRIPPED = "gripped"
"""The geom of the object that the pads touch."""
FIXTURE_FORCE = "fixture_force"
PADS = ("left_pad", "right_pad")
TOOL_IN_FINGER_M = 0.045
"""Height of the tool over a finger's frame, along the finger: 0.1034 - 0.0584 m (Franka Hand)."""
_FINGER_CONTYPE, _OBJECT_CONTYPE = 4, 1
_MEMORY = 1_000_000
"""Bytes of scratch memory of one simulation: contacts are few; MuJoCo's default is much more."""


@dataclass(frozen=True)
class Scene:
    """A compiled contact task."""

    model: mujoco.MjModel
    arm: ArmParameters
    pad: Pad
    mounts: tuple[Mount, ...]


def build_scene(task: ContactTaskSpec, pad: Pad | None = None) -> Scene:
    """Return the model of a task, with the largest object.

    Args:
        task: what to build.
        pad: another than the policies' one of the task.

    Raises:
        ConfigError: for a robot that is no arm or an unknown pad.
    """
    spec, arm = build_arm_spec(task.robot, timestep=PHYSICS_STEP_S)
    spec.memory = _MEMORY
    # Walls of holes move with the drawn diameter, and the tree of bounding boxes within a body does not.
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_MIDPHASE
    _add_table(spec)
    for finger, place in zip(FINGERS, PADS, strict=True):
        _add_pad_site(spec.body(finger), place)
        spec.geom(finger).contype, spec.geom(finger).conaffinity = _FINGER_CONTYPE, 0
    _add_object(spec, task)
    fixtures.add_fixture(spec, task.workpiece)
    _add_force_sensor(spec)
    mounts = tuple(Mount(name) for name in PADS)
    return Scene(spec.compile(), arm, pad or policy_pad(task.pad), mounts)


def _add_table(spec: mujoco.MjSpec) -> None:
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(1.0, 1.0, 0.05), contype=fixtures.CONTYPE,
        conaffinity=fixtures.CONAFFINITY, rgba=(0.82, 0.84, 0.86, 1.0),
    )  # fmt: skip
    spec.worldbody.add_light(pos=(0.4, -0.4, 1.5), dir=(0.1, 0.2, -1.0), diffuse=(0.7, 0.7, 0.7))


def _add_pad_site(finger: mujoco.MjsBody, name: str) -> None:
    """Put a pad on a finger's inner face: z out of the gel against the finger's own y, y along it to its tip."""
    half = math.sqrt(0.5)
    finger.add_site(name=name, pos=(0.0, 0.0, TOOL_IN_FINGER_M), quat=(half, half, 0.0, 0.0), size=(0.001,) * 3)


def _add_object(spec: mujoco.MjSpec, task: ContactTaskSpec) -> None:
    work = task.workpiece
    body = spec.worldbody.add_body(name=OBJECT, pos=(0.5, 0.0, 0.3))
    body.add_freejoint(name=OBJECT)
    radius = MAX_DIAMETER_M / 2.0
    # Each simulation has its own inertia. Off the origin, so that MuJoCo is prepared for a centre of mass anywhere.
    body.explicitinertial, body.mass, body.ipos, body.inertia = True, 0.01, (0.0, 0.0, 1e-6), (1e-6, 1e-6, 1e-6)
    look = {"contype": _OBJECT_CONTYPE, "conaffinity": 0, "solref": fixtures.SOLREF, "solimp": fixtures.SOLIMP}
    grip = work.length_m - work.bolt_m
    body.add_geom(
        name=GRIPPED, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(radius, grip / 2.0, 0.0), priority=1,
        pos=(0.0, 0.0, work.bolt_m / 2.0), rgba=(0.85, 0.55, 0.2, 1.0), **look,
    )  # fmt: skip
    if work.thread_m:
        head = work.bolt_m - work.length_m / 2.0
        add_threaded(spec, body, "bolt", work.thread_m, pos=(0.0, 0.0, head), rgba=(0.7, 0.7, 0.72, 1.0), **look)


def _add_force_sensor(spec: mujoco.MjSpec) -> None:
    """Measure the force that the fixture and whatever lies under it exert on the object."""
    sensor = spec.add_sensor(
        name=FIXTURE_FORCE, type=mujoco.mjtSensor.mjSENS_CONTACT, objtype=mujoco.mjtObj.mjOBJ_BODY, objname=OBJECT
    )
    sensor.intprm[:3] = (1 << 1, 3, 1)  # the force; its sum; in one slot


__all__ = ["FIXTURE_FORCE", "GRIPPED", "OBJECT", "PADS", "Scene", "build_scene"]
