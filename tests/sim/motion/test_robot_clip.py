"""The motion that a user names for a robot: made, read, put on it, or refused in one line."""

import dataclasses

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.clip import clip_bytes, load_clip, save_clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from sim.motion.robot_clip import robot_clip
from sim.quaternions import from_rotation_vector, multiply

NONE = np.zeros((0, 0), bool)


@pytest.fixture(scope="module")
def person():
    return generate("squat", Settings(3.0))


@pytest.fixture(scope="module")
def squat(person):
    return retarget(person, "g1")


def test_a_generators_name_gives_a_motion_of_the_robot():
    clip = robot_clip("stand", "mouse")
    assert clip.character == "mouse"
    assert clip.loops


def test_a_persons_file_is_put_on_the_robot_and_the_robots_own_is_taken(person, tmp_path):
    save_clip(person, tmp_path / "person.npz")
    clip = robot_clip(str(tmp_path / "person.npz"), "g1")
    assert clip.character == "g1"
    save_clip(clip, tmp_path / "g1.npz")
    assert robot_clip(str(tmp_path / "g1.npz"), "g1").digest() == clip.digest()
    with pytest.raises(ConfigError, match=r"is a motion of 'g1', not of 'go1': 'sim2metal motion retarget"):
        robot_clip(str(tmp_path / "g1.npz"), "go1")


@pytest.mark.parametrize(
    ("named", "message"),
    [("squt", r"no motion 'squt' \(did you mean 'squat'\?\)"), ("nowhere.npz", "no such file: nowhere.npz")],
)
def test_what_is_not_there_is_named(named, message):
    with pytest.raises(ConfigError, match=message):
        robot_clip(named, "g1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values["joint_angles"].__setitem__((3, 2), np.nan), "frame 3"),
        (lambda values: values.update(joint_angles=np.rad2deg(values["joint_angles"])), "rad"),
        (lambda values: values.update(root_position_w=100.0 * values["root_position_w"]), "m"),
        (lambda values: values.update(joint_names=np.array([*values["joint_names"][:-1], "tail"])), "lacks joint"),
        (lambda values: values.update(root_position_w=values["root_position_w"] + [0.0, 2e3, 0.0]), "from the origin"),
        (lambda values: values.update(contact_names=np.array(["left_foot", "tail"])), "no foot in contact 'tail'"),
    ],
)
def test_what_could_not_be_the_robots_motion_is_refused(tmp_path, change, message):
    path = tmp_path / "bad.npz"
    path.write_bytes(clip_bytes(robot_clip("wave", "g1")))
    with np.load(path) as file:
        values = dict(file)
    change(values)
    np.savez(path, **values)
    with pytest.raises(ConfigError, match=message):
        robot_clip(str(path), "g1", unchecked=True)


def raised(clip, by):
    return dataclasses.replace(clip, root_position_w=clip.root_position_w + np.array([0.0, 0.0, by]))


def bent(clip, joint, angle):
    angles = clip.joint_angles.copy()
    angles[:, clip.joint_names.index(joint)] = angle
    return dataclasses.replace(clip, joint_angles=angles)


def leaning(clip, angle):
    turn = from_rotation_vector(np.array([0.0, angle, 0.0]))
    return raised(dataclasses.replace(clip, root_quaternion_w=multiply(clip.root_quaternion_w, turn)), 0.041)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clip: bent(clip, "left_knee_joint", -0.5), r"'left_knee_joint', frame 0: -0.5 rad is beyond its range"),
        (
            lambda clip: dataclasses.replace(clip.cut(0, 40), loops=True),
            r"a joint is \d\.\d times as fast as its motor",
        ),
        (lambda clip: clip.cut(0, 3), r"it lasts 0\.04 s"),
        (lambda clip: leaning(clip, 0.35), "the first frame is not stable"),
        (lambda clip: raised(clip, -0.3), "300 mm in the ground"),
        (lambda clip: raised(clip, 0.3), r"in contact are 0\.30 m above the ground; is the unit metres"),
        (
            lambda clip: dataclasses.replace(raised(clip, 0.3), contact_names=(), contact=NONE),
            r"no foot is ever on the ground",
        ),
        (lambda clip: dataclasses.replace(clip, root_position_w=1e-3 * clip.root_position_w), "mm in the ground"),
    ],
)
def test_what_the_check_refuses_is_not_trained_on_unless_asked_for(squat, tmp_path, change, message):
    path = str(tmp_path / "bad.npz")
    save_clip(change(squat), path)
    with pytest.raises(ConfigError, match=message):
        robot_clip(path, "g1")
    assert robot_clip(path, "g1", unchecked=True).character == "g1"


def test_a_digest_is_of_the_motion_not_of_its_name(person, tmp_path):
    save_clip(person, tmp_path / "again.npz")
    assert load_clip(tmp_path / "again.npz").digest() == person.digest()
    assert dataclasses.replace(person, name="other", source="").digest() == person.digest()
    moved = person.joint_angles.copy()
    moved[7, 3] += 1e-9
    assert dataclasses.replace(person, joint_angles=moved).digest() != person.digest()
    assert person.cut(0, 50).digest() != person.digest()
