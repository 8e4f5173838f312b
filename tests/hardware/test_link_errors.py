"""What goes wrong before there is a robot: URIs, silence, a refused port; each one line in bounded time."""

import socket
import threading

import pytest

from hardware.crazyflie import connection
from hardware.crazyflie.connection import _reason
from hardware.link import Link
from hardware.registry import LINKS, create_link
from sim.errors import ConfigError, FlightAbortedError, LinkError


@pytest.mark.parametrize("uri", ["", "tcp://1.2.3.4:5", "udp:/127.0.0.1:1", "virtual", "dds://", "udp://"])
def test_an_unknown_scheme_lists_the_valid_ones(uri):
    with pytest.raises(ConfigError) as caught:
        create_link(uri)
    for scheme in LINKS:
        assert f"{scheme}://" in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        *("udp://127.0.0.1", "udp://127.0.0.1:port", "udp://127.0.0.1:0", "udp://127.0.0.1:65536"),
        *("usb://zero", "radio://0", "radio://0/126/2M", "radio://0/80/3M", "radio://0/80/2M/XYZ"),
    ],
)
def test_a_malformed_uri_says_how_it_should_look(uri):
    with pytest.raises(ConfigError, match="expected"):
        create_link(uri)


@pytest.mark.parametrize("uri", [example for _, _, example in LINKS.values()])
def test_every_scheme_gives_a_link(uri):
    assert isinstance(create_link(uri), Link)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_robot_that_is_being_started_is_waited_for(monkeypatch):
    monkeypatch.setattr(connection, "STALL_S", {"udp": 0.2})
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        opening = threading.Timer(2.5, late.bind, [("127.0.0.1", port)])
        opening.start()
        with pytest.raises(LinkError, match="no answer"):  # it is there by then, though it never says a word
            create_link(f"udp://127.0.0.1:{port}").open()
        opening.join()


def test_nobody_on_the_port_is_a_link_error(monkeypatch):
    monkeypatch.setattr(connection, "STARTING_S", 0.0)
    port, threads = free_port(), threading.active_count()
    with pytest.raises(LinkError, match="sim2metal virtual crazyflie"):
        create_link(f"udp://127.0.0.1:{port}").open()
    assert threading.active_count() <= threads + 1, "a failed attempt leaves no threads behind"


def test_somebody_who_never_answers_is_a_link_error(silent_port):
    with pytest.raises(LinkError, match=r"no answer for 1 s, 3 attempts\); somebody has that port"):
        create_link(f"udp://127.0.0.1:{silent_port}").open()


def test_an_unknown_host_is_a_link_error():
    with pytest.raises(LinkError, match="no Crazyflie at"):
        create_link("udp://no-such-host.invalid:19850").open()


def test_a_missing_dongle_is_a_link_error():
    with pytest.raises(LinkError, match=r"Crazyradio.*udev rule"):
        create_link("radio://0/80/2M/E7E7E7E7E7").open()


def test_the_operator_can_stop_the_wait(silent_port):
    with pytest.raises(FlightAbortedError, match="nothing moved"):
        create_link(f"udp://127.0.0.1:{silent_port}", stopped=lambda: True).open()


def test_a_closed_link_refuses_to_send():
    link = create_link("udp://127.0.0.1:19850")
    for call in (lambda: link.write((0.0,) * 4), link.emergency_stop, link.read):
        with pytest.raises(LinkError, match="not open"):
            call()
    assert not link.health().connected
    link.close()


def test_the_useful_line_of_a_cflib_message():
    message = "Couldn't load link driver: Cannot find a Crazyradio Dongle\n\nTraceback (most recent call last):\n ..."
    assert _reason(message) == "Cannot find a Crazyradio Dongle"
    message = "Error communicating with the Crazyflie\nException:[Errno 111] Connection refused\n\nTraceback"
    assert _reason(message) == "[Errno 111] Connection refused"


@pytest.fixture
def silent_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]
