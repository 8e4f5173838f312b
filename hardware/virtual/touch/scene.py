"""The scene: a pad, and over it an object in a hand that presses with a force and moves sideways to places.

The gel is no geom that collides: its law of force (``sim.tactile.field``) acts on the object at every physics step,
and as much the other way on the pad, whose mount is a load cell. So the forces the sensor reports are the ones
that move the object.
"""

from __future__ import annotations

import mujoco

from sim.tactile.objects import Held
from sim.tactile.sensor import Pad

TIMESTEP_S = 1e-3
LIFTED_M = 3e-3
"""How far above the gel the object starts and returns to."""
HAND = {
    "mass_kg": 0.1,
    "stiffness_n_m": 2000.0,  # sideways; the impedance of published insertion controllers is 600 N/m (TacSL)
    "turn_stiffness_nm": 2.0,
    "damping_n_s_m": 25.0,  # near critical for the stiffness and mass above
    "turn_damping_nms": 0.02,
    "inertia_kg_m2": 5e-5,
}
"""Of the hand with the object: chosen here, so that presses settle within a tenth of a second."""

_GEOM = {
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "plane": mujoco.mjtGeom.mjGEOM_BOX,  # a plane cannot move in MuJoCo: a plate shows it, the field sees a plane
}


def build_scene(pad: Pad, held: Held) -> mujoco.MjModel:
    """Return the model; the world frame is the pad's.

    Args:
        pad: the sensor.
        held: the object in the hand.
    """
    spec = mujoco.MjSpec()
    spec.option.timestep = TIMESTEP_S
    spec.option.gravity = (0.0, 0.0, 0.0)  # the hand carries the object
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    _add_pad(spec, pad)
    hand = spec.worldbody.add_body(name="object", pos=(0.0, 0.0, held.clearance_m + LIFTED_M))
    hand.mass, hand.inertia, hand.explicitinertial = HAND["mass_kg"], [HAND["inertia_kg_m2"]] * 3, True
    hand.ipos = (0.0, 0.0, 0.0)
    for name, axis in (("x", (1, 0, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1))):
        hand.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis, damping=[HAND["damping_n_s_m"], 0, 0])
    hand.add_joint(
        name="yaw", type=mujoco.mjtJoint.mjJNT_HINGE, axis=(0, 0, 1), damping=[HAND["turn_damping_nms"], 0, 0]
    )
    shape = held.shape
    size = [0.012, 0.012, 0.001] if shape.kind == "plane" else list(shape.padded_size)
    hand.add_geom(type=_GEOM[shape.kind], size=size, quat=held.quaternion, contype=0, conaffinity=0, mass=0.0)
    _add_actuators(spec)
    return spec.compile()


def _add_pad(spec: mujoco.MjSpec, pad: Pad) -> None:
    mount = spec.worldbody.add_body(name="pad")
    half = pad.gel.thickness_m / 2.0
    mount.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=[pad.size_m[0] / 2.0, pad.size_m[1] / 2.0, half], pos=[0.0, 0.0, -half],
        contype=0, conaffinity=0, rgba=[0.8, 0.8, 0.85, 0.6],
    )  # fmt: skip
    mount.add_site(name="load_cell")
    for kind, name in ((mujoco.mjtSensor.mjSENS_FORCE, "force"), (mujoco.mjtSensor.mjSENS_TORQUE, "torque")):
        spec.add_sensor(type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="load_cell", name=name)


def _add_actuators(spec: mujoco.MjSpec) -> None:
    for name, stiffness in (("x", "stiffness_n_m"), ("y", "stiffness_n_m"), ("yaw", "turn_stiffness_nm")):
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=HAND[stiffness])
    spec.add_actuator(name="press", target="z", trntype=mujoco.mjtTrn.mjTRN_JOINT).set_to_motor()
    spec.joint("z").range, spec.joint("z").limited = [-0.05, 0.0], True  # up to where it started
