"""Every robot with a mapping follows made motions, within its joints, with its feet where they should be."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.check import check
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.mapping import Target, load_mapping, mapped_robots
from sim.motion.rest import Rest
from sim.motion.retarget import goals_for, retarget
from sim.motion.robot_poses import robot_poses
from sim.motion.size import stature_for
from sim.motion.source import along_heading, source_of
from sim.registry import load_robot

ROBOTS = mapped_robots()


@pytest.fixture(scope="module")
def g1_walk():
    person = generate("walk", Settings(duration_s=2.0, stature_m=stature_for("g1")))
    return person, retarget(person, "g1")


def test_the_characters_of_the_zoo_can_follow():
    assert {"g1", "go1", "go1_arm", "biped", "dinosaur", "mouse"} <= set(ROBOTS)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("name", ["walk", "squat"])
def test_robot_follows_within_its_joints(robot, name):
    person = generate(name, Settings(duration_s=2.0, stature_m=stature_for(robot)))
    clip = retarget(person, robot)
    figures = check(clip, person)
    assert figures.refused == ""
    assert figures.joint_limit_violations == 0
    assert figures.joint_speed_share <= 0.9 + 1e-6
    assert figures.foot_slip_m_s < 0.03
    assert figures.penetration_m < 1e-4, "inverse kinematics alone leaves soles up to 0.2 mm in the ground"
    assert figures.floating_m < 0.005
    assert figures.end_effector_m < 0.01
    assert figures.stable_share == 1.0
    assert clip.joint_names == load_robot(robot).joint_names
    assert set(clip.contact_names) == set(load_robot(robot).parameters().feet)


def test_robot_walks_as_far_as_a_person_of_its_size(g1_walk):
    person, clip = g1_walk
    np.testing.assert_allclose(np.ptp(clip.root_position_w[:, 0]), np.ptp(person.root_position_w[:, 0]), atol=0.02)
    tall = generate("walk", Settings(duration_s=2.0))
    scaled = retarget(tall, "g1")
    ratio = stature_for("g1") / 1.7
    np.testing.assert_allclose(
        np.ptp(scaled.root_position_w[:, 0]), ratio * np.ptp(tall.root_position_w[:, 0]), atol=0.03
    )


def test_the_planar_biped_stays_in_its_plane():
    """The person's weight sways aside by centimetres; the biped's does not."""
    person = generate("walk", Settings(duration_s=2.0, stature_m=stature_for("biped")))
    clip = retarget(person, "biped")
    assert np.ptp(source_of(person).center_of_mass[:, 1]) > 0.02
    assert np.ptp(robot_poses(clip).center_of_mass[:, 1]) < 0.002
    assert np.abs(clip.root_quaternion_w[:, [1, 3]]).max() < 0.002, "no roll, no yaw"


def test_loop_still_closes(g1_walk):
    person, clip = g1_walk
    drift = person.root_position_w[-1] - person.root_position_w[0]
    np.testing.assert_allclose(clip.root_position_w[-1] - clip.root_position_w[0], drift, atol=0.01)
    assert check(clip).seam_share < 1.0


def test_robot_to_robot(g1_walk):
    """A mapping read backwards gives back what it was read from: g1 to g1 changes (nearly) nothing."""
    _, clip = g1_walk
    again = retarget(clip, "g1")
    np.testing.assert_allclose(again.root_position_w, clip.root_position_w, atol=5e-3)
    assert check(again, clip).end_effector_m < 2e-3
    mouse = retarget(clip, "mouse")
    figures = check(mouse, clip)
    assert figures.refused == ""
    assert figures.end_effector_m < 0.02
    scale = Rest("mouse").height_m / Rest("g1").height_m
    np.testing.assert_allclose(
        np.ptp(mouse.root_position_w[:, 0]), scale * np.ptp(clip.root_position_w[:, 0]), atol=0.02
    )


def test_joint_limits_hold_where_the_person_goes_beyond():
    person = generate("squat", Settings(duration_s=1.0, amplitude=1.5, stature_m=stature_for("dinosaur")))
    figures = check(retarget(person, "dinosaur"), person)
    assert figures.joint_limit_violations == 0
    assert figures.joint_speed_share <= 0.9 + 1e-6


def test_offsets_go_with_the_heading():
    quarter = np.array([[np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)]])
    np.testing.assert_allclose(along_heading(quarter, (1.0, 0.2)), [[-0.2, 1.0, 0.0]], atol=1e-12)


def test_lengths_of_arms_are_measured_along_the_bones():
    rest = Rest("mouse")
    hand = next(target for target in load_mapping("mouse").targets if target.frame == "left_hand")
    assert rest.reach_m(hand) == pytest.approx(0.015 + 0.09 + 0.1)


def test_what_cannot_be_retargeted_is_refused(g1_walk):
    person, clip = g1_walk
    with pytest.raises(ConfigError, match=r"'panda' has no retarget\.py.*g1"):
        retarget(person, "panda")
    with pytest.raises(ConfigError, match="unknown robot 'g2'"):
        retarget(person, "g2")
    shifted = replace(clip, joint_names=clip.joint_names[1:] + clip.joint_names[:1])
    with pytest.raises(ConfigError, match="joint 0 is 'left_hip_roll_joint', but 'left_hip_pitch_joint'"):
        robot_poses(shifted)
    renamed = replace(clip, joint_names=("third_knee_joint", *clip.joint_names[1:]))
    with pytest.raises(ConfigError, match="lacks joint 'left_hip_pitch_joint' of robot 'g1'"):
        robot_poses(renamed)
    with pytest.raises(ConfigError, match="no frame 'antenna'"):
        Rest("g1").kind("antenna")
    with pytest.raises(ConfigError, match="follows 'head', which the motion does not have"):
        goals_for(
            "mouse", replace(source_of(person), poses={k: v for k, v in source_of(person).poses.items() if k != "head"})
        )
    with pytest.raises(ConfigError, match="not beyond"):
        Rest("g1").reach_m(Target("left_hand", "left_hand", anchor=("right_elbow_link", "right_elbow")))
