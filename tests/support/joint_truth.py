"""A robot with known joint dynamics that is not the model: a finer step, exact delays, terms the model may lack."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from calibration.joints.model import HeldRobot
from calibration.recording.record import Recording, make_stream
from hardware.virtual.joints.hidden import hidden_dynamics
from sim.bodies.dynamics import JointDynamics
from sim.registry import load_robot

FINE_S = 0.0005
ENCODER_STD_RAD = 0.0005


def random_dynamics(robot: str, seed: int) -> JointDynamics:
    """Draw what a real robot may differ by, as the virtual robots do, with delays of any length."""
    drawn = hidden_dynamics(robot, "policy", seed)
    return replace(drawn, delay=drawn.delay + np.random.default_rng(seed).uniform(-2.5e-4, 2.5e-4, drawn.num_joints))


@dataclass(frozen=True)
class Lacking:
    """What the model does not have."""

    stribeck: float = 0.0
    """Extra dry friction at rest, as a share of the friction."""


def log_in_the_air(
    robot: str, truth: JointDynamics, time_s: np.ndarray, targets: np.ndarray, seed: int = 0,
    noise_rad: float = ENCODER_STD_RAD, lost: float = 0.01, lacking: Lacking = Lacking(),
) -> Recording:  # fmt: skip
    """Move the robot and log it: encoder readings at every target, some of them lost."""
    parameters = load_robot(robot).parameters("policy")
    held = HeldRobot(robot, parameters, step_s=FINE_S)
    model = held.model
    for actuator in range(model.nu):  # delays are exact here: a target holds from its time plus the delay
        model.actuator_delay[actuator] = 0.0
    s, kp, kd = truth.strength, np.asarray(parameters.kp), np.asarray(parameters.kd)
    model.dof_damping[:] = truth.damping.reshape(model.dof_damping.shape)
    model.dof_frictionloss[:] = truth.friction
    model.dof_armature[:] = truth.armature
    model.actuator_gainprm[:, 0] = s * kp
    model.actuator_biasprm[:, :3] = np.stack([-s * kp * truth.bias, -s * kp, -s * kd], axis=1)
    data = mujoco.MjData(model)
    mujoco.mj_setConst(model, data)
    data.qpos[:] = targets[0] - truth.bias
    steps = round((time_s[-1] - time_s[0]) / FINE_S)
    edges = time_s[0] + FINE_S * np.arange(steps + 1)
    control = np.stack([_mean_held(time_s, targets[:, j], edges - d) for j, d in enumerate(truth.delay)], axis=1)
    positions = np.empty((steps + 1, model.nq))
    positions[0] = data.qpos
    for k in range(steps):
        data.ctrl[:] = control[k]
        if lacking.stribeck:
            v = data.qvel
            data.qfrc_applied[:] = -lacking.stribeck * truth.friction * np.exp(-((v / 0.3) ** 2)) * np.tanh(v / 0.05)
        mujoco.mj_step(model, data)
        positions[k + 1] = data.qpos
    rng = np.random.default_rng(seed)
    at = np.rint((time_s - time_s[0]) / FINE_S).astype(int)
    read = positions[at] + truth.bias + rng.normal(0.0, noise_rad, (len(at), model.nq))
    kept = rng.random(len(at)) >= lost
    return Recording(
        robot, None,
        {
            "joint_target": make_stream("joint_target", time_s, targets),
            "joint_position": make_stream("joint_position", time_s[kept], read[kept]),
        },
        (), "virtual", "0" * 64,
    )  # fmt: skip


def _mean_held(time_s: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return means between edges of a signal that holds each value until the next: targets change within a step."""
    area = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(time_s))])
    before = np.searchsorted(time_s, edges, side="right") - 1
    index = np.maximum(before, 0)
    total = np.where(before < 0, values[0] * (edges - time_s[0]), area[index] + values[index] * (edges - time_s[index]))
    return np.diff(total) / np.diff(edges)
