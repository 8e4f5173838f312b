"""URIs, interfaces, and the one copy of the DDS library per process."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedds.core import DDSException
from cyclonedds.domain import Domain

from hardware.dds.domain import DdsAddress, configuration, join, leave, parse_uri
from hardware.dds.open_domains import delete
from hardware.registry import create_link, moves_metal
from hardware.virtual.humanoid.domain import free_dds_uri
from sim.errors import ConfigError, LinkError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("dds://lo?domain=1", DdsAddress("lo", 1)),
        ("dds://eth0", DdsAddress("eth0", 0)),
        ("dds://enp3s0/?domain=232", DdsAddress("enp3s0", 232)),
    ],
)
def test_addresses(uri, address):
    assert parse_uri(uri) == address


@pytest.mark.parametrize(
    "uri",
    ["dds://", "dds://?domain=1", "udp://lo", "dds://lo?domain=233", "dds://lo?domain=-1", "dds://lo?domain=", "dds://lo?x=1",
     "dds://lo?domain=١", "dds://a b", 'dds://"/><x', "dds://" + "e" * 16, "dds://lo?domain=1e2"],
)  # fmt: skip
def test_bad_uris_are_refused_in_one_line(uri):
    with pytest.raises(ConfigError) as refused:
        create_link(uri)
    assert "\n" not in str(refused.value)


def test_a_link_of_another_level_is_refused():
    with pytest.raises(ConfigError, match="takes commands of level 'joint_position', not 'motor'"):
        create_link("dds://lo?domain=1", level="motor")


def test_only_loopback_is_harmless():
    assert not moves_metal("dds://lo?domain=1")
    assert moves_metal("dds://eth0")


def test_unknown_interfaces_are_named_with_the_present_ones():
    with pytest.raises(LinkError, match=r"no network interface 'nope0' here; there are: .*\blo\b"):
        join(DdsAddress("nope0", 1))


def in_fresh_process(code, timeout_s=60):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=timeout_s)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_second_copy_of_the_library_is_refused(tmp_path):
    """A real second copy, as a sourced ROS would load it."""
    code = f"""
import ctypes, glob, shutil, cyclonedds, pathlib
folder = pathlib.Path(cyclonedds.__file__).parents[1]
source = next(folder.glob("cyclonedds.libs/libddsc*"))
copy = shutil.copy(source, {str(tmp_path)!r} + "/libddsc.so.0")
import os
for other in folder.glob("cyclonedds.libs/*"):
    if other != source:
        ctypes.CDLL(str(other), mode=ctypes.RTLD_GLOBAL)
ctypes.CDLL(copy)
from sim.errors import ToolchainError
from hardware.registry import create_link
try:
    create_link("dds://lo?domain=1")
except ToolchainError as error:
    print(error)
"""
    message = in_fresh_process(code)
    assert message.startswith("another DDS library is loaded here")
    assert "\n" not in message


def test_a_domain_opened_by_others_is_joined():
    code = """
from cyclonedds.domain import DomainParticipant
other = DomainParticipant(78)
from hardware.dds import domain
print(domain.join(domain.DdsAddress("lo", 78)).domain_id)
"""
    assert in_fresh_process(code) == "78"


@pytest.mark.slow
def test_hundreds_of_links_one_after_the_other():
    """Cyclone DDS dies of this in every second or third run if the domain stays open: see ``open_domains``."""
    code = f"""
import os
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.exchange import Exchange
from hardware.dds.motion_switcher import MotionSwitcher
from hardware.dds.profiles import G1
address = parse_uri("{free_dds_uri()}")
for number in range(700):
    participant = join(address)
    exchange, switcher = Exchange(participant, G1), MotionSwitcher(participant, lambda: False)
    exchange.start()
    exchange.stop()
    leave(participant)
print(len(os.listdir("/proc/self/fd")) < 50)
"""
    assert in_fresh_process(code, timeout_s=240) == "True"


def test_a_domain_goes_with_its_last_participant_and_comes_back():
    address = parse_uri(free_dds_uri())
    for _ in range(3):
        participant = join(address)
        with pytest.raises(DDSException):
            Domain(address.domain, configuration(address))
        leave(participant)
        delete(Domain(address.domain, configuration(address)))


def test_a_domain_stays_while_somebody_is_in_it():
    address = parse_uri(free_dds_uri())
    first, second = join(address), join(address)
    leave(first)
    leave(first)  # twice does no harm
    third = join(address)
    assert second.get_guid() != third.get_guid()
    leave(second)
    leave(third)
    with pytest.raises(LinkError, match="no network interface"):
        join(DdsAddress("nope0", address.domain))


def test_a_domain_is_on_one_interface_at_a_time(monkeypatch):
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "other0")])
    address = parse_uri(free_dds_uri())
    participant = join(address)
    with pytest.raises(LinkError, match="already open on lo"):
        join(DdsAddress("other0", address.domain))
    leave(participant)
