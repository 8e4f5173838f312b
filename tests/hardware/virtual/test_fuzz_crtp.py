"""Short runs of the CRTP fuzzers, and proof that they would notice: ends without a check, each found out."""

import struct

import pytest
from cflib.crazyflie.log import LogConfig

import hardware.crazyflie.connection
import hardware.crazyflie.telemetry
from hardware.crazyflie.preflight import converged
from hardware.virtual.crazyflie.crtp import Port
from hardware.virtual.crazyflie.services import commander, supervisor
from hardware.virtual.crazyflie.services.param import ParamService
from tests.bench.fuzz_cflib import fuzz_client
from tests.bench.fuzz_crtp import fuzz_robot


def test_hostile_packets_into_the_robot_do_no_harm(pd_bundle):
    result = fuzz_robot(8_000, pd_bundle.path, seed=1)
    assert result.failures == []
    assert result.packets == 8_000
    assert result.flying > 500
    assert min(result.kinds.values()) > 300
    assert result.outcomes["malformed"] > 3000
    assert result.taken["setpoint"] > 500, "the robot was alive and took what was sent to it"
    assert {"position", "plan", "parameter", "arming"} <= set(result.taken)


def test_two_runs_of_one_seed_are_equal(pd_bundle):
    first, second = (fuzz_robot(1500, pd_bundle.path, seed=3) for _ in range(2))
    assert (first.kinds, first.outcomes, first.taken) == (second.kinds, second.outcomes, second.taken)


def larger_numbers(monkeypatch):
    monkeypatch.setattr(commander, "MAX_COORDINATE", 2000.0)


def arming_by_any_number(monkeypatch):
    monkeypatch.setattr(supervisor, "ARM_REQUESTS", tuple(bytes((1, value)) for value in range(256)))


def parameters_of_any_size(monkeypatch):
    def assign(self, parameter, value):
        self._store.write(parameter.name, parameter.kind.unpack(value[: parameter.kind.size].ljust(4, b"\0")))
        return True

    monkeypatch.setattr(ParamService, "_assign", assign)


def positions_swapped(monkeypatch):
    original = commander._position
    monkeypatch.setitem(commander._DECODERS, 7, lambda data: original(data[4:8] + data[:4] + data[8:]))


@pytest.mark.parametrize("breakage", [larger_numbers, arming_by_any_number, parameters_of_any_size, positions_swapped])
def test_a_robot_without_a_check_is_found_out(monkeypatch, pd_bundle, breakage):
    breakage(monkeypatch)
    assert fuzz_robot(2500, pd_bundle.path, seed=5).failures


def test_hostile_packets_into_the_real_client_do_no_harm():
    result = fuzz_client(15_000, seed=1)
    assert result.failures == []
    assert result.packets == 15_000
    assert min(result.outcomes[name] for name in ("s2m_pose", "s2m_attitude", "finite", "not finite")) > 50
    assert result.outcomes["log data of the wrong size"] > 1000


def data_of_any_size(monkeypatch):
    monkeypatch.setattr(hardware.crazyflie.telemetry, "ExactLogConfig", LogConfig)


def any_quaternion(monkeypatch):
    monkeypatch.setattr(hardware.crazyflie.telemetry, "unit_or_nan", lambda *quaternion: quaternion)


def every_port_open(monkeypatch):
    monkeypatch.setattr(hardware.crazyflie.connection, "ignore_unused_ports", lambda _: None)


@pytest.mark.parametrize("breakage", [data_of_any_size, any_quaternion, every_port_open])
def test_a_link_without_its_guard_is_found_out(monkeypatch, breakage):
    breakage(monkeypatch)
    assert fuzz_client(15_000, seed=2).failures


def test_variances_that_are_no_numbers_never_converge():
    good = (1e-4, 1e-4, 1e-4)
    assert converged([good] * 5)
    for bad in (float("nan"), float("inf"), -1e-4):
        assert not converged([good, good, (1e-4, bad, 1e-4), good, good])


def test_a_parameter_out_of_range_keeps_its_value_and_the_reply_says_so(bench):
    for value in (float("nan"), float("inf"), 1e9):
        reply = bench.write("kalman.initialX", value)[0]
        assert struct.unpack("<f", reply.data[2:]) == (0.0,)
        bench.write("kalman.resetEstimation", 1)
        bench.robot.advance(10)
        assert bench.robot.estimator.estimate.position_w[0] == pytest.approx(0.0, abs=0.1)


def test_a_malformed_request_does_not_arm(bench):
    for request in (b"\1", b"\1\2", b"\1\1\0", b"\1\xff"):
        assert bench.send(Port.SUPERVISOR, 1, request) == []
        assert bench.send(Port.PLATFORM, 0, request) == []
        assert not bench.robot.supervisor.armed


@pytest.mark.slow
def test_the_full_run():
    from tests.bench.fuzz_crtp import measure

    figures = measure()
    assert figures["fuzz.packets"] >= 1_000_000
    assert figures["fuzz.crtp_found"] == []
