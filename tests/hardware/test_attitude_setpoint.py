"""Attitude and thrust on the radio: from the policy's signs through the real cflib to the firmware's."""

import math
import struct

import pytest
from cflib.crazyflie.commander import Commander
from hypothesis import given
from hypothesis import strategies as st

from hardware.crazyflie.link import CrazyflieLink
from hardware.crazyflie.setpoints import MOST_THRUST, legacy_setpoint
from hardware.virtual.crazyflie.services.commander import FULL_THRUST, MAX_THRUST, decode_legacy
from sim.errors import ConfigError


class Wire:
    """Stands where cflib's Crazyflie does and keeps the packet it would send."""

    def send_packet(self, packet):
        self.data = bytes(packet.data)


def on_the_wire(*command):
    wire = Wire()
    Commander(wire).send_setpoint(*legacy_setpoint(*command))
    return decode_legacy(wire.data)


ANGLE = st.floats(-1.5, 1.5)


@given(ANGLE, ANGLE, ANGLE, st.floats(0.02, 0.9))
def test_what_the_policy_wants_is_what_the_firmware_decodes(roll, pitch, yaw_rate, thrust):
    setpoint = on_the_wire(roll, pitch, yaw_rate, thrust)
    assert setpoint.roll == pytest.approx(roll, abs=1e-6)
    assert setpoint.pitch == pytest.approx(pitch, abs=1e-6)
    assert setpoint.yaw_rate == pytest.approx(yaw_rate, abs=1e-6)
    assert setpoint.thrust == pytest.approx(thrust, abs=1.0 / FULL_THRUST)


def test_the_firmware_cuts_the_thrust_and_the_link_says_so():
    assert legacy_setpoint(0.0, 0.0, 0.0, 1.0)[3] == MOST_THRUST == MAX_THRUST
    assert on_the_wire(0.0, 0.0, 0.0, 0.01).thrust == 0.0, "less than 1000 of 65535 is none"


def test_a_level_that_a_crazyflie_does_not_take_is_refused():
    with pytest.raises(ConfigError, match="joint_position"):
        CrazyflieLink("udp://127.0.0.1:19850", level="joint_position")


def test_motor_policies_get_positions_and_attitude_policies_command_attitude():
    assert CrazyflieLink("udp://127.0.0.1:19850", level="motor").level == "position"
    link = CrazyflieLink("udp://127.0.0.1:19850", level="attitude_thrust")
    assert link.command_names[:2] == ("roll_rad", "pitch_rad")
    assert not math.isnan(link.health().heard_ns)


def test_the_sign_of_the_yaw_rate_in_the_packet_is_the_one_that_the_firmware_inverts():
    """Both ends are ours here; the firmware's line is ``setpoint->attitudeRate.yaw = -values->yaw``."""
    wire = Wire()
    Commander(wire).send_setpoint(*legacy_setpoint(0.0, 0.2, 1.0, 0.5))
    _, pitch, yaw_rate, _ = struct.unpack("<fffH", wire.data)
    assert yaw_rate == pytest.approx(-math.degrees(1.0))
    assert pitch == pytest.approx(-math.degrees(0.2))
