"""A multirotor without any protocol: body, estimator, battery, supervisor and autopilot, one millisecond at a time.

What a simulation in the same process or behind ROS topics commands: motors in, state estimate out,
and the robot's own safe actions when commands are missing or the host asks for them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from hardware.serial.protocol import ProtocolError
from hardware.serial.states import Mode
from hardware.states import FlightState
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import MULTIROTOR_KINDS, STALL_KINDS, Fault
from hardware.virtual.multirotor.autopilot import Autopilot
from hardware.virtual.multirotor.battery import Battery, cells_of
from hardware.virtual.multirotor.body import STEP_S, Body
from hardware.virtual.multirotor.estimator import Estimate, StateEstimator
from hardware.virtual.multirotor.fault_effects import apply_to_multirotor
from hardware.virtual.multirotor.quaternion import rotation_matrix
from hardware.virtual.multirotor.stock_controller import Motors
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY, ActionLevel, MultirotorParameters, RobotSpec, SafeAction

BATTERY_PERIOD_MS = 10
KINDS = {**MULTIROTOR_KINDS, **STALL_KINDS}
"""Faults of this robot."""
Limits = tuple[tuple[float, float], ...]
COMMAND_RANGES: dict[ActionLevel, tuple[tuple[str, ...], Limits]] = {
    "attitude_thrust": (
        ("roll_rad", "pitch_rad", "yaw_rate_rad_s", "thrust_fraction"),
        ((-1.0, 1.0), (-1.0, 1.0), (-7.0, 7.0), (0.0, 1.0)),
    ),
    "rates_thrust": (
        ("roll_rate_rad_s", "pitch_rate_rad_s", "yaw_rate_rad_s", "thrust_fraction"),
        ((-20.0, 20.0), (-20.0, 20.0), (-7.0, 7.0), (0.0, 1.0)),
    ),
    "velocity": (
        ("x_m_s", "y_m_s", "z_m_s", "yaw_rate_rad_s"),
        ((-5.0, 5.0), (-5.0, 5.0), (-5.0, 5.0), (-7.0, 7.0)),
    ),
    "position": (
        ("x_m", "y_m", "z_m", "yaw_rad"),
        ((-1000.0, 1000.0), (-1000.0, 1000.0), (-1000.0, 1000.0), (-10.0, 10.0)),
    ),
}
"""Levels besides motors: the numbers of a command, and what is refused beyond (the airframe's controller, not a
policy, sets these: steeper it could not hold its height)."""
MOTOR_RANGE = (0.0, 1.0)


class FreeMultirotor:
    """One robot.

    Args:
        parameters: airframe.
        seed: of all noise.
        faults: to happen later.
        charge: of the battery at start, 0 to 1.
        level: of the commands it takes: ``"motor"``, or one of ``COMMAND_RANGES`` for its own controllers.
        robot: whose body and battery; default: the Crazyflie.
    """

    def __init__(
        self,
        parameters: MultirotorParameters,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        charge: float = 0.95,
        level: ActionLevel = "motor",
        robot: RobotSpec | None = None,
    ) -> None:
        self.now_ms = 0
        self.events = EventLog()
        robot = robot or load_robot("crazyflie")
        self.body = Body(parameters, robot.name)
        cells = cells_of(robot.limits.battery_takeoff_v)
        self.battery = Battery(parameters.hover_command, charge, parameters.num_rotors, cells)
        self.estimator = StateEstimator(np.random.default_rng(seed))
        self.supervisor = FlightSupervisor(self.events, watchdog=False)
        self.motors: Motors = (0.0,) * parameters.num_rotors
        self.stalled = False
        """Fault: its sensors fell silent."""
        self._ranges = (MOTOR_RANGE,) * parameters.num_rotors if level == "motor" else COMMAND_RANGES[level][1]
        self._autopilot = Autopilot(parameters, self.supervisor, self.events, level)
        self._faults = FaultSchedule(self.events, self._apply, faults)
        self._heard_ms = 0
        self.advance(1)

    @property
    def estimate(self) -> Estimate:
        """The newest state estimate."""
        return self.estimator.estimate

    @property
    def following(self) -> bool:
        """Whether the motors follow the host's commands, so that missing ones matter."""
        return self._autopilot.mode is Mode.COMMANDS

    def command(self, values: Sequence[float]) -> None:
        """Take a command of its level; out of range, not a number or not allowed: ignored and counted.

        Args:
            values: speed fractions, one per motor; or rates or angles about x ahead and y left (nose down positive),
                rad/s or rad, yaw rate (counter-clockwise positive), rad/s, and thrust, fraction of the largest; or
                velocity (m/s) and yaw rate, or place (m) and heading (rad), in the world.
        """
        self._heard_ms = self.now_ms
        try:
            self._autopilot.require_commandable()
        except ProtocolError:
            self.events.count("refused")
            return
        if len(values) != len(self._ranges) or not all(
            low <= x <= high for x, (low, high) in zip(values, self._ranges)
        ):
            self.events.count("refused")
            return
        self._autopilot.take(tuple(map(float, values)))

    def request_arm(self, armed: bool) -> None:
        """Arm or disarm, if the robot's own supervisor allows it."""
        self.supervisor.request_arming(armed)

    def safe_stop(self, action: SafeAction) -> None:
        """Begin a safe action, unless a more severe one is under way.

        Raises:
            ConfigError: if a flying robot cannot do it.
        """
        try:
            self._autopilot.request(action)
        except ProtocolError as error:
            raise ConfigError(str(error)) from None

    def emergency_stop(self) -> None:
        """Cut the motors until a restart."""
        self.supervisor.emergency_stop("operator")

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        self._faults.add(fault)

    def advance(self, duration_ms: int) -> None:
        """Let time pass in steps of one millisecond."""
        for _ in range(duration_ms):
            self._tick()

    def state(self, received_ns: int | None = None) -> FlightState:
        """Return what a link would report now.

        Args:
            received_ns: its stamp; default: the host's monotonic time.
        """
        estimate, supervisor, mode = self.estimate, self.supervisor, self._autopilot.mode
        return FlightState(
            received_ns=time.monotonic_ns() if received_ns is None else received_ns,
            robot_ms=self.now_ms,
            position_w=estimate.position_w,
            velocity_w=estimate.velocity_w,
            orientation_wxyz=estimate.attitude,
            angular_velocity_b=estimate.angular_velocity_b,
            battery_v=self.battery.voltage,
            armed=supervisor.armed,
            crashed=supervisor.crashed or supervisor.tumbled or supervisor.locked,
            policy_fault=False,
            dead_man=mode is Mode.FAILSAFE,
            landed=mode is Mode.LANDED,
            onboard_mode=int(mode),
            motors=self.motors,
        )

    @property
    def specific_force_b(self) -> tuple[float, float, float]:
        """What its accelerometer reads, m/s^2."""
        x, y, z = (GRAVITY * value for value in self.body.specific_force_g)
        return x, y, z

    def _tick(self) -> None:
        self.now_ms += 1
        self.events.tick_ms = self.now_ms
        self._faults.update()
        body = self.body
        estimate = self.estimator.step(STEP_S, body.position_w, body.velocity_w, body.attitude, body.angular_velocity_b)
        up = rotation_matrix(estimate.attitude)[8]
        up = up if math.isfinite(up) else 1.0
        self.supervisor.update(self.now_ms, up, max(self.motors), self._autopilot.command_age_ms or 0)
        self.motors = self._autopilot.step(STEP_S, estimate, self.now_ms - self._heard_ms)
        body.step(self.motors)
        if self.now_ms % BATTERY_PERIOD_MS == 0:
            self.battery.step(body.rotor_speed, BATTERY_PERIOD_MS / 1000.0)

    def _apply(self, fault: Fault, active: bool) -> None:
        if apply_to_multirotor(fault, active, self.body, self.battery, self.estimator):
            return
        if fault.name == "state-stall":
            self.stalled = active
