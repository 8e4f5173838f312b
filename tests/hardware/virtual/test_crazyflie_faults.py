"""Faults that the virtual Crazyflie shares with every virtual robot: its radio's, its sensors', its battery's."""

import itertools
import struct

import pytest

from hardware.virtual.crazyflie.crtp import Packet, Port, is_lossy
from hardware.virtual.crazyflie.faults import parse_fault


def inject(bench, *faults):
    for fault in faults:
        bench.robot.inject(parse_fault(fault))


def test_streamed_positions_are_flown_through_a_poor_radio(bench):
    bench.take_off()
    inject(bench, "packet-loss=5", "delay=10", "duplication=20", "reordering=20")
    bench.hold(4.0, x=0.3)
    assert bench.robot.body.position_w == pytest.approx((0.3, 0.0, 0.5), abs=0.1)
    assert bench.robot.policy.mode_name == "policy"


def test_flipped_bits_in_setpoints_are_refused_or_in_range_and_the_robot_stays_up(bench):
    bench.take_off()
    inject(bench, "bit-flips=10")
    before = bench.robot.events.counters["malformed"]
    bench.hold(3.0)
    assert bench.robot.events.counters["malformed"] > before
    assert bench.robot.body.healthy
    assert all(0.0 <= motor <= 1.0 for motor in bench.robot.motors)


def test_requests_and_their_replies_are_never_damaged_doubled_or_overtaken(bench):
    inject(bench, "bit-flips=100", "duplication=100", "reordering=100", "packet-loss=100")
    for _ in range(20):
        replies = bench.send(Port.PARAM, 1, (0, 0))
        assert len(replies) == 1
        assert replies[0].port == Port.PARAM


def test_duplicated_log_data_arrives_twice(bench):
    bench.send(Port.LOGGING, 1, (6, 1, 7, 0, 0))
    bench.send(Port.LOGGING, 1, (3, 1, 1))
    inject(bench, "duplication=100")
    bench.robot.advance(100)
    assert len(bench.replies()) == 20


def test_a_flipped_bit_never_makes_another_kind_of_packet(bench):
    bench.send(Port.LOGGING, 1, (6, 1, 7, 0, 0))
    bench.send(Port.LOGGING, 1, (3, 1, 1))
    inject(bench, "bit-flips=100")
    bench.robot.advance(1000)
    replies = bench.replies()
    assert len(replies) >= 99
    assert {(reply.port, reply.channel) for reply in replies} == {(Port.LOGGING, 2)}


@pytest.mark.parametrize(
    ("port", "channel", "lossy"),
    [(Port.COMMANDER, 0, True), (Port.COMMANDER_GENERIC, 0, True), (Port.LOCALIZATION, 1, True), (Port.LINK, 0, True),
     (Port.LOGGING, 2, True), (Port.LOGGING, 1, False), (Port.PARAM, 2, False), (Port.SUPERVISOR, 1, False),
     (Port.MEM, 0, False), (Port.SETPOINT_HL, 0, False)],
)  # fmt: skip
def test_only_streams_are_lossy(port, channel, lossy):
    assert is_lossy(Packet(port, channel, b"x").encode()) == lossy
    assert not is_lossy(b"")


def test_a_biased_positioning_system_leads_it_astray_by_as_much(bench):
    bench.take_off()
    inject(bench, "position-bias=0.3")
    bench.hold(4.0)
    assert bench.robot.estimator.estimate.position_w[0] == pytest.approx(0.0, abs=0.05)
    assert bench.robot.body.position_w[0] == pytest.approx(-0.3, abs=0.05)


def test_a_biased_positioning_system_also_biases_external_positions(make_bench):
    bench = make_bench(decks=())
    inject(bench, "position-bias=0.5")
    for _ in range(100):
        bench.send(Port.LOCALIZATION, 0, struct.pack("<fff", 1.0, 2.0, 0.5))
        bench.robot.advance(10)
    assert bench.robot.estimator.estimate.position_w == pytest.approx((1.5, 2.0, 0.5), abs=0.02)


def test_a_biased_gyroscope_tilts_nothing_for_ever(bench):
    bench.take_off(z=1.0)
    inject(bench, "gyro-bias=10:1")
    bench.hold(4.0, z=1.0)
    assert bench.robot.body.position_w == pytest.approx((0.0, 0.0, 1.0), abs=0.1)


def test_a_pack_that_sags_recovers_when_the_fault_ends(bench):
    bench.robot.advance(100)
    before = bench.robot.battery.voltage
    inject(bench, "battery-sag=1.5:0.5")
    bench.robot.advance(100)
    assert bench.robot.battery.voltage == pytest.approx(before - 1.5, abs=0.02)
    bench.robot.advance(600)
    assert bench.robot.battery.voltage == pytest.approx(before, abs=0.02)


def test_log_blocks_come_at_exactly_their_periods_of_robot_time(bench):
    """Also a block that is started later, and one whose period is no multiple of the other's."""
    stamps = {1: [], 2: []}

    def live(milliseconds):
        for _ in range(milliseconds):
            bench.robot.advance(1)
            for reply in bench.replies():
                if (reply.port, reply.channel) == (Port.LOGGING, 2):
                    stamps[reply.data[0]].append(int.from_bytes(reply.data[1:4], "little"))

    for number, tens in ((1, 1), (2, 3)):
        bench.send(Port.LOGGING, 1, (6, number, 7, 0, 0))
        bench.send(Port.LOGGING, 1, (3, number, tens))
        live(95)
    live(305)
    for number, period in ((1, 10), (2, 30)):
        assert {late - early for early, late in itertools.pairwise(stamps[number])} == {period}
        assert len(stamps[number]) >= 400 // period - 4
