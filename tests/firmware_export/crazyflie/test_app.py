"""The app's life: self-test, warm-up, switching, a host that falls silent, what the radio shows."""

import shutil

import pytest

from tests.firmware_export.crazyflie.app import (
    ABSOLUTE,
    DEAD_MAN,
    FAULT,
    FLYING,
    FORCE,
    IDLE,
    LANDED,
    LEGACY,
    NO_FAULT,
    NOBODY,
    OFF,
    PID,
    POLICY,
    SELF_TEST,
    Firmware,
    who,
)  # fmt: skip

WARM_UP_MS, DEAD_MAN_MS = 500, 200


# Start ------------------------------------------------------------------------------------------


def test_a_crazyflie_that_arms_by_itself_stands_still_until_somebody_asks(firmware):
    firmware.step(3000)
    assert who(firmware) == (NOBODY, OFF, NO_FAULT)
    assert firmware.forces == [0.0] * 4


def test_the_first_place_warms_the_motors_up_and_then_the_policy_flies(firmware):
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(WARM_UP_MS // 2, keep_alive=True)
    assert who(firmware) == (POLICY, IDLE, NO_FAULT)
    assert 0.0 < firmware.forces[0] < 0.02
    firmware.step(WARM_UP_MS, keep_alive=True)
    assert who(firmware) == (POLICY, FLYING, NO_FAULT)
    assert firmware.world.pid_calls == 0


def test_a_host_that_falls_silent_during_warm_up_leaves_the_motors_off(firmware):
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(100, keep_alive=True)
    firmware.step(DEAD_MAN_MS + 1)
    assert who(firmware) == (NOBODY, OFF, NO_FAULT)
    assert not firmware.turning()


def test_the_policy_runs_at_its_own_rate_inside_the_loop(flying):
    before = flying.log("steps")
    flying.step(1000, keep_alive=True)
    assert flying.log("steps") - before == 100


def test_motors_that_are_not_allowed_get_nothing(flying):
    flying.world.can_fly = 0
    flying.step(5)
    assert who(flying) == (NOBODY, OFF, NO_FAULT)
    assert flying.forces == [0.0] * 4


def test_a_stop_stops_at_once(flying):
    flying.stop()
    flying.step()
    assert flying.forces == [0.0] * 4


# Self-test --------------------------------------------------------------------------------------


def test_a_failed_self_test_keeps_the_firmware_from_starting(probe_library, tmp_path):
    firmware = Firmware(shutil.copy(probe_library, tmp_path / "app.so"))
    firmware.break_self_test(3)
    assert not firmware.start()
    assert (firmware.param("selfTest"), firmware.param("selfWrong")) == (0, 3)
    assert firmware.param("selfError") == pytest.approx(0.5)


def test_a_policy_whose_self_test_failed_never_turns_a_motor_even_if_the_start_is_forced(probe_library, tmp_path):
    firmware = Firmware(shutil.copy(probe_library, tmp_path / "app.so"))
    firmware.break_self_test(1)
    firmware.start()
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(2000, keep_alive=True)
    assert who(firmware) == (NOBODY, FAULT, SELF_TEST)
    assert firmware.forces == [0.0] * 4
    firmware.set_param("enable", 0)
    firmware.stop()
    firmware.step(5)
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(5)
    assert who(firmware)[0] == PID, "the firmware's own controller may still be chosen"


def test_the_firmwares_own_test_counts_too(firmware):
    firmware.world.pid_ready = 0
    assert not firmware.c.controllerOutOfTreeTest()


# Switching --------------------------------------------------------------------------------------


def test_switched_off_the_firmware_flies_whatever_it_is_sent(firmware):
    firmware.set_param("enable", 0)
    firmware.send((0, 0, 0), thrust=20000.0)
    firmware.step(50, keep_alive=True)
    assert firmware.control.mode == LEGACY
    assert firmware.control.legacy.thrust == 20000.0
    assert who(firmware) == (PID, OFF, NO_FAULT)


def test_switching_on_in_the_air_waits_for_the_ground(firmware):
    firmware.set_param("enable", 0)
    firmware.send(position=(0.0, 0.0, 1.0))
    firmware.step(1000, keep_alive=True)
    firmware.set_param("enable", 1)
    firmware.step(3000, keep_alive=True)
    assert who(firmware)[0] == PID
    firmware.stop()
    firmware.step(2010, keep_alive=True)
    assert who(firmware)[0] == NOBODY
    firmware.take_off()


# A silent host ----------------------------------------------------------------------------------


def test_the_dead_man_descends_and_the_supervisor_hears_from_it(flying):
    flying.step(DEAD_MAN_MS + 5)
    assert who(flying)[:2] == (POLICY, DEAD_MAN)
    flying.state.velocity.z = -0.3  # else it stands on something
    flying.step(5000)
    assert who(flying)[:2] == (POLICY, DEAD_MAN), "its own set-points are not the host's"
    assert flying.world.setpoints_sent > 20
    assert flying.world.tick_ms - flying.world.queue.timestamp < 500
    assert flying.world.queue.velocity.z == pytest.approx(-0.3)
    assert flying.log("age") > 5000


def test_a_host_that_returns_during_the_descent_is_followed_at_once(flying):
    flying.step(DEAD_MAN_MS + 1000)
    flying.send(position=(0.0, 0.0, 1.0))
    flying.step(2)
    assert who(flying)[:2] == (POLICY, FLYING)


def test_after_the_descent_motors_stay_off_whatever_place_is_sent_until_a_stop(flying):
    flying.step(DEAD_MAN_MS + 1000)
    flying.place(0.0, 0.0, 0.01)
    flying.step(3)
    assert who(flying)[:2] == (POLICY, LANDED)
    flying.step(3000)
    flying.world.can_fly = 0  # its supervisor goes through "landed" and "reset", and arms again
    flying.step(50)
    flying.world.can_fly, flying.grounded = 1, True  # and passes on nobody's set-point once more
    flying.step()
    flying.grounded = False
    flying.send(position=(0.0, 0.0, 1.0))
    flying.step(3000, keep_alive=True)
    assert not flying.turning()
    flying.stop()
    flying.step(5)
    flying.take_off()


def test_a_plan_of_the_high_level_commander_is_as_old_as_the_link(flying):
    flying.send(position=(0.0, 0.0, 1.0), priority=1)
    flying.step(1000, keep_alive=True)
    assert who(flying)[:2] == (POLICY, FLYING)
    flying.world.connected = 0
    flying.step(DEAD_MAN_MS + 5, keep_alive=True)
    assert who(flying)[:2] == (POLICY, DEAD_MAN)
    flying.world.connected = 1
    flying.step(5, keep_alive=True)
    assert who(flying)[:2] == (POLICY, FLYING)


def test_a_host_that_keeps_sending_is_left_alone(flying):
    flying.step(5000, keep_alive=True)
    assert flying.world.setpoints_sent == 0


# What the radio shows ---------------------------------------------------------------------------


def test_the_bundles_id_is_eight_big_endian_words_that_nobody_writes(firmware):
    words = [firmware.param(f"id{i}") for i in range(8)]
    assert b"".join(word.to_bytes(4, "big") for word in words) == bytes(range(32))
    with pytest.raises(AssertionError):
        firmware.set_param("id0", 1)


def test_logs_show_age_target_error_and_time(flying):
    flying.send(position=(0.1, 0.2, 1.3))
    flying.world.slow_us = 7
    flying.step(20, keep_alive=True)
    assert [flying.log(name) for name in ("tx", "ty", "tz")] == pytest.approx([0.1, 0.2, 1.3])
    assert [flying.log(name) for name in ("ex", "ey", "ez")] == pytest.approx([-0.1, -0.2, -0.3], abs=1e-6)
    assert flying.log("us") == flying.log("usMax") == 7
    assert flying.log("cycles") == 168 * 14
    flying.step(50)
    assert flying.log("age") == 50


def test_the_clock_may_wrap(firmware):
    firmware.world.tick_ms = 2**32 - WARM_UP_MS - 100
    firmware.take_off()
    firmware.step(300, keep_alive=True)
    assert firmware.world.tick_ms < 1000
    assert who(firmware) == (POLICY, FLYING, NO_FAULT)


def test_modes_and_forces_are_what_the_firmware_expects(flying):
    flying.step(keep_alive=True)
    assert flying.control.mode == FORCE
    assert all(0.0 <= force <= 1.0 for force in flying.forces)
    assert (ABSOLUTE, LEGACY) == (1, 0)
