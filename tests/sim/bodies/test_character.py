"""Characters of our own design: their masses and inertias against their shapes, and the mirror image of a limb."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sim.bodies.character import Drive, Hinge, left, policy_gains, right
from sim.bodies.model import build_joint_model, reset_to_default_pose
from sim.inertia import Inertial, add_up
from sim.registry import load_robot

DENSITY_KG_M3 = {"biped": 1000.0, "dinosaur": 1000.0, "mouse": 500.0}


def volume_m3(radius, length):
    """Of a capsule, both its half spheres included; of a sphere, for a length of nothing."""
    return 4.0 / 3.0 * np.pi * radius**3 + np.pi * radius**2 * length


def capsule(mass, radius, length, place, axis):
    """Inertia of a capsule by the textbook: a cylinder, and a half sphere 3/8 of its radius beyond either end."""
    ball = mass * 4.0 / 3.0 * np.pi * radius**3 / volume_m3(radius, length)
    rod = mass - ball
    along = rod * radius**2 / 2.0 + ball * 2.0 * radius**2 / 5.0
    across = rod * (radius**2 / 4.0 + length**2 / 12.0)
    across += ball * (2.0 * radius**2 / 5.0 + length**2 / 4.0 + 3.0 * length * radius / 8.0)
    tensor = across * np.eye(3) + (along - across) * np.outer(axis, axis)
    return Inertial(mass, tuple(place), (*np.diag(tensor), tensor[0, 1], tensor[0, 2], tensor[1, 2]))


@pytest.mark.parametrize("name", DENSITY_KG_M3)
def test_links_are_their_shapes_filled(name):
    robot = load_robot(name)
    model = mujoco.MjModel.from_xml_path(str(robot.mjcf))
    for link, mass in zip(robot.parameters().link_names, robot.parameters().link_mass):
        body = model.body(link)
        parts = []
        for geom in np.flatnonzero(model.geom_bodyid == body.id):
            if not model.geom_contype[geom]:
                continue  # eyes and claws weigh nothing
            turn = np.empty(9)
            mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
            radius = model.geom_size[geom, 0]
            length = 2.0 * model.geom_size[geom, 1] if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0
            filled = round(DENSITY_KG_M3[name] * volume_m3(radius, length), 3)
            parts.append(capsule(filled, radius, length, model.geom_pos[geom], turn.reshape(3, 3)[:, 2]))
        whole = add_up(parts)
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, body.iquat)
        tensor = turn.reshape(3, 3) @ np.diag(body.inertia) @ turn.reshape(3, 3).T
        assert mass == pytest.approx(whole.mass, abs=1e-9), link
        np.testing.assert_allclose(body.ipos, whole.com, atol=1e-9, err_msg=link)
        np.testing.assert_allclose(tensor, whole.tensor, rtol=1e-6, atol=1e-9, err_msg=link)


@pytest.mark.parametrize("name", DENSITY_KG_M3)
def test_a_heavier_character_has_its_inertia_scaled_too(name):
    """Its shapes carry the mass, so that a set with other masses is no body of impossible inertia."""
    parameters = load_robot(name).parameters()
    heavier = replace(parameters, link_mass=tuple(1.5 * mass for mass in parameters.link_mass))
    model, heavy = build_joint_model(name), build_joint_model(name, heavier)
    np.testing.assert_allclose(heavy.body_mass[1:], 1.5 * model.body_mass[1:])
    np.testing.assert_allclose(heavy.body_inertia[1:], 1.5 * model.body_inertia[1:])


@pytest.mark.parametrize("name", ["g1", "dinosaur", "mouse"])
def test_what_retargeting_needs_is_there(name):
    parameters = load_robot(name).parameters()
    assert parameters.feet == ("left_foot", "right_foot")
    assert parameters.hands == ("left_hand", "right_hand")
    assert parameters.head == "head"
    wanted = {f"{side}_{joint}_joint" for side in ("left", "right") for joint in
              ("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll",
               "shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow")}  # fmt: skip
    assert wanted | {"waist_yaw_joint", "waist_pitch_joint"} <= set(parameters.joint_names)


def test_the_right_limb_is_the_mirror_image_of_the_left():
    drive = Drive(10.0, 20.0, 0.01, 100.0, 2.0)
    limb = (Hinge("hip_roll", drive, -0.2, 0.7, 0.1), Hinge("knee", drive, 0.0, 2.0, 0.5))
    assert left(limb)[0] == Hinge("left_hip_roll", drive, -0.2, 0.7, 0.1)
    assert right(limb) == (
        Hinge("right_hip_roll", drive, -0.7, 0.2, -0.1),
        Hinge("right_knee", drive, 0.0, 2.0, 0.5),
    )


def test_policy_gains_are_a_10_hz_oscillator_damped_twice_over():
    (kp,), (kd,) = policy_gains([0.01])
    assert np.sqrt(kp / 0.01) / (2.0 * np.pi) == pytest.approx(10.0)
    assert kd / (2.0 * np.sqrt(kp * 0.01)) == pytest.approx(2.0)


def test_the_planar_biped_stays_in_its_plane():
    """Thrown about by targets at random it stays in its plane; pushed aside it stands on its wide soles."""
    parameters = load_robot("biped").parameters("policy")
    model = build_joint_model("biped", parameters, timestep=0.005)
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    rng, pose = np.random.default_rng(0), np.asarray(parameters.default_pose_rad)
    for _ in range(200):
        data.ctrl[:] = pose + parameters.action_scale_rad * rng.uniform(-2.0, 2.0, len(pose))
        mujoco.mj_step(model, data, nstep=4)
    assert abs(data.qpos[5]) > 0.1, "it moved"
    assert np.abs(data.qpos[[1, 4, 6]]).max() < 1e-4, "what round-off grew to while it lay on its round torso"
    reset_to_default_pose(model, data, parameters)
    data.qvel[1] = 0.3
    mujoco.mj_step(model, data, nstep=20)
    assert np.abs(data.qpos[[4, 6]]).max() < 0.02
