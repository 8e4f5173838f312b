"""What the residuals of a fit show: which term, added to the model, would explain them best, joint by joint.

A score test: every candidate pushes the fitted model a little, and what that does to the readings, less what the fitted
quantities could have done as well, is compared with the residuals. Nothing is fitted again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.joints.problem import Problem
from calibration.joints.uncertainty import WHITE, Uncertainty
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
SURE = 6.0
"""Standard errors from none; hundreds of tests are made."""
PUSH_N_M = 0.01
STRIBECK_RAD_S = 0.3
"""Dry friction that is larger at rest fades within about so much."""


@dataclass(frozen=True)
class Term:
    """A torque that the model does not have.

    Attributes:
        name: what people call it.
        unit: of its size.
        torque: from angle less its mean, speed and motor torque, (k, n) each, at size one.
    """

    name: str
    unit: str
    torque: Callable[[Array, Array, Array], Array]


TERMS = (
    Term(
        "more dry friction near rest than when moving (Stribeck)", "N m",
        lambda _q, v, _t: -np.tanh(v / 0.05) * np.exp(-((v / STRIBECK_RAD_S) ** 2)),
    ),
    Term("friction that grows with speed squared", "N m s^2/rad^2", lambda _q, v, _t: -v * np.abs(v)),
    Term("friction that grows with the motor's torque (gear efficiency)", "1",
         lambda _q, v, t: -np.abs(t) * np.tanh(v / 0.1)),
    Term("a spring, such as a cable", "N m/rad", lambda q, _v, _t: -q),
)  # fmt: skip
PLAY = "play between motor and link (backlash)"
SOFT_N_M = 0.2
"""Play turns over within about so much torque."""


@dataclass(frozen=True)
class Missing:
    """A term that the residuals ask for."""

    joint: str
    term: str
    size: float
    unit: str
    certainty: float
    """Standard errors from none."""


def missing_terms(
    problem: Problem, x: Array, residual: Array, jacobian: Array, known: Uncertainty, joints: Sequence[int]
) -> list[Missing]:
    """Return the likeliest missing term of each joint whose residuals are not white.

    Args:
        problem: that was solved.
        x: ``(6 n,)`` solution in ``SCALE``.
        residual: ``(k, n)`` there, rad.
        jacobian: ``(k n, 6 n)`` there.
        known: of that fit.
        joints: to look at: those that moved.
    """
    looked_at = [joint for joint in joints if abs(known.correlation[joint]) > WHITE]
    if not looked_at:
        return []
    effects = _effects(problem, x)
    jacobian = jacobian.reshape(*residual.shape, len(QUANTITIES), problem.joints)
    found = []
    for joint in looked_at:
        limb = np.flatnonzero(problem.coarse.branch == problem.coarse.branch[joint])
        columns = jacobian[:, limb][..., limb].reshape(residual[:, limb].size, -1)
        basis = np.linalg.qr(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-12))[0]
        wanted = -residual[:, limb].reshape(-1)
        best = None
        for name, unit, effect in effects:
            alone = effect[:, limb, joint].reshape(-1)
            alone = alone - basis @ (basis.T @ alone)
            power = float(alone @ alone)
            if not power > 0.0:
                continue
            size = float(alone @ wanted) / power
            certainty = size * np.sqrt(power) / known.noise_rad[joint]
            if size > 0.0 and (best is None or certainty > best.certainty):
                best = Missing(problem.fine.parameters.joint_names[joint], name, size, unit, certainty)
        if best is not None and best.certainty > SURE:
            found.append(best)
    return found


def _effects(problem: Problem, x: Array) -> list[tuple[str, str, Array]]:
    """Return what each term at size one does to the readings, (k, n, joint that it acts in)."""
    held, n = problem.coarse, problem.joints
    stacked = x.reshape(len(QUANTITIES), n) * problem.scale
    motion = problem.motion(held, x.reshape(1, -1))
    position, velocity = motion.position[0, :-1], motion.velocity[0, :-1]
    step_ahead = problem.targets(held)
    strength, bias = stacked[QUANTITIES.index("strength")], stacked[QUANTITIES.index("bias")]
    kp, kd = np.asarray(held.parameters.kp), np.asarray(held.parameters.kd)
    motor = strength * (kp * (step_ahead - position - bias) - kd * velocity)
    pushes = [term.torque(position - position.mean(axis=0), velocity, motor) for term in TERMS]
    sizes = [PUSH_N_M / max(float(np.abs(push).max()), 1e-12) for push in pushes]
    slots = int(held.slot.max()) + 1
    extra = np.zeros((1 + len(TERMS) * slots, *velocity.shape))
    for number, (push, size) in enumerate(zip(pushes, sizes, strict=True)):
        for slot in range(slots):
            acting = held.slot == slot
            extra[1 + number * slots + slot][:, acting] = size * push[:, acting]
    seen = problem.predict(held, np.repeat(x.reshape(1, -1), len(extra), axis=0), extra)
    result = []
    for number, (term, size) in enumerate(zip(TERMS, sizes, strict=True)):
        effect = np.zeros((*seen[0].shape, n))
        for joint in range(n):
            limb = held.branch == held.branch[joint]
            change = seen[1 + number * slots + held.slot[joint]] - seen[0]
            effect[:, limb, joint] = change[:, limb] / size
        result.append((term.name, term.unit, effect))
    play = np.zeros((*seen[0].shape, n))
    at = np.clip((problem.log.time_s[problem.judged] / held.step_s).astype(np.intp), 0, len(motor) - 1)
    play[:, np.arange(n), np.arange(n)] = np.tanh(motor[at] / SOFT_N_M)
    return [*result, (PLAY, "rad", play)]
