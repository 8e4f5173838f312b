"""What the robot does by itself, in lock-step: exact times of failsafe, safe actions, stops and faults."""

import pytest

from hardware.link import DESCENT_M_S
from hardware.serial.messages import decode_nack
from hardware.serial.protocol import MessageType, Refusal
from hardware.serial.states import Flag, Mode
from hardware.virtual.faults import LINK_KINDS
from hardware.virtual.multirotor.autopilot import FAILSAFE_MS, IDLE_LIMIT_MS, LANDED_MS
from hardware.virtual.serial.faults import KINDS, parse_fault
from hardware.virtual.serial.report import onboard_summary
from sim.errors import ConfigError

OFF = (0.0,) * 4


def inject(bench, *faults):
    for fault in faults:
        bench.robot.inject(parse_fault(fault))


def speed(bench):
    return sum(v * v for v in bench.robot.body.velocity_w) ** 0.5


def came_down(bench, seconds=9.0):
    """Wait until it stands with its motors off; returns how hard it touched down."""
    ends = bench.robot.now_ms + 1000.0 * seconds
    while bench.robot.supervisor.armed and bench.robot.now_ms < ends:
        bench.wait(0.1)
    assert bench.robot.body.on_ground
    assert bench.robot.motors == OFF
    assert not bench.robot.supervisor.armed
    return bench.robot.events.last("touchdown")["speed_m_s"]


def test_the_bundle_flies_from_the_host(bench):
    bench.take_off()
    bench.hold(3.0, x=0.5)
    assert bench.robot.body.position_w == pytest.approx((0.5, 0.0, 0.5), abs=0.05)
    assert bench.report.head.mode is Mode.COMMANDS
    assert bench.state.battery_v < 4.0


def test_a_silent_host_makes_it_descend_level_after_200_ms_and_stop_on_the_ground(bench):
    bench.take_off(z=1.0)
    bench.wait(0.3)
    silent = 1000.0 * bench.time_of("failsafe") - bench.robot.events.marks["last_command"]
    assert silent == FAILSAFE_MS
    assert bench.state.dead_man
    bench.wait(1.0)
    assert bench.robot.body.velocity_w[2] == pytest.approx(-DESCENT_M_S, abs=0.05)
    assert came_down(bench) < 0.7
    assert bench.state.landed


def test_commands_that_come_back_take_over_again(bench):
    bench.take_off()
    bench.wait(0.5)
    assert bench.report.head.mode is Mode.FAILSAFE
    bench.hold(3.0)
    assert bench.report.head.mode is Mode.COMMANDS
    assert bench.robot.body.position_w[2] == pytest.approx(0.5, abs=0.05)


def test_refused_commands_do_not_keep_it_from_its_failsafe(bench):
    bench.take_off()
    for _ in range(30):
        bench.command(0.5, 0.5, 0.5, 2.0)
        bench.wait(0.01)
    assert bench.report.head.mode is Mode.FAILSAFE


def test_heartbeats_are_no_commands(bench):
    bench.take_off()
    for _ in range(30):
        bench.ask(MessageType.HEARTBEAT)
        bench.wait(0.01)
    assert bench.report.head.mode is Mode.FAILSAFE


@pytest.mark.parametrize(("action", "drift"), [("land", 0.05), ("level_and_descend", 1.0)])
def test_descending_safe_actions_need_no_further_command(bench, action, drift):
    bench.take_off(z=0.8)
    x, y, _ = bench.robot.body.position_w
    assert bench.safe(action).type == MessageType.ACK
    bench.wait(0.05)
    assert bench.report.head.mode is Mode.SAFE_ACTION
    assert came_down(bench) < 0.7
    assert bench.robot.body.position_w[:2] == pytest.approx((x, y), abs=drift)


def test_hold_keeps_the_place_and_gives_way_to_commands(bench):
    bench.take_off()
    bench.hold(1.0, x=0.3)
    bench.safe("hold")
    place = bench.robot.body.position_w
    for _ in range(30):
        bench.ask(MessageType.HEARTBEAT)
        bench.wait(0.1)
    assert bench.robot.body.position_w == pytest.approx(place, abs=0.1)
    assert speed(bench) < 0.1
    bench.hold(2.0)
    assert bench.report.head.mode is Mode.COMMANDS


@pytest.mark.parametrize("action", ["land", "level_and_descend"])
def test_a_long_hold_may_end_in_a_descent_and_never_in_a_fall(bench, action):
    bench.take_off(z=0.8)
    bench.safe("hold")
    for _ in range(20):
        bench.ask(MessageType.HEARTBEAT)
        bench.wait(0.1)
    bench.safe(action)
    assert came_down(bench) < 0.7


def test_a_hold_without_a_host_becomes_a_descent(bench):
    bench.take_off()
    bench.safe("hold")
    bench.wait(1.5)
    assert bench.report.head.mode is Mode.FAILSAFE
    came_down(bench)


def test_off_cuts_the_motors_at_once(bench):
    bench.take_off()
    bench.safe("off")
    bench.robot.advance(1)
    assert bench.robot.motors == OFF
    assert not bench.robot.supervisor.armed


def test_a_flying_robot_cannot_damp(bench):
    bench.take_off()
    assert decode_nack(bench.safe("damp").payload).refusal is Refusal.UNSUPPORTED
    bench.hold(0.1)
    assert bench.report.head.mode is Mode.COMMANDS


def test_a_safe_action_only_gives_way_to_a_more_severe_one_and_refuses_commands(bench):
    bench.take_off(z=1.0)
    bench.safe("land")
    bench.wait(0.2)
    bench.safe("hold")
    assert bench.robot.autopilot.action == "land"
    assert decode_nack(bench.command(0.5, 0.5, 0.5, 0.5).payload).refusal is Refusal.SAFE_ACTION
    bench.safe("level_and_descend")
    assert bench.robot.autopilot.action == "level_and_descend"
    bench.safe("land")
    assert bench.robot.autopilot.action == "level_and_descend"
    came_down(bench)


def test_a_landed_robot_waits_for_its_host_then_disarms_itself_and_flies_again_when_armed_again(bench):
    bench.take_off(z=0.3)
    bench.safe("land")
    while bench.report.head.mode is not Mode.LANDED:
        bench.wait(0.01)
    assert bench.state.armed
    assert bench.robot.motors == OFF
    assert decode_nack(bench.command(0.5, 0.5, 0.5, 0.5).payload).refusal is Refusal.SAFE_ACTION
    bench.wait(LANDED_MS / 1000.0 + 0.05)
    assert not bench.state.armed
    assert bench.state.landed
    bench.arm()
    bench.wait(0.1)
    assert not bench.state.landed
    bench.hold(3.0)
    assert bench.robot.body.position_w[2] == pytest.approx(0.5, abs=0.1)


def test_safe_actions_on_the_ground_start_no_motor(bench):
    bench.hello()
    for action in ("land", "level_and_descend", "off"):
        bench.safe(action)
        bench.wait(0.1)
        assert bench.robot.motors == OFF
    bench.arm()
    bench.safe("land")
    bench.wait(0.5)
    assert bench.time_of("airborne") is None
    assert bench.report.head.mode is Mode.LANDED


def test_an_armed_robot_that_nobody_commands_disarms_itself(bench):
    bench.hello()
    bench.arm()
    bench.wait(IDLE_LIMIT_MS / 1000.0 - 0.1)
    assert bench.robot.supervisor.armed
    bench.wait(0.2)
    assert not bench.robot.supervisor.armed


def test_an_emergency_stop_cuts_the_motors_in_the_next_millisecond_until_a_restart(bench):
    bench.take_off()
    bench.ask(MessageType.EMERGENCY_STOP)
    bench.robot.advance(1)
    assert bench.robot.motors == OFF
    assert bench.refusal(MessageType.ARM) is Refusal.EMERGENCY_STOPPED
    assert decode_nack(bench.command(0.5, 0.5, 0.5, 0.5).payload).refusal is Refusal.EMERGENCY_STOPPED
    bench.hello()
    assert bench.refusal(MessageType.ARM) is Refusal.EMERGENCY_STOPPED
    inject(bench, "reboot")
    bench.hello()
    assert bench.arm().type == MessageType.ACK


# Faults --------------------------------------------------------------------------------------


def test_a_dead_motor_tumbles_it_and_its_supervisor_notices(bench):
    bench.take_off(z=1.0)
    inject(bench, "dead-motor=2")
    bench.hold(4.0, z=1.0)
    assert bench.robot.supervisor.tumbled
    assert bench.robot.motors == OFF
    assert bench.state.crashed
    assert bench.refusal(MessageType.ARM) is Refusal.CANNOT_ARM


def test_an_estimate_that_is_no_number_stops_the_motors_and_is_reported(bench):
    bench.take_off()
    inject(bench, "nan-estimate")
    bench.robot.advance(2)
    assert bench.robot.motors == OFF
    bench.wait(0.05)
    assert not bench.state.finite
    assert bench.report.head.mode is Mode.FAULT
    assert bench.state.crashed


def test_a_kick_is_felt(bench):
    bench.take_off(z=1.0)
    inject(bench, "kick=40")
    bench.robot.advance(1)
    bench.wait(0.01)
    assert bench.state.tilt_rad == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize(("fault", "volts"), [("low-battery", 3.0), ("battery-sag=1.5", 2.6)])
def test_a_battery_that_sags_is_reported(bench, fault, volts):
    bench.take_off()
    before = bench.state.battery_v
    inject(bench, fault)
    bench.hold(0.1)
    assert bench.state.battery_v < volts < before


def test_a_biased_position_sensor_leads_the_robot_astray_by_as_much(bench):
    bench.take_off()
    inject(bench, "position-bias=0.3")
    bench.hold(4.0)
    assert bench.state.position_w[0] == pytest.approx(0.0, abs=0.05)
    assert bench.robot.body.position_w[0] == pytest.approx(-0.3, abs=0.05)


def test_a_biased_gyroscope_is_reported_and_ends(bench):
    inject(bench, "gyro-bias=57.29578@0.5:0.5")
    bench.hello()
    bench.wait(0.6)
    assert bench.state.angular_velocity_b[0] == pytest.approx(1.0, abs=0.02)
    bench.wait(0.6)
    assert bench.state.angular_velocity_b[0] == pytest.approx(0.0, abs=0.02)


def test_a_lost_link_counts_as_a_silent_host(bench):
    bench.take_off()
    inject(bench, "link-loss")
    bench.hold(6.0)
    summary = onboard_summary(bench.robot)
    assert summary["safe_action"] == "failsafe"
    assert 0.0 < summary["safe_action_after_fault_ms"] <= FAILSAFE_MS + 10
    assert bench.robot.body.on_ground
    assert bench.robot.events.counters["lost_uplink"] >= 500
    assert bench.robot.events.counters["lost_downlink"] >= 100


def test_stalled_states_leave_the_rest_alive(bench):
    bench.hello()
    bench.wait(0.1)
    inject(bench, "state-stall:0.5")
    bench.report = None
    bench.wait(0.4)
    assert bench.report is None
    assert bench.ask(MessageType.HEARTBEAT).type == MessageType.ACK
    bench.wait(0.2)
    assert bench.report is not None


@pytest.mark.parametrize(
    "faults",
    [("packet-loss=20",), ("duplication=30",), ("reordering=20",), ("bit-flips=20",), ("delay=10", "jitter=5"),
     ("packet-loss=5", "delay=10", "bit-flips=5", "duplication=5", "reordering=5")],
    ids=" ".join,
)  # fmt: skip
def test_a_poor_line_is_flown_through_and_nothing_but_what_was_sent_is_taken(bench, faults):
    bench.take_off()
    inject(bench, *faults)
    taken = []
    take = bench.robot.autopilot.take
    bench.robot.autopilot.take = lambda command: (taken.append(command), take(command))
    bench.hold(4.0)
    assert bench.robot.body.position_w == pytest.approx((0.0, 0.0, 0.5), abs=0.2)
    assert 200 <= len(taken) <= 400
    assert set(taken) <= bench.sent
    assert len(set(taken)) >= 0.99 * len(taken), "none twice"


def test_every_link_fault_leaves_its_trace(make_bench):
    def counters(*faults):
        bench = make_bench(seed=5)
        bench.hello()
        inject(bench, *faults)
        for _ in range(400):
            bench.ask(MessageType.HEARTBEAT)
            bench.robot.advance(1)
        return bench, bench.robot.events.counters

    assert counters("packet-loss=10")[1]["lost_uplink"] == pytest.approx(40, abs=25)
    assert counters("bit-flips=10")[1]["damaged"] == pytest.approx(40, abs=30)
    assert counters("duplication=10")[1]["frames"] == pytest.approx(441, abs=25)
    bench, _ = counters("reordering=10")
    bench.wait(0.1)
    assert bench.robot.events.counters["frames"] == 401, "late, not lost"
    _, count = counters("delay=50")
    assert count["frames"] == pytest.approx(351, abs=3)


def test_two_runs_with_one_seed_are_equal_and_another_seed_differs(make_bench):
    def fly(seed):
        bench = make_bench(seed=seed)
        bench.wait(0.3)
        bench.hello()
        bench.arm()
        inject(bench, "packet-loss=10", "bit-flips=5", "jitter=4")
        bench.hold(1.0)
        return bench.robot.body.position_w, dict(bench.robot.events.counters)

    assert fly(1) == fly(1)
    assert fly(1) != fly(2)


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_can_be_injected_and_ends(make_bench, name):
    kind = KINDS[name]
    value = max(1.0, kind.high / 2.0) if kind.high else None
    bench = make_bench()
    bench.hello()
    inject(bench, f"{name}:0.1" if value is None else f"{name}={value}:0.1")
    bench.wait(0.3)
    assert [event["event"] for event in bench.robot.events.events].count("fault_injected") == 1
    assert bench.robot.events.first("fault_over")["t_s"] == pytest.approx(0.1, abs=0.002)
    assert bench.robot.body.healthy


def test_a_wrong_fault_is_one_line_with_the_right_ones():
    with pytest.raises(ConfigError, match=r"unknown fault 'bit-flip'.*did you mean 'bit-flips'"):
        parse_fault("bit-flip=3")
    with pytest.raises(ConfigError, match="duplication=VALUE"):
        parse_fault("duplication=101")
    assert set(LINK_KINDS) <= set(KINDS)


def test_the_intruder_flag_ends_with_the_next_session(bench, second):
    bench.hello()
    bench.arm()
    second.ask(MessageType.ARM)
    bench.wait(0.02)
    assert Flag.INTRUDER in bench.report.head.flags
    bench.ask(MessageType.DISARM)
    second.hello()
    second.wait(0.02)
    assert Flag.INTRUDER not in second.report.head.flags
