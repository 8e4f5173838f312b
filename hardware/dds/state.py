"""From ``LowState`` frames to joint states: what is checked before a number is believed.

A frame counts if its checksum fits, it comes from the robot this link listens to, and it is newer
than the one before. Numbers no joint or inertial unit can show make the state "not finite", which
the supervisor sees in the same step; dropping them would only look like silence, later.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hardware.dds.frames import Frame
from hardware.dds.profiles import DdsProfile
from hardware.dds.remote import stop_requested
from hardware.robot_time import RobotTime, counter_step
from hardware.states import JointState, Vector

MAX_POSITION_RAD = 4.0 * math.pi
MAX_VELOCITY_RAD_S = 200.0
"""Twice and more what any of these robots' joints does."""
MAX_GYRO_RAD_S = 70.0
"""Twice the range of the inertial units in use (2000 degrees/s)."""
UNIT_TOLERANCE = 0.1
"""Largest error of a quaternion's norm."""
RESTART_MS = 1000
"""A clock that jumps back by more than this was started anew."""
TICK_BITS = 32
"""``tick`` counts milliseconds (Unitree's ``LowState_``)."""


class StateReceiver:
    """Keeps the newest good frame of one robot.

    Attributes:
        frame: the newest good one, ``None`` before the first.
        received_ns: when it came, less its lag (``RobotTime``).
        heard_ns: when any frame of this robot came.
        counters: what was refused, by reason.
        restarted: the robot's clock began anew.
        remote_stop: the operator asked for a stop since the last ``clear_stop``.
    """

    def __init__(self, profile: DdsProfile) -> None:
        self._profile = profile
        self._time = RobotTime(TICK_BITS)
        self._writer: int | None = None
        self.frame: Frame | None = None
        self.received_ns = 0
        self.heard_ns = 0
        self.counters: Counter[str] = Counter()
        self.restarted = False
        self.remote_stop = False

    def take(self, frame: Frame, now_ns: int, writer: int) -> bool:
        """Look at a received frame; return whether it is the newest good one now.

        Args:
            frame: as it came.
            now_ns: when it came.
            writer: handle of the DDS writer that sent it.
        """
        if self._writer is not None and writer != self._writer:
            self.counters["second_robot"] += 1
            return False
        if not frame.intact:
            self.counters["bad_checksum"] += 1
            return False
        types = self._profile.machine_types
        if types and int(frame.record["mode_machine"]) not in types:
            self.counters["other_machine_type"] += 1
            return False
        self.heard_ns = now_ns
        self._writer = writer
        tick = int(frame.record["tick"])
        if self.frame is not None:
            step = counter_step(int(self.frame.record["tick"]), tick, TICK_BITS)
            if step < -RESTART_MS:
                self.restarted = True
            elif step <= 0:
                self.counters["repeated" if step == 0 else "overtaken"] += 1
                return False
        self.frame, self.received_ns = frame, self._time.due_ns(tick, now_ns)
        if stop_requested(frame.record["wireless_remote"].tobytes()):
            self.remote_stop = True
        return True

    @property
    def machine_type(self) -> int:
        """What the robot calls its type; 0 where the message has none."""
        if self.frame is None or not self._profile.machine_types:
            return 0
        return int(self.frame.record["mode_machine"])

    def clear_stop(self) -> None:
        """Forget that the operator asked for a stop; it holds while the buttons are down."""
        frame = self.frame
        self.remote_stop = frame is not None and stop_requested(frame.record["wireless_remote"].tobytes())


def joint_state(
    frame: Frame,
    motors: NDArray[np.intp],
    received_ns: int,
    armed: bool,
    commands_lost: bool,
    operator_stop: bool,
) -> JointState:
    """Return a frame's content in SI units and the policy's joint order.

    Args:
        frame: a good one.
        motors: (n,) motor of each joint.
        received_ns: when it came.
        armed: whether the robot takes this link's commands.
        commands_lost: whether the robot does not hear them.
        operator_stop: from the remote.
    """
    record = frame.record
    joints, imu = record["motor_state"][motors], record["imu_state"]
    position, velocity = joints["q"], joints["dq"]
    orientation, rate = imu["quaternion"], imu["gyroscope"]
    if not plausible(position, velocity, orientation, rate):
        position = np.full_like(position, np.nan)
    return JointState(
        received_ns=received_ns,
        robot_ms=int(record["tick"]),
        position=_vector(position),
        velocity=_vector(velocity),
        torque=_vector(joints["tau_est"]),
        temperature_c=_vector(_hottest(joints["temperature"])),
        orientation_wxyz=_vector(orientation),
        angular_velocity_b=_vector(rate),
        battery_v=battery_v(frame, motors),
        armed=armed,
        crashed=bool(motor_errors(frame, motors)),
        dead_man=commands_lost,
        operator_stop=operator_stop,
        onboard_mode=int(joints["mode"].max()),
    )


def plausible(position: NDArray, velocity: NDArray, orientation: NDArray, rate: NDArray) -> bool:
    """Whether these can be readings of a robot; NaN and infinity cannot."""
    norm = math.hypot(*orientation.tolist())
    return bool(
        np.abs(position).max() <= MAX_POSITION_RAD
        and np.abs(velocity).max() <= MAX_VELOCITY_RAD_S
        and np.abs(rate).max() <= MAX_GYRO_RAD_S
        and abs(norm - 1.0) <= UNIT_TOLERANCE
    )


def battery_v(frame: Frame, motors: Sequence[int] | NDArray[np.intp]) -> float:
    """Return the supply voltage: of the quadrupeds' power board, or the median over a humanoid's motors."""
    record = frame.record
    if "power_v" in (frame.dtype.names or ()):
        return float(record["power_v"])
    return float(np.median(record["motor_state"]["vol"][motors]))


def motor_errors(frame: Frame, motors: Sequence[int] | NDArray[np.intp]) -> list[int]:
    """Return the motors that report an error; quadrupeds report none in this message."""
    states = frame.record["motor_state"]
    if "motorstate" not in (states.dtype.names or ()):
        return []
    return [int(motor) for motor in motors if states["motorstate"][motor]]


def _hottest(temperature: NDArray) -> NDArray:
    """Return the hottest sensor of each motor, degrees C."""
    return temperature.max(axis=-1) if temperature.ndim == 2 else temperature


def _vector(values: NDArray) -> Vector:
    return tuple(values.astype(np.float64).tolist())
