"""The robot's parts: external positions, full-state decoding against cflib's own coding, plans, battery."""

import struct

import numpy as np
import pytest
from cflib.utils.encoding import compress_quaternion
from hypothesis import given
from hypothesis import strategies as st

from hardware.virtual.crazyflie.crtp import Port
from hardware.virtual.crazyflie.trajectory import Trajectory
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.battery import Battery
from hardware.virtual.multirotor.quaternion import decompress

UNIT = st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)


def test_without_a_deck_only_external_positions_make_the_estimate_converge(make_bench):
    bench = make_bench(decks=())
    bench.robot.advance(3000)
    assert bench.robot.estimator.variance[0] > 1e3
    for _ in range(100):
        bench.send(Port.LOCALIZATION, 0, struct.pack("<fff", 1.0, 2.0, 0.5))
        bench.robot.advance(10)
    assert bench.robot.estimator.variance[0] < 1e-3
    assert bench.robot.estimator.estimate.position_w == pytest.approx((1.0, 2.0, 0.5), abs=0.02)


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        (1, struct.pack("<Bfffffff", 8, 1.0, 2.0, 0.5, 0.0, 0.0, 0.0, 1.0)),
        (1, struct.pack("<BBhhhI", 9, 0xE7, 1000, 2000, 500, 3 << 30)),
        (2, struct.pack("<BhhhBhhh", 0x01, 9, 9, 9, 0xE7, 1000, 2000, 500)),
    ],
)
def test_poses_and_packed_positions_are_fused_too(make_bench, channel, data):
    bench = make_bench(decks=())
    bench.send(Port.LOCALIZATION, channel, data)
    bench.robot.advance(1)
    assert bench.robot.estimator.estimate.position_w == pytest.approx((1.0, 2.0, 0.5), abs=0.02)


@given(UNIT)
def test_compressed_quaternions_decode_to_what_cflib_encoded(q):
    q = np.array(q) / np.linalg.norm(q)
    w, x, y, z = decompress(compress_quaternion(q))
    assert abs(np.dot(q, (x, y, z, w))) == pytest.approx(1.0, abs=1e-4)


@given(st.lists(st.floats(-3.0, 3.0), min_size=16, max_size=16), st.floats(0.3, 10.0))
def test_a_plan_starts_at_the_given_state_and_ends_at_rest_at_the_goal(numbers, duration):
    position, velocity, acceleration, goal = np.reshape(numbers, (4, 4))
    plan = Trajectory(1.0, duration, position, velocity, acceleration, goal)
    for found, expected in zip(plan.evaluate(1.0), (position, velocity, acceleration)):
        assert found == pytest.approx(expected, abs=1e-6)
    end = plan.evaluate(1.0 + duration * (1.0 - 1e-9))
    assert end[0] == pytest.approx(goal, abs=1e-4)
    assert end[1] == pytest.approx(np.zeros(4), abs=1e-3)
    middle, step = 1.0 + 0.4 * duration, 1e-6 * duration
    slope = (plan.evaluate(middle + step)[0] - plan.evaluate(middle - step)[0]) / (2.0 * step)
    assert slope == pytest.approx(plan.evaluate(middle)[1], abs=1e-4)


def test_hover_sags_the_cell_and_empties_it_in_seven_minutes():
    battery = Battery(0.7, charge=1.0)
    resting = battery.voltage
    battery.step((0.7,) * 4, 1.0)
    assert resting - battery.voltage == pytest.approx(0.32, abs=0.02)
    battery.step((0.7,) * 4, 7 * 60.0)
    assert battery.charge == pytest.approx(0.0, abs=0.03)


def test_a_robot_that_the_computer_holds_up_keeps_its_clock():
    """A computer too slow for a robot must not look like a link that is late."""
    events = EventLog()
    events.tick_ms = 1000
    events.keep_time(slipped_ms=250, behind_ms=40)
    assert events.clock_ms == 1290
    events.tick_ms += 40
    events.keep_time(slipped_ms=250, behind_ms=0)
    assert events.clock_ms == 1290, "what is caught up was never missing"
