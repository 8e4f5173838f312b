"""A robot on legs that follows targets on the ground, every stretch from its logged state.

Where the base is and how fast is not in such logs: the lowest foot is taken to be on the ground, and the feet near it
to stand still, which gives the base's velocity (leg odometry). Contacts and integrator are those of training, at steps
of 2 ms, with what the integrator adds to armature and delay taken off.
"""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from calibration.gap.joint_replay import joint_errors
from calibration.gap.joint_segments import JointSegments
from calibration.joints.model import LEAD_STEPS, Motion
from sim.bodies.dynamics import QUANTITIES
from sim.bodies.model import build_joint_spec
from sim.legged.physics import AS_TRAINED, added_inertia
from sim.quaternions import conjugate, multiply, to_rotation_vector
from sim.registry import load_robot
from sim.spec import JointParameters

Array = NDArray[np.float64]
STEP_S = 0.002
STANDING_M = 0.01
"""Feet that are higher than the lowest by less stand."""
_BIAS = QUANTITIES.index("bias")
_NONE = int(mujoco.mjtStage.mjSTAGE_NONE)


class OnFeet:
    """Simulations of one robot on flat ground.

    Args:
        robot: its name.
        parameters: whose gains the motors follow targets with.
        threads: of the batch.
    """

    step_s = STEP_S
    late_s = LEAD_STEPS * STEP_S
    """``targets_for`` leads for RK4 and a buffer; here a target acts around the step that it enters in."""

    def __init__(self, robot: str, parameters: JointParameters, threads: int = 1) -> None:
        spec = build_joint_spec(load_robot(robot), parameters, STEP_S)
        AS_TRAINED.apply(spec, parameters, STEP_S)
        for sensor in spec.sensors:
            spec.delete(sensor)
        self._model = spec.compile()
        self._model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._parameters, self._threads = parameters, threads
        self._feet = [self._model.site(name).id for name in parameters.feet]
        self.columns = 2 * parameters.num_joints + 6
        self._batch: Batch | None = None

    def errors(self, segments: JointSegments, stacked: Array, targets: Array) -> Array:
        """Return what the log says less what simulations do; see ``World``.

        Columns are angles and speeds of the joints, the rotation vector from the simulated to the logged base, and its
        angular velocity.
        """
        sets, count = targets.shape[:2]
        fields = dict(zip(QUANTITIES, np.repeat(stacked, count, axis=0).swapaxes(0, 1), strict=True))
        batch, ids = self._ready(sets * count)
        self._write(batch, ids, fields)
        batch.reset(ids, stage=_NONE)
        position, velocity = self._starts(segments, stacked[:, _BIAS])
        batch.bind("qpos")[ids], batch.bind("qvel")[ids] = position, velocity
        taken = targets.reshape(-1, *targets.shape[2:])
        out = batch.rollout(taken.shape[1], taken, int(mujoco.mjtState.mjSTATE_CTRL), record=("qpos", "qvel"), ids=ids)
        time_s = STEP_S * np.arange(taken.shape[1] + 1)
        qpos = np.concatenate([position[:, None], out["qpos"]], axis=1)
        qvel = np.concatenate([velocity[:, None], out["qvel"]], axis=1)
        joints = joint_errors(segments, Motion(time_s, qpos[..., 7:], qvel[..., 6:]), stacked[:, _BIAS])
        return np.concatenate([joints, _base_errors(segments, time_s, qpos[..., 3:7], qvel[..., 3:6])], axis=-1)

    def _ready(self, sims: int) -> tuple[Batch, NDArray[np.intp]]:
        if self._batch is None or self._batch.nsim < sims:
            self._batch = Batch(self._model, sims, self._threads)
        return self._batch, np.arange(sims)

    def _write(self, batch: Batch, ids: NDArray[np.intp], fields: dict[str, Array]) -> None:
        strength = fields["strength"]
        kp, kd = strength * np.asarray(self._parameters.kp), strength * np.asarray(self._parameters.kd)
        added = added_inertia(self._model, fields["damping"], kd)
        batch.expand("dof_damping")[ids, 6:] = fields["damping"]
        batch.expand("dof_frictionloss")[ids, 6:] = fields["friction"]
        batch.expand("dof_armature")[ids, 6:] = np.maximum(fields["armature"] - added, 0.0)
        gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
        gain[ids, :, 0] = kp
        bias[ids, :, 0] = -kp * fields["bias"]
        bias[ids, :, 1] = -kp
        bias[ids, :, 2] = -kd
        batch.set_const(ids)

    def _starts(self, segments: JointSegments, bias: Array) -> tuple[Array, Array]:
        """Return positions and velocities of the simulations at the stretches' beginnings, (V S, nq) and (V S, nv)."""
        model, data = self._model, mujoco.MjData(self._model)
        count = len(segments.time_s)
        qpos, qvel = np.zeros((len(bias), count, model.nq)), np.zeros((len(bias), count, model.nv))
        qpos[:, :, 3:7], qpos[:, :, 7:] = segments.attitude[:, 0], segments.position[:, 0] - bias[:, None]
        qvel[:, :, 3:6], qvel[:, :, 6:] = segments.angular_velocity_b[:, 0], segments.velocity[:, 0]
        qpos, qvel = qpos.reshape(-1, model.nq), qvel.reshape(-1, model.nv)
        jacobian = np.zeros((3, model.nv))
        for place, motion in zip(qpos, qvel, strict=True):
            data.qpos[:], data.qvel[:] = place, motion
            mujoco.mj_fwdPosition(model, data)
            height = data.site_xpos[self._feet, 2]
            place[2] -= height.min()
            standing = np.flatnonzero(height < height.min() + STANDING_M)
            speeds = []
            for foot in standing:
                mujoco.mj_jacSite(model, data, jacobian, None, self._feet[foot])
                speeds.append(jacobian @ motion)
            motion[:3] = -np.mean(speeds, axis=0)
        return qpos, qvel


def _base_errors(segments: JointSegments, time_s: Array, attitude: Array, turning: Array) -> Array:
    """Return the base's errors, (V, S, T, 6), at the rows of the log."""
    count, step_s = len(segments.time_s), time_s[1] - time_s[0]
    result = np.empty((len(attitude) // count, *segments.time_s.shape, 6))
    for k in range(count):
        row = np.rint((segments.time_s[k] - segments.time_s[k, 0]) / step_s).astype(np.intp)
        simulated = attitude[k::count][:, row]
        turn = multiply(conjugate(simulated), np.broadcast_to(segments.attitude[k], simulated.shape))
        result[:, k, :, :3] = to_rotation_vector(turn)
        result[:, k, :, 3:] = segments.angular_velocity_b[k] - turning[k::count][:, row]
    return result
