"""A robot whose base is held, its joints following targets: many sets of joint dynamics at once in ``mujoco.batch``.

The motors' position loops are part of the physics, as real ones close far faster than a host sends, and delays are
MuJoCo's own. RK4 on purpose: ``implicitfast`` takes damping at the end of a step, which adds ``kd dt / 2`` to a joint's
inertia; at 1 ms and Unitree's gains that is 6 % of a Go1 hip's armature, more than what is asked for here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from sim.bodies.dynamics import QUANTITIES, nominal_dynamics
from sim.bodies.model import build_joint_spec, hold_base
from sim.registry import load_robot
from sim.spec import GRAVITY, JointParameters

Array = NDArray[np.float64]
STEP_S = 0.0025
"""Half a period of a 200 Hz host."""
LONGEST_DELAY_S = 0.06
"""Delays up to here can be told; ten times what a field bus takes."""
LEAD_STEPS = 2
"""Steps by which targets enter MuJoCo's buffer too early, and leave it too late: the last stage of RK4 looks one step
ahead, and what is written in a step can be read from the next one on, so that it cannot hold less."""
Feedback = Callable[[Array, Array], Array]
_NONE = int(mujoco.mjtStage.mjSTAGE_NONE)


@dataclass(frozen=True)
class Motion:
    """What simulations did; N of them, n joints."""

    time_s: Array
    """(steps,) after the start."""
    position: Array
    """(N, steps, n) true angles, rad."""
    velocity: Array
    """(N, steps, n) rad/s."""

    def positions_at(self, time_s: Array) -> Array:
        """Return angles between the steps by cubic Hermite interpolation, (N, len(time_s), n)."""
        step_s = self.time_s[1] - self.time_s[0]
        left = np.clip(((time_s - self.time_s[0]) / step_s).astype(np.intp), 0, len(self.time_s) - 2)
        s = ((time_s - self.time_s[left]) / step_s)[:, None]
        p0, p1 = self.position[:, left], self.position[:, left + 1]
        v0, v1 = self.velocity[:, left] * step_s, self.velocity[:, left + 1] * step_s
        rise = p1 - p0
        return p0 + s * (v0 + s * (3.0 * rise - 2.0 * v0 - v1 + s * (v0 + v1 - 2.0 * rise)))

    def velocities_at(self, time_s: Array) -> Array:
        """Return speeds between the steps by straight lines, (N, len(time_s), n)."""
        at = (time_s - self.time_s[0]) / (self.time_s[1] - self.time_s[0])
        left = np.clip(at.astype(np.intp), 0, len(self.time_s) - 2)
        s = (at - left)[:, None]
        return (1.0 - s) * self.velocity[:, left] + s * self.velocity[:, left + 1]


class HeldRobot:
    """Simulations of one robot in the air.

    Args:
        robot: its name.
        parameters: whose gains the motors follow targets with.
        gravity_b: (3,) gravity in the frame of the held base, m/s^2; default: it is level.
        step_s: of the physics.
        threads: of the batch.

    Attributes:
        model: the compiled model.
        parameters: as given.
        nominal: dynamics of the robot's constants and MJCF.
        branch: (n,) number of the limb that each joint is of; limbs of a held robot do not feel each other.
        slot: (n,) place of each joint in its limb.
    """

    def __init__(
        self,
        robot: str,
        parameters: JointParameters,
        gravity_b: tuple[float, float, float] = (0.0, 0.0, -GRAVITY),
        step_s: float = STEP_S,
        threads: int = 1,
    ) -> None:
        self.parameters, self.step_s, self._threads = parameters, step_s, threads
        self.model = _held_model(robot, parameters, gravity_b, step_s)
        self.nominal = nominal_dynamics(parameters, self.model.dof_damping.reshape(self.model.nv, -1)[:, 0])
        self.branch, self.slot = _limbs(self.model)
        self._kp, self._kd = np.asarray(parameters.kp), np.asarray(parameters.kd)
        self._batch: Batch | None = None

    def simulate(
        self, stacked: Array, targets: Array, start: Array, start_velocity: Array | None = None,
        extra_torque: Array | None = None,
    ) -> Motion:  # fmt: skip
        """Follow targets with every set of dynamics.

        Args:
            stacked: (N, 6, n) dynamics.
            targets: (steps, n) or (N, steps, n) rad, as ``averaged_targets`` makes them.
            start: (n,) or (N, n) reading of the encoders at the start, rad.
            start_velocity: the same for speeds, rad/s; default: at rest.
            extra_torque: (N, steps, n) torque that the model does not have, N m.
        """
        steps = targets.shape[-2]
        batch, ids, position, velocity = self._begin(stacked, targets, start, start_velocity)
        controls, spec = np.broadcast_to(targets, (len(ids), *targets.shape[-2:])), mujoco.mjtState.mjSTATE_CTRL
        if extra_torque is not None:
            controls = np.concatenate([controls, extra_torque], axis=-1)
            spec = spec | mujoco.mjtState.mjSTATE_QFRC_APPLIED
        out = batch.rollout(steps, controls, int(spec), record=("qpos", "qvel"), ids=ids)
        return Motion(
            self.step_s * np.arange(steps + 1),
            np.concatenate([position[:, None], out["qpos"]], axis=1),
            np.concatenate([velocity[:, None], out["qvel"]], axis=1),
        )

    def simulate_with(
        self, stacked: Array, targets: Array, start: Array, start_velocity: Array | None, feedback: Feedback
    ) -> Motion:
        """Like ``simulate``, with torques that depend on the state, step by step.

        Args:
            stacked: (N, 6, n) dynamics.
            targets: (steps, n) rad.
            start: as in ``simulate``.
            start_velocity: the same.
            feedback: torque (N, n) N m from angles (N, n) rad and speeds (N, n) rad/s.
        """
        batch, ids, position, velocity = self._begin(stacked, targets, start, start_velocity)
        q, v, control, applied = (batch.bind(name) for name in ("qpos", "qvel", "ctrl", "qfrc_applied"))
        positions, velocities = np.empty((2, len(ids), len(targets) + 1, position.shape[-1]))
        positions[:, 0], velocities[:, 0] = position, velocity
        for step, row in enumerate(targets):
            control[ids] = row
            applied[ids] = feedback(q[ids], v[ids])
            batch.step(ids)
            positions[:, step + 1], velocities[:, step + 1] = q[ids], v[ids]
        time_s = np.asarray(self.step_s * np.arange(len(targets) + 1), np.float64)
        return Motion(time_s, positions, velocities)

    def _begin(
        self, stacked: Array, targets: Array, start: Array, start_velocity: Array | None
    ) -> tuple[Batch, NDArray[np.intp], Array, Array]:
        """Put every simulation at its start; return them, which they are, and their angles and speeds."""
        batch, ids = self._ready(len(stacked)), np.arange(len(stacked))
        fields = dict(zip(QUANTITIES, stacked.swapaxes(0, 1), strict=True))
        self._write(batch, ids, fields)
        batch.reset(ids, stage=_NONE)
        position = np.broadcast_to(start, fields["bias"].shape) - fields["bias"]
        batch.bind("qpos")[ids] = position
        batch.bind("qvel")[ids] = 0.0 if start_velocity is None else start_velocity
        first = np.broadcast_to(targets[..., 0, :], position.shape)
        batch.bind("history")[ids] = self._history(first)
        velocity = np.zeros_like(position) if start_velocity is None else start_velocity
        return batch, ids, position, np.broadcast_to(velocity, position.shape)

    def _ready(self, sims: int) -> Batch:
        if self._batch is None or self._batch.nsim < sims:
            self._batch = Batch(self.model, sims, self._threads)
        return self._batch

    def _write(self, batch: Batch, ids: NDArray[np.intp], fields: dict[str, Array]) -> None:
        """Give each simulation its dynamics; ``set_const`` because friction's softness follows from inertia."""
        strength = fields["strength"]
        damping = batch.expand("dof_damping")
        damping[ids] = fields["damping"].reshape(damping[ids].shape[:2] + (1,) * (damping.ndim - 2))
        batch.expand("dof_frictionloss")[ids] = fields["friction"]
        batch.expand("dof_armature")[ids] = fields["armature"]
        gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
        gain[ids, :, 0] = strength * self._kp
        bias[ids, :, 0] = -strength * self._kp * fields["bias"]
        bias[ids, :, 1] = -strength * self._kp
        bias[ids, :, 2] = -strength * self._kd
        delay = batch.expand("actuator_delay")
        delay[ids] = (np.clip(fields["delay"], 0.0, LONGEST_DELAY_S) + LEAD_STEPS * self.step_s).reshape(
            delay[ids].shape
        )
        batch.set_const(ids)

    def _history(self, targets: Array) -> Array:
        """Return histories in which the targets have always been those of the start, (N, nhistory)."""
        owner = self._owners()
        return np.where(owner >= 0, targets[:, np.maximum(owner, 0)], self._template)

    def _owners(self) -> NDArray[np.intp]:
        """Return whose target each number of the history is, -1 where it is none; (nhistory,)."""
        filled = []
        for offset in (0.0, 1.0):
            data = mujoco.MjData(self.model)
            for joint in range(self.model.nu):
                samples = int(self.model.actuator_history[joint, 0])
                mujoco.mj_initCtrlHistory(self.model, data, joint, None, np.full((samples, 1), offset * (joint + 1.0)))
            filled.append(data.history.copy())
        self._template = filled[0]
        return (filled[1] - filled[0]).round().astype(np.intp) - 1


def averaged_targets(time_s: Array, targets: Array, steps: int, step_s: float) -> Array:
    """Return targets as the model takes them, (steps, n) rad.

    A target holds until the next one leaves. MuJoCo reads its buffer of past controls between two samples; samples
    that are means over the step around them keep every change at its time, wherever in a step it falls.

    Args:
        time_s: (m,) when each left the host, after the start.
        targets: (m, n) rad.
        steps: of the simulation.
        step_s: length of each.
    """
    edges = step_s * (np.arange(steps + 1) - 0.5 + LEAD_STEPS)
    knots = np.concatenate([[min(edges[0], time_s[0]) - 1.0], time_s, [max(edges[-1], time_s[-1]) + 1.0]])
    held = np.concatenate([targets[:1], targets])
    integral = np.concatenate([np.zeros((1, targets.shape[1])), np.cumsum(held * np.diff(knots)[:, None], axis=0)])
    at = np.stack([np.interp(edges, knots, column) for column in integral.T], axis=1)
    return np.diff(at, axis=0) / step_s


def _held_model(
    robot: str, parameters: JointParameters, gravity_b: tuple[float, float, float], step_s: float
) -> mujoco.MjModel:
    spec = build_joint_spec(load_robot(robot), parameters, step_s, floor=False)
    hold_base(spec, parameters)
    for sensor in spec.sensors:
        spec.delete(sensor)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_RK4
    spec.option.gravity = gravity_b
    for actuator in spec.actuators:
        actuator.nsample = math.ceil(LONGEST_DELAY_S / step_s) + LEAD_STEPS + 1
        actuator.delay = step_s  # (a positive one: that of each set of dynamics replaces it)
        actuator.interp = 1  # linear: a small change of the delay has a small effect
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return spec.compile()


def _limbs(model: mujoco.MjModel) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return each joint's limb and its place there; what hangs on one joint of the base is one limb."""
    parent, moved = model.body_parentid, set(model.jnt_bodyid.tolist())
    roots: list[int] = []
    branch, slot = [], []
    for body in model.jnt_bodyid.tolist():
        root = at = body
        while at:
            root, at = (at if at in moved else root), int(parent[at])
        if root not in roots:
            roots.append(root)
        slot.append(branch.count(roots.index(root)))
        branch.append(roots.index(root))
    return np.array(branch), np.array(slot)
