"""What encoders and the inertial unit measured a moment ago, by MuJoCo's own history of sensors.

Only environments whose table draws ``observation_delay_s`` have these sensors; others measure what is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.legged.spec import LARGEST_DELAY_S
from sim.legged.state import BodyState, gravity_direction

if TYPE_CHECKING:
    from mujoco.batch import Batch

    from sim.legged.warp_batch import WarpBatch

Ids = NDArray[np.integer]
_UNIT = {"measured quaternion": mujoco.mjtSensor.mjSENS_FRAMEQUAT, "measured gyro": mujoco.mjtSensor.mjSENS_GYRO}
_JOINT = {"position": mujoco.mjtSensor.mjSENS_JOINTPOS, "velocity": mujoco.mjtSensor.mjSENS_JOINTVEL}
_IMU = "imu"


def add_measuring_sensors(spec: mujoco.MjSpec, joints: tuple[str, ...], step_s: float) -> None:
    """Add sensors that remember, in the order of ``Measured``.

    Args:
        spec: of the robot, with a site ``imu`` on its base, turned as that is.
        joints: in the order of the state.
        step_s: of the physics.
    """
    site, joint = mujoco.mjtObj.mjOBJ_SITE, mujoco.mjtObj.mjOBJ_JOINT
    wanted = [(name, kind, site, _IMU) for name, kind in _UNIT.items()]
    wanted += [(f"measured {what} {name}", kind, joint, name) for what, kind in _JOINT.items() for name in joints]
    for name, kind, objtype, objname in wanted:
        sensor = spec.add_sensor(name=name, type=kind, objtype=objtype, objname=objname)
        sensor.nsample, sensor.delay = math.ceil(LARGEST_DELAY_S / step_s), step_s


@dataclass(frozen=True)
class _Layout:
    """Where measuring sensors are: their ids, columns of ``sensordata``, and what each number of the history is of."""

    sensors: NDArray[np.intp]
    columns: NDArray[np.intp]
    remembered: NDArray[np.intp]
    """Numbers of the history that are measurements."""
    column: NDArray[np.intp]
    """Of each of them, in ``columns``."""


class Measured:
    """The measurements of a batch of simulations.

    Args:
        model: with the sensors of ``add_measuring_sensors``.
        batch: of it, before its first step.
        joints: how many.
    """

    def __init__(self, model: mujoco.MjModel, batch: Batch | WarpBatch, joints: int) -> None:
        self._layout, self._step_s, self._joints = _layout(model), float(model.opt.timestep), joints
        self._delay, self._data = batch.expand("sensor_delay"), batch.bind("sensordata")
        self._history = batch.bind("history")

    def begin(self, ids: Ids, delay_s: NDArray, position: NDArray, velocity: NDArray) -> None:
        """Begin episodes, in which all that is remembered is their start.

        Args:
            ids: which simulations; (n,).
            delay_s: age of what is measured, at least a physics step; (n, 1).
            position: ``qpos`` of all simulations.
            velocity: ``qvel`` of all.
        """
        # (MuJoCo's sensors are those of the state before the last physics step.)
        self._delay[ids[:, None], self._layout.sensors] = np.maximum(delay_s - self._step_s, 0.0)
        self.remember(ids, position, velocity)

    def remember(self, ids: Ids, position: NDArray, velocity: NDArray) -> None:
        """Take these states for those that have always been there."""
        now = np.concatenate([position[ids, 3:7], velocity[ids, 3:6], position[ids, 7:], velocity[ids, 6:]], axis=1)
        self._history[ids[:, None], self._layout.remembered] = now[:, self._layout.column]

    def seen(self, state: BodyState) -> BodyState:
        """Return a state with what sensors say in place of what is."""
        data = self._data[:, self._layout.columns].astype(np.float32)
        quaternion, gyro, position, velocity = np.split(data, np.cumsum([4, 3, self._joints]), axis=1)
        return replace(
            state,
            quaternion_w=quaternion,
            gravity_b=gravity_direction(quaternion),
            angular_velocity_b=gyro,
            joint_position=position,
            joint_velocity=velocity,
        )


def initial_history(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Write times into the history of every sensor that remembers; values are zero."""
    for sensor in _remembering(model):
        values = np.zeros((int(model.sensor_history[sensor, 0]), int(model.sensor_dim[sensor])))
        mujoco.mj_initSensorHistory(model, data, sensor, None, values, 0.0)


def _remembering(model: mujoco.MjModel) -> NDArray[np.intp]:
    return np.flatnonzero(model.sensor_history[:, 0])


def _layout(model: mujoco.MjModel) -> _Layout:
    sensors = _remembering(model)
    columns = np.concatenate([np.arange(model.sensor_dim[k]) + model.sensor_adr[k] for k in sensors])
    histories, first = [], 0
    for marked in (False, True):
        data, first = mujoco.MjData(model), 0
        for sensor in sensors:
            samples, width = int(model.sensor_history[sensor, 0]), int(model.sensor_dim[sensor])
            row = np.arange(first, first + width) + 1.0 if marked else np.zeros(width)
            mujoco.mj_initSensorHistory(model, data, int(sensor), None, np.tile(row, (samples, 1)), 0.0)
            first += width
        histories.append(data.history.copy())
    column = (histories[1] - histories[0]).round().astype(np.intp) - 1
    remembered = np.flatnonzero(column >= 0)
    return _Layout(sensors, columns, remembered, column[remembered])
