"""Bodies on legs in mujoco_warp against MuJoCo: the same motion from the same state, delays and masses included."""

import numpy as np
import pytest

pytest.importorskip("warp", reason="warp-lang is not in the test requirements: pip install 'sim2metal[gpu]'")
pytest.importorskip("mujoco_warp", reason="mujoco_warp is not in the test requirements: pip install 'sim2metal[gpu]'")

from sim.envs.legged import LeggedEnv, load_legged_task, made_late
from sim.errors import ConfigError
from sim.legged.scene import build_legged_scene
from sim.legged.warp_batch import WarpBatch
from sim.motion.robot_clip import robot_clip

pytestmark = pytest.mark.slow  # its kernels are compiled for a minute
ENGINES = ("mujoco", "warp")
NEAR = 2e-4
"""Of float32 over ten control steps with feet on the floor; measured: 2e-5."""


def both(robot, n=3, late_s=None):
    task = load_legged_task("velocity", robot)
    task = task if late_s is None else made_late(task, late_s)
    return [LeggedEnv(task, n, seed=3, threads=1, engine=engine) for engine in ENGINES]


@pytest.mark.parametrize(("robot", "late_s"), [("go1", None), ("g1", None), ("go1", (0.0, 0.04))])
def test_the_same_episodes_on_both(robot, late_s):
    envs = both(robot, late_s=late_s)
    for env in envs:
        env.reset()
    actions = np.random.default_rng(0).normal(0.0, 0.2, (10, 3, envs[0].num_actions))
    for step, action in enumerate(actions):
        if step == 5:
            for env in envs:  # one begins anew while the others go on
                env.age[1] = env.spec.control_steps - 1
        after = [env.step(action) for env in envs]
        assert after[0].truncated.tolist() == after[1].truncated.tolist() == [False, step == 5, False]
        for group in ("actor", "critic"):
            one, other = (transition.observation[group] for transition in after)
            scale = np.abs(one).max(0) + 1.0
            assert (np.abs(one - other) / scale).max() < 50.0 * NEAR
        state, other = (env.world.state for env in envs)
        assert np.abs(state.position_w - other.position_w).max() < NEAR
        assert np.abs(state.joint_position - other.joint_position).max() < NEAR
        np.testing.assert_array_equal(state.foot_contact, other.foot_contact)
        assert np.abs(after[0].reward - after[1].reward).max() < 50.0 * NEAR


def test_masses_and_delays_change_the_motion():
    heavy, light, late = (WarpBatch(*_go1()) for _ in range(3))
    moved = []
    for batch, field, factor in ((light, "body_mass", 1.0), (heavy, "body_mass", 1.3), (late, "actuator_delay", 4.0)):
        batch.expand(field)[:] *= factor
        batch.set_const(np.arange(batch.nsim))
        batch.bind("qpos")[:, 2] = 0.5
        batch.bind("ctrl")[:] = 0.5
        batch.forward(np.arange(batch.nsim))
        batch.step(8)
        moved.append(batch.bind("qpos").copy())
    assert np.abs(moved[0] - moved[1]).max() > 1e-3
    assert np.abs(moved[0] - moved[2]).max() > 1e-3


def test_what_cannot_be_is_said():
    model, _ = _go1()
    with pytest.raises(ConfigError, match="cuda:7"):
        WarpBatch(model, 1, "cuda:7")
    batch = WarpBatch(model, 1)
    batch.step()
    with pytest.raises(ConfigError, match="before the first step"):
        batch.expand("body_mass")


def _go1():
    spec = load_legged_task("velocity", "go1").spec
    return build_legged_scene(spec.robot, spec.parameters, spec.timing.physics_step_s).model, 2


def test_bodies_of_a_motion_are_read_on_both():
    clip = robot_clip("squat", "g1")
    envs = [LeggedEnv(load_legged_task("imitate", clip=clip), 2, threads=1, engine=engine) for engine in ENGINES]
    for env in envs:
        env.reset()
    for _ in range(5):
        after = [env.step(np.zeros((2, env.num_actions))) for env in envs]
    for name, errors in after[0].asked_errors.items():
        np.testing.assert_allclose(errors, after[1].asked_errors[name], atol=NEAR)
    with pytest.raises(ConfigError, match="no 'xnothing'"):
        envs[1].world.batch.bind("xnothing")
