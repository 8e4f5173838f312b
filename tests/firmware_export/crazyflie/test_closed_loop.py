"""The app's C in MuJoCo through the firmware's types flies as the virtual Crazyflie does."""

import math

import numpy as np
import pytest

from firmware_export.bundle_c import write_bundle_c
from firmware_export.crazyflie.app_values import app_values
from firmware_export.onboard import SETPOINT_POSITION, OnboardController, build_onboard_library
from hardware.virtual.multirotor.body import STEP_S, Body
from hardware.virtual.multirotor.estimator import StateEstimator
from sim.tasks.hover import NOMINAL
from tests.firmware_export.crazyflie.app import FLYING, LANDED, POLICY, Firmware, build_app
from tests.firmware_export.crazyflie.conftest import FULL_N

TARGET = (0.3, -0.2, 0.6)
WARM_UP_MS = 500


@pytest.fixture(scope="module")
def policy(bundle, tmp_path_factory):
    return write_bundle_c(bundle, tmp_path_factory.mktemp("c"))


STRONG_N = 0.18
"""``THRUST_MAX`` of the thrust upgrade kit: more than the rotors of this airframe can."""


@pytest.fixture
def make_firmware(bundle, policy, tmp_path):
    def make(full_n):
        flags = ("-O2", f"-DTHRUST_MAX={full_n}f")
        firmware = Firmware(build_app(tmp_path / f"app{full_n}.so", policy, app_values(bundle), flags))
        assert firmware.start()
        return firmware

    return make


class Flight:
    """A Crazyflie in MuJoCo with the virtual robot's estimator, one millisecond at a time."""

    def __init__(self):
        self.body = Body(NOMINAL)
        self.estimator = StateEstimator(np.random.default_rng(5), deck=True)

    def estimate(self):
        b = self.body
        return self.estimator.step(STEP_S, b.position_w, b.velocity_w, b.attitude, b.angular_velocity_b)


def tell(firmware, e):
    """Fill in state and sensors as the firmware's estimator and driver do: degrees, pitch inverted."""
    firmware.place(*e.position_w)
    v, g = firmware.state.velocity, firmware.sensors.gyro
    v.x, v.y, v.z = e.velocity_w
    g.x, g.y, g.z = map(math.degrees, e.angular_velocity_b)
    firmware.attitude(*e.attitude)


def rotor_speeds(forces, full_n):
    """Undo the firmware's force mode: the speed fraction whose thrust is asked for."""
    _, _, square = NOMINAL.thrust_curve
    return tuple(math.sqrt(force * full_n / square) for force in forces)


def fly_app(firmware, full_n, duration_ms, silent_from=10**9):
    flight, path = Flight(), []
    firmware.send(position=TARGET)
    for millisecond in range(duration_ms):
        tell(firmware, flight.estimate())
        firmware.step(keep_alive=millisecond < silent_from)
        flight.body.step(rotor_speeds(firmware.forces, full_n))
        path.append(flight.body.position_w)
    return np.array(path)


def fly_virtual(bundle, policy, tmp_path, duration_ms):
    """The same with the on-board controller as the virtual Crazyflie calls it."""
    onboard = OnboardController(build_onboard_library(policy, tmp_path / "v.so"), bundle.info.action.nominal[0])
    onboard.config.slew_per_s = min(bundle.info.action.slew_limit)
    onboard.restart()
    flight, path = Flight(), []
    onboard.setpoint.mode = SETPOINT_POSITION
    onboard.setpoint.position_w[:] = TARGET
    for millisecond in range(duration_ms):
        e = flight.estimate()
        onboard.estimate.position_w[:], onboard.estimate.velocity_w[:] = e.position_w, e.velocity_w
        onboard.estimate.attitude[:], onboard.estimate.angular_velocity_b[:] = e.attitude, e.angular_velocity_b
        onboard.setpoint.tick_ms = millisecond
        onboard.step(millisecond, True)
        flight.body.step(onboard.motors)
        path.append(flight.body.position_w)
    return np.array(path)


def test_it_takes_off_and_holds_the_place(make_firmware):
    firmware = make_firmware(FULL_N)
    path = fly_app(firmware, FULL_N, 4000)
    assert (firmware.log("flies"), firmware.log("mode"), firmware.log("fault")) == (POLICY, FLYING, 0)
    assert np.linalg.norm(path[-500:] - TARGET, axis=1).max() < 0.1


def test_it_flies_the_path_of_the_virtual_crazyflie(make_firmware, bundle, policy, tmp_path):
    ours = fly_app(make_firmware(STRONG_N), STRONG_N, 2500)
    theirs = fly_virtual(bundle, policy, tmp_path, 2500)
    assert theirs[-1, 2] > 0.4
    assert np.abs(ours - theirs).max() < 1e-3


def test_a_silent_host_ends_on_the_ground_with_motors_off(make_firmware):
    firmware = make_firmware(FULL_N)
    path = fly_app(firmware, FULL_N, 9000, silent_from=2500)
    assert path[2500, 2] > 0.4
    assert firmware.log("mode") == LANDED
    assert path[-1, 2] < 0.05
    assert not firmware.turning()
