"""``sim2metal flash --weights`` against a virtual Crazyflie, with the real cflib, and a flight on what it sent."""

import json
import shutil

import pytest

import sim2metal
from firmware_export.bundle_c import bundle_c, write_bundle_c
from hardware.crazyflie.app_channel import AppChannel
from hardware.crazyflie.weights_packets import status_request
from hardware.crazyflie.weights_upload import Uploader
from hardware.flash import load_weights
from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.services.platform import APP
from hardware.virtual.process import VirtualProcess
from policies.bundle import load_bundle
from policies.weights_image import WEIGHTS_FILE, WeightsImage
from sim.errors import FlightRefusedError
from tests.support.pd_policy import PdPolicy, build_policy_bundle
from tests.support.refusal import refusal


def exported(folder, seed, gain=1.0):
    """A bundle with its C folder; ``gain`` makes its weights others."""
    policy = PdPolicy()
    policy.allocation *= gain
    bundle = build_policy_bundle(folder / "bundle", policy, seed)
    (bundle.path / "c").mkdir()
    write_bundle_c(bundle, bundle.path / "c", replaceable=True)
    return bundle


@pytest.fixture(scope="module")
def on_board(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("first"), 0)


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("second"), 1, gain=1.03)


@pytest.fixture(scope="module")
def virtual(on_board):
    """One robot for all; its time stands still unless a client moves it, so that a busy computer fails no flight."""
    with VirtualProcess("crazyflie", options=("--bundle", str(on_board.path), "--lock-step")) as process:
        yield process


def flash(bundle, uri, *options):
    return sim2metal.main(["flash", str(bundle.path), "--uri", uri, *options])


def changes(process):
    """Whose weights came into use, one after the other."""
    return [event["bundle"] for event in process.events()["events"] if event["event"] == "weights"]


def test_another_network_is_refused_before_anything_is_sent(virtual, new, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(new.path, other)
    image = WeightsImage.from_bytes((other / "c" / WEIGHTS_FILE).read_bytes())
    (other / "c" / WEIGHTS_FILE).write_bytes(WeightsImage(bytes(8), image.data).to_bytes())
    error = refusal(capsys, ["flash", str(other), "--uri", virtual.uri, "--weights"])
    assert "architecture" in error
    assert not changes(virtual)


def test_an_armed_robot_refuses(virtual, new, connect):
    with connect(virtual.uri) as client, AppChannel(client) as channel:
        client.supervisor.send_arming_request(True)
        with pytest.raises(FlightRefusedError, match="disarm"):
            Uploader(channel).upload(load_weights(new))
        client.supervisor.send_arming_request(False)
        Uploader(channel).drop()
    assert not changes(virtual)


def test_new_weights_are_flown_in_the_same_robot(virtual, on_board, new, tmp_path, capsys):
    virtual.inject("packet-loss=20")
    assert flash(new, virtual.uri, "--weights", "--json", "flash.json") == 0
    virtual.inject("packet-loss=0")
    said = json.loads((tmp_path / "flash.json").read_text())
    image = bundle_c(new, replaceable=True).weights
    assert (said["bytes"], said["crc32"]) == (len(image.data), f"{image.crc:08x}")
    assert said["self_test_error"] < 1e-5
    uri = f"{virtual.uri}?clock=robot"
    flight = ["run", str(new.path), "--uri", uri, "--hold", "1", "--dwell", "1", "--settle", "0.2", "--log", "f.mcap"]
    assert sim2metal.main(flight) == 0
    assert changes(virtual) == [new.id[:12]]
    error = refusal(capsys, ["run", str(on_board.path), "--uri", uri, "--check-only"])
    assert f"bundle {new.id[:12]} is on board" in error
    assert flash(on_board, virtual.uri, "--weights") == 0, "those of the first, now by radio, in place of the second"
    assert changes(virtual) == [new.id[:12], on_board.id[:12]]


def test_a_robot_without_a_bank_does_not_answer(pd_bundle, tmp_path):
    copy = tmp_path / "plain"
    shutil.copytree(pd_bundle.path, copy)
    (copy / "c").mkdir()
    write_bundle_c(load_bundle(copy), copy / "c")
    robot = build_virtual_crazyflie(copy)
    robot.receive(Packet(Port.PLATFORM, APP, status_request()).encode())
    assert robot.take_outgoing() == []


def test_too_large_weights_are_refused_without_a_robot(new, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(new.path, copy)
    image = WeightsImage(bytes(8), bytes.fromhex(new.id) + bytes(30_000))
    (copy / "c" / WEIGHTS_FILE).write_bytes(image.to_bytes())
    error = refusal(capsys, ["flash", str(copy), "--uri", "udp://127.0.0.1:9", "--weights"])
    assert "30,032 B" in error


def test_weights_of_another_bundle_or_none_are_refused_without_a_robot(on_board, new, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(new.path, copy)
    shutil.copy(on_board.path / "c" / WEIGHTS_FILE, copy / "c" / WEIGHTS_FILE)
    flash_copy = ["flash", str(copy), "--uri", "udp://127.0.0.1:9", "--weights"]
    assert "has the weights of bundle" in refusal(capsys, flash_copy)
    (copy / "c" / WEIGHTS_FILE).unlink()
    assert "sim2metal export" in refusal(capsys, flash_copy)


@pytest.mark.parametrize("uri", ["serial:///dev/ttyACM0", "radio://0/200/2M", "nonsense"])
def test_a_wrong_uri_is_refused(new, uri, capsys):
    assert "URI" in refusal(capsys, ["flash", str(new.path), "--uri", uri, "--weights"])
