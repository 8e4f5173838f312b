"""The laws in flight: hovering and tracking in MuJoCo with sensors, noise and delays; other airframes."""

import numpy as np
import pytest

from policies.tracking import judge_tracking
from sim.controllers.controller import Controller, reference_rows
from sim.controllers.policy import ControllerPolicy
from sim.controllers.registry import NAMES, load_law, tuned_gains
from sim.envs.other_robot import with_robot
from sim.envs.task import load_flight_task
from sim.randomization import NOMINAL_TABLE
from sim.trajectories import parse_trajectory

TRACK = load_flight_task("track")
NOMINAL = TRACK.ROBOT.parameters("l2f_paper")
PERIOD_S = TRACK.TASK.timing.control_period_s
FIGURE_EIGHT = "figure8:period=5.5"


def policy(name, trajectory, gains=None):
    law = load_law(name)
    gains = tuned_gains(law, "crazyflie", "l2f_paper") if gains is None else gains
    return ControllerPolicy(law, NOMINAL, PERIOD_S, gains, parse_trajectory(trajectory))


def judged(controller, trajectory, task=TRACK, flights=4, **options):
    return judge_tracking(
        controller, task, parse_trajectory(trajectory), flights=flights, seed=3, duration_s=3.5, threads=1, **options
    )


@pytest.mark.parametrize("name", NAMES)
def test_tuned_law_follows_the_figure_eight_in_mujoco(name):
    flown = judged(policy(name, FIGURE_EIGHT), FIGURE_EIGHT)
    assert not flown.lost.any()
    assert flown.rmse_m < 0.10  # the learned policy's goal


@pytest.mark.parametrize("name", NAMES)
def test_tuned_law_holds_a_position(name):
    rest = "steps:size=0,every=2"
    flown = judged(policy(name, rest), rest)
    assert flown.flight_rmse_m.max() < 0.03


def test_noise_reaches_the_law_and_the_true_state_does_not():
    """The same law without noise and delays flies another flight: it sees what the environment shows."""
    plain = judged(policy("lee", FIGURE_EIGHT), FIGURE_EIGHT, table=NOMINAL_TABLE)
    noisy = judged(policy("lee", FIGURE_EIGHT), FIGURE_EIGHT)
    assert plain.command_change_rms < 0.7 * noisy.command_change_rms


def test_a_law_aims_at_the_moving_reference():
    flown = judged(policy("indi", FIGURE_EIGHT), FIGURE_EIGHT, flights=1)
    resting = judged(policy("indi", "steps:size=0,every=9"), FIGURE_EIGHT, flights=1)
    assert resting.rmse_m > 5 * flown.rmse_m


def test_published_gains_fly_an_airframe_with_faster_rotors():
    """Gains as accelerations mean the same on six rotors and on ten times the mass."""
    task, law = with_robot(TRACK, "hexarotor"), load_law("mellinger")
    controller = ControllerPolicy(
        law, task.ROBOT.parameters(), PERIOD_S, law.published(), parse_trajectory(FIGURE_EIGHT)
    )  # fmt: skip
    flown = judged(controller, FIGURE_EIGHT, task, flights=2, table=NOMINAL_TABLE)
    assert flown.rmse_m < 0.1


def test_policy_is_the_controller_with_its_memory_outside():
    trajectory, rng = parse_trajectory(FIGURE_EIGHT), np.random.default_rng(1)
    law = load_law("lee")
    gains = law.published() | {"preview_s": 0.033}
    inside = Controller(law, NOMINAL, 3, PERIOD_S, gains)
    outside = ControllerPolicy(law, NOMINAL, PERIOD_S, gains, trajectory)
    state = np.zeros((3, outside.state_size), np.float32)
    for step in range(4):
        estimate = rng.normal(size=(3, 30)) * 0.01
        estimate[:, 3:12] = np.eye(3).ravel()
        now = trajectory.sample(np.full(3, step * PERIOD_S)).position_w
        expected = inside.step(
            estimate + np.pad(now, ((0, 0), (0, 27))),
            reference_rows(trajectory.sample(np.full(3, step * PERIOD_S + 0.033))),
        )
        command, state = outside.step(estimate, state, np.full(3, step == 0))
        assert command == pytest.approx(expected, abs=1e-5)


def test_policy_begins_anew_where_it_is_reset():
    outside = policy("indi", FIGURE_EIGHT)
    observation = np.zeros((2, 22), np.float32)
    observation[:, 3:12] = np.eye(3).ravel()
    first, state = outside.step(observation, np.zeros((2, outside.state_size), np.float32), np.ones(2, bool))
    for _ in range(5):
        _, state = outside.step(observation, state, np.zeros(2, bool))
    again, _ = outside.step(observation, state, np.array([True, False]))
    assert again[0] == pytest.approx(first[0], abs=1e-6)
    assert again[1] != pytest.approx(first[1], abs=1e-6)
