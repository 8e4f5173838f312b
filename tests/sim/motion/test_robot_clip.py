"""The motion that a user names for a robot: made, read, put on it, or refused in one line."""

import dataclasses

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.clip import clip_bytes, load_clip, save_clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.robot_clip import robot_clip


@pytest.fixture(scope="module")
def person():
    return generate("squat", Settings(3.0))


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
        robot_clip(str(path), "g1")


def test_a_digest_is_of_the_motion_not_of_its_name(person, tmp_path):
    save_clip(person, tmp_path / "again.npz")
    assert load_clip(tmp_path / "again.npz").digest() == person.digest()
    assert dataclasses.replace(person, name="other", source="").digest() == person.digest()
    moved = person.joint_angles.copy()
    moved[7, 3] += 1e-9
    assert dataclasses.replace(person, joint_angles=moved).digest() != person.digest()
    assert person.cut(0, 50).digest() != person.digest()
