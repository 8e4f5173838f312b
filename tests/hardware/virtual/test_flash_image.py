"""``sim2metal flash`` of a whole image, with cflib's own boot loader class, against the virtual boot loader."""

import json
import time
import types
import zlib

import cflib.bootloader.cloader
import cflib.crtp
import numpy as np
import pytest

import sim2metal
from hardware.virtual.crazyflie.boot_loader import NRF51, STM32, BootLoader
from hardware.virtual.process import VirtualProcess
from tests.support.radio_over_udp import radio_over_udp
from tests.support.refusal import refusal

URI = "radio://0/80/2M/E7E7E7E7E7"


@pytest.fixture(scope="module")
def virtual(pd_bundle):
    with VirtualProcess("crazyflie", options=("--bundle", str(pd_bundle.path))) as process:
        yield process


@pytest.fixture
def radio(virtual, monkeypatch, drivers, tmp_path):
    """``radio://`` leads to the virtual robot, whose processors need no seconds to restart."""
    monkeypatch.setattr(cflib.crtp, "CLASSES", [radio_over_udp(virtual.uri)])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # a virtual robot's tables among no real ones
    quick = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.05)))
    monkeypatch.setattr(cflib.bootloader.cloader, "time", quick)


@pytest.fixture
def image(pd_bundle, tmp_path):
    """Whole pages with the bundle's id among them, as in a firmware with its policy."""
    pages = bytearray(np.random.default_rng(0).bytes(23 * 1024))
    pages[5000:5032] = bytes.fromhex(pd_bundle.id)
    path = tmp_path / "cf2.bin"
    path.write_bytes(bytes(pages))
    return path


def flash(bundle, image, *options):
    return sim2metal.main(["flash", str(bundle.path), "--uri", URI, "--image", str(image), *options])


def test_the_image_arrives_page_by_page_and_the_robot_is_asked_what_it_carries(
    virtual, radio, pd_bundle, image, tmp_path, capsys
):
    assert flash(pd_bundle, image, "--json", "flash.json") == 0
    events = virtual.events()["events"]
    flashed = [event for event in events if event["event"] == "flashed"]
    assert [event["crc32"] for event in flashed] == [f"{zlib.crc32(image.read_bytes()):08x}"]
    names = [event["event"] for event in events]
    assert names.index("boot_loader") < names.index("flashed") < names.index("restarted")
    said = json.loads((tmp_path / "flash.json").read_text())
    assert said["version"] == "sim2metal virtual"
    assert said["self_test"] is True
    assert pd_bundle.id[:12] in capsys.readouterr().out


def test_an_armed_robot_is_not_restarted(virtual, radio, pd_bundle, image, connect, capsys):
    with connect(URI) as client:
        client.supervisor.send_arming_request(True)
    time.sleep(1.2)  # a client that is silent for so long may be replaced
    before = len(virtual.events()["events"])
    assert "disarm" in refusal(capsys, ["flash", str(pd_bundle.path), "--uri", URI, "--image", str(image)])
    assert "boot_loader" not in [event["event"] for event in virtual.events()["events"][before:]]


def test_an_image_of_another_bundle_is_refused_before_the_robot_is_asked(pd_bundle, image, tmp_path, capsys):
    command = ["flash", str(pd_bundle.path), "--uri", URI, "--image"]
    other = tmp_path / "other.bin"
    other.write_bytes(bytes(4096))
    assert "does not carry the policy of bundle" in refusal(capsys, [*command, str(other)])
    other.write_bytes(b"\x7fELF" + image.read_bytes())
    assert "ELF" in refusal(capsys, [*command, str(other)])
    other.write_bytes(b"")
    assert "is no firmware" in refusal(capsys, [*command, str(other)])
    other.write_bytes(bytes(1_032_193))
    assert "1,032,193 B" in refusal(capsys, [*command, str(other)])
    assert "cannot read" in refusal(capsys, [*command, str(tmp_path / "missing.bin")])
    assert "--target crazyflie" in refusal(capsys, command[:-1])


def test_only_the_radio_reaches_the_boot_loader(pd_bundle, image, capsys):
    command = ["flash", str(pd_bundle.path), "--uri", "udp://127.0.0.1:9", "--image", str(image)]
    assert "by radio only" in refusal(capsys, command)


def test_without_a_dongle_the_error_says_so(pd_bundle, image, monkeypatch, capsys):
    monkeypatch.setattr(cflib.crtp, "CLASSES", [])
    error = refusal(capsys, ["flash", str(pd_bundle.path), "--uri", URI, "--image", str(image), "--cold"])
    assert "failed" in error
    assert "--cold" in error


def test_the_virtual_boot_loader_survives_everything():
    rng = np.random.default_rng(0)
    loader = BootLoader(lambda left: None, lambda *_, **__: None)
    for _ in range(20_000):
        datagram = bytearray(rng.bytes(int(rng.integers(0, 32))))
        if len(datagram) > 2:
            datagram[1] = (STM32, NRF51)[rng.integers(2)]
            datagram[2] = (0x10, 0x12, 0x14, 0x18, 0x1C, 0xF0, 0xFF)[rng.integers(7)]
        answer = loader.handle(bytes(datagram))
        assert answer is None or len(answer) <= 32
