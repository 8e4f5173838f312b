"""The serial link against the virtual robot: real pyserial on a real pseudo-terminal, in real time."""

import dataclasses
import math
import socket
import time

import pytest

from hardware.flying.observation import FlightObservation
from hardware.link import Link
from hardware.pilot import HostPilot
from hardware.serial.link import SerialLink, check_robot
from hardware.serial.messages import decode_command, decode_safe_action
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, JointReport, Mode
from hardware.serial.uri import parse_serial_uri
from hardware.states import JointState
from hardware.virtual.process import VirtualProcess
from hardware.virtual.serial.build import build_virtual_serial_robot
from hardware.virtual.serial.faults import parse_fault
from policies.runtime import load_policy
from sim.errors import LinkError
from tests.hardware.serial.conftest import HELLO, STATE, eventually, greeting, serving
from tests.hil.stalls import in_real_time


def armed(link):
    """Ask until it is done, as the control loop does."""
    assert eventually(lambda: link.read().armed or link.request_arm(True))


def test_it_is_a_link(link):
    assert isinstance(link, Link)
    assert (link.level, link.hello.robot, link.hello.channels) == ("motor", "crazyflie", ("m1", "m2", "m3", "m4"))
    assert link.command_names == ("m1_fraction", "m2_fraction", "m3_fraction", "m4_fraction")


def test_states_stream_once_per_period_with_their_time_of_arrival(link):
    first = link.read()
    assert eventually(lambda: link.read().robot_ms > first.robot_ms + 200)
    count = link.receiver.answers["FLIGHT_STATE"]
    assert 18 <= count <= 60
    state = link.read()
    assert state.finite
    assert state.position_w[2] == pytest.approx(0.0135, abs=0.02)
    assert 0 <= time.monotonic_ns() - state.received_ns < 1e9
    assert link.health().connected


def test_arm_command_disarm(link):
    armed(link)
    for _ in range(20):
        link.write([0.2, 0.21, 0.22, 0.23])
        time.sleep(0.005)
    assert eventually(lambda: link.read().motors == pytest.approx((0.2, 0.21, 0.22, 0.23)))
    assert link.read().onboard_mode == Mode.COMMANDS
    assert eventually(lambda: link.receiver.head.command_sequence == 20)
    link.request_arm(False)
    assert eventually(lambda: not link.read().armed)
    assert eventually(lambda: link.read().motors == (0.0,) * 4)


def test_the_newest_command_wins(link):
    armed(link)
    for number in range(1000):
        link.write([number / 1000.0] * 4)
    assert eventually(lambda: link.read().motors == pytest.approx((0.999,) * 4))


@in_real_time
def test_the_hover_bundle_flies_from_the_host_in_a_process_of_its_own(pd_bundle, tmp_path):
    bundle, policy = load_policy(pd_bundle.path)
    options = ("--bundle", str(pd_bundle.path), "--seed", "3")
    with VirtualProcess("serial", options=options) as robot, SerialLink(robot.uri, "motor") as link:
        assert all(check.passed for check in (*link.checks(bundle), link.prepare()))
        armed(link)
        pilot = HostPilot(policy, FlightObservation(bundle.info))
        deadline = time.monotonic()
        for step in range(350):
            link.write(pilot.command((0.0, 0.0, min(0.4, 0.004 * step), 0.0), link.read()))
            deadline += 0.01
            time.sleep(max(0.0, deadline - time.monotonic()))
        assert link.read().position_w == pytest.approx((0.0, 0.0, 0.4), abs=0.1)
        link.safe_stop("land")
        assert eventually(lambda: link.read().landed, 10.0)
        link.safe_stop("off")
        assert eventually(lambda: not link.read().armed)
        assert eventually(lambda: robot.events()["on_ground"])
        events = robot.events()
    assert events["counters"]["commands"] > 250
    assert events["airborne_s"] is not None


def test_an_emergency_stop_is_latched(link):
    armed(link)
    link.emergency_stop()
    assert eventually(lambda: link.read().crashed and not link.read().armed)
    link.request_arm(True)
    assert eventually(lambda: link.receiver.refusal is not None)
    assert "restart" in link.receiver.refusal.text


def test_a_second_program_on_the_port_is_refused_by_the_port(served, link):
    with pytest.raises(LinkError, match="in use by another program"):
        SerialLink(served.uri).open()


def test_a_second_controller_is_refused_by_the_armed_robot_and_reported():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"serial://127.0.0.1:{probe.getsockname()[1]}"
    robot = build_virtual_serial_robot()
    with serving(robot, parse_serial_uri(uri)), SerialLink(uri) as first:
        armed(first)
        with pytest.raises(LinkError, match="another program commands it"):
            SerialLink(uri).open()
        assert eventually(lambda: Flag.INTRUDER in first.receiver.head.flags)
        assert robot.events.first("refused_controller") is not None
        first.request_arm(False)
        assert eventually(lambda: not first.read().armed)
        with SerialLink(uri) as second:
            assert eventually(lambda: first.lost is not None)
            assert "another program" in first.lost
            assert not first.health().connected
            assert second.read().finite


def test_a_robot_that_restarts_is_a_lost_link_not_a_silent_one(served, link):
    armed(link)
    served.inject(parse_fault("reboot"))
    assert eventually(lambda: not link.health().connected)
    assert "restarted" in link.lost


def test_a_stalled_state_stream_is_told_from_a_silent_line(served, link):
    served.inject(parse_fault("state-stall"))
    assert eventually(lambda: link.clock.now_ns() - link.read().received_ns > 0.2e9)
    state = link.read()
    heard = link.health().heard_ns
    assert eventually(lambda: link.health().heard_ns > heard), "its answers still come"
    assert link.read() is state


def test_a_noisy_line_is_counted_and_flown_through(served, link):
    served.inject(parse_fault("bit-flips=30"))
    armed(link)
    for _ in range(100):
        link.write([0.1] * 4)
        time.sleep(0.002)
    assert eventually(lambda: link.receiver.damaged > 5)
    assert eventually(lambda: link.receiver.head.refused > 5)
    assert link.read().finite
    assert all(motor == pytest.approx(0.1) for motor in link.read().motors)
    assert link.health().connected


def test_states_that_arrive_late_or_twice_are_dropped(served, link):
    served.inject(parse_fault("duplication=50"))
    served.inject(parse_fault("reordering=30"))
    assert eventually(lambda: link.receiver.answers["old"] > 20)
    clock = link.read().robot_ms
    for _ in range(50):
        assert link.read().robot_ms >= clock
        clock = link.read().robot_ms
        time.sleep(0.002)


def test_a_command_that_is_no_number_never_moves_a_motor(link):
    armed(link)
    for value in (math.nan, math.inf, -0.5, 1.5):
        link.write([value, 0.5, 0.5, 0.5])
        assert eventually(lambda: link.receiver.refusal is not None)
        link.receiver.refusal = None
    assert link.read().motors == (0.0,) * 4


def test_a_robot_with_joints(make_peer):
    """No virtual one speaks it yet: a peer that says hello, sends one state and keeps what it receives."""
    joints = ("left_knee", "right_knee")
    hello = dataclasses.replace(HELLO, kind="joint", level="joint_position", channels=joints, robot="biped")
    report = JointReport(
        STATE.head, (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.5), (0.25, -0.25), (1.0, -1.0), (2.0, 3.0), (40.0, 41.0)
    )
    peer = make_peer(greeting(hello, report))
    with SerialLink(peer.uri, level="joint_position") as link:
        state = link.read()
        assert isinstance(state, JointState)
        assert (state.position, state.velocity, state.torque) == ((0.25, -0.25), (1.0, -1.0), (2.0, 3.0))
        assert state.angular_velocity_b == (0.0, 0.0, 0.5)
        assert link.command_names == ("left_knee_rad", "right_knee_rad")
        link.write([0.125, -0.5])
        assert eventually(lambda: any(frame.type == MessageType.COMMAND for frame in peer.received))
        link.safe_stop("damp")
        assert eventually(lambda: any(frame.type == MessageType.SAFE_ACTION for frame in peer.received))
    command = next(frame for frame in peer.received if frame.type == MessageType.COMMAND)
    assert decode_command(command.payload).channels == (0.125, -0.5)
    action = next(frame for frame in peer.received if frame.type == MessageType.SAFE_ACTION)
    assert decode_safe_action(action.payload)[1] == "damp"


def test_close_is_quiet_and_repeatable_and_a_closed_link_says_so(served):
    link = SerialLink(served.uri)
    link.open()
    with pytest.raises(LinkError, match="already open"):
        link.open()
    link.close()
    link.close()
    assert not link.health().connected
    with pytest.raises(LinkError, match="not open"):
        link.read()
    with pytest.raises(LinkError, match="not open"):
        link.write([0.0] * 4)
    with link:
        assert link.read() is not None


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"robot": "g1"}, "this is 'g1', the bundle is for 'crazyflie'"),
        ({"channels": ("m2", "m1", "m3", "m4")}, "channels are m2, m1"),
        ({"channels": ("m1", "m2")}, "channels are m1, m2,"),
        ({"period_us": 20_000}, "every 20 ms, the policy needs every 10 ms"),
        ({"level": "position", "identity": bytes(32)}, "is on board, not"),
    ],
)
def test_a_robot_that_is_not_the_bundles_fails_the_check(pd_bundle, change, hint):
    check = check_robot(dataclasses.replace(HELLO, **change), pd_bundle)
    assert not check.passed
    assert hint in check.detail


def test_the_bundles_robot_passes_the_check(pd_bundle):
    assert check_robot(HELLO, pd_bundle).passed
    on_board = dataclasses.replace(HELLO, level="position", identity=bytes.fromhex(pd_bundle.id))
    assert check_robot(on_board, pd_bundle).passed
