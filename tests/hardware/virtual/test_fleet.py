"""Several virtual Crazyflies in one process: places, seeds, faults of one, ports."""

import json
import socket

import pytest

from hardware.virtual.crazyflie.build import build_fleet
from hardware.virtual.crazyflie.fleet import parse_fleet_fault, places
from hardware.virtual.crazyflie.robot import Options
from hardware.virtual.crazyflie.server import Server, consecutive
from hardware.virtual.crazyflie.verb import CrazyflieArgs
from hardware.virtual.process import free_uri
from sim.errors import ConfigError, LinkError


@pytest.fixture
def fleet():
    return build_fleet(3, 0.7, None, Options("stock"))


def test_they_stand_on_a_grid(fleet):
    assert places(10, 0.5)[:5] == [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.5, 0.0), (0.0, 0.5)]
    fleet.advance(500)
    for robot, (x, y) in zip(fleet.robots, places(3, 0.7)):
        assert robot.body.position_w[:2] == pytest.approx((x, y), abs=0.01)
        assert robot.estimator.estimate.position_w[:2] == pytest.approx((x, y), abs=0.02)


def test_each_has_its_own_noise(fleet):
    fleet.advance(5)
    assert len({robot.estimator.estimate.velocity_w for robot in fleet.robots}) == 3


def test_a_policy_on_board_of_each(pd_bundle):
    fleet = build_fleet(2, 0.5, pd_bundle.path, Options("policy"))
    first, second = (robot.policy.onboard for robot in fleet.robots)
    assert first.bundle_id == second.bundle_id == bytes.fromhex(pd_bundle.id)
    fleet.robots[1].policy.onboard.corrupt_policy()
    fleet.advance(20)
    assert first is not second


def test_a_fault_of_one_or_of_all(fleet):
    fleet.inject(parse_fleet_fault("1/gyro-bias=5"))
    fleet.inject(parse_fleet_fault("battery-sag=0.5"))
    assert [robot.estimator.gyro_bias_b[0] > 0.0 for robot in fleet.robots] == [False, True, False]
    assert [robot.battery.sag_v for robot in fleet.robots] == [0.5] * 3
    with pytest.raises(ConfigError, match="0 to 2"):
        fleet.inject(parse_fleet_fault("3/kick"))
    with pytest.raises(ConfigError, match="unknown fault"):
        parse_fleet_fault("1/nonsense")


def test_the_event_log_holds_every_robot(fleet, tmp_path):
    fleet.robots[1].supervisor.request_arming(True)
    fleet.events.write(tmp_path / "events.json", **fleet.summary())
    document = json.loads((tmp_path / "events.json").read_text())
    assert [any(event["event"] == "armed" for event in log["events"]) for log in document["logs"]] == [
        False,
        True,
        False,
    ]
    assert len(document["robots"]) == 3


def test_consecutive_ports_answer_a_scan_each_and_are_freed(fleet):
    uri = free_uri()
    first = int(uri.rpartition(":")[2])
    with Server(fleet, uri), pytest.raises(LinkError, match="stop the other program"):
        Server(fleet.robots[0], f"udp://127.0.0.1:{first + 2}")
    with Server(fleet, uri) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2.0)
        for number in range(3):
            client.sendto(b"\xff", ("127.0.0.1", first + number))
            server._listen(1.0)
            assert client.recvfrom(64)[1][1] == first + number


def test_options_that_make_no_fleet():
    assert consecutive("udp://127.0.0.1:100", 2) == ["udp://127.0.0.1:100", "udp://127.0.0.1:101"]
    with pytest.raises(ConfigError, match="no 10 ports"):
        consecutive("udp://127.0.0.1:65530", 10)
    for options in ({"count": 0}, {"count": 1000}, {"spacing": -1.0}, {"shared_radio": 0.0}, {"spacing": float("nan")}):
        with pytest.raises(ConfigError, match="expected"):
            CrazyflieArgs(**options).check()
