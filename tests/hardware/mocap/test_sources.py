"""Every source against the virtual system over real sockets, and what arrives from somebody else."""

import importlib.util
import json
import socket

import pytest

from hardware.mocap import library_source, natnet, natnet_source
from hardware.mocap.source import create_source
from hardware.mocap.uri import parse_mocap_uri
from sim.errors import ConfigError, LinkError
from tests.hardware.mocap.system import System, free_port, standing


def first_frame(source, tries=200):
    for _ in range(tries):
        if (frame := source.receive(0.1)) is not None:
            return frame
    raise AssertionError(f"no frame; refused: {source.refused}")


def multicast(command, data):
    """A group of its own for each data port: other tests may run beside this one."""
    return f"natnet://127.0.0.1:{command}?multicast=239.255.{data >> 8}.{data & 255}&data_port={data}"


def check_frames(source, place):
    one, two = first_frame(source), first_frame(source)
    assert [body.name for body in one.bodies] == ["cf1", "cf2"]
    assert one.bodies[1].position_w == pytest.approx(place, abs=0.01)
    assert one.bodies[1].orientation_wxyz == pytest.approx((1.0, 0.0, 0.0, 0.0), abs=0.05)
    assert two.number > one.number
    assert two.time_s > one.time_s
    assert two.received_ns > one.received_ns


@pytest.mark.parametrize("options", ["", "?version=3.1", "?up=y", "?version=4.0&up=y&rate=240"])
def test_natnet_by_unicast(options):
    port = free_port()
    up = "?up=y" if "up=y" in options else ""
    with (
        System(f"natnet://127.0.0.1:{port}{options}", [standing(1.0), standing(2.0, 3.0, 0.5)]),
        create_source(parse_mocap_uri(f"natnet://127.0.0.1:{port}{up}")) as source,
    ):
        check_frames(source, (2.0, 3.0, 0.5))


def test_natnet_by_multicast():
    command, data = free_port(), free_port()
    with (
        System(multicast(command, data), [standing(1.0), standing(2.0)]),
        create_source(parse_mocap_uri(f"natnet://127.0.0.1:{command}?interface=127.0.0.1")) as source,
    ):
        check_frames(source, (2.0, 0.0, 0.0))


@pytest.mark.skipif(importlib.util.find_spec("motioncapture") is None, reason="the extra mocap is not installed")
def test_the_library_reads_the_same_stream():
    """An independent reader of NatNet agrees with ours about what the virtual system says."""
    command, data = free_port(), free_port()
    with System(multicast(command, data), [standing(1.0), standing(2.0, 3.0, 0.5)]):
        with create_source(parse_mocap_uri(f"optitrack://127.0.0.1:{command}?interface=127.0.0.1")) as source:
            check_frames(source, (2.0, 3.0, 0.5))
            process = source._process
        assert process.poll() is not None, "no process stays behind"


@pytest.mark.skipif(importlib.util.find_spec("motioncapture") is None, reason="the extra mocap is not installed")
def test_a_library_that_cannot_connect_is_one_line_with_its_words():
    with pytest.raises(LinkError, match=r"ended: .*127\.0\.0\.1"):
        create_source(parse_mocap_uri("qualisys://127.0.0.1:9")).open()


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(library_source.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install .*\[mocap\]"):
        create_source(parse_mocap_uri("vicon://127.0.0.1")).open()


def test_a_server_that_is_not_there_is_found_out_in_time(monkeypatch):
    monkeypatch.setattr(natnet_source, "ANSWER_TIMEOUT_S", 0.3)
    with pytest.raises(LinkError, match="no NatNet server answers"):
        create_source(parse_mocap_uri(f"natnet://127.0.0.1:{free_port()}")).open()


def test_a_server_of_another_age_is_named(monkeypatch):
    monkeypatch.setattr(natnet_source, "ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setattr("hardware.virtual.mocap.server.VERSIONS", {"4.1": (2, 10)})
    port = free_port()
    with System(f"natnet://127.0.0.1:{port}", [standing(0.0)]), pytest.raises(LinkError, match=r"2\.10: expected 3\.0"):
        create_source(parse_mocap_uri(f"natnet://127.0.0.1:{port}")).open()


def test_natnet_listens_to_its_server_only(monkeypatch):
    port = free_port()
    with (
        System(f"natnet://127.0.0.1:{port}", [standing(1.0)]),
        create_source(parse_mocap_uri(f"natnet://127.0.0.1:{port}")) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        stranger.bind(("127.0.0.2", 0))
        ours = source._sockets[0].getsockname()[1]
        stranger.sendto(natnet.message(natnet.FRAME, b"\0" * 60), ("127.0.0.1", ours))
        stranger.close()
        while not source.refused:
            first_frame(source)
        assert source.refused == {"not from the server": 1}


def test_json_from_the_first_who_sends_and_nobody_else():
    port = free_port()
    body = {"name": "cf1", "position": [0, 0, 0], "orientation": [1, 0, 0, 0]}
    with (
        create_source(parse_mocap_uri(f"json://127.0.0.1:{port}")) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        for number, sender in enumerate((one, other, one)):
            sender.sendto(json.dumps({"frame": number, "bodies": [body]}).encode(), ("127.0.0.1", port))
        one.sendto(b"nonsense", ("127.0.0.1", port))
        frames = [source.receive(1.0) for _ in range(4)]
    assert [frame and frame.number for frame in frames] == [0, None, 2, None]
    assert source.refused == {"a second sender": 1, "a datagram that is not JSON": 1}


def test_a_port_in_use_is_refused():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(LinkError, match="cannot listen"):
            create_source(parse_mocap_uri(f"json://127.0.0.1:{port}")).open()
        with pytest.raises(LinkError, match="cannot listen"):
            serve_on(port)


def serve_on(port):
    with System(f"natnet://127.0.0.1:{port}", [standing(0.0)]):
        raise AssertionError("served on a port in use")
