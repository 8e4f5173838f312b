"""Recordings that are none of a held robot whose joints follow targets are refused by name."""

import numpy as np
import pytest

from calibration.joints.excitation import excitation
from calibration.joints.log import read_joint_log
from calibration.recording.record import Recording, make_stream
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY

GO1 = load_robot("go1").parameters("policy")
TIME_S = np.arange(0.0, 8.0, 0.005)
TARGETS = excitation(GO1, TIME_S)


def recording(time_s=TIME_S, targets=TARGETS, position=TARGETS, read_s=TIME_S, **streams):
    named = {"joint_target": (time_s, targets), "joint_position": (read_s, position), **streams}
    return Recording("go1", None, {n: make_stream(n, *each) for n, each in named.items()}, (), "x.mcap", "0" * 64)


def test_a_good_one_is_read_with_times_from_its_first_target():
    log = read_joint_log(recording(time_s=TIME_S + 5.0, read_s=TIME_S + 5.002), GO1)
    assert log.target_time_s[0] == 0.0
    assert log.time_s[0] == pytest.approx(0.002)
    assert log.gravity_b == (0.0, 0.0, -GRAVITY)


def test_a_base_that_hangs_askew_turns_gravity():
    half = np.radians(10.0) / 2.0  # nose down: turned about y
    attitude = np.tile([np.cos(half), 0.0, np.sin(half), 0.0], (len(TIME_S), 1))
    log = read_joint_log(recording(attitude=(TIME_S, attitude)), GO1)
    expected = GRAVITY * np.array([np.sin(np.radians(10.0)), 0.0, -np.cos(np.radians(10.0))])
    assert log.gravity_b == pytest.approx(expected, abs=1e-9)


def test_after_a_silence_only_the_longest_stretch_is_used():
    kept = (TIME_S < 1.0) | (TIME_S > 1.5)
    log = read_joint_log(recording(time_s=TIME_S[kept], targets=TARGETS[kept]), GO1)
    assert log.duration_s == pytest.approx(6.49, abs=0.01)
    assert any("longest stretch" in text for text in log.warnings)


def test_parts_count_their_own_time():
    log = read_joint_log(recording(), GO1).between(2.0, 4.0)
    assert log.target_time_s[[0, -1]] == pytest.approx([0.0, 2.0])
    assert log.position[0] == pytest.approx(TARGETS[400])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": TARGETS[:, :6]}, "another robot"),
        ({"position": np.degrees(TARGETS)}, "degrees"),
        ({"position": TARGETS[:, [1, 0, 2, *range(3, 12)]]}, "two different orders"),
        ({"gyro": (TIME_S, np.tile([0.0, 0.0, 0.5], (len(TIME_S), 1)))}, "held still"),
        ({"time_s": 0.1 * TIME_S}, "at least 5 s"),
    ],
)
def test_a_bad_one_is_refused_by_name(change, words):
    with pytest.raises(ConfigError, match=words):
        read_joint_log(recording(**change), GO1)


def test_a_log_without_joints_says_what_it_holds():
    log = Recording("go1", None, {"gyro": make_stream("gyro", TIME_S, TARGETS[:, :3])}, (), "x.mcap", "0" * 64)
    with pytest.raises(ConfigError, match="holds no 'joint_target'; it holds: gyro"):
        read_joint_log(log, GO1)
