"""Angles of a leg put its foot where it is wanted, level, as MuJoCo's own kinematics say."""

import mujoco
import numpy as np
import pytest

from sim.bodies.model import build_joint_model
from sim.errors import ConfigError
from sim.legged.leg_kinematics import find_legs
from sim.registry import load_robot

P = load_robot("g1").parameters("stand")


@pytest.mark.parametrize("side", [0, 1])
def test_the_foot_of_an_upright_robot_is_where_it_is_wanted_and_level(side):
    leg, rng = find_legs("g1", P)[side], np.random.default_rng(side)
    model = build_joint_model(load_robot("g1"), P, floor=False)
    data = mujoco.MjData(model)
    places = np.array([0.0, leg.hip_b[1], -0.74]) + rng.uniform(-1.0, 1.0, (50, 3)) * (0.15, 0.12, 0.03)
    for place, angles in zip(places, leg.angles(places)):
        data.qpos[:] = 0.0
        data.qpos[3] = 1.0
        data.qpos[7 + leg.joints] = angles
        mujoco.mj_kinematics(model, data)
        foot = data.site(P.feet[side])
        np.testing.assert_allclose(foot.xpos, place, atol=0.02)  # hip axes that miss each other
        assert np.arccos(foot.xmat[8]) < 0.06  # rad: ankles turn about axes that the hip's roll has tilted


def test_a_base_that_leans_leaves_the_foot_level():
    leg = find_legs("g1", P)[0]
    place, roll, pitch = np.array([[0.05, leg.hip_b[1] + 0.03, -0.74]]), 0.1, -0.2
    hip_pitch, hip_roll, yaw, knee, ankle_pitch, ankle_roll = leg.angles(place, roll, pitch)[0]
    assert yaw == 0.0
    assert hip_pitch + knee + ankle_pitch == pytest.approx(-pitch)
    assert hip_roll + ankle_roll == pytest.approx(-roll)
    upright = leg.angles(place)[0]
    assert hip_pitch - upright[0] == pytest.approx(-pitch, abs=0.02)  # the leg goes on pointing to the place
    assert hip_roll - upright[1] == pytest.approx(-roll, abs=0.02)


def test_a_place_out_of_reach_is_approached_by_a_leg_that_is_nearly_straight():
    leg = find_legs("g1", P)[0]
    angles = leg.angles(np.array([[0.0, leg.hip_b[1], -2.0]]))[0]
    assert 0.0 < angles[3] < 0.2


def test_a_robot_with_other_legs_is_refused():
    with pytest.raises(ConfigError, match="robot 'go1' has no two legs with hip_pitch, hip_roll"):
        find_legs("go1", load_robot("go1").parameters("stand"))
