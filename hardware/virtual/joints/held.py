"""A body whose base is held in the air, with joints that are not what the constants say.

It stands for a real robot on a stand: its physics takes half a millisecond per step of RK4, so that neither the rotors'
inertia nor friction is an artefact of the integrator, and targets reach the motors late.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardware.virtual.joints.body import STEP_S, Body
from sim.bodies.dynamics import JointDynamics, nominal_dynamics
from sim.bodies.model import build_joint_spec, hold_base
from sim.registry import load_robot
from sim.spec import JointParameters

SUBSTEPS = 2
"""Of physics in ``STEP_S``."""
LONGEST_DELAY_S = 0.05


class HeldBody(Body):
    """One robot on a stand.

    Args:
        robot: its name.
        parameter_set: its constants and gains; default: the robot's own.
        dynamics: of its joints; default: those of its constants.
    """

    def __init__(self, robot: str, parameter_set: str | None = None, dynamics: JointDynamics | None = None) -> None:
        spec_of_robot = load_robot(robot)
        self.parameters: JointParameters = spec_of_robot.parameters(parameter_set)
        step_s = STEP_S / SUBSTEPS
        spec = build_joint_spec(spec_of_robot, self.parameters, timestep=step_s, floor=False)
        self._height = float(spec.body(self.parameters.link_names[0]).pos[2])
        hold_base(spec, self.parameters)
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_RK4
        for actuator in spec.actuators:
            actuator.nsample = math.ceil(LONGEST_DELAY_S / step_s) + 1
            actuator.delay = step_s
        self.model = spec.compile()
        damping = self.model.dof_damping.reshape(self.model.nv, -1)[:, 0]
        self.dynamics = dynamics or nominal_dynamics(self.parameters, damping)
        """What it hides."""
        self._apply(self.dynamics, step_s)
        self.data = mujoco.MjData(self.model)
        mujoco.mj_setConst(self.model, self.data)
        pose = np.asarray(self.parameters.default_pose_rad)
        self.data.qpos[:] = self.data.ctrl[:] = pose
        for joint, angle in enumerate(pose):
            samples = int(self.model.actuator_history[joint, 0])
            mujoco.mj_initCtrlHistory(self.model, self.data, joint, None, np.full((samples, 1), angle))
        mujoco.mj_forward(self.model, self.data)
        self.crane = None
        self._effort = np.asarray(self.parameters.effort_n_m)
        self._alive = np.ones(len(self._effort), bool)
        self.encoder_bias = self.dynamics.bias.copy()

    def _apply(self, dynamics: JointDynamics, step_s: float) -> None:
        model = self.model
        model.dof_armature[:] = dynamics.armature
        model.dof_damping[:] = dynamics.damping.reshape(model.dof_damping.shape)
        model.dof_frictionloss[:] = dynamics.friction
        # MuJoCo looks for the newest target at least that old: a hair less, so that rounding does not cost a step.
        model.actuator_delay[:] = np.maximum(dynamics.delay, step_s).reshape(model.actuator_delay.shape) - 1e-6

    def drive(self, q: ArrayLike, dq: ArrayLike, tau: ArrayLike, kp: ArrayLike, kd: ArrayLike) -> None:
        """Set what the motors do from now on; they are as strong as they are."""
        strength = self.dynamics.strength
        super().drive(q, dq, strength * np.asarray(tau), strength * np.asarray(kp), strength * np.asarray(kd))

    def push(self, speed_m_s: float) -> None:
        """Nothing: it is held."""

    def step(self) -> None:
        """Let ``STEP_S`` pass."""
        mujoco.mj_step(self.model, self.data, SUBSTEPS)

    @property
    def qpos(self) -> NDArray[np.float64]:
        """As of a robot that is free to move."""
        return np.concatenate([[0.0, 0.0, self._height, 1.0, 0.0, 0.0, 0.0], self.data.qpos])

    @property
    def qvel(self) -> NDArray[np.float64]:
        """As of a robot that is free to move."""
        return np.concatenate([np.zeros(6), self.data.qvel])

    @property
    def position(self) -> NDArray[np.float64]:
        """(n,) true joint angles, rad."""
        return self.data.qpos

    @property
    def velocity(self) -> NDArray[np.float64]:
        """(n,) true joint speeds, rad/s."""
        return self.data.qvel

    @property
    def acceleration(self) -> NDArray[np.float64]:
        """(n,) joint accelerations, rad/s^2."""
        return self.data.qacc

    @property
    def height_m(self) -> float:
        """Height of the base in its MJCF."""
        return self._height

    @property
    def tilt_rad(self) -> float:
        """None: it is held level."""
        return 0.0
