"""Set-points of every level: from the policy's frames and signs through the real cflib to the virtual firmware."""

import dataclasses
import math
import struct

import numpy as np
import pytest
from cflib.crazyflie.commander import Commander
from hypothesis import given
from hypothesis import strategies as st

from hardware.crazyflie.link import CrazyflieLink
from hardware.crazyflie.setpoints import legacy_setpoint, manual_setpoint, sending
from hardware.flying.setpoint import CONVERSIONS
from hardware.link import policy_on_board
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
from hardware.virtual.crazyflie.services.commander import FULL_THRUST, decode_generic
from hardware.virtual.multirotor.setpoint import Mode
from sim.robots.crazyflie.robot import ROBOT
from tests.hardware.samples import HEALTHY

NUMBER = st.floats(-1.5, 1.5)


class Wire:
    """Stands where cflib's Crazyflie does and keeps the packet it would send."""

    platform = type("Platform", (), {"get_protocol_version": staticmethod(lambda: 10)})

    def send_packet(self, packet):
        self.port, self.data = packet.port, bytes(packet.data)


def on_the_wire(level, *command):
    wire = Wire()
    sending(Commander(wire), level, command)()
    return decode_generic(wire.data)


@given(NUMBER, NUMBER, NUMBER, st.floats(0.16, 0.9))
def test_rates_that_the_policy_wants_are_what_the_firmware_decodes(p, q, r, thrust):
    setpoint = on_the_wire("rates_thrust", p, q, r, thrust)
    assert (setpoint.tilt, setpoint.yaw, setpoint.z) == (Mode.VELOCITY, Mode.VELOCITY, Mode.DISABLED)
    assert (setpoint.roll_rate, setpoint.pitch_rate, setpoint.yaw_rate) == pytest.approx((p, q, r), abs=1e-6)
    assert setpoint.thrust == pytest.approx(thrust, abs=1.5 / FULL_THRUST)


@given(NUMBER, NUMBER, NUMBER, NUMBER)
def test_velocities_and_positions_likewise(x, y, z, yaw):
    setpoint = on_the_wire("velocity", x, y, z, yaw)
    assert (setpoint.xy, setpoint.z, setpoint.yaw) == (Mode.VELOCITY,) * 3
    assert (*setpoint.velocity, setpoint.yaw_rate) == pytest.approx((x, y, z, yaw), abs=1e-6)
    setpoint = on_the_wire("position", x, y, z, yaw)
    assert (setpoint.xy, setpoint.z, setpoint.yaw) == (Mode.ABSOLUTE,) * 3
    assert (*setpoint.position_w, setpoint.heading) == pytest.approx((x, y, z, yaw), abs=1e-6)


def test_thrust_beyond_what_the_packet_carries_is_its_end():
    assert manual_setpoint(0.0, 0.0, 0.0, 0.0)[3] == 0.0
    assert manual_setpoint(0.0, 0.0, 0.0, 1.0)[3] == 100.0


def test_a_link_for_every_level_names_its_numbers():
    for level, first in (("velocity", "x_m_s"), ("rates_thrust", "roll_rate_rad_s"), ("position", "x_m")):
        link = CrazyflieLink("udp://127.0.0.1:19850", level=level)
        assert (link.level, link.command_names[0]) == (level, first)


def test_set_points_for_a_policy_on_board_are_not_the_commands_of_one_that_gives_positions():
    assert policy_on_board("position", "motor")
    assert not policy_on_board("position", "position")
    assert not policy_on_board("attitude_thrust", "attitude_thrust")


def test_heading_frame_to_world():
    yaw = 2.0
    turned = dataclasses.replace(HEALTHY, orientation_wxyz=(math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)))
    velocity = CONVERSIONS["velocity"]((1.0, 0.0, 0.3, 0.5), (9.0, 9.0, 9.0, 9.0), turned)
    assert velocity == pytest.approx((math.cos(yaw), math.sin(yaw), 0.3, 0.5))
    position = CONVERSIONS["position"]((0.0, 1.0, 0.3, 0.5), (1.0, 2.0, 3.0, 0.1), turned)
    assert position == pytest.approx((1.0 - math.sin(yaw), 2.0 + math.cos(yaw), 3.3, 0.6))


@pytest.mark.parametrize("mode", [(1, 1), (0, 1), (0, 0)])
def test_legacy_packets_carry_rates_once_both_flight_modes_say_so(mode):
    robot = VirtualCrazyflie(ROBOT.parameters(), None, Options("stock"))
    for axis, value in zip(("Roll", "Pitch"), mode):
        robot.parameters.write(f"flightmode.stabMode{axis}", value)
    for thrust in (0, 30000):  # the first unlocks it
        data = struct.pack("<fffH", math.degrees(0.3), math.degrees(-0.2), 0.0, thrust)
        robot.receive(Packet(Port.COMMANDER, 0, data).encode())
        robot.advance(1)
    setpoint = robot.setpoint
    if mode == (0, 0):
        assert (setpoint.tilt, setpoint.roll_rate, setpoint.roll) == (Mode.VELOCITY, pytest.approx(0.3), 0.0)
        assert setpoint.pitch_rate == pytest.approx(0.2)
    else:
        assert (setpoint.tilt, setpoint.roll, setpoint.roll_rate) == (Mode.ABSOLUTE, pytest.approx(0.3), 0.0)


@pytest.mark.parametrize("level", ["rates_thrust", "velocity", "position"])
def test_no_level_loses_a_command_between_cflib_and_the_virtual_robots_controller(level):
    """Armed and commanded through packets, the robot does what was asked for: rises, and turns or moves ahead."""
    robot = VirtualCrazyflie(ROBOT.parameters(), None, Options("stock"))
    robot.advance(1500)
    robot.receive(Packet(Port.SUPERVISOR, 1, bytes((1, 1))).encode())
    commands = {"rates_thrust": (0.0, 0.3, 0.0, 0.55), "velocity": (0.3, 0.0, 0.4, 0.0), "position": (0.4, 0.0, 0.5, 0)}
    wire = Wire()
    for _ in range(60):
        sending(Commander(wire), level, commands[level])()
        robot.receive(Packet(Port.COMMANDER_GENERIC, 0, wire.data).encode())
        robot.advance(20)
        robot.take_outgoing()
    x, _, z = robot.body.position_w
    assert z > 0.1
    assert x > 0.03
    assert np.isfinite(robot.body.qpos).all()


def test_the_legacy_packet_is_still_the_attitudes():
    wire = Wire()
    sending(Commander(wire), "attitude_thrust", (0.1, 0.2, 0.3, 0.5))()
    assert struct.unpack("<fffH", wire.data)[3] == legacy_setpoint(0.1, 0.2, 0.3, 0.5)[3]
