"""Whatever goes wrong: who flies then, and for how long."""

import math
from pathlib import Path

import pytest

from firmware_export.toolchain import run_tool
from tests.firmware_export.crazyflie.app import (
    DISABLED,
    ESTIMATE,
    FAULT,
    FLYING,
    HANDED_OVER,
    LEGACY,
    NO_FAULT,
    NOBODY,
    OFF,
    PID,
    POLICY,
    POLICY_NAN,
    PROBE,
    TILT,
    TIME,
    Firmware,
    build_app,
    compile_app,
    who,
)  # fmt: skip
from tests.firmware_export.crazyflie.conftest import BUDGET_US, TILT_DEG, probe_values

HERE = Path(__file__).parent


def break_quaternion(firmware):
    firmware.state.attitudeQuaternion.x = firmware.state.attitudeQuaternion.w = 0.0


def break_position(firmware):
    firmware.state.position.y = math.nan


def break_gyro(firmware):
    firmware.sensors.gyro.z = math.inf


def lean(degrees):
    half = math.radians(degrees) / 2

    def apply(firmware):
        firmware.attitude(math.cos(half), 0.6 * math.sin(half), 0.8 * math.sin(half), 0.0)

    return apply


def slow(firmware):
    firmware.world.slow_us = BUDGET_US + 1


def no_number(firmware):
    firmware.answer(0.5, math.nan, 0.5, 0.5)


def switch_off(firmware):
    firmware.set_param("enable", 0)


FAULTS = {
    "tilt": (lean(TILT_DEG + 1), TILT),
    "policy": (no_number, POLICY_NAN),
    "time": (slow, TIME),
    "disabled": (switch_off, DISABLED),
}
CURES = {
    "tilt": lean(0.0),
    "policy": lambda firmware: firmware.answer(0.5, 0.5, 0.5, 0.5),
    "time": lambda firmware: setattr(firmware.world, "slow_us", 0),
    "disabled": lambda firmware: firmware.set_param("enable", 1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_hands_over_to_the_firmwares_controller_within_a_period(flying, name):
    cause, code = FAULTS[name]
    cause(flying)
    flying.step(10, keep_alive=True)
    assert who(flying) == (PID, HANDED_OVER, code)
    assert flying.control.mode == LEGACY
    assert flying.control.legacy.thrust == 36000.0, "it flies the set-point"


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_went_away_gives_nothing_back_before_a_stop_on_the_ground(flying, name):
    cause, code = FAULTS[name]
    cause(flying)
    flying.step(10, keep_alive=True)
    CURES[name](flying)
    flying.step(3000, keep_alive=True)
    assert who(flying) == (PID, HANDED_OVER, code)
    flying.stop()
    flying.step(2010, keep_alive=True)
    assert who(flying)[:2] == (NOBODY, OFF)
    flying.take_off()
    assert who(flying) == (POLICY, FLYING, NO_FAULT)


def test_a_tilt_within_the_limit_is_the_policys_business(flying):
    lean(TILT_DEG - 1)(flying)
    flying.step(100, keep_alive=True)
    assert who(flying) == (POLICY, FLYING, NO_FAULT)


@pytest.mark.parametrize("cause", [break_quaternion, break_position, break_gyro])
def test_without_an_estimate_nobody_flies_and_with_it_the_firmware_does(flying, cause):
    healthy = type(flying.state).from_buffer_copy(flying.state)
    cause(flying)
    flying.step(5, keep_alive=True)
    assert (flying.log("mode"), flying.log("fault")) == (HANDED_OVER, ESTIMATE)
    assert flying.forces == [0.0] * 4
    flying.state, flying.sensors.gyro.z = healthy, 0.0
    flying.step(5, keep_alive=True)
    assert who(flying) == (PID, HANDED_OVER, ESTIMATE)


@pytest.mark.parametrize("cause", [break_position, lean(120.0)])
def test_before_the_policy_flew_a_fault_leaves_the_motors_off(firmware, cause):
    cause(firmware)
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(1000, keep_alive=True)
    assert firmware.log("mode") == FAULT
    assert firmware.forces == [0.0] * 4
    assert firmware.world.pid_calls == 0


def test_the_firmwares_controller_starts_without_memory_and_with_every_loop_computed(flying):
    flying.sensors.gyro.y = 12.0
    if flying.step_number % 2:
        flying.step(keep_alive=True)
    assert flying.world.pid_resets == 0
    switch_off(flying)
    flying.step(keep_alive=True)
    legacy = flying.control.legacy
    assert (legacy.roll, legacy.pitch) == (111, -12), "not what lies in the union from the policy's forces"
    assert flying.world.pid_resets == 1
    flying.step(10, keep_alive=True)
    assert flying.world.pid_resets == 1
    assert (flying.control.legacy.roll, flying.control.legacy.pitch) == (111, -12)


def test_where_it_is_armed_by_hand_disarming_forgives_a_fault(tmp_path):
    flags = ("-O2", "-DCONFIG_MOTORS_REQUIRE_ARMING=1")
    firmware = Firmware(build_app(tmp_path / "armed.so", PROBE, probe_values(), flags))
    assert firmware.start()
    firmware.take_off()
    no_number(firmware)
    firmware.step(10, keep_alive=True)
    assert who(firmware) == (PID, HANDED_OVER, POLICY_NAN)
    firmware.world.can_fly = 0
    firmware.step(3000)
    firmware.world.can_fly = 1
    firmware.answer(0.5, 0.5, 0.5, 0.5)
    firmware.take_off()


def test_where_it_arms_by_itself_being_disarmed_forgives_nothing(flying):
    no_number(flying)
    flying.step(10, keep_alive=True)
    flying.world.can_fly = 0
    flying.step(3000)
    flying.world.can_fly = 1
    flying.send(position=(0.0, 0.0, 1.0))
    flying.step(1000, keep_alive=True)
    assert who(flying)[0] == NOBODY
    assert not flying.turning()


def test_every_kind_of_input_under_sanitizers(tmp_path):
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    program = compile_app(tmp_path / "stress", PROBE, probe_values(), flags, HERE / "stress_main.c")
    assert run_tool([program]).strip() == "ok"
