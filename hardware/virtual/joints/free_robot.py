"""A robot with joints without any protocol: body, battery, sensors and firmware, one millisecond at a time.

What a simulation in the same process or behind ROS topics commands: joint targets in, state out, and the robot's
own safe actions when commands are missing or the host asks for them. It stands, or hangs on its crane, held by a
controller of its own until it is armed for the first time; after that its joints belong to the host.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hardware.serial.protocol import ProtocolError
from hardware.serial.states import Mode
from hardware.states import JointState, Vector
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import JOINT_KINDS, STALL_KINDS, Fault
from hardware.virtual.joints.body import STEP_S, Body
from hardware.virtual.joints.drive import Drive, holding
from hardware.virtual.joints.fault_effects import JointFaultEffects
from hardware.virtual.joints.firmware import FALLEN_RAD, JointFirmware
from hardware.virtual.joints.held import HeldBody
from hardware.virtual.joints.power import Power
from hardware.virtual.joints.sensors import JointSensors, Measurement
from sim.bodies.dynamics import JointDynamics
from sim.errors import ConfigError
from sim.spec import SafeAction

MEASURE_MS, POWER_MS = 2, 100
"""Encoders and inertial unit at 500 Hz, as the G1's ``LowState``; the battery is slow."""
KINDS = {**JOINT_KINDS, **STALL_KINDS}
"""Faults of this robot."""
EVENTS = ("armed", "connected")
"""Events a fault can start after."""
Gains = tuple[Sequence[float], Sequence[float]]
"""kp (n,) N m/rad and kd (n,) N m s/rad."""


class FreeJointRobot:
    """One robot; its motors' position loops run at 1 kHz, with the physics.

    Args:
        robot: its name.
        parameter_set: its constants; default: the robot's own.
        gains: that the host's targets are followed with; default: the parameter set's.
        seed: of all noise.
        hang: start on the crane, feet off the ground.
        faults: to happen later.
        charge: of the battery at start, 0 to 1.
        held: the base is held in the air and never moves.
        dynamics: of a held robot's joints; default: those of its constants.

    Raises:
        ConfigError: for an unknown robot or set, gains of another length, or a fault it cannot suffer.
    """

    def __init__(
        self,
        robot: str,
        parameter_set: str | None = None,
        gains: Gains | None = None,
        seed: int = 0,
        hang: bool = False,
        faults: Sequence[Fault] = (),
        charge: float = 0.95,
        held: bool = False,
        dynamics: JointDynamics | None = None,
    ) -> None:
        self.now_ms = 0
        self.events = EventLog()
        self.body = (
            HeldBody(robot, parameter_set, dynamics) if held else Body(robot, hang=hang, parameter_set=parameter_set)
        )
        self.parameters = parameters = self.body.parameters
        if gains is not None:
            if any(len(values) != parameters.num_joints for values in gains):
                raise ConfigError(f"robot '{robot}' needs one gain per joint, {parameters.num_joints}")
            parameters = dataclasses.replace(parameters, kp=tuple(gains[0]), kd=tuple(gains[1]))
        self.power = Power(np.asarray(parameters.effort_n_m), charge)
        self.sensors = JointSensors(self.body, self.power, np.random.default_rng(seed))
        self.firmware = JointFirmware(parameters, self.events)
        self.stalled = self.fallen = False
        self._held: Drive | None = holding(self.parameters, self.parameters.default_pose_rad)
        self._low, self._high = np.asarray(parameters.position_low_rad), np.asarray(parameters.position_high_rad)
        self._heard_ms = 0
        self._effects = JointFaultEffects(self.body, self.power, self.sensors, charge)
        self._faults = FaultSchedule(self.events, self._apply, faults, self._effects.check)
        self.measured: Measurement = self.sensors.measure()
        self.events.add("connected")
        self.advance(1)

    # What the host asks for ----------------------------------------------------------------------

    @property
    def following(self) -> bool:
        """Whether the motors follow the host's commands, so that missing ones matter."""
        return self.firmware.mode is Mode.COMMANDS

    def command(self, targets: Sequence[float]) -> None:
        """Take joint targets, (n,) rad; out of range, not a number or not allowed: ignored and counted."""
        self._heard_ms = self.now_ms
        values = np.asarray(targets, np.float64)
        try:
            self.firmware.require_commandable()
        except ProtocolError:
            self.events.count("refused")
            return
        if values.shape != self._low.shape or not ((values >= self._low) & (values <= self._high)).all():
            self.events.count("refused")
            return
        self.firmware.take(values.tolist())

    def request_arm(self, armed: bool) -> None:
        """Arm, which takes the joints from its own controller and holds them as they are, or disarm."""
        self._heard_ms = self.now_ms
        if self.firmware.request_arming(armed) and armed:
            self._held = None

    def safe_stop(self, action: SafeAction) -> None:
        """Begin a safe action, unless a more severe one is under way.

        Raises:
            ConfigError: if a robot with joints cannot do it.
        """
        self._heard_ms = self.now_ms
        try:
            self.firmware.request(action)
        except ProtocolError as error:
            raise ConfigError(str(error)) from None

    def emergency_stop(self) -> None:
        """Take the force from all joints until a restart."""
        self._held = None
        self.firmware.emergency_stop("operator")

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once.

        Raises:
            ConfigError: if this robot cannot suffer it.
        """
        self._faults.add(fault)

    # What it reports ------------------------------------------------------------------------------

    @property
    def crashed(self) -> bool:
        """Whether it is locked or one of its motors has failed."""
        return self.firmware.locked or self.firmware.motor_error

    def state(self, received_ns: int | None = None) -> JointState:
        """Return what a link would report now.

        Args:
            received_ns: its stamp; default: the host's monotonic time.
        """
        m, firmware = self.measured, self.firmware
        return JointState(
            received_ns=time.monotonic_ns() if received_ns is None else received_ns,
            robot_ms=self.now_ms,
            position=_plain(m.position),
            velocity=_plain(m.velocity),
            torque=_plain(m.torque),
            temperature_c=_plain(m.temperature_c),
            orientation_wxyz=_plain(m.orientation_wxyz),
            angular_velocity_b=_plain(m.angular_velocity_b),
            battery_v=self.power.voltage,
            armed=firmware.armed,
            crashed=self.crashed,
            dead_man=firmware.mode is Mode.FAILSAFE,
            operator_stop=self.sensors.remote_stop,
            onboard_mode=int(firmware.mode),
        )

    @property
    def base_w(self) -> tuple[Vector, Vector]:
        """Where the base really is, (3,) m, and how fast it moves there, (3,) m/s, in the world."""
        return _plain(self.body.qpos[:3]), _plain(self.body.qvel[:3])

    # Time -------------------------------------------------------------------------------------------

    def advance(self, duration_ms: int) -> None:
        """Let time pass in steps of one millisecond."""
        for _ in range(duration_ms):
            self._tick()

    def _tick(self) -> None:
        self.now_ms += 1
        self.events.tick_ms = self.now_ms
        self._faults.update()
        if self.now_ms % MEASURE_MS == 0:
            self.measured = self.sensors.measure()
        silent_ms, failed = self.now_ms - self._heard_ms, bool(self.body.dead_motors.size)
        drive = self.firmware.step(self.measured, silent_ms, self.sensors.remote_stop, failed)
        (self._held or drive).apply(self.body)
        self.body.step()
        if self.now_ms % POWER_MS == 0:
            self.power.step(self.body.torque, self.body.velocity, POWER_MS * STEP_S)
        if not self.fallen and self.body.tilt_rad > FALLEN_RAD:
            self.fallen = True
            self.events.add("fell", tilt_deg=round(math.degrees(self.body.tilt_rad), 1))

    def _apply(self, fault: Fault, active: bool) -> None:
        if not self._effects.apply(fault, active) and fault.name == "state-stall":
            self.stalled = active


def _plain(values: NDArray[np.float64]) -> Vector:
    return tuple(values.tolist())
