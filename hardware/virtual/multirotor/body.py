"""The body: a multirotor in MuJoCo above a floor, driven by rotor commands at 1 kHz."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.virtual.multirotor.quaternion import Quaternion
from hardware.virtual.multirotor.setpoint import Vector
from sim.flight.air_bank import AirBank
from sim.flight.model import build_model, standing_height
from sim.flight.parameters import FlightParameters
from sim.flight.rotor_bank import RotorBank
from sim.spec import GRAVITY, MultirotorParameters

STEP_S = 0.001
"""Physics step: the firmware's stabilizer period."""


class Body:
    """True state and its integration."""

    def __init__(self, parameters: MultirotorParameters, robot: str = "crazyflie") -> None:
        self.parameters = parameters
        self._model = build_model(robot, parameters, timestep=STEP_S, floor=True)
        self._data = mujoco.MjData(self._model)
        self._data.qpos[2] = standing_height(self._model)
        self._control = self._data.ctrl  # views of MuJoCo's own memory: making one costs more than using it
        self._q, self._v = self._data.qpos[:7], self._data.qvel[:6]
        self._accelerometer = int(self._model.sensor("accelerometer").adr[0])
        flight = FlightParameters.nominal(parameters, 1)
        flight.floor_height_w[:] = 0.0
        self._rotors, self._air = RotorBank(flight, STEP_S), AirBank(flight)
        self._push = self._data.xfrc_applied[self._model.body(robot).id, :3]
        self._rigid, self._wind_w = np.zeros((1, 13), np.float32), np.zeros((1, 3), np.float32)
        rotors = parameters.num_rotors
        self._speed = np.zeros((1, rotors), np.float32)
        self._command = np.zeros((1, rotors), np.float32)
        self._thrust = np.zeros((1, rotors), np.float32)
        self._alive = np.ones(rotors, np.float32)
        self.rotor_speed: tuple[float, ...] = (0.0,) * rotors
        """Speed fractions of the rotors."""
        # The first call compiles or loads the rotor kernel: not in the first millisecond of flight.
        self._rotors.advance_in_place(self._speed, self._command, self._thrust)
        mujoco.mj_forward(self._model, self._data)
        self._read()

    def place(self, x: float, y: float) -> None:
        """Put the body elsewhere on the floor, m: before anything moves."""
        self._data.qpos[:2] = (x, y)
        mujoco.mj_forward(self._model, self._data)
        self._read()

    def step(self, command: tuple[float, ...]) -> None:
        """Advance by 1 ms under rotor commands (speed fractions in [0, 1])."""
        self._command[0] = command
        self._command[0] *= self._alive
        if self._air.present:
            self._feel_the_air()
        self._rotors.advance_in_place(self._speed, self._command, self._thrust)
        self._control[:] = self._thrust[0] * self._air.thrust_factor[0]
        mujoco.mj_step(self._model, self._data)
        self._read()

    def _feel_the_air(self) -> None:
        """Apply the drag of the step that begins, and find out how near the floor it begins."""
        self._rigid[0, :7], self._rigid[0, 7:] = self._q, self._v
        self._air.act(self._rigid, self._speed, self._wind_w)
        self._push[:] = self._air.force_w[0]
        self._data.qfrc_applied[3:6] = self._air.torque_b[0]

    def set_motor(self, index: int, alive: bool) -> None:
        """Fault: motor ``index`` (from 0) stops, or turns again."""
        self._alive[index] = float(alive)

    def tilt(self, angle_rad: float) -> None:
        """Fault: rotate the body at once by ``angle_rad`` about its x axis."""
        w, x, y, z = self.attitude
        c, s = math.cos(angle_rad / 2.0), math.sin(angle_rad / 2.0)
        self._data.qpos[3:7] = (w * c - x * s, x * c + w * s, y * c + z * s, z * c - y * s)
        self._read()

    @property
    def specific_force_g(self) -> Vector:
        """What an accelerometer reads, body frame, in g."""
        x, y, z = (self._data.sensordata[self._accelerometer : self._accelerometer + 3] / GRAVITY).tolist()
        return x, y, z

    @property
    def qpos(self) -> NDArray[np.float64]:
        """True position: x, y, z in m, quaternion wxyz."""
        return self._data.qpos

    @property
    def qvel(self) -> NDArray[np.float64]:
        """True velocity: m/s in the world, rad/s in the body."""
        return self._data.qvel

    @property
    def on_ground(self) -> bool:
        """Whether anything touches the floor."""
        return self._data.ncon > 0

    @property
    def healthy(self) -> bool:
        """Whether the true state is finite and MuJoCo never had to warn, e.g. of a command that is no number."""
        warned = any(self._data.warning.number)
        return not warned and all(map(math.isfinite, (*self.position_w, *self.velocity_w)))

    def _read(self) -> None:
        q, v = self._q.tolist(), self._v.tolist()
        self.position_w: Vector = (q[0], q[1], q[2])
        self.attitude: Quaternion = (q[3], q[4], q[5], q[6])
        self.velocity_w: Vector = (v[0], v[1], v[2])
        # MuJoCo's free joint turns in the body frame and moves in the world frame.
        self.angular_velocity_b: Vector = (v[3], v[4], v[5])
        self.rotor_speed = tuple(self._speed[0].tolist())
