"""Tasks on legs around one identified robot: what simulations draw, what joints do, and which files are refused."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from calibration.joints.model import HeldRobot, averaged_targets
from sim.bodies.dynamics import QUANTITIES, JointDynamics
from sim.bodies.model import build_joint_spec, hold_base
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import ConfigError
from sim.identified_joints import IdentifiedJoints, around_joints
from sim.legged.physics import AS_TRAINED, Physics, added_inertia, input_lead_s
from sim.legged.randomizable import EpisodeDraws
from sim.legged.scene import build_legged_scene
from sim.registry import load_robot
from tests.support.identified import identified_joints
from tests.support.joint_truth import random_dynamics

TRUTH = random_dynamics("go1", 5)
GO1 = load_robot("go1").parameters("policy")
IDS = np.arange(3000)


@pytest.fixture(scope="module")
def velocity():
    return load_legged_task("velocity")


def drawn(task, table="training_table"):
    return EpisodeDraws(getattr(task, table), 12, seed=4).draw(IDS, IDS * 0)


def test_draws_have_the_files_values_and_spread(velocity):
    task = around_joints(velocity, identified_joints(TRUTH, relative=0.03))
    draws = drawn(task)
    for name, wanted in {
        "joint_damping": TRUTH.damping, "joint_friction": TRUTH.friction, "joint_offset": TRUTH.bias,
        "motor_strength": TRUTH.strength, "action_delay_s": TRUTH.delay, "armature": np.ones(12),
    }.items():  # fmt: skip
        assert draws[name].mean(axis=0) == pytest.approx(wanted, rel=4e-3), name
        assert draws[name].std(axis=0) == pytest.approx(0.03 * np.abs(wanted), rel=0.1), name
    assert task.spec.parameters.armature_kg_m2 == pytest.approx(TRUTH.armature)
    assert (draws["kp"] == 1.0).all(), "with the strength known, gains are what the host says"
    usual = drawn(velocity)
    assert np.array_equal(draws["base_mass"], usual["base_mass"]), "what the file does not hold stays a guess"
    assert task.evaluation_table.hash() != velocity.evaluation_table.hash()


def test_what_is_correlated_in_the_file_is_correlated_in_the_draws(velocity):
    file = identified_joints(TRUTH, relative=0.05)
    a, b = (file.names.index(f"{name}.FL_calf_joint") for name in ("armature", "strength"))
    covariance = file.covariance.copy()
    covariance[a, b] = covariance[b, a] = 0.9 * np.sqrt(covariance[a, a] * covariance[b, b])
    draws = drawn(around_joints(velocity, replace(file, covariance=covariance)))
    assert np.corrcoef(draws["armature"][:, 5], draws["motor_strength"][:, 5])[0, 1] == pytest.approx(0.9, abs=0.02)
    assert abs(np.corrcoef(draws["armature"][:, 4], draws["motor_strength"][:, 5])[0, 1]) < 0.1


def test_joints_that_the_file_leaves_out_stay_a_guess_and_the_hash_says_so(velocity):
    out = ("strength.FR_hip_joint", "delay.FR_hip_joint", "bias.FL_calf_joint", "damping")
    task = around_joints(velocity, identified_joints(TRUTH, leave_out=out))
    draws, usual = drawn(task), drawn(velocity)
    for name, joint in (("kp", 0), ("kd", 0), ("joint_offset", 5)):
        assert np.array_equal(draws[name][:, joint], usual[name][:, joint])
    assert np.array_equal(draws["action_delay_s"][:, 0], usual["action_delay_s"][:, 0])
    assert (draws["motor_strength"][:, 0] == 1.0).all()
    assert (draws["kp"][:, 1:] == 1.0).all()
    assert np.isnan(draws["joint_damping"]).all()
    whole = around_joints(velocity, identified_joints(TRUTH))
    assert task.training_table.hash() != whole.training_table.hash()


def test_simulations_get_what_was_drawn(velocity):
    task = around_joints(velocity, identified_joints(TRUTH, relative=0.0))
    env = LeggedEnv(task, 3, threads=1)
    env.reset()
    batch, kd = env.world.batch, np.asarray(GO1.kd)
    assert batch.expand("actuator_gainprm")[1, :, 0] == pytest.approx(TRUTH.strength * GO1.kp)
    assert -batch.expand("actuator_biasprm")[1, :, 2] == pytest.approx(TRUTH.strength * kd)
    assert batch.expand("actuator_forcerange")[1, :, 1] == pytest.approx(TRUTH.strength * GO1.effort_n_m)
    assert batch.expand("dof_damping")[1, 6:] == pytest.approx(TRUTH.damping)
    assert batch.expand("dof_frictionloss")[1, 6:] == pytest.approx(TRUTH.friction)
    assert batch.expand("actuator_delay")[1] == pytest.approx(TRUTH.delay + 0.0025)
    lent = 0.0025 * (TRUTH.strength * kd + TRUTH.damping)
    assert batch.expand("dof_armature")[1, 6:] == pytest.approx(TRUTH.armature - lent, rel=1e-4)
    assert env.world.joint_offset[1] == pytest.approx(TRUTH.bias, rel=1e-4)
    assert env.observe()["critic"].shape == (3, task.spec.critic_size)
    usual = LeggedEnv(velocity, 3, threads=1, table=replace(velocity.training_table, terms=()))
    usual.reset()
    own = usual.world.scene.model
    assert usual.world.batch.expand("dof_armature")[1] == pytest.approx(own.dof_armature), "published ranges lend it"


def in_training(truth, as_in_the_fit=True, step_s=0.005, seconds=1.5):
    """Follow targets with a training's integrator, step and delays, the base held; return them and the angles."""
    spec = build_joint_spec(load_robot("go1"), GO1, step_s, floor=False)
    hold_base(spec, GO1)
    AS_TRAINED.apply(spec, GO1, step_s)
    samples, linear = build_legged_scene("go1", GO1, step_s, exact_delays=True).model.actuator_history[0]
    for actuator in spec.actuators:
        actuator.nsample, actuator.delay, actuator.interp = int(samples), step_s, int(linear)
    model = spec.compile()
    strength, kd = truth.strength, truth.strength * np.asarray(GO1.kd)
    model.dof_damping[:], model.dof_frictionloss[:] = truth.damping, truth.friction
    model.dof_armature[:] = truth.armature - as_in_the_fit * added_inertia(model, truth.damping, kd)
    model.actuator_gainprm[:, 0] = strength * GO1.kp
    model.actuator_biasprm[:, 1], model.actuator_biasprm[:, 2] = -strength * GO1.kp, -kd
    model.actuator_delay[:] = truth.delay + as_in_the_fit * input_lead_s(model)
    data = mujoco.MjData(model)
    mujoco.mj_setConst(model, data)
    pose = np.array(GO1.default_pose_rad)
    for joint, angle in enumerate(pose):
        mujoco.mj_initCtrlHistory(model, data, joint, None, np.full((int(samples), 1), angle))
    data.qpos[:] = pose
    time_s = np.linspace(0.0, seconds, round(seconds / 0.02), endpoint=False)
    swing = np.sin(2.0 * np.pi * (1.0 + 2.5 * time_s) * time_s)[:, None] * np.where(np.arange(12) % 3, 0.25, 0.15)
    angles = []
    for target in pose + swing:
        data.ctrl[:] = target
        for _ in range(round(0.02 / step_s)):
            mujoco.mj_step(model, data)
            angles.append(data.qpos.copy())
    return time_s, pose + swing, np.array(angles)


@pytest.mark.parametrize("delay_s", [0.0026, 0.0075, 0.021])
def test_an_identified_joint_moves_in_training_as_it_did_in_the_fit(delay_s):
    """The fit's fine steps and the training's long ones: armature and delay mean the same by the correction of both."""
    truth = replace(TRUTH, bias=np.zeros(12), delay=np.full(12, delay_s))
    time_s, targets, angles = in_training(truth)
    held = HeldRobot("go1", GO1, step_s=0.000625)
    steps = round(len(angles) * 0.005 / held.step_s)
    taken = averaged_targets(time_s, targets, steps, held.step_s)
    fitted = held.simulate(truth.stacked[None], taken, np.array(GO1.default_pose_rad)).position[0, 8::8]
    error = np.sqrt(((angles - fitted) ** 2).mean())
    as_it_was = np.sqrt(((in_training(truth, as_in_the_fit=False)[2] - fitted) ** 2).mean())
    assert error < 3e-3
    assert error < 0.3 * as_it_was


@pytest.mark.parametrize("integrator", ["implicitfast", "Euler", "RK4", "discrete"])
def test_what_integrators_add_to_an_inertia_is_told_to_first_order(integrator):
    """A wheel on a spring: its period gives the inertia that it moves by."""
    inertia, damping, gain, stiffness, step_s = 0.01, 0.01, 0.02, 10.0, 0.002
    model = mujoco.MjModel.from_xml_string(f"""<mujoco><option gravity="0 0 0" timestep="{step_s}"/>
    <worldbody><body><joint name="j" axis="0 0 1" damping="{damping}" stiffness="0" armature="{inertia}"/>
    <inertial pos="0 0 0" mass="1" diaginertia="1e-9 1e-9 1e-9"/></body></worldbody>
    <actuator><position joint="j" kp="{stiffness}" kv="{gain}"/></actuator></mujoco>""")
    model.opt.integrator = getattr(mujoco.mjtIntegrator, f"mjINT_{integrator.upper()}")
    added = added_inertia(model, np.array(damping), np.array(gain))
    data = mujoco.MjData(model)
    data.qpos[0] = 1.0
    seen = []
    for _ in range(600):
        mujoco.mj_step(model, data)
        seen.append(float(data.qpos[0]))
    x = np.array(seen)
    # x+ = a x + b x- exactly; the poles' product and angle are those of a swing of some inertia.
    a, b = np.linalg.lstsq(np.stack([x[1:-1], x[:-2]], axis=1), x[2:], rcond=None)[0]
    poles = np.log(np.roots([1.0, -a, -b]).astype(complex)) / step_s
    moved_by = stiffness / np.abs(poles[0]) ** 2
    second_order = 0.5 * stiffness * step_s**2
    assert moved_by - inertia == pytest.approx(float(added), abs=1.2 * second_order)
    assert {"RK4": added == 0.0, "Euler": added < 0.0}.get(integrator, added == pytest.approx(3e-5))


def test_the_budget_holds_the_identified_delay(velocity):
    late = replace(TRUTH, delay=TRUTH.delay + 0.015)
    timing = around_joints(velocity, identified_joints(late, relative=0.02)).spec.timing
    assert timing.latency_budget_s == pytest.approx(1.08 * late.delay.max(), rel=1e-3)
    assert timing.latency_assumed_s == pytest.approx(late.delay.mean(), rel=1e-3)
    assert timing.latency_budget_s > velocity.spec.timing.latency_budget_s


def test_files_that_do_not_fit_are_refused(velocity):
    def refused(file, words):
        with pytest.raises(ConfigError, match=words):
            around_joints(velocity, file)

    good = identified_joints(TRUTH)
    refused(replace(good, robot="g1"), "is of a g1, task 'velocity' moves a go1: say --robot g1")
    refused(replace(good, parameter_set="stand"), "parameter set 'stand', not 'policy': identify it from joints")
    refused(identified_joints(TRUTH, armature__tail=0.1), r"'armature\.tail': a go1 has no such joint; it has: FR_hip")
    refused(identified_joints(TRUTH, stiffness__FR_hip_joint=1.0), "which is nothing of a joint: expected armature,")
    refused(identified_joints(TRUTH, leave_out=QUANTITIES), "holds nothing")
    for name, value in (("armature", 0.0), ("friction", -0.1), ("delay", -1e-3), ("strength", -1.0)):
        refused(identified_joints(replace(TRUTH, **{name: np.full(12, value)})), f"{name}.FR_hip_joint = .*cannot be")
    refused(identified_joints(replace(TRUTH, delay=np.full(12, 0.055))), "0.055 s, more than simulations remember")
    with pytest.raises(ConfigError, match="not finite"):
        replace(good, covariance=np.full_like(good.covariance, np.nan))


def test_a_file_says_what_it_holds_of_each_joint():
    joints = IdentifiedJoints(identified_joints(TRUTH, leave_out=("friction.FL_hip_joint",)), GO1)
    values, errors = joints.of("friction")
    assert np.isnan(values[3])
    assert np.isnan(errors[3])
    assert JointDynamics.of(joints.middle).friction[0] == pytest.approx(TRUTH.friction[0])
    assert not joints.known[QUANTITIES.index("friction"), 3]


def test_an_untrained_setting_of_the_physics_keeps_the_robot(velocity):
    task = around_joints(velocity, identified_joints(TRUTH, relative=0.0))
    env = LeggedEnv(replace(task, spec=task.spec.under(Physics("RK4", step_s=0.002, integrator="RK4"))), 1, threads=1)
    env.reset()
    assert env.world.batch.expand("dof_armature")[0, 6:] == pytest.approx(TRUTH.armature, rel=1e-5)
