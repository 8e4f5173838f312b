"""The robot behind its ports: pseudo-terminal, TCP, real time, lock-step, the command line, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
import serial

from hardware.framing import Frame, FrameReader, encode
from hardware.serial.hello import HelloRequest, encode_hello_request
from hardware.serial.messages import Command, encode_command, encode_session
from hardware.serial.protocol import MessageType
from hardware.serial.uri import parse_serial_uri
from hardware.virtual.process import ROOT, VirtualProcess
from hardware.virtual.serial.build import build_virtual_serial_robot
from hardware.virtual.serial.server import MOST_CONNECTIONS, Server
from sim.errors import LinkError

SESSION = 77


def free_tcp():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"serial://127.0.0.1:{probe.getsockname()[1]}"


class Client:
    """Bare pyserial."""

    def __init__(self, uri):
        self.port = serial.serial_for_url(parse_serial_uri(uri).pyserial_url, timeout=3.0, write_timeout=3.0)
        self._reader = FrameReader()

    def send(self, kind, payload):
        self.port.write(encode(Frame(kind, 0, payload)))

    def wait_for(self, kind):
        """The next frame of a type; raises StopIteration when nothing comes any more."""
        while data := self.port.read(1):
            for frame in self._reader.feed(data):
                if frame.type == kind:
                    return frame
        raise AssertionError(f"no {kind.name} within 3 s")

    def hello(self):
        self.send(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(SESSION)))
        return self.wait_for(MessageType.HELLO)


@pytest.fixture
def serve():
    servers = []

    def start(address=None, lock_step=False, **options):
        server = Server(build_virtual_serial_robot(**options), address, lock_step)
        thread = threading.Thread(target=server.run)
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.stop()
        thread.join()
        server.close()


def test_real_pyserial_talks_to_a_real_pseudo_terminal(serve):
    server = serve()
    assert server.uri.startswith("serial:///dev/")
    client = Client(server.uri)
    client.hello()
    first, second = (client.wait_for(MessageType.FLIGHT_STATE) for _ in range(2))
    assert second.sequence == first.sequence + 1
    client.port.close()


def test_a_path_becomes_a_link_to_the_port_and_goes_with_it(tmp_path, serve):
    path = tmp_path / "port"
    server = serve(parse_serial_uri(f"serial://{path}"))
    assert server.uri == f"serial://{path}"
    Client(server.uri).hello()
    server.stop()
    server.close()
    assert not path.is_symlink()


def test_the_link_of_a_killed_robot_is_replaced_and_a_living_ones_is_not(tmp_path):
    path = tmp_path / "port"
    path.symlink_to("/dev/pts/no-such-terminal")
    address = parse_serial_uri(f"serial://{path}")
    with (
        Server(build_virtual_serial_robot(), address),
        pytest.raises(LinkError, match="in use; stop the other program or choose another path"),
    ):
        Server(build_virtual_serial_robot(), address)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LinkError, match="choose another path"):
        Server(build_virtual_serial_robot(), parse_serial_uri(f"serial://{tmp_path / 'file'}"))
    assert (tmp_path / "file").read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    with pytest.raises(LinkError, match="No such file"):
        Server(build_virtual_serial_robot(), parse_serial_uri(f"serial://{tmp_path / 'none' / 'port'}"))


def test_it_serves_tcp_too_and_survives_clients_that_vanish(serve):
    server = serve(parse_serial_uri(free_tcp()))
    for _ in range(3):
        client = Client(server.uri)
        client.hello()
        client.port._socket.close()
    raw = socket.create_connection((server.uri.split("//")[1].split(":")[0], int(server.uri.split(":")[-1])))
    raw.sendall(b"\x01" * 100_000)
    Client(server.uri).hello()
    raw.close()


def test_only_so_many_connections_are_served(serve):
    server = serve(parse_serial_uri(free_tcp()))
    address = parse_serial_uri(server.uri)
    connections = [socket.create_connection((address.host, address.port)) for _ in range(MOST_CONNECTIONS)]
    connections[-1].sendall(encode(Frame(MessageType.HELLO_REQUEST, 0, encode_hello_request(HelloRequest(SESSION)))))
    assert connections[-1].recv(1)
    extra = socket.create_connection((address.host, address.port))
    extra.settimeout(3.0)
    assert extra.recv(1) == b"", "closed at once"
    for connection in connections:
        connection.close()


def test_a_tcp_port_in_use_or_elsewhere_is_one_line(serve):
    server = serve(parse_serial_uri(free_tcp()))
    with pytest.raises(LinkError, match=r"in use.*choose another port"):
        Server(build_virtual_serial_robot(), parse_serial_uri(server.uri))
    with pytest.raises(LinkError, match="give an address of this computer"):
        Server(build_virtual_serial_robot(), parse_serial_uri("serial://192.0.2.1:5760"))


def test_a_host_that_does_not_read_costs_no_memory(serve):
    server = serve()
    client = Client(server.uri)
    client.hello()
    for _ in range(3000):
        client.send(MessageType.HEARTBEAT, encode_session(SESSION))
    client.port.reset_input_buffer()
    assert client.hello(), "the robot lives on"


def fly_in_lock_step(uri, steps=150):
    """States of a flight with fixed commands, one per command."""
    client, states = Client(uri), []
    client.hello()
    client.send(MessageType.ARM, encode_session(SESSION))
    client.wait_for(MessageType.ACK)
    client.wait_for(MessageType.FLIGHT_STATE)
    for number in range(1, steps + 1):
        client.send(MessageType.COMMAND, encode_command(Command(SESSION, number, (0.75, 0.74, 0.75, 0.74))))
        states.append(client.wait_for(MessageType.FLIGHT_STATE).payload)
    client.port.close()
    return states


def test_in_lock_step_a_flight_repeats_to_the_bit_whatever_the_host_does_meanwhile(serve):
    first, second, third = (fly_in_lock_step(serve(lock_step=True, seed=seed).uri) for seed in (4, 4, 5))
    assert first == second
    assert first != third
    clocks = [int.from_bytes(state[:4], "little") for state in first]
    assert clocks == list(range(10, 1510, 10))


# The process ---------------------------------------------------------------------------------


def command_line(*arguments):
    return [sys.executable, "-m", "sim2metal", "virtual", "serial", *arguments]


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (("--bundle", "nowhere"), 3, "no bundle"),
        (("--fault", "gremlins"), 2, "gremlins"),
        (("--parameter-set", "heavy"), 2, "heavy"),
        (("--charge", "nan"), 2, "--charge"),
        (("--duration", "-1"), 2, "--duration"),
        (("--seed", "-1"), 2, "--seed"),
        (("--uri", "udp://127.0.0.1:1"), 2, "serial:///dev/ttyACM0"),
        (("--uri", "serial:///nowhere/port"), 5, "/nowhere/port"),
    ],
)
def test_bad_arguments_end_with_one_line_and_a_code(capsys, arguments, code, hint):
    import sim2metal

    assert sim2metal.main(["virtual", "serial", *arguments]) == code
    error = capsys.readouterr().err
    assert hint in error
    assert len(error.strip().splitlines()) == 1


def test_it_says_how_to_fly_it_and_ctrl_c_ends_it_with_its_events(tmp_path):
    events, result = tmp_path / "events.json", tmp_path / "result.json"
    options = ("--events", str(events), "--json", str(result), "--fault", "state-stall@0.1")
    process = subprocess.Popen(command_line(*options), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with process:
        ready, example = process.stdout.readline(), process.stdout.readline()
        assert "ready on serial:///dev/" in ready
        uri = next(word for word in ready.split() if word.startswith("serial://")).rstrip(";")
        assert f"sim2metal run BUNDLE --uri {uri}" in example
        Client(uri).hello()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert [event["event"] for event in json.loads(events.read_text())["events"]][:1] == ["started"]
    assert json.loads(result.read_text())["mode"] == "off"


def test_a_process_takes_faults_and_frees_its_port_even_when_killed():
    with VirtualProcess("serial") as robot:
        robot.inject("packet-loss=5@armed+1")
        with pytest.raises(LinkError, match="gremlins"):
            robot.inject("gremlins")
    robot = VirtualProcess("serial")
    robot.start()
    os.kill(robot._process.pid, signal.SIGKILL)
    robot.kill()
    with VirtualProcess("serial", uri=robot.uri) as successor:
        Client(successor.uri).hello()
