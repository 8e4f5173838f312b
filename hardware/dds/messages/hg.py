"""``unitree_hg``: joint commands and states of the humanoids G1 and H1-2 (unitree_sdk2, ``idl/hg``).

Names and annotations must be evaluated at once: no ``from __future__ import annotations`` here.
"""

from dataclasses import dataclass

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.annotations import autoid, final
from cyclonedds.idl.types import array, float32, int16, uint8, uint32

NUM_MOTORS = 35


@dataclass
@final
@autoid("sequential")
class MotorCmd(IdlStruct, typename="unitree_hg.msg.dds_.MotorCmd_"):
    """One motor's command: torque = kp (q - measured) + kd (dq - measured) + tau."""

    mode: uint8
    """1 enabled, 0 off."""
    q: float32
    dq: float32
    tau: float32
    kp: float32
    kd: float32
    reserve: uint32


@dataclass
@final
@autoid("sequential")
class LowCmd(IdlStruct, typename="unitree_hg.msg.dds_.LowCmd_"):
    """Commands of all motors, topic ``rt/lowcmd``."""

    mode_pr: uint8
    """0: ankles and waist by pitch and roll, 1: by their two motors A and B."""
    mode_machine: uint8
    """The robot's type, as its ``LowState`` says; another one is not obeyed."""
    motor_cmd: array[MotorCmd, NUM_MOTORS]
    reserve: array[uint32, 4]
    crc: uint32


@dataclass
@final
@autoid("sequential")
class IMUState(IdlStruct, typename="unitree_hg.msg.dds_.IMUState_"):
    """The inertial unit in the pelvis; quaternion wxyz, rad/s, m/s^2, rad, degrees C."""

    quaternion: array[float32, 4]
    gyroscope: array[float32, 3]
    accelerometer: array[float32, 3]
    rpy: array[float32, 3]
    temperature: int16


@dataclass
@final
@autoid("sequential")
class MotorState(IdlStruct, typename="unitree_hg.msg.dds_.MotorState_"):
    """One motor's report."""

    mode: uint8
    q: float32
    dq: float32
    ddq: float32
    tau_est: float32
    temperature: array[int16, 2]
    """Casing and winding, degrees C."""
    vol: float32
    """Supply voltage at the motor, V."""
    sensor: array[uint32, 2]
    motorstate: uint32
    """Error bits; 0 is healthy."""
    reserve: array[uint32, 4]


@dataclass
@final
@autoid("sequential")
class LowState(IdlStruct, typename="unitree_hg.msg.dds_.LowState_"):
    """State of all motors and the inertial unit, topic ``rt/lowstate``, 500 Hz."""

    version: array[uint32, 2]
    mode_pr: uint8
    mode_machine: uint8
    tick: uint32
    """The robot's clock, ms."""
    imu_state: IMUState
    motor_state: array[MotorState, NUM_MOTORS]
    wireless_remote: array[uint8, 40]
    reserve: array[uint32, 4]
    crc: uint32
