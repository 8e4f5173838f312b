"""AMASS-like files: axes, widths and rates of the archive's releases, and what is refused."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.files.amass import amass_clip
from sim.motion.files.load import load_motion
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.quaternions import from_rotation_vector, multiply, to_rotation_vector

FRAMES = 12
UPRIGHT = np.array([np.pi / 2.0, 0.0, 0.0])
"""SMPL's y to the world's z: such a person looks along -y."""


def arrays(width=156, **changes):
    poses = np.zeros((FRAMES, width))
    poses[:, :3] = UPRIGHT
    values = {"poses": poses, "trans": np.tile((0.0, 0.0, 0.9), (FRAMES, 1)), "mocap_framerate": np.array(120.0)}
    return {**values, **changes}


@pytest.mark.parametrize("width", [66, 72, 156, 165])
def test_upright_person_stands_upright_and_looks_ahead(width):
    clip = amass_clip(arrays(width), "upright")
    assert clip.fps == 120.0
    at = {name: clip.body_position_w[0, k] - clip.root_position_w[0] for k, name in enumerate(clip.body_names)}
    assert at["head"][2] > 0.5
    assert at["left_ankle"][2] < -0.8
    assert at["left_foot"][1] < at["left_ankle"][1] - 0.1  # toes point where it looks, along -y
    assert at["left_hand"][0] > 0.8  # arms out; left of -y is +x


def test_knee_bends_backwards():
    """SMPL's knees bend about their x axis (to the left): positive moves the shank back."""
    values = arrays()
    values["poses"][:, 3 * skeleton.BODIES.index("left_knee")] = 1.0
    clip = amass_clip(values, "knee")
    ankle = clip.body_position_w[0, clip.body("left_ankle")] - clip.body_position_w[0, clip.body("left_knee")]
    assert ankle[1] > 0.3  # it looks along -y


def test_made_motion_through_the_format_and_back(tmp_path):
    made = generate("squat", Settings(duration_s=2.0))
    to_smpl = np.array([0.5, 0.5, 0.5, 0.5])
    root = to_rotation_vector(multiply(made.root_quaternion_w, to_smpl))
    vectors = made.joint_angles.reshape(-1, 23, 3)[:, :21][..., [1, 2, 0]]
    poses = np.concatenate([root, vectors.reshape(len(root), -1), np.zeros((len(root), 90))], axis=1)
    np.savez(tmp_path / "squat.npz", poses=poses, trans=made.root_position_w, mocap_framerate=50.0, gender="neutral")
    clip = load_motion(tmp_path / "squat.npz")
    start = made.root_position_w[0] * (1.0, 1.0, 0.0)
    np.testing.assert_allclose(clip.body_position_w, made.body_position_w - start, atol=1e-9)


def test_read_motion_begins_above_the_origin_facing_ahead(tmp_path):
    np.savez(tmp_path / "away.npz", **arrays(trans=np.tile((3.0, -2.0, 0.9), (FRAMES, 1))))
    clip = load_motion(tmp_path / "away.npz")
    np.testing.assert_allclose(clip.root_position_w[0, :2], 0.0, atol=1e-12)
    np.testing.assert_allclose(np.abs(clip.root_quaternion_w[0]), [1.0, 0.0, 0.0, 0.0], atol=1e-9)
    assert clip.body_position_w[0, clip.body("left_hand"), 1] > 0.8


def test_who_lies_down_stays_so():
    """Along the axis of the back, but not as high along it as who stands."""
    values = arrays(72, trans=np.tile((0.0, 0.2, 0.1), (FRAMES, 1)))
    values["poses"][:, :3] = 0.0
    clip = amass_clip(values, "lying")
    assert np.abs(clip.body_position_w[..., 2]).max() < 0.4


def test_y_up_relatives_are_turned():
    values = arrays(72, trans=np.tile((0.0, 0.9, 0.0), (FRAMES, 1)))
    values["poses"][:, :3] = 0.0
    clip = amass_clip(values, "lying")
    np.testing.assert_allclose(clip.root_position_w[0], [0.0, 0.0, 0.9], atol=1e-12)
    assert clip.body_position_w[0, clip.body("head"), 2] > 1.4


def test_file_is_put_on_the_ground(tmp_path):
    np.savez(tmp_path / "floating.npz", **arrays(trans=np.tile((0.0, 0.0, 1.2), (FRAMES, 1))))
    clip = load_motion(tmp_path / "floating.npz")
    sole = skeleton.sole_points(clip.body_position_w, clip.body_quaternion_w, 1.7)
    np.testing.assert_allclose(sole[..., 2].min(), 0.0, atol=1e-9)


def spoilt(joint, value):
    poses = arrays()["poses"]
    poses[5, 3 * joint + 1] = value
    return poses


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poses": spoilt(4, np.nan)}, "joint 'left_knee', frame 5: not a finite number"),
        ({"poses": spoilt(18, 80.0)}, "joint 'left_elbow', frame 5: .*degrees"),
        ({"poses": np.zeros((FRAMES, 63))}, r"'poses' is \(12, 63\), expected"),
        ({"trans": np.zeros((FRAMES - 1, 3))}, r"'trans' is \(11, 3\)"),
        ({"trans": np.tile((0.0, 0.0, 90.0), (FRAMES, 1))}, "centimetres"),
        ({"poses": np.full((FRAMES, 156), "x")}, "must be numbers"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "has 0 frames"),
    ],
)
def test_what_could_not_be_a_motion_is_refused(changes, words):
    with pytest.raises(ConfigError, match=f"'bad'.*{words}"):
        amass_clip(arrays(**changes), "bad")


@pytest.mark.parametrize("stature_m", [0.0, -1.7, 170.0, np.nan])
def test_statures_of_nobody_are_refused(stature_m):
    with pytest.raises(ConfigError, match=r"--stature .*expected 0\.3 to 2\.5 m"):
        amass_clip(arrays(), "bad", stature_m)


@pytest.mark.parametrize("key", ["poses", "trans", "mocap_framerate"])
def test_missing_keys_are_named(key):
    values = arrays()
    del values[key]
    with pytest.raises(ConfigError, match=f"'{key}'"):
        amass_clip(values, "bad")


def test_axes_helper_is_what_it_says():
    """The turn between the axes is a third of a turn about (1, 1, 1)."""
    third = 2.0 * np.pi / 3.0 * np.ones(3) / np.sqrt(3.0)
    np.testing.assert_allclose(from_rotation_vector(third), [0.5, 0.5, 0.5, 0.5])
