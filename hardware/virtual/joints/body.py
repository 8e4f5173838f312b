"""The body of a robot with joints in MuJoCo: driven by position, velocity, torque and gains, as motors are."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardware.virtual.joints.crane import CLEARANCE_M, HOOK_M, Crane, add_rope
from sim.bodies.model import build_joint_spec, reset_to_default_pose
from sim.registry import load_robot
from sim.spec import JointParameters

STEP_S = 0.001
"""Physics and PD step. The real motors close their loop faster still."""
TORSO = "torso_link"
"""Where the crane's rope is tied to a robot that has one; else to its base."""


class Body:
    """One robot on the ground, or on a crane.

    Args:
        robot: its name.
        hang: start on the crane, feet off the ground.
        parameter_set: its constants and gains; default: the robot's own.

    Attributes:
        parameters: of that set, whose pose it starts in.
        model: MuJoCo's.
        data: MuJoCo's.
        crane: ``None`` without one.
    """

    def __init__(self, robot: str, hang: bool = False, parameter_set: str | None = None) -> None:
        spec_of_robot = load_robot(robot)
        self.parameters: JointParameters = spec_of_robot.parameters(parameter_set)
        spec = build_joint_spec(spec_of_robot, self.parameters, timestep=STEP_S)
        links = self.parameters.link_names
        tied_to = TORSO if TORSO in links else links[0]
        if hang:
            add_rope(spec, tied_to)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        reset_to_default_pose(self.model, self.data, self.parameters)
        self.crane: Crane | None = None
        if hang:
            self.crane = Crane(self.model, float(self.data.body(tied_to).xpos[2]) + HOOK_M)
            self.data.qpos[2] += CLEARANCE_M
            mujoco.mj_forward(self.model, self.data)
        self._effort = np.asarray(self.parameters.effort_n_m)
        self._alive = np.ones(len(self._effort), bool)
        self.encoder_bias = np.zeros(len(self._effort))
        """What each encoder reads too much, rad; the motors' loops act on what they read."""

    def drive(self, q: ArrayLike, dq: ArrayLike, tau: ArrayLike, kp: ArrayLike, kd: ArrayLike) -> None:
        """Set what the motors do from now on: torque = kp (q - measured) + kd (dq - measured) + tau.

        Args:
            q: (n,) target, rad.
            dq: (n,) target speed, rad/s.
            tau: (n,) torque to add, N m.
            kp: (n,) N m/rad.
            kd: (n,) N m s/rad.
        """
        kp, kd = np.asarray(kp), np.asarray(kd)
        self.data.ctrl[:] = np.asarray(q) - self.encoder_bias
        self.model.actuator_gainprm[:, 0] = kp
        self.model.actuator_biasprm[:, 0] = kd * np.asarray(dq) + np.asarray(tau)
        self.model.actuator_biasprm[:, 1] = -kp
        self.model.actuator_biasprm[:, 2] = -kd

    def set_motor(self, joint: int, alive: bool) -> None:
        """Take the torque from a motor, or give it back."""
        self._alive[joint] = alive
        effort = self._effort * self._alive
        self.model.actuator_forcerange[:, 0] = -effort
        self.model.actuator_forcerange[:, 1] = effort

    def push(self, speed_m_s: float) -> None:
        """Change the speed of the whole body at once, along world x."""
        self.data.qvel[0] += speed_m_s

    def step(self) -> None:
        """Let ``STEP_S`` pass."""
        if self.crane is not None:
            self.crane.step(STEP_S)
        mujoco.mj_step(self.model, self.data)

    @property
    def qpos(self) -> NDArray[np.float64]:
        """True position: x, y, z in m, quaternion wxyz, joints in rad."""
        return self.data.qpos

    @property
    def qvel(self) -> NDArray[np.float64]:
        """True velocity: m/s in the world, rad/s in the body, joints in rad/s."""
        return self.data.qvel

    @property
    def dead_motors(self) -> NDArray[np.intp]:
        """Joints whose motors give no torque."""
        return np.flatnonzero(~self._alive)

    @property
    def position(self) -> NDArray[np.float64]:
        """(n,) true joint angles, rad."""
        return self.data.qpos[7:]

    @property
    def velocity(self) -> NDArray[np.float64]:
        """(n,) true joint speeds, rad/s."""
        return self.data.qvel[6:]

    @property
    def acceleration(self) -> NDArray[np.float64]:
        """(n,) joint accelerations, rad/s^2."""
        return self.data.qacc[6:]

    @property
    def torque(self) -> NDArray[np.float64]:
        """(n,) torque of the motors, N m."""
        return self.data.actuator_force

    @property
    def height_m(self) -> float:
        """Height of the base."""
        return float(self.data.qpos[2])

    @property
    def tilt_rad(self) -> float:
        """Angle between the base's z and the vertical."""
        x, y = float(self.data.qpos[4]), float(self.data.qpos[5])
        return math.acos(min(max(1.0 - 2.0 * (x * x + y * y), -1.0), 1.0))

    @property
    def healthy(self) -> bool:
        """Whether the simulation is still made of numbers."""
        return bool(np.isfinite(self.data.qpos).all() and np.isfinite(self.data.qvel).all())
