"""The robot behind its port: bad packets, strangers, a port in use, the command line, and its end."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.faults import KINDS, parse_fault
from hardware.virtual.crazyflie.robot import Options
from hardware.virtual.crazyflie.server import Server, parse_uri
from hardware.virtual.process import ROOT, VirtualProcess, free_uri
from sim.errors import ConfigError, LinkError, StorageError

SOURCE, PING, SCAN = b"\xfd\x00", b"\xfc\x2a", b"\xff"


class Client:
    """A bare UDP socket."""

    def __init__(self, uri):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(3.0)
        self.socket.connect(parse_uri(uri))

    def ask(self, datagram):
        """Send; returns the reply, or ``None`` if there is none."""
        self.socket.send(datagram)
        try:
            return self.socket.recv(64)
        except TimeoutError:
            return None


@pytest.fixture
def served():
    """A stock robot served by a thread, and its URI."""
    uri = free_uri()
    with Server(build_virtual_crazyflie(None, Options("stock")), uri) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server, uri
        server.stop()
        thread.join()


def test_malformed_packets_are_dropped_and_counted_and_the_robot_lives_on(served):
    server, uri = served
    client, rng = Client(uri), np.random.default_rng(0)
    assert client.ask(SOURCE)
    for number in range(4000):
        client.socket.send(rng.bytes(int(rng.integers(0, 40))))
        if number % 20 == 0:  # so that the socket's buffer holds them all
            assert client.ask(PING) is not None
    client.socket.settimeout(0.2)
    while client.ask(PING) not in (PING, None):
        pass
    assert server.robot.events.counters["malformed"] > 1000
    assert server.robot.body.healthy


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=34), max_size=20))
def test_no_packet_whatever_raises(shared_robot, datagrams):
    for datagram in datagrams:
        shared_robot.receive(datagram)
    shared_robot.advance(2)
    assert shared_robot.body.healthy
    assert all(0.0 <= motor <= 1.0 for motor in shared_robot.motors)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 15), st.integers(0, 3), st.integers(0, 15), st.binary(max_size=29))
def test_no_almost_valid_packet_raises(shared_robot, port, channel, command, rest):
    shared_robot.receive(bytes((port << 4 | channel, command)) + rest)
    shared_robot.advance(1)
    assert shared_robot.body.healthy


@pytest.fixture(scope="module")
def shared_robot(pd_bundle):
    return build_virtual_crazyflie(pd_bundle.path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_setpoints_that_are_no_positions_are_dropped(bench, value):
    bench.take_off()
    before = bench.robot.events.counters["malformed"]
    bench.position(value, 0.0, 0.5)
    assert bench.robot.events.counters["malformed"] == before + 1
    assert bench.robot.commander.select(bench.robot.now_ms, bench.robot.now_ms).position_w[0] == 0.0


def test_a_second_controller_is_refused_by_the_armed_robot_and_reported(served):
    server, uri = served
    first, second = Client(uri), Client(uri)
    assert first.ask(SOURCE)
    assert first.ask(b"\x9d\x01\x01")[1:] == bytes((0x81, 1, 1))
    keep = threading.Event()
    pinger = threading.Thread(target=lambda: [first.ask(PING) for _ in iter(lambda: keep.wait(0.1), True)])
    pinger.start()
    assert second.ask(SOURCE) is None
    assert second.ask(SCAN) == SCAN, "a scan still finds it"
    for command in (b"\x9d\x01\x00", b"\x9d\x03", b"\x7c\x00", b"\x3c" + bytes(14), b"\x2c\x00\x00\x01"):
        second.socket.send(command)  # disarm, emergency stop, stop, set-point, parameter
    assert second.ask(SCAN) == SCAN
    keep.set()
    pinger.join()
    assert server.robot.supervisor.armed
    assert not server.robot.supervisor.locked
    assert server.robot.events.counters["refused_client"] == 6
    assert server.robot.events.first("refused_controller") is not None
    first.ask(b"\x9d\x01\x00")
    assert second.ask(SOURCE), "disarmed, it takes the new client"


def test_a_stranger_without_greeting_is_ignored(served):
    server, uri = served
    first, stranger = Client(uri), Client(uri)
    assert first.ask(SOURCE)
    stranger.socket.settimeout(0.3)
    assert stranger.ask(b"\x9d\x01\x01") is None
    assert not server.robot.supervisor.armed


def test_a_port_in_use_is_one_line(served):
    _, uri = served
    with pytest.raises(LinkError, match=r"in use.*choose another port"):
        Server(build_virtual_crazyflie(None, Options("stock")), uri)


@pytest.mark.parametrize("uri", ["udp://127.0.0.1", "tcp://127.0.0.1:1", "nonsense", "udp://127.0.0.1:99999", ""])
def test_a_bad_uri_is_one_line(uri):
    with pytest.raises(ConfigError, match=r"udp://127\.0\.0\.1:19850"):
        parse_uri(uri)


@pytest.mark.parametrize(
    "text", ["", "x", "link-los", "delay", "delay=-1", "delay=x", "dead-motor=5", "kick=1@noon+3", "kick@1.2.3"]
)
def test_a_bad_fault_is_one_line(text):
    with pytest.raises(ConfigError) as error:
        parse_fault(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_can_be_written_with_value_start_and_duration(name):
    value = max(1.0, KINDS[name].high / 2.0) if KINDS[name].high else 0.0
    text = f"{name}={value}@flying+8:0.5" if value else f"{name}@flying+8:0.5"
    fault = parse_fault(text)
    assert (fault.name, fault.value, fault.start_s, fault.after, fault.duration_s) == (name, value, 8.0, "flying", 0.5)


def test_a_fault_waits_for_its_event(make_bench):
    bench = make_bench(faults=[parse_fault("kick=10@armed+0.5")])
    bench.robot.advance(2000)
    assert bench.time_of("fault_injected") is None
    bench.arm()
    bench.robot.advance(600)
    assert bench.time_of("fault_injected") == pytest.approx(bench.time_of("armed") + 0.5, abs=0.002)


def command_line(*arguments):
    return [sys.executable, "-m", "sim2metal", "virtual", "crazyflie", *arguments]


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        ((), 2, "--bundle"),
        (("--bundle", "nowhere"), 3, "no bundle"),
        (("--profile", "stock", "--fault", "gremlins"), 2, "gremlins"),
        (("--profile", "stock", "--parameter-set", "heavy"), 2, "heavy"),
        (("--profile", "stock", "--fault", "nan-policy"), 2, "nan-policy"),
        (("--profile", "stock", "--charge", "nan"), 2, "--charge"),
        (("--profile", "stock", "--duration", "-1"), 2, "--duration"),
        (("--profile", "stock", "--seed", "-1"), 2, "--seed"),
        (("--profile", "stock", "--uri", "udp://192.0.2.1:19850"), 5, "192.0.2.1"),
    ],
)
def test_bad_arguments_end_with_one_line_and_a_code(arguments, code, hint):
    done = subprocess.run(command_line(*arguments), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_cleanly_with_its_events(tmp_path, number):
    events, result = tmp_path / "events.json", tmp_path / "result.json"
    options = ("--profile", "stock", "--uri", free_uri(), "--events", str(events), "--json", str(result))
    process = subprocess.Popen(command_line(*options), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with process:
        assert "ready on" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(20) == 0
    assert json.loads(events.read_text())["events"][0]["event"] == "started"
    assert json.loads(result.read_text())["profile"] == "stock"


def test_it_ends_with_its_parent():
    with VirtualProcess(options=("--profile", "stock")) as robot:
        process = robot._process
        process.stdin.close()
        assert process.wait(20) == 0
        robot.kill()


def test_a_killed_robot_frees_its_port():
    robot = VirtualProcess(options=("--profile", "stock"))
    robot.start()
    os.kill(robot._process.pid, signal.SIGKILL)
    robot.kill()
    with VirtualProcess(uri=robot.uri, options=("--profile", "stock")):
        pass


def test_faults_are_injected_while_it_runs_and_bad_ones_reported():
    with VirtualProcess(options=("--profile", "stock")) as robot:
        robot.inject("link-loss:0.1")
        assert robot.events()["fault_s"] is not None
        with pytest.raises(LinkError, match="gremlins"):
            robot.inject("gremlins")


def test_a_robot_that_cannot_start_says_why():
    with VirtualProcess(options=("--profile", "stock")) as robot:
        twin = VirtualProcess(uri=robot.uri, options=("--profile", "stock"))
        with pytest.raises(LinkError, match="in use"):
            twin.start()


def test_a_full_disk_leaves_no_half_written_events(tmp_path):
    robot = build_virtual_crazyflie(None, Options("stock"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        robot.events.write(tmp_path / "file" / "events.json")


def test_time_is_real_and_measured(served):
    server, uri = served
    client = Client(uri)
    assert client.ask(SOURCE)
    for _ in range(20):
        assert client.ask(PING) == PING
    timing = server.timing()
    assert timing["onboard_s"] <= timing["wall_s"] + 0.01


def test_a_struct_of_every_setpoint_type_is_understood(bench):
    bodies = {
        0: b"", 1: struct.pack("<ffff", 0, 0, 0, 0), 2: struct.pack("<ffff", 0, 0, 0, 0.5),
        5: struct.pack("<ffff", 0, 0, 0, 0.5), 6: struct.pack("<hhhhhhhhhIhhh", *(0,) * 9, 3 << 30, 0, 0, 0),
        7: struct.pack("<ffff", 0, 0, 0.5, 0), 8: struct.pack("<ffff", 0, 0, 0, 0),
        9: struct.pack("<ffff", 0, 0, 0, 0.5),
        10: struct.pack("<ffff", 0, 0, 0, 0.5), 11: struct.pack("<fffHB", 0, 0, 0, 30000, 0),
    }  # fmt: skip
    for kind, body in bodies.items():
        bench.send(7, 0, bytes((kind,)) + body)
    bench.send(7, 1, struct.pack("<BI", 0, 100))
    assert bench.robot.events.counters == {"setpoints": len(bodies)}
