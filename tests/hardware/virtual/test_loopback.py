"""Without being told otherwise a virtual robot can be reached from this computer only; its real sockets say so."""

import os
import socket
import sys

import pytest

from hardware.dds import loopback
from hardware.dds.domain import join, leave, parse_uri
from hardware.registry import moves_metal
from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.robot import Options
from hardware.virtual.crazyflie.server import Server
from hardware.virtual.crazyflie.verb import CrazyflieArgs
from hardware.virtual.humanoid.domain import free_dds_uri
from hardware.virtual.humanoid.verb import HumanoidArgs
from hardware.virtual.process import free_uri
from hardware.virtual.serial.build import build_virtual_serial_robot
from hardware.virtual.serial.server import Server as SerialServer
from hardware.virtual.serial.verb import SerialArgs

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc and uses Linux's filter")


def udp_sockets():
    """Addresses and ports of this process's UDP sockets."""
    found = []
    for number, _ in loopback._descriptors():
        try:
            with socket.socket(fileno=os.dup(number)) as one:
                if one.family == socket.AF_INET and one.type == socket.SOCK_DGRAM:
                    found.append(one.getsockname())
        except OSError:
            continue
    return found


def test_no_virtual_robot_is_on_the_network_by_default():
    assert CrazyflieArgs().uri.startswith("udp://127.0.0.1:")
    assert SerialArgs().uri is None, "a pseudo-terminal"
    assert not moves_metal(HumanoidArgs().uri)


@linux
def test_a_virtual_crazyflie_binds_to_loopback():
    before = set(udp_sockets())
    with Server(build_virtual_crazyflie(None, Options("stock")), free_uri()):
        assert {host for host, _ in set(udp_sockets()) - before} == {"127.0.0.1"}


@linux
def test_a_virtual_serial_robot_binds_to_a_pseudo_terminal():
    before = set(loopback._descriptors())
    with SerialServer(build_virtual_serial_robot()) as server:
        assert server.uri.startswith("serial:///dev/pts/")
        assert set(loopback._descriptors()) == before, "no socket"


@linux
def test_a_dds_domain_on_loopback_takes_nothing_from_the_network(monkeypatch):
    filtered, real = [], loopback.receive_only_from
    monkeypatch.setattr(
        loopback, "receive_only_from", lambda one, index: (filtered.append(one.getsockname()[1]), real(one, index))
    )
    before = set(udp_sockets())
    address = parse_uri(free_dds_uri())
    participant = join(address)
    try:
        first = 7400 + 250 * address.domain
        receiving = {port for _, port in set(udp_sockets()) - before if first <= port < first + 250}
        assert receiving
        assert set(filtered) == receiving
    finally:
        leave(participant)
