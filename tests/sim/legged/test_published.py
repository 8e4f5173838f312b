"""Figures of publications that tasks of bodies on legs say they take over, against the publications."""

import importlib

import numpy as np
import pytest

from sim.legged import start_times, tolerances
from sim.legged.tables import BODY, CERTAIN_PUSHES, MOTORS, NOISE
from sim.registry import load_robot, load_task

PBHC_REWARDS = {
    "body_position": (1.0, 0.015), "end_position": (1.6, 0.015), "foot_position": (1.5, 0.01),
    "body_rotation": (0.5, 0.1), "body_velocity": (0.5, 1.0), "body_angular_velocity": (0.5, 15.0),
    "joint_position": (1.0, 0.3), "joint_velocity": (1.0, 30.0), "largest_joint_position": (1.0, 1.0),
    "same_contacts": (0.5, None), "foot_slip": (-1.0, None), "joint_range": (-10.0, None),
}  # fmt: skip
"""Weight and first tolerance (arXiv 2506.12851, tables of rewards and of adaptive sigma)."""
RANGES = {
    "friction": (0.3, 1.6), "joint_offset": (-0.01, 0.01),  # BeyondMimic, arXiv 2508.08241
    "link_mass": (0.9, 1.1), "kp": (0.9, 1.1), "kd": (0.9, 1.1), "torque_noise": (0.05 * 0.5, 0.05 * 1.5),  # PBHC
    "base_mass": (-1.0, 1.0), "armature": (1.0, 1.05),  # MuJoCo Playground, arXiv 2502.08844
}  # fmt: skip
LEGGED_GYM_NOISE = {"gravity_b": 0.05, "angular_velocity_b": 0.2, "joint_position_offset": 0.01, "joint_velocity": 1.5}
"""Largest of an even distribution (legged_gym, legged_robot_config.py)."""
BEYOND_MIMIC_SCALES = {
    "left_elbow_joint": 0.439, "left_hip_yaw_joint": 0.548, "left_knee_joint": 0.351, "left_wrist_yaw_joint": 0.075
}  # fmt: skip
"""A quarter of the largest torque over kp."""


def ends_of(term):
    return tuple(np.ravel(term.distribution.quantile(np.array([0.0, 1.0]))))


def test_a_motions_rewards_and_first_tolerances_are_pbhcs():
    found = {term.name: (term.weight, term.tolerance) for term in load_task("imitate").TASK.rewards}
    assert {name: found[name] for name in PBHC_REWARDS} == PBHC_REWARDS
    assert tolerances._KEPT == 0.999


def test_a_motion_is_lost_where_beyond_mimic_ends_and_hard_seconds_are_as_there():
    ends = {term.name: dict(term.parameters) for term in load_task("imitate").TASK.ends}
    assert ends["off_height"] == {"most_m": 0.25}
    assert ends["off_tilt"] == {"most": 0.8}
    assert (start_times.BIN_S, start_times._FORGOTTEN, start_times._EVEN_SHARE) == (1.0, 0.001, 0.1)


@pytest.mark.parametrize("name", RANGES)
def test_what_is_randomised_has_the_published_range(name):
    (term,) = (term for term in (*BODY, *MOTORS) if term.parameter == name)
    assert ends_of(term) == pytest.approx(RANGES[name])


def test_noise_has_the_spread_of_legged_gyms():
    assert dict(NOISE) == pytest.approx({name: most / np.sqrt(3.0) for name, most in LEGGED_GYM_NOISE.items()})


def test_recovery_is_judged_by_pushes_of_half_a_metre_per_second():
    by_name = {term.parameter: term for term in CERTAIN_PUSHES}
    assert ends_of(by_name["push_speed"]) == (0.5, 0.5)
    assert load_task("stand").EVALUATION_TABLE.terms[-2:] == CERTAIN_PUSHES


@pytest.mark.parametrize("task", ["velocity", "stand", "walk", "twist", "imitate"])
def test_a_policy_is_judged_by_all_that_is_randomised(task):
    module = importlib.import_module(f"sim.tasks.{task}")
    for table in (module.TRAINING_TABLE, module.EVALUATION_TABLE):
        assert {term.parameter for term in (*BODY, *MOTORS)} <= {term.parameter for term in table.terms}
        assert {name for name, _ in NOISE} <= set(dict(table.noise_std))


def test_action_scales_of_the_g1_are_beyond_mimics():
    parameters = load_robot("g1").parameters("policy")
    found = dict(zip(parameters.joint_names, parameters.action_scale_rad))
    assert {name: found[name] for name in BEYOND_MIMIC_SCALES} == pytest.approx(BEYOND_MIMIC_SCALES, abs=6e-4)
