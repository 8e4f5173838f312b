"""State from the Crazyflie's log blocks: at most 26 bytes each, 100 Hz, converted to SI.

The pose and the attitude block make a ``FlightState``; a sample is as old as its older part, what the
robot's time stamps say of its way here included (``RobotTime``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from cflib.crazyflie import Crazyflie
from cflib.crazyflie.log import LogConfig

from hardware.clock import HOST_CLOCK, NS, Clock
from hardware.crazyflie import names
from hardware.crazyflie.guard import ExactLogConfig
from hardware.robot_time import RobotTime
from hardware.states import FlightState
from sim.errors import LinkError

STATE_PERIOD_MS = 10
POWER_PERIOD_MS = 50
CLOCK_BITS = 24
"""Of the milliseconds in a packet of log data (crazyflie-firmware's ``log.c``)."""
START_TIMEOUT_S = 2.0
_POLL_S = 0.005
UNIT_TOLERANCE = 0.05
"""An estimator normalises its quaternion to within rounding; further off is no orientation."""
_DEG = math.pi / 180.0


class Telemetry:
    """Log blocks of one connection and the newest sample made of them."""

    def __init__(
        self, crazyflie: Crazyflie, motors: bool = True, period_ms: int = STATE_PERIOD_MS, clock: Clock = HOST_CLOCK
    ) -> None:
        self.sample: FlightState | None = None
        self.variances: tuple[float, float, float] | None = None
        """Newest (varPX, varPY, varPZ), m^2."""
        self.variance_count = 0
        self._crazyflie, self._clock = crazyflie, clock
        self._pose: tuple[int, dict[str, Any]] | None = None
        self._battery_v = math.nan
        self._time = RobotTime(CLOCK_BITS)
        self._wants_motors, self._period_ms = motors, period_ms
        self._motors: tuple[float, ...] = ()
        self._blocks: list[LogConfig] = []

    def start(self) -> None:
        """Create and start the log blocks and wait for the first sample.

        Raises:
            LinkError: if the firmware lacks a variable or nothing arrives in time.
        """
        attitude = [(name, "float") for name in names.ATTITUDE_BLOCK]
        attitude += [(name, "FP16") for name in names.GYRO_BLOCK]
        attitude += [(names.SUPERVISOR_LOG, "uint16_t")]
        if self.has(names.MODE_LOG):
            attitude += [(names.MODE_LOG, "uint8_t")]
        power = [(name, "float") for name in (names.BATTERY_LOG, *names.VARIANCES)]
        pose = [(name, "float") for name in names.POSE_BLOCK]
        self._add("s2m_pose", self._period_ms, pose, self._on_pose)
        self._add("s2m_attitude", self._period_ms, attitude, self._on_attitude)
        self._add("s2m_power", POWER_PERIOD_MS, power, self._on_power)
        if self._wants_motors and all(map(self.has, names.MOTOR_BLOCK)):
            self._add("s2m_motor", self._period_ms, [(name, None) for name in names.MOTOR_BLOCK], self._on_motor)
        if self._clock is not HOST_CLOCK:
            self._wait_for_started()
        self._wait_for_first()

    def has(self, name: str) -> bool:
        """Whether the firmware offers the log variable."""
        group, _, variable = name.partition(".")
        toc = self._crazyflie.log.toc
        return toc is not None and toc.get_element(group, variable) is not None

    def _add(
        self, name: str, period_ms: int, variables: Sequence[tuple[str, str | None]], received: Callable[..., None]
    ) -> None:
        block = ExactLogConfig(name, period_ms)
        for variable, kind in variables:
            block.add_variable(variable, kind)
        block.data_received_cb.add_callback(received)
        try:
            self._crazyflie.log.add_config(block)
            block.start()
        except (KeyError, AttributeError) as error:
            text = str(error).strip("'\"")
            raise LinkError(
                f"{self._crazyflie.link_uri}: log block '{name}' refused ({text}); update the firmware"
            ) from error
        self._blocks.append(block)

    def _wait_for_started(self) -> None:
        """Wait for the robot's word on every block: in lock-step time must not move before, or not always as far."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not all(block.started for block in self._blocks) and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _wait_for_first(self) -> None:
        clock = self._clock
        deadline_ns = clock.now_ns() + round(START_TIMEOUT_S * NS)
        while self.sample is None or math.isnan(self.sample.battery_v):
            if clock.now_ns() > deadline_ns:
                raise LinkError(
                    f"{self._crazyflie.link_uri}: connected, but no state arrives within {START_TIMEOUT_S:g} s;"
                    " restart the robot and try again"
                )
            clock.sleep_until(clock.now_ns() + round(_POLL_S * NS))

    # Callbacks, all on cflib's receiving thread ----------------------------------------------

    def _on_pose(self, robot_ms: int, data: dict[str, Any], _block: LogConfig) -> None:
        self._pose = (self._time.due_ns(robot_ms, self._clock.now_ns()), data)

    def _on_power(self, _robot_ms: int, data: dict[str, Any], _block: LogConfig) -> None:
        self._battery_v = data[names.BATTERY_LOG]
        self.variances = tuple(data[name] for name in names.VARIANCES)  # type: ignore[assignment]
        self.variance_count += 1

    def _on_motor(self, _robot_ms: int, data: dict[str, Any], _block: LogConfig) -> None:
        self._motors = tuple(float(data[name]) for name in names.MOTOR_BLOCK)

    def _on_attitude(self, robot_ms: int, data: dict[str, Any], _block: LogConfig) -> None:
        if self._pose is None:
            return
        attitude_ns = self._time.due_ns(robot_ms, self._clock.now_ns())
        pose_ns, pose = self._pose
        x, y, z, vx, vy, vz = (pose[name] for name in names.POSE_BLOCK)
        qx, qy, qz, qw = (data[name] for name in names.ATTITUDE_BLOCK)
        info = data[names.SUPERVISOR_LOG]
        mode = data.get(names.MODE_LOG, 0)
        self.sample = FlightState(
            received_ns=min(pose_ns, attitude_ns),
            robot_ms=robot_ms,
            position_w=(x, y, z),
            velocity_w=(vx, vy, vz),
            orientation_wxyz=unit_or_nan(qw, qx, qy, qz),
            angular_velocity_b=tuple(data[name] * _DEG for name in names.GYRO_BLOCK),
            battery_v=self._battery_v,
            armed=bool(info & names.IS_ARMED),
            crashed=bool(info & (names.IS_TUMBLED | names.IS_LOCKED | names.IS_CRASHED)),
            policy_fault=mode == names.MODE_FAULT,
            dead_man=mode in (names.MODE_DEAD_MAN, names.MODE_HANDED_OVER),  # the policy no longer follows: land
            landed=mode == names.MODE_LANDED,
            onboard_mode=mode,
            motors=self._motors,
        )


def unit_or_nan(*quaternion: float) -> tuple[float, ...]:
    """Return the quaternion; what is not one, being far from unit length, as four NaN."""
    return quaternion if abs(math.hypot(*quaternion) - 1.0) <= UNIT_TOLERANCE else (math.nan,) * 4
