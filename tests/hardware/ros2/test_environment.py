import json
import re
import socket

import pytest

from hardware.dds.loopback import receive_only_from
from hardware.ros2.environment import Network, configuration, network
from sim.errors import ConfigError
from tests.hardware.ros2.helpers import Child


def test_without_variables_nothing_leaves_the_machine():
    net = network({})
    assert net == Network(0, "LOCALHOST")
    assert net.loopback_only
    assert "<AllowMulticast>false" in configuration(net)
    assert re.findall(r'address="([^"]*)"', configuration(net)) == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ROS_DOMAIN_ID": "7"}, Network(7)),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "subnet"}, Network(0, "SUBNET")),
        ({"ROS_LOCALHOST_ONLY": "0"}, Network(0, "SUBNET")),
        ({"ROS_LOCALHOST_ONLY": "1", "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}, Network(0, "LOCALHOST")),
        ({"ROS_STATIC_PEERS": "10.0.0.5; robot.local"}, Network(0, "LOCALHOST", ("10.0.0.5", "robot.local"))),
    ],
)
def test_variables(variables, expected):
    assert network(variables) == expected


def test_peers_open_the_machine():
    net = network({"ROS_STATIC_PEERS": "10.0.0.5"})
    assert not net.loopback_only
    assert re.findall(r'address="([^"]*)"', configuration(net)) == ["127.0.0.1", "10.0.0.5"]


def test_subnet_has_multicast_and_off_has_nobody():
    assert "AllowMulticast" not in configuration(Network(0, "SUBNET"))
    assert "<Tag>ros_discovery_off_" in configuration(Network(0, "OFF", ("10.0.0.5",)))
    assert "Peer" not in configuration(Network(0, "OFF", ("10.0.0.5",)))


def test_the_users_own_configuration_wins():
    net = network({"CYCLONEDDS_URI": "file:///etc/dds.xml"})
    assert configuration(net) == "file:///etc/dds.xml"
    assert not net.loopback_only


@pytest.mark.parametrize(
    "variables",
    [
        {"ROS_DOMAIN_ID": "x"},
        {"ROS_DOMAIN_ID": "233"},
        {"ROS_DOMAIN_ID": "-1"},
        {"ROS_DOMAIN_ID": "١"},
        {"ROS_LOCALHOST_ONLY": "yes"},
        {"ROS_AUTOMATIC_DISCOVERY_RANGE": "WORLD"},
        {"ROS_STATIC_PEERS": '"/><Peer address="8.8.8.8'},
    ],
)
def test_bad_variables_are_refused(variables):
    with pytest.raises(ConfigError, match=next(iter(variables))):
        network(variables)


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="the filter is Linux's")
def test_the_filter_drops_what_comes_by_another_interface():
    """The same filter with loopback's index passes our own datagrams, with another index it drops them."""
    loopback = socket.if_nametoindex("lo")
    for index, passes in ((loopback, True), (loopback + 1000, False)):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            receiver.bind(("0.0.0.0", 0))
            receiver.settimeout(5.0 if passes else 0.3)
            receive_only_from(receiver, index)
            sender.sendto(b"x", ("127.0.0.1", receiver.getsockname()[1]))
            if passes:
                assert receiver.recv(10) == b"x"
            else:
                with pytest.raises(TimeoutError):
                    receiver.recv(10)


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="the filter is Linux's")
def test_only_the_sockets_of_the_new_domain_get_the_filter(environment, domain_id):
    """In a fresh process: both receiving sockets, and none that was there before on a port of the domain."""
    code = f"""
import socket
from hardware.dds import loopback
from hardware.ros2 import participant
from hardware.ros2.environment import network
before = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
before.bind(("0.0.0.0", 7400 + 250 * {domain_id} + 200))
filtered, real = [], loopback.receive_only_from
loopback.receive_only_from = lambda one, index: (filtered.append(one.getsockname()[1]), real(one, index))
participant.Participant(network())
print(sorted(port - 7400 - 250 * {domain_id} for port in filtered))
"""
    with Child(code) as child:
        ports = json.loads(child.end())
    assert len(ports) == 2
    assert 200 not in ports
