"""Which excitation tells most of all joints: that with the largest Fisher information for the nominal robot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calibration.information import told
from calibration.joints.excitation import KINDS, excitation
from calibration.joints.log import LEVEL, JointLog
from calibration.joints.problem import make_problem
from sim.bodies.dynamics import JointDynamics
from sim.spec import JointParameters

Array = NDArray[np.float64]
ENCODER_RAD = 0.0005
"""Noise that the information is reckoned with; a 14-bit encoder's."""
FRICTION_SHARE = 0.01
"""Of the largest torque: a robot without dry friction would tell more than any real one does."""
TRIED_S = 10.0
"""Length of the excitations that are compared: a longer one of the same kind tells more in the same proportions."""
PERIOD_S = 0.005


def information(robot: str, parameters: JointParameters, time_s: Array, targets: Array) -> float:
    """Return how much targets tell of all quantities in ``SCALE`` (calibration/information.py).

    Args:
        robot: its name.
        parameters: its constants and gains.
        time_s: (m,) of the targets.
        targets: (m, n) rad.
    """
    log = JointLog(time_s, targets, time_s, targets, LEVEL)
    problem = make_problem(robot, parameters, log)
    nominal = problem.fine.nominal
    guess: JointDynamics = replace(nominal, friction=FRICTION_SHARE * np.asarray(parameters.effort_n_m))
    jacobian = problem.jacobian(guess.stacked / problem.scale) / ENCODER_RAD
    return told(jacobian.T @ jacobian)


def most_informative(robot: str, parameters: JointParameters, seeds: int = 2) -> tuple[str, int, dict[str, float]]:
    """Return kind and seed of the excitation that tells most, and what each of them tells.

    Args:
        robot: its name.
        parameters: its constants and gains.
        seeds: tried of each kind.
    """
    time_s = np.arange(0.0, TRIED_S, PERIOD_S)
    told = {
        (kind, seed): information(robot, parameters, time_s, excitation(parameters, time_s, kind, seed))
        for kind in KINDS
        for seed in range(seeds)
    }
    (kind, seed), _ = max(told.items(), key=lambda item: item[1])
    return kind, seed, {f"{kind}.{seed}": value for (kind, seed), value in told.items()}
