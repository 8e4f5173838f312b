"""What a robot on a serial line reports once per control period, flying or jointed.

Numbers that are no numbers pass: the supervisor must see a robot whose estimate broke. Lengths,
counts, modes and finite numbers beyond all reason do not.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from hardware.serial.protocol import MAX_CHANNELS, ProtocolError, Refusal, decode_floats
from hardware.states import FlightState, JointState, Vector

_HEAD = struct.Struct("<IIfHHBBH")
_FLIGHT_NUMBERS, _JOINT_NUMBERS = 13, 7
"""Floats before those of the channels: position, velocity, quaternion, rates; quaternion, rates."""
LARGEST = 1e6
"""Finite numbers beyond this are no measurement."""


class Flag(IntFlag):
    """Status bits."""

    ARMED = 1
    CRASHED = 2
    """Tumbled, crashed, lost its state estimate, or locked by the emergency stop."""
    POLICY_FAULT = 4
    """The policy on board, if there is one, returned no numbers."""
    FAILSAFE = 8
    """Commands are missing and the robot takes care of itself."""
    LANDED = 16
    """It ended its own descent: motors off."""
    OPERATOR_STOP = 32
    """The robot's own remote control asks for a stop."""
    INTRUDER = 64
    """A second program tried to command it since the hello."""


class Mode(IntEnum):
    """Who moves the motors."""

    OFF = 0
    """Nobody: disarmed."""
    IDLE = 1
    """Nobody yet: armed, waiting for the first command."""
    COMMANDS = 2
    """The host."""
    FAILSAFE = 3
    """The robot itself: commands are missing."""
    SAFE_ACTION = 4
    """The robot itself: the host asked for a safe action."""
    LANDED = 5
    """Nobody: its own descent ended."""
    FAULT = 6
    """Nobody: its own state estimate is not made of numbers."""
    STOPPED = 7
    """Nobody until it is restarted: emergency stop."""


@dataclass(frozen=True, slots=True)
class Head:
    """What reports of all kinds begin with."""

    robot_ms: int
    """The robot's clock, ms, modulo 2^32."""
    command_sequence: int
    """Of the last command accepted in this session; 0 before the first."""
    battery_v: float
    flags: Flag
    refused: int
    """Frames that were damaged or refused since the start, modulo 2^16."""
    mode: Mode


@dataclass(frozen=True, slots=True)
class FlightReport:
    """Of a flying robot; frames and units as in ``FlightState``."""

    head: Head
    position_w: Vector
    velocity_w: Vector
    orientation_wxyz: Vector
    angular_velocity_b: Vector
    motors: Vector
    """Motor commands in force, in the unit of the commands."""

    def state(self, received_ns: int) -> FlightState:
        """Return what the supervisor and the pilot work with."""
        flags = self.head.flags
        return FlightState(
            received_ns=received_ns,
            robot_ms=self.head.robot_ms,
            position_w=self.position_w,
            velocity_w=self.velocity_w,
            orientation_wxyz=self.orientation_wxyz,
            angular_velocity_b=self.angular_velocity_b,
            battery_v=self.head.battery_v,
            armed=Flag.ARMED in flags,
            crashed=Flag.CRASHED in flags,
            policy_fault=Flag.POLICY_FAULT in flags,
            dead_man=Flag.FAILSAFE in flags,
            landed=Flag.LANDED in flags,
            onboard_mode=self.head.mode,
            motors=self.motors,
            operator_stop=Flag.OPERATOR_STOP in flags,
        )


@dataclass(frozen=True, slots=True)
class JointReport:
    """Of a robot with joints; frames and units as in ``JointState``."""

    head: Head
    orientation_wxyz: Vector
    angular_velocity_b: Vector
    position: Vector
    velocity: Vector
    torque: Vector
    temperature_c: Vector

    def state(self, received_ns: int) -> JointState:
        """Return what the supervisor and the pilot work with."""
        flags = self.head.flags
        return JointState(
            received_ns=received_ns,
            robot_ms=self.head.robot_ms,
            position=self.position,
            velocity=self.velocity,
            torque=self.torque,
            temperature_c=self.temperature_c,
            orientation_wxyz=self.orientation_wxyz,
            angular_velocity_b=self.angular_velocity_b,
            battery_v=self.head.battery_v,
            armed=Flag.ARMED in flags,
            crashed=Flag.CRASHED in flags,
            policy_fault=Flag.POLICY_FAULT in flags,
            dead_man=Flag.FAILSAFE in flags,
            operator_stop=Flag.OPERATOR_STOP in flags,
            onboard_mode=self.head.mode,
        )


def encode_flight_report(report: FlightReport) -> bytes:
    """Return the payload of a FLIGHT_STATE."""
    numbers = (*report.position_w, *report.velocity_w, *report.orientation_wxyz, *report.angular_velocity_b)
    return _encode(report.head, len(report.motors), (*numbers, *report.motors))


def decode_flight_report(payload: bytes, channels: int) -> FlightReport:
    """Read a FLIGHT_STATE.

    Args:
        payload: of the frame.
        channels: number of motors, from the robot's HELLO.

    Raises:
        ProtocolError: for a wrong length or count, an unknown mode or numbers beyond reason.
    """
    head, n = _decode(payload, channels, _FLIGHT_NUMBERS + channels)
    _check_quaternion(n[6:10])
    return FlightReport(head, n[0:3], n[3:6], n[6:10], n[10:13], n[13:])


def encode_joint_report(report: JointReport) -> bytes:
    """Return the payload of a JOINT_STATE."""
    joints = (*report.position, *report.velocity, *report.torque, *report.temperature_c)
    return _encode(report.head, len(report.position), (*report.orientation_wxyz, *report.angular_velocity_b, *joints))


def decode_joint_report(payload: bytes, channels: int) -> JointReport:
    """Read a JOINT_STATE; arguments and errors as for ``decode_flight_report``."""
    head, n = _decode(payload, channels, _JOINT_NUMBERS + 4 * channels)
    _check_quaternion(n[0:4])
    position, velocity, torque, temperature = (
        n[start : start + channels] for start in range(_JOINT_NUMBERS, len(n), channels)
    )
    return JointReport(head, n[0:4], n[4:7], position, velocity, torque, temperature)


def _encode(head: Head, channels: int, numbers: Sequence[float]) -> bytes:
    fields = (
        head.robot_ms % (1 << 32), head.command_sequence, head.battery_v, head.flags, head.refused % (1 << 16),
        head.mode, channels, 0,
    )  # fmt: skip
    return _HEAD.pack(*fields) + struct.pack(f"<{len(numbers)}f", *numbers)


def _decode(payload: bytes, channels: int, numbers: int) -> tuple[Head, Vector]:
    if not 0 < channels <= MAX_CHANNELS:
        raise ProtocolError(Refusal.CHANNEL_COUNT, f"{channels} channels, expected 1 to {MAX_CHANNELS}")
    if len(payload) < _HEAD.size:
        raise ProtocolError(Refusal.MALFORMED, f"state of {len(payload)} bytes, expected at least {_HEAD.size}")
    robot_ms, sequence, battery_v, flags, refused, mode, count, _ = _HEAD.unpack_from(payload)
    if count != channels:
        raise ProtocolError(
            Refusal.CHANNEL_COUNT, f"state of {count} channels, the robot's hello said {channels}", channels
        )
    if mode >= len(Mode):
        raise ProtocolError(Refusal.OUT_OF_RANGE, f"state with the unknown mode {mode}")
    values = decode_floats(payload, _HEAD.size, numbers, "state")
    if any(abs(value) > LARGEST for value in (battery_v, *values) if math.isfinite(value)):
        raise ProtocolError(Refusal.OUT_OF_RANGE, f"state with a number beyond {LARGEST:g}")
    return Head(robot_ms, sequence, battery_v, Flag(flags), refused, Mode(mode)), values


def _check_quaternion(quaternion: Vector) -> None:
    norm = math.hypot(*quaternion)
    if math.isfinite(norm) and not 0.9 < norm < 1.1:
        raise ProtocolError(Refusal.OUT_OF_RANGE, f"state with a quaternion of length {norm:.3g}")
