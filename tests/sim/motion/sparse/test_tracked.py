"""The three poses of a person: scaled, seen from above the head, refused where nobody could have them."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.check import check
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.rest import Rest
from sim.motion.retarget import retarget
from sim.motion.size import stature_for
from sim.motion.sparse.pose_code import code_size, decode, encode, frame_places, tracked_targets
from sim.motion.sparse.solver import SparseSolver
from sim.motion.sparse.tracked import Tracked, check_tracked, tracked_of
from sim.motion.sparse.variations import HELD_OUT_AMPLITUDES, HELD_OUT_KINDS, held_out, learnt, make
from sim.motion.sparse.window import FRAMES_AGO, HISTORY, WINDOW_SIZE, Heading, heading_of, window_now, windows_of
from sim.quaternions import from_rotation_vector, multiply, rotate

HEIGHT = Rest("g1").height_m


@pytest.fixture(scope="module")
def person():
    return generate("reach", Settings(1.0, 60.0, seed=3))


def test_a_person_of_any_size_gives_the_same_poses():
    small, tall = (generate("squat", Settings(1.0, stature_m=stature)) for stature in (1.4, 1.9))
    np.testing.assert_allclose(tracked_of(small, "g1").position, tracked_of(tall, "g1").position, atol=0.003)


def test_a_character_has_head_and_hands_as_a_person_has(person):
    g1 = retarget(person, "g1")
    ours, theirs = tracked_of(g1, "mouse"), tracked_of(person, "mouse")
    assert ours.position.shape == (60, 3, 3)
    assert np.linalg.norm(ours.position - theirs.position, axis=-1).max() < 0.25 * Rest("mouse").height_m


def test_windows_do_not_depend_on_where_and_whither(person):
    tracked = tracked_of(person, "g1")
    turn = from_rotation_vector(np.array([0.0, 0.0, 2.0]))
    moved = Tracked(rotate(turn, tracked.position) + np.array([3.0, -1.0, 0.0]), multiply(turn, tracked.quaternion))
    seen, again = (windows_of(some, heading_of(some)) for some in (tracked, moved))
    assert seen.shape == (60, WINDOW_SIZE)
    np.testing.assert_allclose(seen, again, atol=1e-9)
    np.testing.assert_allclose(seen[:, :2], 0.0, atol=1e-9)  # the head now is where the frame is


def test_one_frame_at_a_time_sees_the_same_and_nothing_of_later(person):
    tracked = tracked_of(person, "g1")
    heading = heading_of(tracked)
    whole = windows_of(tracked, heading)
    for frame in (0, 7, 59):
        first = max(frame + 1 - HISTORY, 0)
        past = Tracked(tracked.position[first : frame + 1], tracked.quaternion[first : frame + 1])
        now = Heading(heading.origin[frame : frame + 1], heading.quaternion[frame : frame + 1])
        np.testing.assert_allclose(window_now(past, now)[0], whole[frame], atol=1e-12)
    assert min(FRAMES_AGO) == 0


def test_poses_go_into_numbers_and_back(person):
    robot, heading = retarget(person, "g1"), heading_of(tracked_of(person, "g1"))
    code = encode(robot, heading)
    assert code.shape == (60, code_size("g1"))
    now = Heading(heading.origin[20:21], heading.quaternion[20:21])
    guess = decode(code[20], now, len(robot.joint_names))
    np.testing.assert_allclose(guess.qpos[:3], robot.root_position_w[20], atol=1e-9)
    assert abs(guess.qpos[3:7] @ robot.root_quaternion_w[20]) == pytest.approx(1.0)
    np.testing.assert_allclose(guess.qpos[7:], robot.joint_angles[20])
    np.testing.assert_array_equal(guess.contact, [1.0, 1.0])


def test_inverse_kinematics_brings_hands_where_they_are_asked_and_keeps_feet(person):
    robot, heading = retarget(person, "g1"), heading_of(tracked_of(person, "g1"))
    code = encode(robot, heading)
    solver = SparseSolver("g1", 60.0)
    arms = ["_hip_" not in name and "knee" not in name and "ankle" not in name for name in robot.joint_names]
    off = np.random.default_rng(0).normal(0.0, 0.05, len(robot.joint_names)) * arms
    low, high = Rest("g1").parameters.position_low_rad, Rest("g1").parameters.position_high_rad
    states = []
    for frame in range(60):
        guess = decode(code[frame], Heading(heading.origin[frame][None], heading.quaternion[frame][None]), 29)
        guess.qpos[7:] += off
        state, stands = solver.step(guess)
        assert stands.all()
        assert np.all((state[7:] >= np.array(low) - 1e-4) & (state[7:] <= np.array(high) + 1e-4))
        states.append(state)
    guess.qpos[0] += 0.3
    _, stands = solver.step(replace(guess, places=guess.places + np.array([0.3, 0.0, 0.0])))
    assert not stands.any(), "a stand is given up where the guess has gone elsewhere"
    states = np.stack(states)
    done = replace(
        robot, root_position_w=states[:, :3], root_quaternion_w=states[:, 3:7], joint_angles=states[:, 7:], loops=False
    )
    targets = tracked_targets("g1")
    errors = np.linalg.norm(frame_places(done, targets) - frame_places(robot, targets), axis=-1)
    assert errors[5:].max() < 0.02
    assert check(done).foot_slip_m_s < 0.02


def test_held_out_motions_are_never_learnt_from():
    to_learn, to_judge = learnt(30, 0, 1.7), held_out(16, 0, 1.7)
    low, high = HELD_OUT_AMPLITUDES
    assert not {v.kind for v in to_learn} & set(HELD_OUT_KINDS)
    assert set(HELD_OUT_KINDS) < {v.kind for v in to_judge}
    assert not any(low < v.settings.amplitude < high for v in to_learn)
    assert all(low <= v.settings.amplitude <= high for v in to_judge)
    assert not {v.settings.seed for v in to_learn} & {v.settings.seed for v in to_judge}
    assert len({v.text for v in (*to_learn, *to_judge)}) == 46


def test_a_variation_is_the_same_motion_again():
    variation = learnt(6, 1, stature_for("mouse"), 1.0)[-1]
    assert make(variation).digest() == make(variation).digest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, q: p.__setitem__((2, 1, 0), np.nan), "pose of 'left_hand' in frame 2 is not finite"),
        (lambda p, q: p.__imul__(100.0), "pose of 'head' in frame 0 is below the ground or far above"),
        (lambda p, q: p.__setitem__((1, 2), (0.0, 9.0, 1.0)), "'right_hand' in frame 1 is further from the head"),
        (lambda p, q: q.__setitem__((3, 0), 0.5 * q[3, 0]), "'head' in frame 3 has a quaternion that is not of length"),
    ],
)
def test_poses_that_nobody_has_are_refused(person, change, message):
    tracked = tracked_of(person, "g1")
    position, quaternion = tracked.position.copy(), tracked.quaternion.copy()
    change(position, quaternion)
    with pytest.raises(ConfigError, match=message):
        check_tracked(Tracked(position, quaternion), HEIGHT, "trackers")


def test_who_has_no_head_or_hands_is_refused(person):
    with pytest.raises(ConfigError, match=r"'go1' has no .*'head'|no frame that follows a person's 'head'"):
        tracked_targets("go1")
    trot = retarget(generate("stand", Settings(1.0)), "go1")
    with pytest.raises(ConfigError, match="has no 'head': three poses are needed"):
        tracked_of(trot, "g1")
