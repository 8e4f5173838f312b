"""The gap of robots with joints: one thing about one joint is changed, and the gap names it."""

import json
from dataclasses import replace

import numpy as np
import pytest

import sim2metal
from calibration.gap.joint_measure import measure_joints
from calibration.gap.joint_segments import cut_joints
from calibration.joints.excitation import excitation
from calibration.joints.model import HeldRobot
from calibration.recording.record import make_stream
from hardware import deploy
from hardware.joints.pilot import JointPilot
from hardware.virtual.joints.free_robot import FreeJointRobot
from hardware.virtual.joints.hidden import hidden_dynamics
from policies.bundle import load_bundle
from policies.runtime import OnnxPolicy
from sim.bodies.dynamics import QUANTITIES
from sim.errors import ConfigError
from sim.identified import write_identified
from sim.registry import load_robot
from tests.bench.zoo import ZOO
from tests.support.identified import identified_joints
from tests.support.joint_truth import log_in_the_air

GO1 = load_robot("go1").parameters("policy")
NOMINAL = HeldRobot("go1", GO1).nominal
JOINTS = GO1.joint_names
TIME_S = np.arange(0.0, 5.5, 0.005)
TARGETS = excitation(GO1, TIME_S, "multisine")
CHANGES = {
    ("damping", 4): 0.3, ("armature", 0): 0.004, ("strength", 5): -0.25, ("delay", 7): 0.012,
    ("friction", 10): 0.8, ("armature", 8): 0.006, ("strength", 9): 0.2,
}  # fmt: skip
CASES, QUICK = list(enumerate(CHANGES)), 2
SHARES = ("armature", "strength")


def log_of(quantity=None, joints=(), change=0.0, seed=1):
    """Return a log in the air of the nominal robot with one thing changed."""
    truth = NOMINAL
    if quantity is not None:
        row = getattr(NOMINAL, quantity).copy()
        row[list(joints)] += change
        truth = replace(NOMINAL, **{quantity: row})
    return log_in_the_air("go1", truth, TIME_S, TARGETS, seed, lost=0.002)


@pytest.mark.parametrize(
    ("quantity", "joint"), [case if n < QUICK else pytest.param(*case, marks=pytest.mark.slow) for n, case in CASES]
)
def test_the_joint_and_what_is_wrong_with_it_are_named(quantity, joint):
    change = CHANGES[quantity, joint]
    gap = measure_joints(log_of(quantity, [joint], change), GO1, None, 0.5)
    assert max(gap.parts, key=lambda part: part.curve[-1] / part.floor).name == JOINTS[joint]
    best = gap.explanations[0]
    assert best.name == f"{quantity} of {JOINTS[joint]}"
    share = getattr(NOMINAL, quantity)[joint] if quantity in SHARES else 1.0
    assert best.change * share == pytest.approx(change, rel=0.4)
    assert gap.parts[joint].parts_after_s < 0.25
    assert "in the air" in gap.resampling


def test_a_robot_that_is_as_its_constants_say_has_no_gap_and_no_culprit():
    gap = measure_joints(log_of(), GO1, None, 0.5)
    assert gap.explanations == ()
    assert gap.signals[0].rms[0.5] < 4e-3
    assert all(part.parts_after_s is None for part in gap.parts)


@pytest.mark.parametrize(("quantity", "change"), [("delay", 0.008), ("friction", 0.8)])
def test_what_is_wrong_with_all_joints_is_one_explanation(quantity, change):
    best = measure_joints(log_of(quantity, range(12), change), GO1, None, 0.5).explanations[0]
    assert best.name == f"{quantity} of all joints"
    assert best.change == pytest.approx(change, rel=0.35)


@pytest.mark.slow
def test_an_identified_robot_leaves_no_gap_and_what_its_file_leaves_out_stays_nominal():
    truth = replace(hidden_dynamics("go1", "policy", 4), bias=np.zeros(12))
    log = log_in_the_air("go1", truth, TIME_S, TARGETS, 2, lost=0.0)
    known = truth.stacked.copy()
    known[QUANTITIES.index("bias")] = np.nan
    before, after = (measure_joints(log, GO1, each, 0.5).signals[0].rms[0.5] for each in (None, known))
    assert after < 4e-3 < 0.1 * before


@pytest.mark.slow
def test_the_place_in_the_log_where_it_parts_is_found():
    """Somebody pulled at a leg: for a moment its joint is where nothing simulated would bring it."""
    log = log_of()
    seen = log.streams["joint_position"]
    values = seen.values.copy()
    values[(seen.time_s > 3.6) & (seen.time_s < 4.8), 3] += 0.3
    pulled = log.with_streams(joint_position=make_stream("joint_position", seen.time_s, values))
    gap = measure_joints(pulled, GO1, None, 0.5)
    assert 3.6 < gap.parts[3].worst_s < 4.8
    assert gap.parts[3].worst == pytest.approx(0.3, abs=0.05)
    assert gap.parts[3].worst > 5.0 * gap.parts[0].worst


def test_stretches_leave_silences_and_lost_rows_out():
    log = log_of()
    targets = log.streams["joint_target"]
    talks = (targets.time_s < 3.0) | (targets.time_s > 5.0)
    silent = log.with_streams(joint_target=make_stream("joint_target", targets.time_s[talks], targets.values[talks]))
    segments = cut_joints(silent, 0.4)
    assert not ((segments.time_s > 3.16) & (segments.time_s < 5.0)).any()
    assert (np.abs(segments.time_s - segments.time_s[:, :1] - segments.offset_s) < 0.0025).all()
    with pytest.raises(ConfigError, match=r"stretches of 0\.5 s in which joints follow targets, without a gap: 4 are"):
        cut_joints(log.between(0.0, 1.2), 0.5)


def walked(seconds=3.0):
    """Walk a virtual robot on the ground with the zoo's policy; return what it logged."""
    pilot, robot = JointPilot(OnnxPolicy(load_bundle(ZOO / "velocity_go1"))), FreeJointRobot("go1", "policy", seed=1)
    robot.request_arm(True)
    rows = []
    for step in range(round(seconds / 0.02)):
        state = robot.state(0)
        command = pilot.command((min(step / 25.0, 1.0), 0.4, 0.0, 0.0), state)
        seen = state.position, state.velocity, state.orientation_wxyz, state.angular_velocity_b
        rows.append((robot.now_ms / 1e3, *seen, command))
        assert command is not None
        robot.command(command)
        robot.advance(20)
    time_s, *values = (np.array(column) for column in zip(*rows))
    names = ("joint_position", "joint_velocity", "attitude", "gyro", "joint_target")
    return log_of().with_streams(**{name: make_stream(name, time_s, each) for name, each in zip(names, values)})


def test_a_robot_on_its_feet_is_simulated_there_and_no_joint_is_accused():
    gap = measure_joints(walked(), GO1, None, 0.2)
    assert "on its feet" in gap.resampling
    assert gap.explanations == ()
    assert "hang it up" in gap.unexplained
    assert [signal.name for signal in gap.signals[2:]] == ["attitude", "angular velocity"]
    stood = gap.start_s < 0.5  # it ramps: nothing has landed yet
    assert gap.signals[0].by_segment[stood].max() < 0.1
    assert gap.signals[2].by_segment[stood].max() < 0.03


@pytest.mark.slow
def test_the_verb_names_what_a_file_has_wrong_and_the_report_draws_it(tmp_path, capsys):
    log, file, page = (tmp_path / name for name in ("run.mcap", "go1-9.json", "run.html"))
    bundle = ZOO / "velocity_go1"
    deploy.run(deploy.Args(bundle, uri="sim://go1?held=1&hidden=9", log=log, serial="go1-9", hold=4.0))
    truth = hidden_dynamics("go1", None, 9)
    strength = truth.strength.copy()
    strength[2] *= 0.7
    write_identified(file, identified_joints(replace(truth, strength=strength), serial="go1-9"))
    result = tmp_path / "gap.json"
    assert sim2metal.main(["gap", str(log), str(bundle), "--calibration", str(file), "--json", str(result)]) == 0
    found = json.loads(result.read_text())
    assert found["policy"]["differs_from_s"] is None
    likely = found["explanations"][0]
    assert likely["parameter"] == "strength of FR_calf_joint"
    assert sim2metal.main(["report", str(log), "--no-video", "--out", str(page)]) == 0
    assert likely["sentence"] in page.read_text()
    assert "furthest off" in page.read_text()
    write_identified(
        file, identified_joints(truth, serial="go1-9", robot="go1", leave_out=("bias",), armature__tail=1.0)
    )
    assert sim2metal.main(["gap", str(log), str(bundle), "--calibration", str(file)]) == 2
    assert "a go1 has no such joint" in capsys.readouterr().err
