"""A clip survives a file, and what cannot be a motion is refused with clip, joint and frame."""

from dataclasses import fields, replace

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.clip import Clip, load_clip, read_npz, save_clip
from sim.motion.files.load import load_motion
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate

SHORT = Settings(duration_s=1.0)


def robot_clip(**changes):
    frames = 20
    values = {
        "name": "wiggle", "character": "g1", "fps": 50.0, "joint_names": ("knee", "elbow"),
        "root_position_w": np.tile((0.0, 0.0, 0.8), (frames, 1)),
        "root_quaternion_w": np.tile((1.0, 0.0, 0.0, 0.0), (frames, 1)),
        "joint_angles": 0.1 * np.sin(np.arange(2 * frames).reshape(frames, 2)),
    }  # fmt: skip
    return Clip(**{**values, **changes})


@pytest.mark.parametrize("clip", [generate("walk", SHORT), robot_clip()], ids=["person", "robot"])
def test_file_holds_the_whole_clip(clip, tmp_path):
    save_clip(clip, tmp_path / "clip.npz")
    again = load_clip(tmp_path / "clip.npz")
    for field in fields(clip):
        before, after = getattr(clip, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_array_equal(after, before)
        else:
            assert after == before


def spoilt(values, frame, joint, value):
    values = values.copy()
    values[frame, joint] = value
    return values


ANGLES = robot_clip().joint_angles
ROOT = robot_clip().root_position_w
TURN = robot_clip().root_quaternion_w


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"joint_angles": spoilt(ANGLES, 7, 1, np.nan)}, ["'elbow'", "frame 7", "not a finite number"]),
        ({"root_position_w": spoilt(ROOT, 3, 2, np.inf)}, ["root position", "frame 3"]),
        ({"joint_angles": spoilt(ANGLES, 5, 0, 45.0)}, ["'knee'", "frame 5", "degrees"]),
        ({"root_position_w": 100.0 * ROOT}, ["root position", "centimetres"]),
        ({"root_quaternion_w": spoilt(TURN, 4, 0, 0.5)}, ["root quaternion", "frame 4", "length 0.5"]),
        ({"fps": 0.0}, ["0 frames per second"]),
        ({"root_position_w": spoilt(ROOT, 10, 0, 3.0)}, ["frame 10", "m/s", "50 frames per second"]),
        ({"joint_angles": spoilt(ANGLES, 9, 1, 3.1)}, ["'elbow'", "frame 9", "rad/s"]),
        ({"joint_names": ("knee",)}, ["'joint_angles'", "(20, 2)", "(20, 1)"]),
        ({"joint_names": ("knee", "knee")}, ["'knee'", "twice"]),
    ],
)
def test_what_cannot_be_a_motion_is_refused(changes, words):
    with pytest.raises(ConfigError) as caught:
        robot_clip(**changes)
    for word in ("'wiggle'", *words):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", [100.0, 0.01])
def test_person_in_another_unit_is_refused(scale):
    clip = generate("stand", SHORT)
    with pytest.raises(ConfigError, match=r"'stand'.*metres"):
        replace(clip, body_position_w=scale * clip.body_position_w, root_position_w=scale * clip.root_position_w)


def test_wrong_frame_rate_of_a_person_is_refused():
    with pytest.raises(ConfigError, match=r"m/s.*really 1000 frames"):
        replace(generate("walk", Settings(duration_s=1.0, speed_m_s=1.2)), fps=1000.0)


def test_part_of_a_clip_keeps_what_belongs_together():
    clip = generate("walk", SHORT)
    part = clip.cut(10, 30)
    assert (part.num_frames, part.loops, part.duration_s) == (20, False, pytest.approx(19 / 50))
    np.testing.assert_array_equal(part.body_position_w, clip.body_position_w[10:30])
    np.testing.assert_array_equal(part.contact, clip.contact[10:30])
    with pytest.raises(ConfigError, match="frames 0 to 49"):
        clip.cut(10, 51)


@pytest.mark.parametrize("content", [b"", b"not an npz", b"PK\x03\x04 cut short"])
def test_files_that_are_no_clips_are_refused(content, tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broken\.npz"):
        load_clip(path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fps", "fifty", "expected numbers, one value"),
        ("fps", np.array([50.0, 50.0]), "expected numbers, one value"),
        ("character", 3, "expected text, one value"),
        ("loops", "yes", "expected true or false, one value"),
        ("joint_names", np.arange(2), "expected text, an array"),
        ("joint_angles", np.full((20, 2), "0.1"), "expected numbers, an array"),
        ("joint_angles", np.ones((20, 2), complex), "expected numbers, an array"),
        ("contact", np.ones((20, 2)), "expected true or false, an array"),
    ],
)
def test_fields_of_another_kind_are_refused(name, value, words, tmp_path):
    path = tmp_path / "clip.npz"
    save_clip(robot_clip(), path)
    np.savez(path, **{**read_npz(path), name: value})
    with pytest.raises(ConfigError, match=rf"clip\.npz: '{name}' is .*, {words}$"):
        load_clip(path)


def test_a_person_without_a_person_s_bodies_is_refused():
    clip = generate("stand", SHORT)
    names, turned = clip.body_names, clip.body_names[::-1]
    with pytest.raises(ConfigError, match="'stand' lacks body 'right_hand' of a person"):
        replace(
            clip, body_names=names[:-1], body_position_w=clip.body_position_w[:, :-1],
            body_quaternion_w=clip.body_quaternion_w[:, :-1],
        )  # fmt: skip
    with pytest.raises(ConfigError, match="body 0 is 'right_hand', but 'pelvis'"):
        replace(clip, body_names=turned)
    with pytest.raises(ConfigError, match=r"lacks joint 'left_hip\.x'"):
        replace(clip, joint_names=("tail.x", *clip.joint_names[1:]))
    with pytest.raises(ConfigError, match="lacks foot in contact 'right_ankle'"):
        replace(clip, contact_names=("left_ankle", "tail"))
    with pytest.raises(ConfigError, match="contact 'left_foot' is there twice"):
        robot_clip(contact_names=("left_foot", "left_foot"), contact=np.ones((20, 2), bool))


def test_robots_with_joints_missing_are_refused_as_they_are_read(tmp_path):
    save_clip(robot_clip(), tmp_path / "clip.npz")
    with pytest.raises(ConfigError, match="'wiggle' lacks joint 'left_hip_pitch_joint' of robot 'g1'"):
        load_motion(tmp_path / "clip.npz")
    save_clip(robot_clip(character="g2"), tmp_path / "clip.npz")
    with pytest.raises(ConfigError, match="unknown robot 'g2'"):
        load_motion(tmp_path / "clip.npz")


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_clip(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", poses=np.zeros((3, 156)))
    with pytest.raises(ConfigError, match="motion convert"):
        load_clip(tmp_path / "other.npz")
