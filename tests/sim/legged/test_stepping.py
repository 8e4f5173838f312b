"""The script that stands and walks: it moves no foot without need, and steps are what saves it and carries it on."""

import dataclasses

import numpy as np
import pytest

from sim.distributions import Constant
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import ConfigError
from sim.legged.randomizable import LeggedTerm
from sim.legged.stepping.controller import USUAL_M_S, CaptureSteps
from sim.legged.stepping.settings import ON_THE_SPOT, WALKING, CaptureStepSettings
from sim.randomization import RandomizationTable
from sim.robot_parameters import GRAVITY

TASK, WALK = load_legged_task("stand", "g1"), load_legged_task("walk", "g1")
CALM = RandomizationTable("calm", (), ())


def pushes(speed):
    terms = (("push_speed", speed), ("push_period_s", 1.0))
    return RandomizationTable(
        "pushed", tuple(LeggedTerm(name, Constant(value), "set", "test") for name, value in terms), ()
    )


def stay_up(env, act, steps):
    up = np.ones(env.num_envs, bool)
    for _ in range(steps):
        up &= ~env.step(act()).terminated
    return up


def test_left_alone_it_stands_still():
    env = LeggedEnv(TASK, 1, table=CALM, seed=0, threads=1)
    env.reset()
    script = CaptureSteps(env)
    for _ in range(150):
        assert not env.step(script.act()).terminated[0]
        assert script.stage[0] == 0
    state = env.world.state
    assert np.abs(state.velocity_w[0]).max() < 0.1
    assert state.foot_contact.all()


def test_it_bears_pushes_that_throw_over_who_only_holds_its_pose():
    up = []
    for scripted in (True, False):
        env = LeggedEnv(TASK, 24, table=pushes(0.55), seed=1, threads=1)
        env.reset()
        script, still = CaptureSteps(env), np.zeros((24, env.num_actions))
        up.append(stay_up(env, script.act if scripted else lambda still=still: still, 210).mean())
    assert up[0] >= 0.95
    assert up[1] <= 0.5


def test_who_steps_on_the_spot_never_stops_and_bears_pushes():
    env = LeggedEnv(TASK, 24, table=pushes(0.7), seed=1, threads=1)
    env.reset()
    script, phases, up = CaptureSteps(env, ON_THE_SPOT), [], np.ones(24, bool)
    for _ in range(210):
        up &= ~env.step(script.act()).terminated
        phases.append(script.stage)
    assert up.mean() >= 0.9
    assert (np.array(phases)[10:, up] > 0).all()


@pytest.mark.parametrize("asked", [(0.5, 0.0, 0.0), (0.3, 0.0, 0.3), (0.3, 0.0, -0.3)])
def test_it_walks_as_asked(asked):
    """The velocity, and half of the turn."""
    env = LeggedEnv(WALK, 8, table=CALM, seed=3, threads=1)
    env.reset()
    script, moved = CaptureSteps(env, WALKING), []
    for _ in range(350):
        env.world.state.command[:] = asked
        assert not env.step(script.act()).terminated.any()
        state = env.world.state
        moved.append(np.column_stack([state.velocity_b[:, :2], state.angular_velocity_b[:, 2]]))
    ahead, left, turn = np.mean(moved[100:], axis=(0, 1))
    assert ahead == pytest.approx(asked[0], rel=0.1)
    assert abs(left) < 0.1
    assert 0.4 * abs(asked[2]) <= turn * np.sign(asked[2]) <= abs(asked[2])


@pytest.mark.parametrize("turn", [0.3, -0.3])
def test_a_foot_is_set_down_the_way_that_the_body_turns(turn):
    env = LeggedEnv(WALK, 8, table=CALM, seed=3, threads=1)
    env.reset()
    p, script, turned = WALK.spec.parameters, CaptureSteps(env, WALKING), []
    yaws = [p.joint_names.index(f"{side}_hip_yaw_joint") for side in ("left", "right")]
    for _ in range(100):
        env.world.state.command[:] = (0.3, 0.0, turn)
        action = script.act()
        swinging = (script.stage > 3).astype(int)
        turned += list(np.take_along_axis(action[:, yaws], swinging[:, None], 1)[script.stage > 0])
        env.step(action)
    assert np.mean(turned) * np.sign(turn) > 0.0


def test_who_walks_slowly_never_stops():
    env = LeggedEnv(WALK, 8, table=CALM, seed=3, threads=1)
    env.reset()
    script = CaptureSteps(env, dataclasses.replace(WALKING, calm=1.0, parallel=1.0))
    for _ in range(100):
        env.world.state.command[:] = (0.15, 0.0, 0.0)
        env.step(script.act())
        assert (script.stage > 0).all()


@pytest.mark.parametrize("settings", [CaptureStepSettings(), WALKING])
def test_its_pendulum_is_as_high_as_the_robot(settings):
    """What tunes the frequency finds it a little above sqrt(g / h): legs that swing have weight, too."""
    env = LeggedEnv(TASK, 1, table=CALM, seed=0, threads=1)
    env.reset()
    env.step(CaptureSteps(env).act())
    height = env.world.centre_of_mass_w()[0, 2]
    assert settings.frequency == pytest.approx(np.sqrt(GRAVITY / height), rel=0.2)


def test_steps_go_through_their_phases_foot_after_foot():
    env = LeggedEnv(TASK, 8, table=pushes(0.45), seed=2, threads=1)
    env.reset()
    script, seen = CaptureSteps(env), []
    for _ in range(130):
        env.step(script.act())
        seen.append(script.stage)
    seen = np.array(seen)
    assert set(np.unique(seen)) == set(range(7))
    for phases in seen.T:
        feet = (phases[phases > 0] - 1) // 3
        assert len(feet) == 0 or 0.2 < feet.mean() < 0.8  # both feet step


def test_it_tells_how_the_body_moves_after_a_push_and_where_it_would_come_to_rest():
    env = LeggedEnv(TASK, 64, table=pushes(0.5), seed=2, threads=1)
    env.reset()
    script, before = CaptureSteps(env), None
    for _ in range(54):  # (the push comes after 50)
        before = before if env.age[0] > 50 else getattr(script, "clues", None)
        env.step(script.act())
    moved, velocity = (script.clues - before)[:, :2], (script.clues - before)[:, 6:8]
    assert np.linalg.norm(velocity * USUAL_M_S, axis=1) == pytest.approx(np.full(64, 0.4), abs=0.25)
    assert (moved * velocity).sum(1).min() > 0.0


def test_a_foot_that_a_student_lifts_is_stepping_for_the_script_too():
    env = LeggedEnv(TASK, 1, table=CALM, seed=0, threads=1)
    env.reset()
    script, names = CaptureSteps(env), TASK.spec.parameters.joint_names
    lifting = np.zeros((1, env.num_actions))
    for joint, by in (("right_hip_pitch_joint", -0.5), ("right_knee_joint", 0.7), ("right_ankle_pitch_joint", -0.3)):
        lifting[0, names.index(joint)] = by
    phases = []
    for _ in range(15):
        script.act()
        phases.append(script.stage[0])
        env.step(lifting)
    assert phases[0] == 0
    assert set(phases) & {4, 5, 6}


def test_an_episode_that_begins_anew_is_stood_through_anew():
    env = LeggedEnv(TASK, 4, table=pushes(0.6), seed=3, threads=1)
    env.reset()
    script = CaptureSteps(env)
    stay_up(env, script.act, 58)
    assert script.stage.any()
    env.reset()
    script.act()
    assert not script.stage.any()


def test_a_robot_without_such_legs_is_refused():
    env = LeggedEnv(load_legged_task("stand", "go1"), 1, threads=1)
    with pytest.raises(ConfigError, match="robot 'go1' has no two legs"):
        CaptureSteps(env)


def test_actions_stay_within_reach():
    hard = dataclasses.replace(TASK, training_table=pushes(2.0))
    env = LeggedEnv(hard, 4, seed=4, threads=1)
    env.reset()
    script = CaptureSteps(env)
    for _ in range(80):
        action = script.act()
        assert np.isfinite(action).all()
        assert np.abs(action).max() <= 1.0
        env.step(action)
