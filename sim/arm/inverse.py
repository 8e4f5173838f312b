"""Joint angles that bring the tool to a pose, for many simulations at once."""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from sim.arm.view import ArmView
from sim.quaternions import difference

Array = NDArray[np.float64]
DAMPING = 1e-3
"""Of the least squares: small beside singular values of a Jacobian in metres, so that it converges in few steps."""
TURN_M_PER_RAD = 0.3
"""How much a radian weighs beside a metre: about the lever of the wrist."""


def solve_inverse(
    batch: Batch,
    arm: ArmView,
    ids: NDArray[np.integer],
    position_w: Array,
    quaternion_w: Array,
    iterations: int = 20,
    tolerance: float = 1e-6,
) -> Array:
    """Move the arms of some simulations to a pose of the tool, from where they are.

    Damped least squares (Wampler, "Manipulator Inverse Kinematic Solutions Based on Vector Formulations and Damped
    Least-Squares Methods", 1986), kept within the joints' ranges.

    Args:
        batch: the simulations; their joint angles are changed.
        arm: of the batch.
        ids: which simulations; (n,).
        position_w: of the tool, m; (n, 3).
        quaternion_w: wxyz; (n, 4).
        iterations: at most.
        tolerance: end when every error is below this, m and TURN_M_PER_RAD rad.

    Returns:
        What is left of the error, m; (n,).
    """
    hinges = arm.parameters.num_hinges
    low, high = (np.array(p[:hinges]) for p in (arm.parameters.position_low, arm.parameters.position_high))
    error = np.full(len(ids), np.inf)
    for _ in range(iterations):
        batch.forward(ids, stage=int(mujoco.mjtStage.mjSTAGE_POS))
        miss = np.concatenate(
            [
                position_w - arm.position_w[ids],
                TURN_M_PER_RAD * difference(quaternion_w, arm.quaternion_w[ids]),
            ],
            axis=1,
        )
        error = np.abs(miss).max(axis=1)
        if error.max(initial=0.0) < tolerance:
            break
        linear, angular = arm.jacobians()
        jacobian = np.concatenate([linear[ids], TURN_M_PER_RAD * angular[ids]], axis=1)
        gram = jacobian @ jacobian.swapaxes(1, 2) + DAMPING**2 * np.eye(6)
        step = (jacobian.swapaxes(1, 2) @ np.linalg.solve(gram, miss[:, :, None]))[:, :, 0]
        arm.joint_position[ids, :hinges] = np.clip(arm.joint_position[ids, :hinges] + step, low, high)
    return error
