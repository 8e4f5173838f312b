"""The real, unmodified cflib against the virtual Crazyflie: connection, tables, logs, parameters, commands."""

import itertools
import statistics
import threading
import time

import pytest
from cflib.crazyflie.log import LogConfig
from cflib.crazyflie.mem import MemoryElement

from hardware.registry import create_link
from hardware.virtual.process import VirtualProcess


@pytest.fixture(scope="module")
def robot(pd_bundle):
    with VirtualProcess("crazyflie", options=("--bundle", str(pd_bundle.path), "--seed", "3")) as process:
        yield process


@pytest.fixture
def client(robot, connect):
    with connect(robot.uri) as client:
        yield client


class Stream:
    """A log block and everything it delivered."""

    def __init__(self, client, period_ms, **variables):
        self.samples, self.arrived = [], threading.Condition()
        self.block = LogConfig("test", period_ms)
        for name, kind in variables.items():
            self.block.add_variable(name.replace("__", "."), kind)
        self.block.data_received_cb.add_callback(self._received)
        client.log.add_config(self.block)
        self.block.start()

    def _received(self, stamp, data, _):
        with self.arrived:
            self.samples.append((stamp, data))
            self.arrived.notify()

    def wait(self, condition, timeout_s=20.0):
        """Wait until ``condition(newest data)``; returns that sample."""
        deadline = time.monotonic() + timeout_s
        with self.arrived:
            while not (self.samples and condition(self.samples[-1][1])):
                assert self.arrived.wait(max(0.0, deadline - time.monotonic())), self.samples[-1:]
            return self.samples[-1]


def wait_for(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_speaks_the_current_protocol(client):
    assert client.platform.get_protocol_version() == 12


def test_both_tables_carry_the_names_of_the_contract(client):
    for name in ("stateEstimate.x", "stateEstimate.qw", "gyro.z", "pm.vbat", "kalman.varPZ", "motor.m4", "s2m.mode"):
        assert client.log.toc.get_element_by_complete_name(name) is not None, name
    for name in ("stabilizer.controller", "kalman.resetEstimation", "deck.bcLighthouse4", "s2m.id7"):
        assert client.param.toc.get_element_by_complete_name(name) is not None, name


def test_a_log_block_streams_at_100_hz_of_robot_time(client):
    stream = Stream(client, 10, stateEstimate__z="float", supervisor__info="uint16_t", gyro__x="FP16")
    stream.wait(lambda _: len(stream.samples) > 100)
    stream.block.stop()
    stamps = [stamp for stamp, _ in stream.samples]
    steps = [late - early for early, late in itertools.pairwise(stamps)]
    assert statistics.median(steps) == 10
    assert statistics.fmean(steps) == pytest.approx(10, abs=1), "a computer that stands still moves single stamps"
    # Other tests may have left it a little lifted by its own noise, never in the air.
    assert abs(stream.samples[-1][1]["stateEstimate.z"]) < 0.2


def test_parameters_are_read_written_and_refused(client):
    assert client.param.get_value("stabilizer.controller") == "6"
    client.param.set_value("locSrv.extPosStdDev", 0.25)
    wait_for(lambda: float(client.param.get_value("locSrv.extPosStdDev")) == 0.25)
    client.param.set_value("locSrv.extPosStdDev", 0.01)
    with pytest.raises(AttributeError, match="read-only"):
        client.param.set_value("s2m.id0", 1)


def test_a_controller_it_does_not_have_falls_back_to_pid_and_the_client_is_told(client):
    client.param.set_value("stabilizer.controller", 5)
    wait_for(lambda: client.param.get_value("stabilizer.controller") == "1")
    client.param.set_value("stabilizer.controller", 6)
    wait_for(lambda: client.param.get_value("stabilizer.controller") == "6")


def test_persistent_parameters_are_stored_and_cleared(client):
    answers = []
    name = "stabilizer.estimator"
    assert client.param.toc.get_element_by_complete_name(name).is_persistent()
    client.param.persistent_store(name, lambda *answer: answers.append(answer))
    wait_for(lambda: answers == [(name, True)])
    states = []
    client.param.persistent_get_state(name, lambda _, state: states.append(state))
    wait_for(lambda: states)
    assert (states[0].is_stored, states[0].default_value, states[0].stored_value) == (True, 2, 2)
    client.param.persistent_clear(name, lambda *answer: answers.append(answer))
    wait_for(lambda: len(answers) == 2)
    defaults = []
    client.param.get_default_value(name, lambda _, value: defaults.append(value))
    wait_for(lambda: defaults == [2])


def test_the_bundle_id_is_readable_word_by_word(client, pd_bundle):
    words = "".join(f"{int(client.param.get_value(f's2m.id{i}')):08x}" for i in range(8))
    assert words == pd_bundle.id


def test_memories_are_listed_and_the_eeprom_decodes(client):
    assert [memory.type for memory in client.mem.mems] == [MemoryElement.TYPE_I2C, MemoryElement.TYPE_TRAJ]
    eeprom, done = client.mem.get_mems(MemoryElement.TYPE_I2C)[0], threading.Event()
    eeprom.update(lambda _: done.set())
    assert done.wait(5.0)
    assert eeprom.valid
    assert eeprom.elements["radio_address"] == 0xE7E7E7E7E7


def test_the_ping_measures_latency(client):
    values = []
    client.link_statistics.latency_updated.add_callback(values.append)
    wait_for(lambda: len(values) > 2)
    assert values[-1] > 0.0


def test_arming_shows_in_the_supervisor_and_disarming_too(client):
    assert client.supervisor.can_be_armed
    client.supervisor.send_arming_request(True)
    wait_for(lambda: client.supervisor.is_armed)
    assert client.supervisor.can_fly
    client.supervisor.send_arming_request(False)
    wait_for(lambda: not client.supervisor.is_armed)


def test_an_estimator_reset_grows_the_variance_and_converges(client):
    stream = Stream(client, 10, kalman__varPX="float")
    stream.wait(lambda data: data["kalman.varPX"] < 1e-3)
    client.param.set_value("kalman.resetEstimation", 1)
    stream.wait(lambda data: data["kalman.varPX"] > 1e3)
    client.param.set_value("kalman.resetEstimation", 0)
    stream.wait(lambda data: data["kalman.varPX"] < 1e-3)
    stream.block.stop()


def test_the_high_level_commander_flies_the_policy_and_lands_it(client, robot):
    stream = Stream(client, 50, stateEstimate__x="float", stateEstimate__z="float", s2m__mode="uint8_t")
    client.supervisor.send_arming_request(True)
    wait_for(lambda: client.supervisor.is_armed)
    time.sleep(0.7)
    client.high_level_commander.takeoff(0.5, 1.5)
    stream.wait(lambda data: data["stateEstimate.z"] > 0.45 and data["s2m.mode"] == 2)
    client.high_level_commander.go_to(0.3, 0.0, 0.5, 0.0, 1.5)
    stream.wait(lambda data: data["stateEstimate.x"] > 0.27)
    client.high_level_commander.land(0.0, 1.5)
    stream.wait(lambda data: data["stateEstimate.z"] < 0.03 and data["s2m.mode"] == 1)
    client.supervisor.send_arming_request(False)
    wait_for(lambda: not client.supervisor.is_armed)
    stream.block.stop()
    names = [event["event"] for event in robot.events()["events"]]
    assert names.index("airborne") < names.index("high_level_landed")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_sending_thread_that_died_is_a_lost_link(robot):
    with create_link(robot.uri) as link:
        assert link.health().connected
        link.sender.setpoint(lambda: 1 / 0)
        wait_for(lambda: not link.health().connected)


def test_an_emergency_stop_locks_the_robot(pd_bundle, connect):
    with VirtualProcess("crazyflie", options=("--bundle", str(pd_bundle.path))) as robot, connect(robot.uri) as client:
        client.supervisor.send_arming_request(True)
        wait_for(lambda: client.supervisor.is_armed)
        client.supervisor.send_emergency_stop()
        wait_for(lambda: client.supervisor.is_locked)
        assert not client.supervisor.can_be_armed
        assert robot.events()["safe_action"] == "emergency_stop"


def scan(within_s=10.0):
    """What a scan finds; cflib waits for a tenth of a second only, so on a busy machine one scans again."""
    from cflib.crtp import udpdriver

    deadline, found = time.monotonic() + within_s, []
    while not found and time.monotonic() < deadline:
        found = [uri for uri, _ in udpdriver.UdpDriver().scan_interface()]
    return found


def test_a_scan_finds_robots_on_two_ports_and_each_answers_for_itself(pd_bundle, connect, monkeypatch):
    from cflib.crtp import udpdriver

    options = ("--bundle", str(pd_bundle.path))
    stock = ("--profile", "stock")
    with VirtualProcess(options=options) as first, VirtualProcess(options=stock) as second:
        monkeypatch.setattr(udpdriver, "_NR_OF_PORTS_TO_SCAN", 1)
        for robot in (first, second):
            monkeypatch.setattr(udpdriver, "_BASE_PORT", int(robot.uri.rpartition(":")[2]))
            assert scan() == [robot.uri]
        with connect(first.uri) as one, connect(second.uri) as two:
            controllers = [client.param.get_value("stabilizer.controller") for client in (one, two)]
        assert controllers == ["6", "1"]
