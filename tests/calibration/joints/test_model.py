"""The held robot against a finer simulation with exact delays; targets that keep their times; limbs."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.joints.delta_action import learn_delta_action
from calibration.joints.excitation import excitation, excitation_limits
from calibration.joints.holdout import prediction_errors
from calibration.joints.identify import Fit
from calibration.joints.log import LEVEL, JointLog, read_joint_log
from calibration.joints.model import HeldRobot, averaged_targets
from calibration.joints.problem import make_problem
from sim.bodies.dynamics import QUANTITIES, JointDynamics
from sim.errors import ConfigError
from sim.registry import load_robot
from tests.support.joint_truth import log_in_the_air, random_dynamics

GO1 = load_robot("go1").parameters("policy")
TIME_S = np.arange(0.0, 5.5, 0.005)


@pytest.fixture(scope="module")
def quiet_log():
    """Without noise: (truth, recording)."""
    truth = random_dynamics("go1", 3)
    targets = excitation(GO1, TIME_S, "multisine")
    return truth, log_in_the_air("go1", truth, TIME_S, targets, noise_rad=0.0, lost=0.0)


def test_the_model_moves_as_a_finer_one_with_exact_delays(quiet_log):
    truth, recording = quiet_log
    log = read_joint_log(recording, GO1)
    errors = []
    for step_s in (0.0025, 0.000625):
        held = HeldRobot("go1", GO1, step_s=step_s)
        steps = int(np.ceil(log.duration_s / step_s))
        targets = averaged_targets(log.target_time_s, log.target, steps, step_s)
        motion = held.simulate(truth.stacked[None], targets, log.position[0])
        seen = motion.positions_at(log.time_s)[0] + truth.bias
        errors.append(float(np.sqrt(((seen - log.position) ** 2).mean())))
    assert errors[0] < 4e-4  # below the noise of an encoder
    assert errors[1] < 0.15 * errors[0]  # and it converges


def test_delays_shorter_than_a_step_are_told_apart():
    time_s = np.arange(0.0, 1.5, 0.005)
    truth = replace(random_dynamics("go1", 3), delay=np.full(12, 0.0004))
    log = log_in_the_air("go1", truth, time_s, excitation(GO1, TIME_S, "multisine")[200:500], noise_rad=0.0, lost=0.0)
    read = log.streams["joint_position"]
    held = HeldRobot("go1", GO1)
    targets = averaged_targets(time_s, log.streams["joint_target"].values, 600, held.step_s)
    errors = []
    for delay in (0.0004, 0.0014):
        stacked = replace(truth, delay=np.full(12, delay)).stacked[None]
        seen = held.simulate(stacked, targets, read.values[0]).positions_at(read.time_s)[0] + truth.bias
        errors.append(float(np.sqrt(((seen - read.values) ** 2).mean())))
    assert errors[0] < 0.25 * errors[1]


def test_what_is_held_out_is_predicted_by_the_truth_and_not_by_the_nominal_robot(quiet_log):
    truth, recording = quiet_log
    held = HeldRobot("go1", GO1, step_s=0.000625)
    log = read_joint_log(recording, GO1).between(1.5, 4.6)
    errors = prediction_errors(held, log, np.stack([truth.stacked, held.nominal.stacked]))
    for horizon in ("0.1s", "0.5s", "2s"):
        assert errors[f"joint_position_rad.{horizon}"] < 3e-4
        assert errors[f"nominal.joint_position_rad.{horizon}"] > 5e-3


def test_a_column_of_the_jacobian_is_what_that_quantity_alone_does(quiet_log):
    truth, recording = quiet_log
    problem = make_problem("go1", GO1, read_joint_log(recording, GO1).between(0.0, 1.5))
    x = (truth.stacked / problem.scale).reshape(-1)
    jacobian = problem.jacobian(x).reshape(*problem.readings.shape, len(QUANTITIES), 12)
    for quantity, joint in (("armature", 4), ("delay", 11), ("bias", 0)):
        index = QUANTITIES.index(quantity) * 12 + joint
        moved = np.repeat(x[None], 2, axis=0)
        moved[:, index] += (-0.01, 0.01)
        low, high = problem.predict(problem.coarse, moved)
        central = (high - low) / 0.02
        one_sided = jacobian[:, :, QUANTITIES.index(quantity), joint]
        assert np.abs(one_sided - central).max() < 0.05 * np.abs(central).max()


def test_targets_keep_their_area_and_their_times():
    time_s, targets = np.array([0.0, 0.0123]), np.array([[0.0], [1.0]])
    step_s, steps = 0.0025, 20
    sampled = averaged_targets(time_s, targets, steps, step_s)[:, 0]
    end_s = step_s * (steps - 0.5 + 2)  # samples stand for half a step to both sides, two steps early
    assert sampled.sum() * step_s == pytest.approx(end_s - 0.0123, abs=1e-12)
    assert ((sampled > 1e-9) & (sampled < 1.0 - 1e-9)).sum() == 1


def test_the_legs_of_a_quadruped_are_its_limbs():
    held = HeldRobot("go1", GO1)
    assert held.branch.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert held.slot.tolist() == [0, 1, 2] * 4


def test_the_arms_of_a_humanoid_hang_on_its_waist():
    held = HeldRobot("g1", load_robot("g1").parameters("policy"))
    names = load_robot("g1").joint_names
    limb = dict(zip(names, held.branch.tolist(), strict=True))
    assert limb["left_elbow_joint"] == limb["right_elbow_joint"] == limb["waist_yaw_joint"]
    assert limb["left_knee_joint"] != limb["right_knee_joint"]


@pytest.mark.parametrize("kind", ["chirp", "multisine", "both"])
def test_an_excitation_keeps_to_its_limits_and_ends_at_rest(kind):
    time_s = np.arange(0.0, 20.0, 0.005)
    targets, limits = excitation(GO1, time_s, kind), excitation_limits(GO1)
    away = targets - np.asarray(GO1.default_pose_rad)
    assert (np.abs(away) <= limits.amplitude_rad + 1e-12).all()
    assert (np.abs(np.diff(away, axis=0)) / 0.005 <= 1.1 * limits.speed_rad_s).all()  # the fade adds a little
    assert np.abs(away[[0, -1]]).max() < 1e-3
    assert (np.abs(away).max(axis=0) > 0.4 * limits.amplitude_rad).all()


def test_an_excitation_has_the_band_it_says():
    time_s = np.arange(0.0, 40.0, 0.005)
    away = excitation(GO1, time_s, "chirp")[:, 2] - GO1.default_pose_rad[2]
    crossings = time_s[1:][np.diff(np.signbit(away))]
    periods = 2.0 * np.diff(crossings)
    assert 1.0 / periods.max() < 0.3
    assert 8.0 < 1.0 / np.median(periods[-9:]) < 11.0


@pytest.mark.parametrize(
    ("change", "words"),
    [({"kind": "square"}, "choose one of"), ({"size": 0.0}, "above 0"), ({"size": 1.5}, "at most 1")],
)
def test_an_excitation_that_is_none_is_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        excitation(GO1, np.arange(0.0, 10.0, 0.01), **change)


def test_too_short_an_excitation_is_refused():
    with pytest.raises(ConfigError, match="too short"):
        excitation(GO1, np.arange(0.0, 3.0, 0.01))


def test_dynamics_of_different_lengths_are_refused():
    with pytest.raises(ConfigError, match="one number per joint"):
        JointDynamics(np.ones(2), np.ones(2), np.ones(3), np.ones(2), np.ones(2), np.ones(2))


def test_a_delta_action_learns_the_torque_that_a_model_lacks():
    truth = random_dynamics("go1", 3)
    held = HeldRobot("go1", GO1)
    time_s = np.arange(0.0, 3.0, 0.005)
    log = JointLog(time_s, excitation(GO1, TIME_S, "multisine")[200:800], time_s, np.zeros((600, 12)), LEVEL)
    targets = averaged_targets(time_s, log.target, 1201, held.step_s)

    def lacking(_q, v):
        return -0.1 * np.exp(-((v / 0.3) ** 2)) * np.tanh(v / 0.05)

    motion = held.simulate_with(truth.stacked[None], targets, log.target[0], None, lacking)
    log = replace(log, position=motion.positions_at(time_s)[0] + truth.bias)
    problem = make_problem("go1", GO1, log)
    x = (truth.stacked / problem.scale).reshape(-1)
    fit = Fit(problem, x, np.zeros(0), np.zeros(0), None)
    action, errors = learn_delta_action(fit)
    assert errors["delta_action"] < 0.3 * errors["identified"]
    speed = np.array([0.05, 0.1])[:, None] * np.ones(12)
    given = action(speed) * action.stiffness
    assert np.median(given[1] / lacking(None, speed)[1]) == pytest.approx(1.0, abs=0.5)
