"""Units and frames between the firmware and the policy, one by one, against independent formulas."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim.tasks.hover import NOMINAL
from tests.firmware_export.crazyflie.app import ABSOLUTE, DISABLE, FORCE, PROBE, VELOCITY, Firmware, build_app
from tests.firmware_export.crazyflie.conftest import FULL_N, probe_values


def observe(firmware):
    """One policy step in the air; return the observation."""
    firmware.step(10, keep_alive=True)
    return firmware.observation


@pytest.fixture
def flying(firmware):
    return firmware.take_off((0.0, 0.0, 0.0))


@pytest.mark.parametrize("axis", range(3))
def test_gyro_degrees_become_radians_with_their_sign(flying, axis):
    setattr(flying.sensors.gyro, "xyz"[axis], 90.0)
    expected = np.zeros(3)
    expected[axis] = math.pi / 2
    assert observe(flying)[15:18] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("euler", [(0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3), (0.2, -0.4, 1.1), (-0.5, 0.1, -2.5)])
def test_the_attitude_is_the_rotation_from_body_to_world(flying, euler):
    rotation = Rotation.from_euler("ZYX", euler[::-1])
    x, y, z, w = rotation.as_quat()
    flying.attitude(w, x, y, z)
    assert observe(flying)[3:12] == pytest.approx(rotation.as_matrix().ravel(), abs=1e-5)


def test_nose_down_points_body_x_down_although_the_firmware_calls_it_negative(flying):
    """Positive rotation about y (left) lowers the nose; the legacy frame says so with a negative pitch."""
    flying.attitude(math.cos(0.15), 0.0, math.sin(0.15), 0.0)
    assert flying.state.attitude.pitch == pytest.approx(-math.degrees(0.3), abs=1e-4)
    body_x_w = observe(flying)[[3, 6, 9]]
    assert body_x_w == pytest.approx([math.cos(0.3), 0.0, -math.sin(0.3)], abs=1e-6)


def test_the_euler_angles_of_the_firmware_are_not_used(flying):
    before = observe(flying).copy()
    flying.state.attitude.roll = flying.state.attitude.pitch = flying.state.attitude.yaw = 33.0
    assert observe(flying)[:18] == pytest.approx(before[:18])


def test_position_error_and_velocity_keep_metres_and_signs(flying):
    flying.send(position=(0.1, -0.2, 0.3))
    flying.place(0.3, -0.1, 0.1)
    v = flying.state.velocity
    v.x, v.y, v.z = 1.0, -2.0, 0.5
    seen = observe(flying)
    assert seen[:3] == pytest.approx([0.2, 0.1, -0.2], abs=1e-6)
    assert seen[12:15] == pytest.approx([1.0, -2.0, 0.5])


def test_a_velocity_in_the_body_frame_turns_with_the_yaw_only(flying):
    rotation = Rotation.from_euler("ZYX", (math.pi / 2, 0.3, 0.2))
    x, y, z, w = rotation.as_quat()
    flying.attitude(w, x, y, z)
    flying.send((VELOCITY,) * 3, velocity=(0.2, 0.1, 0.0), body=True)
    flying.step(1000, keep_alive=True)
    # At a yaw of 90 degrees forward is along world y and left against world x.
    assert [flying.log(name) for name in ("tx", "ty", "tz")] == pytest.approx([-0.1, 0.2, 0.0], abs=2e-3)


def test_a_velocity_in_the_world_frame_does_not_turn(flying):
    flying.attitude(math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
    flying.send((VELOCITY,) * 3, velocity=(0.2, 0.0, 0.0))
    flying.step(1000, keep_alive=True)
    assert [flying.log(name) for name in ("tx", "ty", "tz")] == pytest.approx([0.2, 0.0, 0.0], abs=2e-3)


def test_hover_setpoints_hold_the_height_and_move_in_the_plane(flying):
    flying.send((VELOCITY, VELOCITY, ABSOLUTE), position=(9.0, 9.0, 0.4), velocity=(0.1, 0.0, 5.0))
    flying.step(1000, keep_alive=True)
    assert [flying.log(name) for name in ("tx", "ty", "tz")] == pytest.approx([0.1, 0.0, 0.4], abs=2e-3)


def test_each_motor_gets_the_thrust_of_its_rotor_speed_in_the_same_order(flying):
    speeds = (0.2, 0.4, 0.6, 0.8)
    flying.answer(*speeds)
    flying.step(50, keep_alive=True)
    a, b, c = NOMINAL.thrust_curve
    assert flying.control.mode == FORCE
    assert flying.forces == pytest.approx([(a + b * u + c * u * u) / FULL_N for u in speeds], rel=1e-5)
    assert [flying.log(f"m{i}") for i in range(1, 5)] == pytest.approx(speeds)


def test_the_motor_order_is_the_firmwares(flying):
    """Positions and spin of our M1..M4 against the signs in the firmware's own mixer.

    ``powerDistributionForceTorque``: roll (x) lowers M1 and M2, pitch (y) lowers M1 and M4, yaw (z) lowers M1 and M3.
    """
    position, spin = np.array(NOMINAL.rotor_position_b), np.array(NOMINAL.yaw_sign)
    assert np.sign(position[:, 1]).tolist() == [-1, -1, 1, 1]
    assert np.sign(-position[:, 0]).tolist() == [-1, 1, 1, -1]
    assert spin.tolist() == [-1, 1, -1, 1]


def test_more_than_full_thrust_is_full_and_a_motor_at_rest_gets_none(flying):
    flying.answer(1.0, 0.0, 1.0, 0.0)
    flying.step(50, keep_alive=True)
    assert flying.forces == pytest.approx([1.0, 0.0, 1.0, 0.0])


def test_a_firmware_without_battery_compensation_gets_the_rotor_speed_as_pwm(tmp_path):
    library = build_app(tmp_path / "pwm.so", PROBE, probe_values(), ("-O2", "-DWITHOUT_BATTERY_COMPENSATION"))
    firmware = Firmware(library)
    firmware.start()
    firmware.take_off()
    speeds = (0.2, 0.4, 0.6, 0.8)
    firmware.answer(*speeds)
    firmware.step(50, keep_alive=True)
    assert firmware.forces == pytest.approx(speeds)


@pytest.mark.parametrize(
    ("modes", "thrust", "kind"),
    [
        ((DISABLE,) * 3, 0.0, "stop"),
        ((DISABLE,) * 3, 30000.0, "none"),
        ((DISABLE, DISABLE, ABSOLUTE), 0.0, "none"),
        ((ABSOLUTE, ABSOLUTE, DISABLE), 0.0, "none"),
    ],
)
def test_what_is_no_place_either_stops_or_is_flown_down(flying, modes, thrust, kind):
    flying.place(0.0, 0.0, 1.0)
    flying.send(modes, thrust=thrust)
    flying.step(2)
    if kind == "stop":
        assert not flying.turning()
    else:
        assert flying.log("mode") == 3, "the dead-man descends"
        assert flying.turning()
