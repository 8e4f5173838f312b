"""How far ahead the identified joints predict readings that were not fitted, and the nominal ones: in radians.

Every half second of the held-out part a simulation starts from the state that readings around that moment show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.joints.log import JointLog
from calibration.joints.model import HeldRobot, averaged_targets
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
HORIZONS_S = (0.1, 0.5, 2.0)
EVERY_S = 0.5
AROUND_S = 0.0225
"""Readings this far away from a start tell its state: nine at 200 Hz, by a cubic."""


def prediction_errors(held: HeldRobot, log: JointLog, stacked: Array) -> dict[str, float]:
    """Return the root mean square over all readings up to each horizon, rad, by name as ``Estimate.holdout`` has it.

    Args:
        held: the robot.
        log: that was not fitted.
        stacked: ``(2, 6, n)`` dynamics: the identified ones and the nominal ones.
    """
    starts = np.arange(AROUND_S, log.duration_s - HORIZONS_S[-1], EVERY_S)
    starts = starts[[bool(_around(log, at).sum() > 5) for at in starts]]
    errors: dict[str, list[Array]] = {f"{who}{at}": [] for who in ("", "nominal.") for at in HORIZONS_S}
    steps = int(np.ceil(HORIZONS_S[-1] / held.step_s)) + 1
    for at in starts:
        position, velocity = _state(log, at)
        ahead = log.time_s - at
        judged = (ahead > 0.0) & (ahead <= HORIZONS_S[-1])
        targets = np.stack([_delayed(log, at, dynamics, steps, held.step_s) for dynamics in stacked])
        immediate = stacked.copy()
        immediate[:, QUANTITIES.index("delay")] = 0.0
        motion = held.simulate(immediate, targets, position, velocity)
        bias = stacked[:, QUANTITIES.index("bias")]
        error = motion.positions_at(ahead[judged]) + bias[:, None] - log.position[judged]
        for who, each in zip(("", "nominal."), error, strict=True):
            for horizon in HORIZONS_S:
                errors[f"{who}{horizon}"].append(each[ahead[judged] <= horizon])
    return {
        f"{who}joint_position_rad.{at:g}s": float(np.sqrt((np.concatenate(errors[f"{who}{at}"]) ** 2).mean()))
        for who in ("", "nominal.")
        for at in HORIZONS_S
        if errors[f"{who}{at}"]
    }


def _around(log: JointLog, at: float) -> NDArray[np.bool_]:
    return np.abs(log.time_s - at) <= AROUND_S


def _state(log: JointLog, at: float) -> tuple[Array, Array]:
    """Return angles and speeds at a moment, (n,) each."""
    near = _around(log, at)
    *_, slope, offset = np.polyfit(log.time_s[near] - at, log.position[near], 3)
    return offset, slope


def _delayed(log: JointLog, at: float, dynamics: Array, steps: int, step_s: float) -> Array:
    """Return targets as they reach each motor, (steps, n): a simulation that starts here knows no earlier ones."""
    delays = dynamics[QUANTITIES.index("delay")]
    columns = [
        averaged_targets(log.target_time_s + delay - at, log.target[:, [joint]], steps, step_s)
        for joint, delay in enumerate(delays)
    ]
    return np.concatenate(columns, axis=1)
