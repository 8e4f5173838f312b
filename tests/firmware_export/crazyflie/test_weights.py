"""New weights through the app's task: its armed, its parameters, and the controller that flies them."""

import ctypes
import shutil

import numpy as np
import pytest

from firmware_export.bundle_c import bundle_c, write_bundle_c
from firmware_export.crazyflie.app_values import app_values
from hardware.crazyflie.weights_packets import Error, State, decode_answer, drop_request, status_request
from hardware.crazyflie.weights_upload import Uploader
from sim.errors import FlightRefusedError
from tests.firmware_export.crazyflie.app import Firmware, build_app
from tests.support.faulty_channel import Faults, FaultyChannel
from tests.support.pd_policy import PdPolicy, build_policy_bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Two trainings of one network."""
    made = []
    for seed, gain in enumerate((1.0, 1.1)):
        policy = PdPolicy()
        policy.allocation *= gain
        made.append(build_policy_bundle(tmp_path_factory.mktemp("bundle") / "bundle", policy, seed))
    return made


@pytest.fixture(scope="module")
def libraries(bundles, tmp_path_factory):
    """The app as it would be flashed with each."""
    folders = [tmp_path_factory.mktemp("c") for _ in bundles]
    return [
        build_app(folder / "app.so", write_bundle_c(bundle, folder, replaceable=True), app_values(bundle))
        for bundle, folder in zip(bundles, folders)
    ]


def start(library, copy):
    """A fresh copy: the app's memory is static, and a library that is loaded twice is one."""
    firmware = Firmware(shutil.copy(library, copy))
    firmware.c.serve_app.restype = ctypes.c_size_t
    assert firmware.start()
    firmware.step(10)
    return firmware


@pytest.fixture
def firmware(libraries, tmp_path):
    return start(libraries[0], tmp_path / "app.so")


def serve(firmware, packet):
    """One packet to the app's task, then a millisecond of the stabilizer's."""
    answer = ctypes.create_string_buffer(64)
    size = firmware.c.serve_app(packet, ctypes.c_size_t(len(packet)), answer)
    firmware.step(1)
    return answer.raw[:size] if size else None


def upload(firmware, bundle, **faults):
    channel = FaultyChannel(lambda packet: serve(firmware, packet), np.random.default_rng(1), Faults(**faults))
    return Uploader(channel, channel.clock).upload(bundle_c(bundle, replaceable=True).weights)


def bundle_id(firmware):
    return "".join(f"{firmware.param(f'id{i}'):08x}" for i in range(8))


def first_motors(firmware):
    """Motor commands shortly after the warm-up, of a robot that leans the same way every time."""
    firmware.attitude(0.99, 0.1, 0.05, 0.0)
    firmware.send(position=(0.1, 0.0, 0.4))
    firmware.step(700, keep_alive=True)
    return [firmware.log(f"m{i}") for i in range(1, 5)]


def test_new_weights_arrive_over_a_bad_link_and_are_flown(firmware, bundles, libraries, tmp_path):
    assert bundle_id(firmware) == bundles[0].id
    answer = upload(firmware, bundles[1], loss=0.2, repeat=0.1, reorder=0.1, damage=0.05)
    assert answer.state == State.ACTIVE == firmware.param("weights")
    assert bundle_id(firmware) == bundles[1].id
    assert firmware.param("selfTest") == 1
    flashed = start(libraries[1], tmp_path / "flashed.so")
    old = start(libraries[0], tmp_path / "old.so")
    motors = first_motors(firmware)
    assert motors == first_motors(flashed)
    assert motors != first_motors(old)


def test_in_flight_nothing_is_taken(firmware, bundles):
    first_motors(firmware)
    firmware.world.flying = 1
    with pytest.raises(FlightRefusedError, match="disarm"):
        upload(firmware, bundles[1])
    assert decode_answer(serve(firmware, drop_request())).error == Error.ARMED
    assert bundle_id(firmware) == bundles[0].id


def test_packets_that_are_not_for_it_are_ignored(firmware):
    assert serve(firmware, b"hello") is None
    assert serve(firmware, status_request() + b"!") is None
    assert decode_answer(serve(firmware, status_request())).state == State.FLASH
