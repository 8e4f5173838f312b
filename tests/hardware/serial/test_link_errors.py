"""Every way a serial link can fail is one line that says what to do, in bounded time."""

import contextlib
import dataclasses
import os
import socket
import threading
import zlib
from pathlib import Path

import pytest

import hardware.serial.link as link_module
from hardware.framing import Frame, cobs_encode, encode
from hardware.serial.hello import encode_hello
from hardware.serial.link import SerialLink
from hardware.serial.messages import Nack, encode_nack
from hardware.serial.protocol import MessageType, Refusal
from hardware.serial.states import encode_flight_report
from sim.errors import FlightAbortedError, LinkError
from tests.hardware.serial.conftest import HELLO, STATE, eventually, greeting


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(link_module, "HELLO_TIMEOUT_S", 0.4)
    monkeypatch.setattr(link_module, "STATE_TIMEOUT_S", 0.3)


def refusal_of(uri, **options):
    """The one line an opening ends with; no thread stays behind."""
    before = threading.active_count()
    link = SerialLink(uri, **options)
    with pytest.raises(LinkError) as error:
        link.open()
    assert "\n" not in str(error.value)
    assert threading.active_count() == before
    assert not link.health().connected
    return str(error.value)


@contextlib.contextmanager
def unprivileged():
    """Root may open everything: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_port():
    line = refusal_of("serial:///dev/ttyNOWHERE7")
    assert "no serial port /dev/ttyNOWHERE7: plug the robot in" in line


def test_no_permission(make_peer):
    peer = make_peer()
    path = os.ttyname(peer.slave)
    Path(path).chmod(0)
    with unprivileged():
        line = refusal_of(peer.uri)
    assert "usermod -a -G dialout" in line


@pytest.mark.parametrize("what", ["file", "folder", "/dev/null"])
def test_not_a_port(tmp_path, what):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    path = tmp_path / what if what[0] != "/" else what
    assert "is not a serial port" in refusal_of(f"serial://{path}")


def test_a_port_in_use(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri):
        assert "in use by another program" in refusal_of(peer.uri)


def test_nobody_answers(make_peer):
    assert "no robot answers at" in refusal_of(make_peer().uri)


def test_something_else_answers(make_peer):
    line = refusal_of(make_peer(lambda frame: b"Hello from an AT modem\r\nOK\x00").uri)
    assert "byte stuffing" in line
    assert "baud rate" in line


def test_frames_of_another_version(make_peer):
    body = bytes([7, MessageType.HELLO, 0, 0])
    frame = cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\x00"
    assert "protocol version 7" in refusal_of(make_peer(lambda _: frame).uri)


def test_messages_of_another_version(make_peer):
    line = refusal_of(make_peer(greeting(dataclasses.replace(HELLO, version=9))).uri)
    assert "speaks version 9 of the protocol" in line
    assert "update" in line


@pytest.mark.parametrize("reason", [Refusal.VERSION, Refusal.BUSY])
def test_a_robot_that_refuses(make_peer, reason):
    nack = encode(Frame(MessageType.NACK, 0, encode_nack(Nack(MessageType.HELLO_REQUEST, reason))))
    line = refusal_of(make_peer(lambda _: nack).uri)
    assert "the robot refuses" in line
    assert ("another program" in line) == (reason is Refusal.BUSY)


def test_a_hello_without_a_state(make_peer):
    assert "no state arrives" in refusal_of(make_peer(greeting(state=None)).uri)


def test_a_hello_with_states_of_another_kind(make_peer):
    line = refusal_of(make_peer(greeting(dataclasses.replace(HELLO, kind="joint"))).uri)
    assert "another kind of state" in line


def test_a_hello_with_states_of_another_size(make_peer):
    line = refusal_of(make_peer(greeting(dataclasses.replace(HELLO, channels=("m1",)))).uri)
    assert "the robot's hello said 1" in line


def test_a_robot_that_takes_other_commands(make_peer):
    line = refusal_of(make_peer(greeting()).uri, level="joint_position")
    assert "takes commands of level 'motor', the policy gives 'joint_position'" in line


def test_a_robot_with_the_policy_on_board_takes_setpoints_whatever_the_policy_gives(make_peer):
    names = ("x_m", "y_m", "z_m", "yaw_rad")
    peer = make_peer(greeting(dataclasses.replace(HELLO, level="position", channels=names)))
    with SerialLink(peer.uri, level="motor") as link:
        assert (link.level, link.command_names) == ("position", names)


def test_a_hello_for_somebody_else_is_not_ours(make_peer):
    other = encode(Frame(MessageType.HELLO, 0, encode_hello(HELLO)))
    assert "no robot answers" in refusal_of(make_peer(lambda _: other).uri)


def test_a_robot_that_turns_into_another_one_is_not_believed(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        before = link.hello
        changed = dataclasses.replace(before, channels=("m1",))
        peer.send(encode(Frame(MessageType.HELLO, 0, encode_hello(before))))
        peer.send(encode(Frame(MessageType.HELLO, 0, encode_hello(changed))))
        assert eventually(lambda: link.receiver.answers["malformed"] == 1)
        assert link.hello == before
        assert link.receiver.answers["HELLO"] == 2


def test_nobody_listens_on_tcp():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"serial://127.0.0.1:{probe.getsockname()[1]}"
    assert "nobody answers at" in refusal_of(uri)


def test_the_operator_ends_the_wait(make_peer):
    link = SerialLink(make_peer().uri, stopped=lambda: True)
    with pytest.raises(FlightAbortedError, match="nothing moved"):
        link.open()


def test_a_port_that_vanishes_is_a_lost_link(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        assert link.health().connected
        peer.close()
        assert eventually(lambda: not link.health().connected)
        assert "check the cable" in link.lost
        link.write([0.0] * 4)  # no exception: the loop learns it from health()


def test_a_port_that_takes_no_bytes_is_a_lost_link_and_never_blocks_the_loop(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        peer._stop.set()
        peer._thread.join()
        link.safe_stop("land")
        for _ in range(20_000):
            link.sender.urgent(bytes(255))
            if not link.health().connected:
                break
        assert eventually(lambda: not link.health().connected)
        assert "takes no more bytes" in link.lost


def test_a_silent_robot_grows_old_but_the_port_is_there(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        state = link.read()
        assert eventually(lambda: link.clock.now_ns() - link.health().heard_ns > 0.15e9)
        assert link.read() is state
        assert link.health().connected


def test_a_flood_of_noise_costs_no_memory(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        for _ in range(60):
            peer.send(b"\x01" * 2000)
        assert eventually(lambda: link.receiver.damaged >= 20)
        assert len(link.receiver._reader._buffer) <= link.receiver._reader.largest + 4096
        peer.send(b"\x00" + encode(Frame(MessageType.FLIGHT_STATE, 2, encode_flight_report(STATE))))
        assert eventually(lambda: link.receiver.answers["FLIGHT_STATE"] == 2)


def test_the_link_leaves_what_was_asked_before_it_closes(make_peer):
    peer = make_peer(greeting())
    with SerialLink(peer.uri) as link:
        link.safe_stop("off")
    assert eventually(lambda: any(frame.type == MessageType.SAFE_ACTION for frame in peer.received))
    assert peer.received[-1].type in (MessageType.SAFE_ACTION, MessageType.HEARTBEAT)
