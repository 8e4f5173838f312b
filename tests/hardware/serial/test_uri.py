"""Addresses of serial robots: devices, TCP, and one line for everything malformed."""

import pytest

from hardware.framing import Frame, encode
from hardware.registry import create_link
from hardware.serial.link import SerialLink
from hardware.serial.protocol import MessageType
from hardware.serial.uri import DEFAULT_BAUD, SerialAddress, parse_serial_uri
from sim.errors import ConfigError


@pytest.mark.parametrize(
    ("uri", "address", "url"),
    [
        ("serial:///dev/ttyACM0", SerialAddress("/dev/ttyACM0"), "/dev/ttyACM0"),
        ("serial:///dev/ttyUSB1?baud=115200", SerialAddress("/dev/ttyUSB1", 115200), "/dev/ttyUSB1"),
        ("serial://127.0.0.1:5760", SerialAddress(host="127.0.0.1", port=5760), "socket://127.0.0.1:5760"),
        ("serial://robot.local:1", SerialAddress(host="robot.local", port=1), "socket://robot.local:1"),
    ],
)
def test_addresses(uri, address, url):
    assert parse_serial_uri(uri) == address
    assert address.pyserial_url == url


def test_the_default_is_fast_enough_for_500_hertz():
    state = encode(Frame(MessageType.FLIGHT_STATE, 1, bytes(range(1, 89))))
    command = encode(Frame(MessageType.COMMAND, 1, bytes(range(1, 26))))
    assert 500 * (len(state) + len(command)) < DEFAULT_BAUD / 10


@pytest.mark.parametrize(
    "uri",
    [
        "serial://", "serial:///", "serial:///dev/", "serial:///dev/ttyACM0?baud=fast", "serial:///dev/x?baud=0",
        "serial:///dev/x?speed=9600", "serial:///dev/x?baud", "serial:///dev/x#y", "serial://host", "serial://host:0",
        "serial://host:70000", "serial://host:1/path", "serial://host:x", "serial://user@host:1", "udp://h:1",
        "serial:///dev/x\x07", "serial://[", "serial://host:1?baud=9600",
    ],
)  # fmt: skip
def test_everything_malformed_is_one_line_with_an_example(uri):
    with pytest.raises(ConfigError, match=r"serial:///dev/ttyACM0\?baud=921600") as error:
        parse_serial_uri(uri)
    assert "\n" not in str(error.value)


def test_the_registry_knows_the_scheme():
    assert isinstance(create_link("serial:///dev/ttyACM0", level="motor"), SerialLink)
