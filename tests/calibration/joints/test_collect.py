"""A virtual robot on a stand swings its joints through the ordinary loop; its log holds what it hides."""

import numpy as np
import pytest

from calibration.joints.collect import PERIOD_S, collect_joints, planned
from calibration.joints.identify import identify_joints
from calibration.joints.information import information
from calibration.joints.log import read_joint_log
from calibration.joints.model import HeldRobot, averaged_targets
from calibration.recording.read import read_recording
from calibration.verb import Args
from calibration.verbs.collect import Collect
from calibration.verbs.fit import Fit
from hardware.virtual.joints.held import HeldBody
from hardware.virtual.joints.hidden import hidden_dynamics
from hardware.virtual.sim_link import SimLink, parse_sim_uri
from sim.errors import ConfigError, FlightAbortedError, FlightRefusedError
from sim.registry import load_robot

ROBOT = load_robot("go1")
POLICY = ROBOT.parameters("policy")
REPORTED_S = 0.002
"""The virtual robot stamps a reading when it sends it, two of its milliseconds after it was true."""


@pytest.fixture(scope="module")
def swung(tmp_path_factory):
    """Five seconds of a virtual robot: (result, recording)."""
    path = tmp_path_factory.mktemp("swung") / "joints.mcap"
    targets = planned(POLICY, 5.0, "multisine", 0, 1.0)
    result = collect_joints(ROBOT, POLICY, "sim://go1?held=1&hidden=7", path, targets, serial="A7")
    return result, read_recording(path)


def test_the_run_ends_by_itself_without_a_fault(swung):
    result, recording = swung
    assert result["run"]["completed"]
    assert result["run"]["disarmed"]
    assert not result["run"]["faults"]
    assert (recording.robot, recording.serial) == ("go1", "A7")


def test_targets_in_the_log_are_those_planned(swung):
    target = swung[1].streams["joint_target"]
    planned_rows = planned(POLICY, 5.0, "multisine", 0, 1.0)
    assert target.period_s == pytest.approx(PERIOD_S)
    first = len(target) - len(planned_rows)  # the ramp comes before it
    errors = [np.abs(target.values[first + k :][:1000] - planned_rows[:1000]) for k in (-2, -1, 0, 1)]
    nearest = min(errors, key=np.mean)
    assert np.median(nearest) < 1e-12
    assert (nearest.max(axis=1) > 1e-9).mean() < 0.1  # the limiter may hold some back


def test_the_hidden_dynamics_explain_the_readings_to_their_noise(swung):
    log = read_joint_log(swung[1], POLICY)
    hidden = hidden_dynamics("go1", None, 7).stacked
    hidden[-1] += REPORTED_S
    held = HeldRobot("go1", POLICY, step_s=0.0005)
    targets = averaged_targets(log.target_time_s, log.target, round(log.duration_s / held.step_s), held.step_s)
    start, speed = log.start()
    motion = held.simulate(np.stack([hidden, held.nominal.stacked]), targets, start, speed)
    later = (log.time_s > 2.0) & (log.time_s < log.duration_s)
    seen = motion.positions_at(log.time_s[later])
    seen[0] += hidden[3]
    error = np.sqrt(((seen - log.position[later]) ** 2).mean(axis=(1, 2)))
    assert error[0] < 7e-4  # the encoders' noise is 5e-4
    assert error[1] > 5e-3


def test_a_held_body_stays_where_it_is_and_has_what_it_was_given():
    hidden = hidden_dynamics("go1", None, 3)
    body = HeldBody("go1", None, hidden)
    before = body.qpos[:7].copy()
    body.push(1.0)
    for _ in range(50):
        body.step()
    assert (body.qpos[:7] == before).all()
    assert body.model.dof_armature == pytest.approx(hidden.armature)
    assert body.height_m > 0.0
    assert body.tilt_rad == 0.0


def test_a_seed_hides_the_same_numbers_again_and_another_seed_others():
    first, again, other = (hidden_dynamics("go1", None, seed).stacked for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).all(axis=1)[[0, 1, 2, 3, 4]].all()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sim://go1?held=1&hang=1", "not both"),
        ("sim://go1?hidden=3", "add held=1"),
        ("sim://go1?held=1&worn=1", "add hidden=N"),
        ("sim://crazyflie?held=1", "no crane and no stand"),
        ("sim://go1?held=2", "it may have"),
    ],
)
def test_a_stand_that_cannot_be_is_refused(uri, words):
    with pytest.raises(ConfigError, match=words):
        SimLink(uri, "joint_position")


def test_the_address_of_a_held_robot():
    address = parse_sim_uri("sim://go1?held=1&hidden=12")
    assert (address.held, address.hidden, address.worn) == (True, 12, False)


def test_a_worn_robot_is_weaker_rougher_and_later_than_it_was():
    was, old = (hidden_dynamics("go1", "policy", 3, worn) for worn in (False, True))
    assert parse_sim_uri("sim://go1?held=1&hidden=3&worn=1").worn
    assert old.strength == pytest.approx(0.8 * was.strength)
    assert old.friction == pytest.approx(3.0 * was.friction)
    assert old.delay == pytest.approx(was.delay + 0.010)
    assert (old.armature == was.armature).all()


def test_a_robot_outside_this_computer_needs_consent(swung, tmp_path, monkeypatch):
    monkeypatch.setattr("calibration.joints.collect.moves_metal", lambda _uri: True)
    with pytest.raises(FlightRefusedError, match=r"every joint .* swings for 5 s.*--arm"):
        collect_joints(ROBOT, POLICY, "sim://go1?held=1", tmp_path / "x.mcap", planned(POLICY, 5.0, "chirp", 0, 1.0))
    assert not (tmp_path / "x.mcap").exists()


def test_a_fault_ends_the_swinging_and_leaves_the_log(tmp_path):
    path = tmp_path / "cut.mcap"
    with pytest.raises(FlightAbortedError):
        collect_joints(ROBOT, POLICY, "sim://go1?held=1&fault=link-loss@3", path, planned(POLICY, 5.0, "chirp", 0, 1.0))
    assert read_recording(path).duration_s > 2.0


def test_larger_swings_tell_more():
    time_s = np.arange(0.0, 5.0, 0.005)
    small, large = (information("go1", POLICY, time_s, planned_at(time_s, size)) for size in (0.1, 1.0))
    assert large > small + 1.0


def planned_at(time_s, size):
    from calibration.joints.excitation import excitation

    return excitation(POLICY, time_s, "multisine", 0, size)


def test_a_robot_without_joints_is_refused():
    with pytest.raises(ConfigError, match="neither flies nor has joints"):
        Collect("panda", "sim://panda").run()


@pytest.mark.slow
def test_from_the_command_line_to_the_robots_file(tmp_path, capsys):
    log = tmp_path / "joints.mcap"
    Args(Collect("go1", "sim://go1?held=1&hidden=9", log=log, duration=10.0, serial="go1-9")).command.run()
    result = Args(Fit(log, units=tmp_path)).command.run()
    hidden = hidden_dynamics("go1", None, 9)
    found = result["parameters"]
    for joint, name in enumerate(POLICY.joint_names):
        assert found[f"armature.{name}"]["value"] == pytest.approx(hidden.armature[joint], rel=0.05)
        assert found[f"friction.{name}"]["value"] == pytest.approx(hidden.friction[joint], rel=0.05)
        assert found[f"delay.{name}"]["value"] == pytest.approx(hidden.delay[joint] + REPORTED_S, abs=5e-4)
    assert (tmp_path / "go1-9.json").exists()
    printed = capsys.readouterr().out
    assert "half of each 90%" in " ".join(printed.split())
    assert "link_inertia" in printed


def test_the_same_log_is_refused_for_another_robot(swung):
    with pytest.raises(ConfigError, match="another robot"):
        identify_joints(swung[1], load_robot("g1").parameters("policy"))
