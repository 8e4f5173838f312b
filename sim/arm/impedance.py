"""Task-space impedance: the tool as a mass on springs and dampers to a goal (Hogan, "Impedance Control", 1985).

torque = J^T (K (goal - pose) - D velocity) + N (kp (home - q) - kd dq), clipped to what the joints can do. Gravity is
compensated by the robot. The second term keeps the elbow near home and does not move the tool: N = 1 - J^T L J M^-1
with L = (J M^-1 J^T)^-1 (Khatib, "A Unified Approach for Motion and Force Control of Robot Manipulators", 1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.arm.view import ArmView
from sim.quaternions import difference

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gains:
    """Stiffness and damping."""

    stiffness_n_m: float = 600.0
    damping_n_s_m: float = 50.0
    stiffness_nm_rad: float = 50.0
    damping_nms_rad: float = 1.41
    posture_nm_rad: float = 10.0
    posture_nms_rad: float = 6.3246
    """All published: TacSL's task-space impedance and null-space gains (arXiv 2408.06506 and its settings)."""


TACSL = Gains()


class Impedance:
    """The law for every simulation of a batch.

    Attributes:
        goal_position_w: m; (nsim, 3); written by whoever moves the arm.
        goal_quaternion_w: wxyz; (nsim, 4).
    """

    def __init__(self, arm: ArmView, gains: Gains = TACSL) -> None:
        """Begin with the goal where the tool is."""
        self._arm, self._gains = arm, gains
        parameters = arm.parameters
        self._home = np.array(parameters.home[: parameters.num_hinges])
        self._effort = np.array(parameters.effort[: parameters.num_hinges])
        self.goal_position_w = arm.position_w.copy()
        self.goal_quaternion_w = arm.quaternion_w.copy()
        self._posture = np.zeros_like(arm.joint_position[:, : parameters.num_hinges])

    def hold(self, ids: NDArray[np.integer] | slice = slice(None)) -> None:
        """Make the goal where the tool is now."""
        self.goal_position_w[ids] = self._arm.position_w[ids]
        self.goal_quaternion_w[ids] = self._arm.quaternion_w[ids]

    def update_posture(self) -> None:
        """Compute the null-space torque anew: slow to change, so once per control period will do."""
        arm, gains, hinges = self._arm, self._gains, len(self._home)
        jacobian = np.concatenate(arm.jacobians(), axis=1)  # (nsim, 6, hinges)
        wanted = gains.posture_nm_rad * (self._home - arm.joint_position[:, :hinges])
        wanted -= gains.posture_nms_rad * arm.joint_velocity[:, :hinges]
        across = np.linalg.solve(arm.inertia(), jacobian.swapaxes(1, 2))  # M^-1 J^T
        mobility = jacobian @ across + 1e-9 * np.eye(6)  # (regular at singular postures too)
        within = np.linalg.solve(mobility, across.swapaxes(1, 2) @ wanted[:, :, None])
        self._posture = wanted - (jacobian.swapaxes(1, 2) @ within)[:, :, 0]

    def apply(self) -> None:
        """Write the torques of the arm."""
        arm, gains = self._arm, self._gains
        jacobians = arm.jacobians()
        linear, angular = arm.velocity(jacobians)
        force = gains.stiffness_n_m * (self.goal_position_w - arm.position_w) - gains.damping_n_s_m * linear
        turn = difference(self.goal_quaternion_w, arm.quaternion_w)
        torque = gains.stiffness_nm_rad * turn - gains.damping_nms_rad * angular
        joints = force[:, None] @ jacobians[0] + torque[:, None] @ jacobians[1]  # (nsim, 1, hinges)
        arm.control[:, : len(self._home)] = np.clip(joints[:, 0] + self._posture, -self._effort, self._effort)
