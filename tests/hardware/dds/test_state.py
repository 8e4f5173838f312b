"""Which states are believed, and what becomes of hostile ones."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.dds.frames import GoLowState, HgLowState
from hardware.dds.profiles import G1, GO2
from hardware.dds.remote import encode
from hardware.dds.state import TICK_BITS, StateReceiver, joint_state
from hardware.robot_time import counter_step

MOTORS = np.arange(29)


def good_frame(tick=1000):
    frame = HgLowState()
    record = frame.record
    record["mode_machine"], record["tick"] = 5, tick
    record["imu_state"]["quaternion"] = (1.0, 0.0, 0.0, 0.0)
    record["motor_state"]["q"][:29] = 0.01 * np.arange(29)
    record["motor_state"]["mode"][:29] = 1
    record["motor_state"]["vol"][:29] = 51.0
    record["motor_state"]["temperature"][:29] = (40, 60)
    frame.seal()
    return frame


def resealed(change, frame=None):
    frame = frame or good_frame()
    change(frame.record)
    frame.seal()
    return frame


def read(frame, motors=MOTORS):
    return joint_state(frame, motors, 7, armed=True, commands_lost=False, operator_stop=False)


def test_a_good_frame_is_believed():
    receiver = StateReceiver(G1)
    assert receiver.take(good_frame(), 5, writer=1)
    assert (receiver.received_ns, receiver.heard_ns, receiver.machine_type) == (5, 5, 5)
    state = read(receiver.frame)
    assert state.finite
    np.testing.assert_allclose(state.position, 0.01 * np.arange(29), rtol=1e-6)
    assert state.temperature_c == (60.0,) * 29
    assert state.battery_v == 51.0
    assert state.robot_ms == 1000
    assert state.tilt_rad == 0.0
    assert (state.armed, state.crashed, state.dead_man, state.operator_stop) == (True, False, False, False)


def test_joints_come_in_the_policys_order():
    order = np.arange(29)[::-1]
    assert read(good_frame(), order).position == read(good_frame()).position[::-1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda record: record["imu_state"].__setitem__("temperature", 9), "bad_checksum"),
        (lambda record: record.__setitem__("crc", 0), "bad_checksum"),
    ],
)
def test_a_broken_seal_is_counted_and_not_heard(change, reason):
    receiver, frame = StateReceiver(G1), good_frame()
    change(frame.record)
    assert not receiver.take(frame, 5, writer=1)
    assert receiver.counters == {reason: 1}
    assert receiver.heard_ns == 0


def test_another_type_of_robot_is_not_believed():
    receiver = StateReceiver(G1)
    assert not receiver.take(resealed(lambda record: record.__setitem__("mode_machine", 4)), 5, writer=1)
    assert receiver.counters == {"other_machine_type": 1}


def test_old_and_repeated_states_do_not_count_as_new():
    receiver = StateReceiver(G1)
    for tick, now_ns, taken in ((1000, 1, True), (1000, 2, False), (998, 3, False), (1002, 4, True)):
        assert receiver.take(good_frame(tick), now_ns, writer=1) is taken
    assert receiver.received_ns == 4
    assert receiver.counters == {"repeated": 1, "overtaken": 1}
    assert not receiver.restarted


def test_the_clock_may_wrap_but_not_start_anew():
    receiver = StateReceiver(G1)
    receiver.take(good_frame(2**32 - 2), 1, writer=1)
    assert receiver.take(good_frame(2), 2, writer=1)
    assert not receiver.restarted
    receiver.take(good_frame(100_000), 3, writer=1)
    assert receiver.take(good_frame(10), 4, writer=1)
    assert receiver.restarted


def test_states_of_a_second_robot_are_ignored_and_counted():
    receiver = StateReceiver(G1)
    receiver.take(good_frame(1000), 1, writer=1)
    assert not receiver.take(good_frame(2000), 2, writer=2)
    assert receiver.counters == {"second_robot": 1}
    assert receiver.received_ns == 1


def test_the_remotes_stop_is_remembered_until_cleared():
    receiver = StateReceiver(G1)
    pressed = np.frombuffer(encode({"L2", "B"}), np.uint8)
    receiver.take(resealed(lambda record: record.__setitem__("wireless_remote", pressed)), 1, writer=1)
    receiver.clear_stop()
    assert receiver.remote_stop, "the buttons are still down"
    receiver.take(good_frame(1002), 2, writer=1)
    assert receiver.remote_stop
    receiver.clear_stop()
    assert not receiver.remote_stop


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30, 13.0])
@pytest.mark.parametrize("field", ["q", "quaternion"])
def test_impossible_numbers_make_the_state_not_finite(field, value):
    def change(record):
        if field == "q":
            record["motor_state"]["q"][3] = value
        else:
            record["imu_state"]["quaternion"][2] = value

    receiver = StateReceiver(G1)
    assert receiver.take(resealed(change), 1, writer=1), "the robot itself sent it: the supervisor must see it"
    assert not read(receiver.frame).finite


def test_motors_report_their_errors():
    def change(record):
        record["motor_state"]["motorstate"][7] = 4

    assert read(resealed(change)).crashed
    unused = resealed(lambda record: record["motor_state"]["motorstate"].__setitem__(34, 4))
    assert not read(unused).crashed


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_tick_step_is_modular(before, step):
    assert counter_step(before, (before + step) % 2**32, TICK_BITS) == step


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.booleans())
def test_fuzzed_states_are_refused_or_read_without_harm(seed, changes, seal):
    """Random bytes in a good frame, with and without a checksum that fits."""
    rng = np.random.default_rng(seed)
    frame = good_frame()
    frame.image[rng.integers(0, len(frame.image), changes)] = rng.integers(0, 256, changes)
    if seal:
        frame.seal()
    receiver = StateReceiver(G1)
    if receiver.take(frame, 1, writer=1):
        state = read(frame)
        limits = (*state.position, *state.velocity, *state.angular_velocity_b)
        assert not state.finite or max(map(abs, limits)) <= 200.0
    else:
        assert sum(receiver.counters.values()) == 1


def test_a_quadruped_is_read_the_same_way():
    frame = GoLowState()
    record = frame.record
    record["tick"], record["power_v"] = 5, 29.0
    record["imu_state"]["quaternion"] = (1.0, 0.0, 0.0, 0.0)
    record["motor_state"]["q"][:12] = 0.5
    record["motor_state"]["temperature"][:12] = 33
    frame.seal()
    receiver = StateReceiver(GO2)
    assert receiver.take(frame, 1, writer=1)
    assert receiver.machine_type == 0
    state = read(frame, np.arange(12))
    assert (state.position, state.temperature_c, state.battery_v) == ((0.5,) * 12, (33.0,) * 12, 29.0)
    assert state.finite
    assert not state.crashed
