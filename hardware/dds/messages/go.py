"""``unitree_go``: joint commands and states of the quadrupeds Go2 and B2 and of the H1 (unitree_sdk2, ``idl/go2``).

Names and annotations must be evaluated at once: no ``from __future__ import annotations`` here.
"""

from dataclasses import dataclass

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.annotations import autoid, final
from cyclonedds.idl.types import array, float32, int16, int32, uint8, uint16, uint32

NUM_MOTORS = 20


@dataclass
@final
@autoid("sequential")
class MotorCmd(IdlStruct, typename="unitree_go.msg.dds_.MotorCmd_"):
    """One motor's command: torque = kp (q - measured) + kd (dq - measured) + tau."""

    mode: uint8
    """1 enabled, 0 off."""
    q: float32
    dq: float32
    tau: float32
    kp: float32
    kd: float32
    reserve: array[uint32, 3]


@dataclass
@final
@autoid("sequential")
class BmsCmd(IdlStruct, typename="unitree_go.msg.dds_.BmsCmd_"):
    """Battery command: switch it off."""

    off: uint8
    reserve: array[uint8, 3]


@dataclass
@final
@autoid("sequential")
class LowCmd(IdlStruct, typename="unitree_go.msg.dds_.LowCmd_"):
    """Commands of all motors, topic ``rt/lowcmd``."""

    head: array[uint8, 2]
    """0xFE, 0xEF."""
    level_flag: uint8
    """0xFF: low level."""
    frame_reserve: uint8
    sn: array[uint32, 2]
    version: array[uint32, 2]
    bandwidth: uint16
    motor_cmd: array[MotorCmd, NUM_MOTORS]
    bms_cmd: BmsCmd
    wireless_remote: array[uint8, 40]
    led: array[uint8, 12]
    fan: array[uint8, 2]
    gpio: uint8
    reserve: uint32
    crc: uint32


@dataclass
@final
@autoid("sequential")
class IMUState(IdlStruct, typename="unitree_go.msg.dds_.IMUState_"):
    """The inertial unit in the trunk; quaternion wxyz, rad/s, m/s^2, rad, degrees C."""

    quaternion: array[float32, 4]
    gyroscope: array[float32, 3]
    accelerometer: array[float32, 3]
    rpy: array[float32, 3]
    temperature: uint8


@dataclass
@final
@autoid("sequential")
class MotorState(IdlStruct, typename="unitree_go.msg.dds_.MotorState_"):
    """One motor's report."""

    mode: uint8
    q: float32
    dq: float32
    ddq: float32
    tau_est: float32
    q_raw: float32
    dq_raw: float32
    ddq_raw: float32
    temperature: uint8
    lost: uint32
    reserve: array[uint32, 2]


@dataclass
@final
@autoid("sequential")
class BmsState(IdlStruct, typename="unitree_go.msg.dds_.BmsState_"):
    """The battery's report; soc in percent, current in mA, cells in mV."""

    version_high: uint8
    version_low: uint8
    status: uint8
    soc: uint8
    current: int32
    cycle: uint16
    bq_ntc: array[uint8, 2]
    mcu_ntc: array[uint8, 2]
    cell_vol: array[uint16, 15]


@dataclass
@final
@autoid("sequential")
class LowState(IdlStruct, typename="unitree_go.msg.dds_.LowState_"):
    """State of all motors, inertial unit, feet and battery, topic ``rt/lowstate``, 500 Hz."""

    head: array[uint8, 2]
    level_flag: uint8
    frame_reserve: uint8
    sn: array[uint32, 2]
    version: array[uint32, 2]
    bandwidth: uint16
    imu_state: IMUState
    motor_state: array[MotorState, NUM_MOTORS]
    bms_state: BmsState
    foot_force: array[int16, 4]
    foot_force_est: array[int16, 4]
    tick: uint32
    """The robot's clock, ms."""
    wireless_remote: array[uint8, 40]
    bit_flag: uint8
    adc_reel: float32
    temperature_ntc1: uint8
    temperature_ntc2: uint8
    power_v: float32
    power_a: float32
    fan_frequency: array[uint16, 4]
    reserve: uint32
    crc: uint32
