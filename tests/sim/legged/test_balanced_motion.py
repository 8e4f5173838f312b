"""The script that follows a motion: what inverse dynamics says of it, and that it stands where playing it falls."""

import mujoco
import numpy as np
import pytest

from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import ConfigError
from sim.legged.balanced_motion import BalancedMotion
from sim.legged.motion_dynamics import motion_dynamics
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from sim.motion.size import stature_for
from sim.randomization import RandomizationTable
from sim.robot_parameters import GRAVITY

CALM = RandomizationTable("nothing")


def clip_of(name, duration_s):
    return retarget(generate(name, Settings(duration_s, stature_m=stature_for("g1"))), "g1")


@pytest.fixture(scope="module")
def kick():
    return clip_of("kick", 5.0)


@pytest.fixture(scope="module")
def kicking(kick):
    return LeggedEnv(load_legged_task("imitate", clip=kick), 2, table=CALM, threads=1)


@pytest.fixture(scope="module")
def dynamics(kicking):
    return motion_dynamics(kicking.world.scene.model, ("left_foot", "right_foot"), kicking.motion.reference, 0.02)


def test_the_foot_that_stands_alone_bears_all_of_it(kick, dynamics):
    assert len(dynamics.torque) == 250
    np.testing.assert_allclose(dynamics.load.sum(1), 1.0)
    alone = dynamics.load.max(1) == 1.0
    assert 80 < alone.sum() < 200
    assert dynamics.load[125].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(dynamics.load[0], 0.5, atol=0.05)  # the weight begins in the middle


def test_at_rest_joints_bear_the_weight_above_them(kicking, dynamics):
    """Of a robot that hardly moves: both ankles hold the weight by its lever about them, but for that of the soles."""
    model = kicking.world.scene.model
    reference = kicking.motion.reference.at(np.zeros(1, int), np.zeros(1))
    data = mujoco.MjData(model)
    data.qpos[:] = np.concatenate([reference.root_position_w[0], reference.root_quaternion_w[0],
                                   reference.joint_position[0]])  # fmt: skip
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    ankles = [model.joint(f"{side}_ankle_pitch_joint") for side in ("left", "right")]
    whole = model.body_subtreemass[1] * GRAVITY
    pressed = data.subtree_com[1, 0]
    np.testing.assert_allclose(dynamics.centre[0], data.subtree_com[1, :2] - data.qpos[:2], atol=1e-4)
    found = sum(dynamics.torque[0, joint.dofadr[0] - 6] for joint in ankles)
    lever = np.mean([pressed - data.xanchor[joint.id][0] for joint in ankles])
    soles = sum(model.body_subtreemass[joint.bodyid[0]] for joint in ankles) * GRAVITY
    assert found == pytest.approx(whole * lever, abs=soles * 0.1 + 1.0)
    assert abs(found) > 3.0


def test_it_follows_what_stiff_gains_alone_fall_from(kicking):
    """A kick, by exact sensors: its own joints as targets topple the robot before the foot is down again."""
    script = BalancedMotion(kicking)
    kicking.reset()
    distances, fallen = [], np.zeros(2, bool)
    for _ in range(150):
        action = script.act()
        action[1] = 0.0
        after = kicking.step(action)
        distances.append(after.asked_errors["body_distance_m"])
        fallen |= after.terminated
    assert fallen.tolist() == [False, True]
    assert np.mean(distances, axis=0)[0] < 0.03


def test_feet_press_beyond_where_the_weight_is_off(kicking):
    """Ahead: toes down; to the left: the left edges; by the capture point."""
    kicking.reset()
    script, state = BalancedMotion(kicking), kicking.world.state
    names = kicking.spec.parameters.joint_names
    pitch, roll = names.index("left_ankle_pitch_joint"), names.index("left_ankle_roll_joint")
    rest = script.act()
    state.velocity_w[0, 0], state.velocity_w[1, 1] = 0.1, 0.1
    moved = script.act() - rest
    assert moved[0, pitch] > 0.01
    assert moved[1, roll] < -0.005
    assert abs(moved[0, roll]) < 1e-6
    assert abs(moved[1, pitch]) < 1e-6


def test_without_a_motion_it_says_so():
    with pytest.raises(ConfigError, match="task 'stand' follows no motion"):
        BalancedMotion(LeggedEnv(load_legged_task("stand"), 1))
