"""BVH: written and read again, the conventions of others, and one clear line for every broken file."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.check import check
from sim.motion.files.bvh import parse_bvh
from sim.motion.files.bvh_writer import write_bvh
from sim.motion.files.joint_names import find_bodies
from sim.motion.files.load import load_bvh, load_motion
from sim.motion.files.person import UNITS_M
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from sim.motion.skeleton import BODIES, forward_kinematics
from sim.quaternions import from_rotation_vector, multiply, rotate

CLIP = generate("dance", Settings(duration_s=2.0, seed=3))
TEXT = write_bvh(CLIP)

TWO_JOINTS = """HIERARCHY
ROOT hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT arm
  {
    OFFSET 0 2 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.025
1 2 3 90 0 0 90 0 0
0 0 0 90 90 0 0 0 90
"""


def read(tmp_path, text, **options):
    (tmp_path / "clip.bvh").write_text(text)
    return load_bvh(tmp_path / "clip.bvh", **options)


def test_written_and_read_again_is_the_same(tmp_path):
    again = read(tmp_path, TEXT)
    assert (again.fps, again.num_frames) == (pytest.approx(50.0), CLIP.num_frames)
    np.testing.assert_allclose(again.joint_angles, CLIP.joint_angles, atol=1e-5)
    start = CLIP.root_position_w[0] * (1.0, 1.0, 0.0)
    np.testing.assert_allclose(again.body_position_w, CLIP.body_position_w - start, atol=1e-5)


@pytest.mark.parametrize("unit", UNITS_M)
def test_unit_is_found_by_the_length_of_the_legs(unit, tmp_path):
    again = read(tmp_path, scaled(TEXT, 0.01 / UNITS_M[unit]))
    np.testing.assert_allclose(again.body_position_w[0, :, 2], CLIP.body_position_w[0, :, 2], atol=1e-3)


def test_unknown_unit_is_refused_and_may_be_given(tmp_path):
    text = scaled(TEXT, 30.0)
    with pytest.raises(ConfigError, match=r"'clip': legs of .* give --scale"):
        read(tmp_path, text)
    again = read(tmp_path, text, scale=0.01 / 30.0)
    np.testing.assert_allclose(again.root_position_w[0, 2], CLIP.root_position_w[0, 2], atol=1e-3)
    with pytest.raises(ConfigError, match="--scale 0: expected metres"):
        read(tmp_path, text, scale=0.0)


def test_heading_and_axes_of_others_do_not_matter(tmp_path):
    """Turned about the vertical, or with z up: the clip begins above the origin, facing x, all the same."""
    lines = TEXT.splitlines()
    for words in (("Xposition", "Yposition", "Zposition"), ("Xrotation", "Yrotation", "Zrotation")):
        to = [words[1], words[2], words[0]]
        lines = [" ".join(dict(zip(words, to)).get(w, w) for w in line.split(" ")) for line in lines]
    lines = [turned_offset(line) for line in lines]
    again = read(tmp_path, "\n".join(lines))
    np.testing.assert_allclose(again.joint_angles, CLIP.joint_angles, atol=1e-5)
    np.testing.assert_allclose(again.root_quaternion_w[0], [1, 0, 0, 0], atol=1e-5)


def turned_offset(line):
    words = line.split()
    return f"OFFSET {words[3]} {words[1]} {words[2]}" if words and words[0] == "OFFSET" else line


def scaled(text, factor):
    """The same in another unit: offsets and the root's position."""
    head, motion = text.split("Frame Time:")
    lines = []
    for line in head.splitlines():
        words = line.split()
        if words and words[0] == "OFFSET":
            line = "OFFSET " + " ".join(str(float(word) * factor) for word in words[1:])
        lines.append(line)
    rows = motion.splitlines()
    numbers = [[float(word) for word in row.split()] for row in rows[1:]]
    rows[1:] = [" ".join(map(str, [*(factor * x for x in row[:3]), *row[3:]])) for row in numbers]
    return "\n".join(lines) + "\nFrame Time:" + "\n".join(rows) + "\n"


def test_channels_act_in_their_order():
    """Worked out by hand: the arm points up in the rest pose, turns are about axes that are turned along."""
    positions, quaternions = parse_bvh(TWO_JOINTS, "two").poses()
    np.testing.assert_allclose(positions[0], [[1, 2, 3], [-1, 2, 3]], atol=1e-12)  # z by 90: y becomes -x
    np.testing.assert_allclose(positions[1, 1], [0, 0, 2], atol=1e-12)  # then x by 90: y becomes z, which stays
    half = np.sqrt(0.5)
    np.testing.assert_allclose(quaternions[0, 0], [half, 0, 0, half], atol=1e-12)
    np.testing.assert_allclose(np.abs(quaternions[0, 1]), [0.5, 0.5, 0.5, 0.5], atol=1e-12)  # z, then y


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("HIERARCHY", "HELLO"), "line 1 .*expected 'HIERARCHY'"),
        (("OFFSET 0 2 0", "OFFSET 0 2"), "line 8 .*expected 3 numbers, found 2"),
        (("OFFSET 0 2 0", "OFFSET 0 x 0"), "line 8 .*expected 3 numbers"),
        (("CHANNELS 3 Y", "CHANNELS 4 Y"), "line 9 .*CHANNELS"),
        (("Yrotation Zrotation Xrotation", "Yrotation Yrotation Xrotation"), "line 9 .*CHANNELS"),
        (("JOINT arm", "LIMB arm"), "line 6 .*expected 'JOINT'"),
        (("OFFSET 0 2 0", "OFFSET 0 nan 0"), "line 8 .*offset of joint .*not a finite number"),
        (("Frames: 2", "Frames: 3"), "frame 2 is missing"),
        (("Frames: 2", "Frames: nan"), "nan frames: expected a whole number"),
        (("Frames: 2", "Frames: inf"), "inf frames"),
        (("Frames: 2", "Frames: -2"), "-2 frames"),
        (("Frames: 2", "Frames: 1"), "line 20 .*more lines than the 1 frames"),
        (("90", "1.5708"), "further than 1.57 degrees; are these radians"),
        (("  JOINT arm\n", "  JOINT arm\n{\n" * 2000), "more than 100 joints within one another"),
        (("Frame Time: 0.025", "Frame Time: 0"), "frame time 0 s"),
        (("90 0 0 90 0 0", "90 0 0 90 0"), "line 19 .*expected 9 numbers, found 8"),
        (("90 0 0 90 0 0", "90 0 0 90 nan 0"), r"joint 'arm' \(Zrotation\), frame 0: not a finite"),
    ],
)
def test_broken_files_are_refused(change, words):
    with pytest.raises(ConfigError, match=f"'two'.*{words}") as caught:
        parse_bvh(TWO_JOINTS.replace(*change), "two")
    assert "\n" not in str(caught.value)


def test_cut_files_are_refused():
    lines = TWO_JOINTS.splitlines()
    for length in range(len(lines)):
        with pytest.raises(ConfigError, match="'two'"):
            parse_bvh("\n".join(lines[:length]), "two")


@pytest.mark.parametrize("joint", ["LeftUpLeg", "RightFoot", "Head", "RightForeArm", "LeftHand"])
def test_missing_joints_are_named(joint, tmp_path):
    with pytest.raises(ConfigError, match=r"'clip' has no joint for '(left|right|head)"):
        read(tmp_path, TEXT.replace(f" {joint}\n", " Something\n").replace(f"{joint}Middle1", "Other"))


MIXAMO = ["Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"] + [
    f"mixamorig:{side}{part}"
    for side in ("Left", "Right")
    for part in ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
]
BIOVISION = ["Hips", "Chest", "Chest2", "Chest3", "Neck", "Head"] + [
    f"{side}{part}"
    for side in ("Left", "Right")
    for part in ("Collar", "Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Toe")
]
SMPL = ["Pelvis", "Spine1", "Spine2", "Spine3", "Neck", "Head"] + [
    f"{side}_{part}"
    for side in "LR"
    for part in ("Collar", "Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Foot")
]


@pytest.mark.parametrize("names", [MIXAMO, BIOVISION, SMPL], ids=["mixamo", "biovision", "smpl"])
def test_names_of_archives_are_known(names):
    parents = [-1, 0, 1, 2, 3, 4, 3, 6, 7, 8, 0, 10, 11, 12, 3, 14, 15, 16, 0, 18, 19, 20]
    found = find_bodies(names, parents, "clip")
    expected = ["pelvis", "spine1", "spine2", "spine3", "neck", "head"] + [
        f"{side}_{part}"
        for side in ("left", "right")
        for part in ("collar", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "foot")
    ]
    assert found == {body: index for index, body in enumerate(expected)}
    assert set(found) == set(BODIES) - {"left_hand", "right_hand"}


def test_rest_pose_that_lies_down_needs_a_frame_that_stands(tmp_path):
    """As in LAFAN1, whose zero pose is no pose: every joint has axes of its own; frame 0 stands, arms out."""
    share = np.linspace(0.0, 1.0, 40)[:, None]
    standing = generate("squat", Settings(duration_s=1.0))
    angles = share * standing.joint_angles[-1]
    root, turn = np.tile(standing.root_position_w[0], (40, 1)), np.tile((1.0, 0.0, 0.0, 0.0), (40, 1))
    position, quaternion = forward_kinematics(root, turn, angles)
    clip = replace(
        standing, loops=False, root_position_w=root, root_quaternion_w=turn, joint_angles=angles, contact_names=(),
        contact=np.zeros((0, 0), bool), body_position_w=position, body_quaternion_w=quaternion,
    )  # fmt: skip
    odd = from_rotation_vector(np.random.default_rng(0).normal(size=(24, 3)))
    text = write_bvh(replace(clip, body_quaternion_w=multiply(quaternion, odd)))
    with pytest.raises(ConfigError, match=r"does not stand upright.*--rest-frame"):
        read(tmp_path, text)
    again = read(tmp_path, text, rest_frame=0)
    np.testing.assert_allclose(again.joint_angles, angles, atol=1e-5)
    with pytest.raises(ConfigError, match="frames 0 to 39"):
        read(tmp_path, text, rest_frame=40)


def test_world_with_z_up_around_a_skeleton_with_y_up(tmp_path):
    """Exports of some engines: the skeleton's rest is y up, its root is turned into a world with z up."""
    turned = from_rotation_vector(0.5 * np.pi * np.array([0.0, 1.0, 0.0]))  # our z, the file's y, to our x, its z
    whole = replace(
        CLIP,
        loops=False,
        root_position_w=rotate(turned, CLIP.root_position_w),
        root_quaternion_w=multiply(turned, CLIP.root_quaternion_w),
        body_position_w=rotate(turned, CLIP.body_position_w),
        body_quaternion_w=multiply(turned, CLIP.body_quaternion_w),
    )
    again = read(tmp_path, write_bvh(whole))
    start = CLIP.root_position_w[0] * (1.0, 1.0, 0.0)
    np.testing.assert_allclose(again.body_position_w, CLIP.body_position_w - start, atol=1e-5)


def test_pose_before_the_motion_is_left_out(tmp_path):
    lines = TEXT.splitlines()
    begin = next(k for k, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    upright = lines[begin].split()[:3] + ["0"] * (len(lines[begin].split()) - 3)
    lines.insert(begin, " ".join(upright))
    text = "\n".join(lines).replace(f"Frames: {CLIP.num_frames}", f"Frames: {CLIP.num_frames + 1}")
    text = text.replace("Frame Time: 0.02", "Frame Time: 0.008")
    with pytest.raises(ConfigError, match=r"frame 1: .* rad/s.*--first 1"):
        read(tmp_path, text)
    np.testing.assert_allclose(read(tmp_path, text, first=1).joint_angles, CLIP.joint_angles, atol=1e-5)
    assert read(tmp_path, text, first=1, last=10).num_frames == 10
    with pytest.raises(ConfigError, match="frames 0 to 100, not 5 to 101"):
        read(tmp_path, text, first=5, last=101)


def test_a_stranger_walks_as_g1(tmp_path):
    walk = generate("walk", Settings(duration_s=2.0, stature_m=1.8))
    (tmp_path / "walk.bvh").write_text(write_bvh(walk))
    clip = load_motion(tmp_path / "walk.bvh")
    figures = check(retarget(clip, "g1"), clip)
    assert figures.refused == ""
    assert figures.end_effector_m < 0.01


def test_other_files_are_refused(tmp_path):
    (tmp_path / "motion.fbx").write_text("")
    with pytest.raises(ConfigError, match=r"\.npz or \.bvh"):
        load_motion(tmp_path / "motion.fbx")
    with pytest.raises(ConfigError, match="No such file"):
        load_motion(tmp_path / "none.bvh")
