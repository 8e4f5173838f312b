"""One radio's budget over several virtual robots: who gets how much, what is dropped, what is newest; in lock-step."""

import struct

import pytest

from hardware.virtual.crazyflie.build import build_fleet
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.robot import Options
from hardware.virtual.crazyflie.shared_radio import HOST_QUEUE, ROBOT_QUEUE, SharedRadio, Station

LOG = Packet(Port.LOGGING, 2, b"").encode()[0]


class Air:
    """Robots with two log blocks at 100 Hz each, and clients that stream set-points at 100 Hz."""

    def __init__(self, count, exchanges_per_s):
        self.fleet = build_fleet(count, 0.5, None, Options("stock"))
        self.received = [[] for _ in range(count)]
        self.stations = [Station(robot, got.append) for robot, got in zip(self.fleet.robots, self.received)]
        self.radio = SharedRadio(exchanges_per_s, self.stations)
        for station in self.stations:
            station.connected = True

    def log(self, blocks=2):
        for station in self.stations:
            for block in range(blocks):
                item = struct.pack("<BH", 7, block)
                for request in (bytes((6, block)) + item, bytes((3, block, 1))):
                    station.send(Packet(Port.LOGGING, 1, request).encode())

    def run(self, seconds, setpoints=True):
        for ms in range(0, round(1000 * seconds), 2):
            if setpoints and ms % 10 == 0:
                for station in self.stations:
                    data = struct.pack("<Bffff", 7, 0.001 * ms, 0.0, 0.5, 0.0)
                    station.send(Packet(Port.COMMANDER_GENERIC, 0, data).encode())
            self.fleet.advance(2)
            self.radio.advance(self.fleet.now_ms)

    def count(self, name):
        return [robot.events.counters[name] for robot in self.fleet.robots]

    def states(self):
        return [sum(datagram[0] == LOG for datagram in got) for got in self.received]


@pytest.mark.parametrize(("robots", "rate_hz"), [(1, 200), (10, 100)])
def test_ten_robots_get_a_tenth_each(robots, rate_hz):
    air = Air(robots, 1000.0)
    air.log()
    air.run(2.0)
    assert sum(air.count("radio_exchanges")) <= 2000 + 10
    for states in air.states():
        assert states == pytest.approx(2 * rate_hz, rel=0.08)


def test_half_the_radio_halves_the_setpoints_too():
    air = Air(10, 500.0)
    air.log()
    air.run(2.0)
    for taken in air.count("setpoints"):
        assert taken == pytest.approx(100, abs=8)


def test_an_idle_robot_leaves_its_time_to_the_others():
    air = Air(2, 1000.0)
    air.run(2.0, setpoints=False)
    for exchanges in air.count("radio_exchanges"):
        assert exchanges == pytest.approx(210, abs=25)


def test_nobody_asks_a_robot_without_a_client():
    air = Air(2, 1000.0)
    air.stations[0].connected = False
    air.run(0.5)
    assert air.count("radio_exchanges")[0] == 0


def test_only_the_newest_setpoint_waits():
    air = Air(1, 20.0)
    air.run(0.5)
    assert air.count("setpoints")[0] <= 11
    assert air.fleet.robots[0].setpoint.position_w[0] == pytest.approx(0.45, abs=0.06)


def test_queues_that_are_full_drop_and_count():
    air = Air(1, 20.0)
    air.log(8)
    for number in range(HOST_QUEUE):
        air.stations[0].send(Packet(Port.PARAM, 1, struct.pack("<H", number)).encode())
    assert air.count("host_queue_full")[0] > 0
    air = Air(1, 100.0)
    air.log(8)
    air.run(1.0, setpoints=False)
    assert air.count("radio_queue_full")[0] > 0
    assert ROBOT_QUEUE - 1 <= len(air.stations[0]._down) <= ROBOT_QUEUE
