"""New weights through the app's task: its armed, its parameters, and the controller that flies them."""

import ctypes
import shutil

import numpy as np
import pytest

from hardware.crazyflie.weights_packets import Error, State, decode_answer, drop_request, status_request
from hardware.crazyflie.weights_upload import Uploader
from sim.errors import FlightRefusedError
from tests.firmware_export.crazyflie.app import Firmware, build_app
from tests.firmware_export.crazyflie.conftest import probe_values
from tests.firmware_export.images import memory_model, replaceable
from tests.firmware_export.models import write_c
from tests.support.faulty_channel import Faults, FaultyChannel


@pytest.fixture(scope="module")
def policies():
    """Two trainings of one network."""
    return [replaceable(memory_model(seed), seed + 1) for seed in (0, 1)]


@pytest.fixture(scope="module")
def libraries(policies, tmp_path_factory):
    """The app as it would be flashed with each."""
    folders = [write_c(tmp_path_factory.mktemp("c"), policy) for policy in policies]
    return [build_app(folder / "app.so", folder, probe_values()) for folder in folders]


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


def upload(firmware, policy, **faults):
    channel = FaultyChannel(lambda packet: serve(firmware, packet), np.random.default_rng(1), Faults(**faults))
    return Uploader(channel, channel.clock).upload(policy.weights)


def bundle_id(firmware):
    return "".join(f"{firmware.param(f'id{i}'):08x}" for i in range(8))


def first_motors(firmware):
    """Motor commands shortly after the warm-up, of a robot that leans the same way every time."""
    firmware.attitude(0.99, 0.1, 0.05, 0.0)
    firmware.send(position=(0.1, 0.0, 0.4))
    firmware.step(700, keep_alive=True)
    return [firmware.log(f"m{i}") for i in range(1, 5)]


def test_new_weights_arrive_over_a_bad_link_and_are_flown(firmware, policies, libraries, tmp_path):
    assert bundle_id(firmware) == "01" * 32
    answer = upload(firmware, policies[1], loss=0.2, repeat=0.1, reorder=0.1, damage=0.05)
    assert answer.state == State.ACTIVE == firmware.param("weights")
    assert bundle_id(firmware) == "02" * 32
    assert firmware.param("selfTest") == 1
    flashed = start(libraries[1], tmp_path / "flashed.so")
    old = start(libraries[0], tmp_path / "old.so")
    motors = first_motors(firmware)
    assert motors == first_motors(flashed)
    assert motors != first_motors(old)


def test_in_flight_nothing_is_taken(firmware, policies):
    first_motors(firmware)
    firmware.world.flying = 1
    with pytest.raises(FlightRefusedError, match="disarm"):
        upload(firmware, policies[1])
    assert decode_answer(serve(firmware, drop_request())).error == Error.ARMED
    assert bundle_id(firmware) == "01" * 32


def test_packets_that_are_not_for_it_are_ignored(firmware):
    assert serve(firmware, b"hello") is None
    assert serve(firmware, status_request() + b"!") is None
    assert decode_answer(serve(firmware, status_request())).state == State.FLASH
