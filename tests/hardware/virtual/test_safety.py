"""What the robot does by itself, in lock-step: exact on-board times of watchdogs, stops and faults."""

import struct

import pytest

from hardware.link import DESCENT_M_S
from hardware.virtual.crazyflie.crtp import Port
from hardware.virtual.crazyflie.faults import parse_fault
from hardware.virtual.crazyflie.report import onboard_summary


def silent_for(bench, event, after="last_setpoint"):
    """Milliseconds from the last set-point to an event."""
    return 1000.0 * bench.time_of(event) - bench.robot.events.marks[after]


def test_the_policy_profile_flies_streamed_positions(bench):
    bench.take_off()
    bench.hold(4.0, x=0.5)
    x, y, z = bench.robot.body.position_w
    assert (x, y, z) == pytest.approx((0.5, 0.0, 0.5), abs=0.03)
    assert bench.robot.policy.mode_name == "policy"


def test_a_silent_host_makes_the_policy_descend_within_200_ms_and_stop_on_the_ground(bench):
    bench.take_off(z=1.0)
    bench.robot.advance(8000)
    assert 190.0 < silent_for(bench, "dead_man") <= 200.0
    assert bench.time_of("landed") is not None
    assert bench.robot.motors == (0.0,) * 4
    assert bench.robot.body.on_ground
    assert bench.robot.events.last("touchdown")["speed_m_s"] < 1.0


def test_host_and_robot_sink_at_the_same_rate(bench):
    assert bench.robot.policy.onboard.config.descent_m_s == pytest.approx(DESCENT_M_S)


def test_a_lost_link_counts_as_a_silent_host(bench):
    bench.take_off()
    bench.robot.inject(parse_fault("link-loss"))
    bench.hold(4.0)
    summary = onboard_summary(bench.robot)
    assert summary["safe_action"] == "dead_man"
    assert 0.0 < summary["safe_action_after_fault_ms"] <= 210.0
    assert bench.robot.events.counters["lost_uplink"] >= 300


def start_plan(bench):
    """A planned take-off to 0.5 m by a client that pings as cflib does."""
    bench.robot.advance(1000)
    bench.arm()
    bench.robot.advance(600)
    reply = bench.send(Port.SETPOINT_HL, 0, struct.pack("<BBff?f", 7, 0, 0.5, 0.0, False, 2.0))
    assert reply[0].data[3] == 0
    for _ in range(15):
        bench.send(Port.LINK, 0, b"ping")
        bench.robot.advance(100)
    assert bench.robot.body.position_w[2] > 0.1


def test_a_planned_flight_also_ends_when_the_host_falls_silent(bench):
    start_plan(bench)
    assert bench.time_of("dead_man") is None
    bench.robot.advance(150)
    assert 190.0 < silent_for(bench, "dead_man", "last_packet") <= 200.0
    bench.robot.advance(8000)
    assert bench.time_of("landed") is not None


def test_the_stock_firmware_flies_a_plan_to_its_end_without_a_host(make_bench):
    bench = make_bench("stock")
    start_plan(bench)
    bench.robot.advance(3000)
    assert bench.time_of("watchdog_level") is None
    assert bench.robot.body.position_w[2] == pytest.approx(0.5, abs=0.1)


def test_the_stock_profile_levels_at_500_ms_and_stops_at_2000_ms(make_bench):
    bench = make_bench("stock")
    bench.take_off()
    bench.robot.advance(2500)
    assert silent_for(bench, "watchdog_level") == pytest.approx(501, abs=5)
    assert silent_for(bench, "crashed") == pytest.approx(2001, abs=5)
    assert bench.robot.motors == (0.0,) * 4
    assert not bench.robot.supervisor.armed


def test_a_crashed_robot_arms_again_only_after_recovery(make_bench):
    bench = make_bench("stock")
    bench.take_off()
    bench.robot.advance(4000)
    assert bench.arm()[0].data == bytes((0x81, 0, 0))
    assert bench.send(Port.SUPERVISOR, 1, (2,))[0].data == bytes((0x82, 1, 1))
    assert bench.arm()[0].data == bytes((0x81, 1, 1))


def unlock(bench):
    """The set-point without thrust that the firmware wants before any with."""
    bench.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, 0.0, 0.0, 0))


@pytest.mark.parametrize("unlocked", [False, True])
def test_the_thrust_is_locked_until_a_setpoint_without_any(make_bench, unlocked):
    bench = make_bench("stock")
    bench.arm()
    bench.robot.advance(1000)
    if unlocked:
        unlock(bench)
    for _ in range(30):
        bench.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, 0.0, 0.0, 50000))
        bench.robot.advance(10)
    assert (bench.robot.body.position_w[2] > 0.03) == unlocked


def test_the_stock_controller_takes_attitude_setpoints(make_bench):
    bench = make_bench("stock")
    unlock(bench)
    bench.take_off(z=1.0)
    thrust = round(65535 * 0.027 * 9.81 / bench.robot.body.parameters.max_thrust)
    for _ in range(60):
        # cflib sends a forward pitch of 5 degrees as -5.
        bench.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, -5.0, 0.0, thrust))
        bench.robot.advance(10)
    assert bench.robot.body.velocity_w[0] > 0.1
    assert abs(bench.robot.body.velocity_w[1]) < 0.1


def test_attitude_setpoints_are_none_that_the_policy_can_follow(bench):
    bench.take_off()
    bench.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, 0.0, 0.0, 0))
    bench.robot.advance(1)
    assert bench.robot.policy.mode_name == "dead_man", "cflib's close_link must not drop it out of the air"


@pytest.mark.parametrize("way", ["supervisor", "localization", "parameter"])
def test_an_emergency_stop_cuts_the_motors_in_the_next_millisecond(bench, way):
    bench.take_off()
    if way == "supervisor":
        bench.send(Port.SUPERVISOR, 1, (3,))
    elif way == "localization":
        bench.send(Port.LOCALIZATION, 1, (3,))
    else:
        bench.write("stabilizer.stop", 1)
    bench.robot.advance(1)
    assert bench.robot.motors == (0.0,) * 4
    assert bench.arm()[0].data == bytes((0x81, 0, 0)), "locked until restart"


def test_the_emergency_watchdog_stops_when_it_is_not_fed(bench):
    bench.take_off()
    bench.send(Port.SUPERVISOR, 1, (4,))
    bench.hold(0.9)
    bench.send(Port.SUPERVISOR, 1, (4,))
    bench.hold(0.9)
    assert bench.time_of("emergency_stop") is None
    bench.hold(0.2)
    assert bench.time_of("emergency_stop") is not None


def test_nan_in_the_policy_stops_the_motors_within_one_control_period(bench):
    bench.take_off()
    bench.robot.inject(parse_fault("nan-policy"))
    bench.hold(0.1)
    assert onboard_summary(bench.robot)["safe_action"] == "policy_fault"
    assert onboard_summary(bench.robot)["safe_action_after_fault_ms"] <= 10.0
    assert bench.robot.motors == (0.0,) * 4


def test_an_estimate_that_is_no_number_stops_the_motors(bench):
    bench.take_off()
    bench.robot.inject(parse_fault("nan-estimate"))
    bench.hold(0.1)
    assert bench.robot.motors == (0.0,) * 4
    assert bench.robot.body.healthy


def test_a_dead_motor_tumbles_the_robot_and_the_supervisor_notices(bench):
    bench.take_off(z=1.0)
    bench.robot.inject(parse_fault("dead-motor=2"))
    bench.hold(4.0, z=1.0)
    assert bench.robot.supervisor.tumbled
    assert not bench.robot.supervisor.armed
    assert bench.robot.events.last("motors_off")["t_s"] == bench.time_of("tumbled"), "in the same millisecond"
    assert bench.robot.motors == (0.0,) * 4


def test_a_low_battery_reads_below_three_volts_under_load(bench):
    bench.take_off()
    assert bench.robot.battery.voltage > 3.5
    bench.robot.inject(parse_fault("low-battery"))
    bench.hold(0.1)
    assert bench.robot.battery.voltage < 3.0
    assert bench.robot.battery.state == 3


def test_a_kick_tilts_the_body_at_once(bench):
    bench.take_off()
    bench.robot.inject(parse_fault("kick=80"))
    bench.robot.advance(1)
    _w, x, y, _z = bench.robot.body.attitude
    assert 1.0 - 2.0 * (x * x + y * y) == pytest.approx(0.174, abs=0.05)


def test_a_stalled_log_stream_leaves_the_rest_alive(bench):
    bench.send(Port.LOGGING, 1, (6, 1, 7, 0, 0))
    bench.send(Port.LOGGING, 1, (3, 1, 1))
    bench.robot.advance(100)
    assert len(bench.replies()) == 10
    bench.robot.inject(parse_fault("state-stall:0.05"))
    bench.robot.advance(49)
    assert bench.replies() == []
    assert bench.send(Port.LINK, 0, b"ping")[0].data == b"ping"
    bench.robot.advance(100)
    assert len(bench.replies()) >= 9


def test_packet_loss_takes_its_share_of_setpoints_and_never_a_reply(make_bench):
    bench = make_bench(faults=[parse_fault("packet-loss=30")])
    bench.robot.advance(1)
    bench.hold(10.0)
    received = bench.robot.events.counters["setpoints"]
    assert 600 < received < 800
    assert all(bench.send(Port.PARAM, 1, (0, 0)) for _ in range(200))


def test_delayed_packets_arrive_late_and_in_order(make_bench):
    bench = make_bench(faults=[parse_fault("delay=20"), parse_fault("jitter=10")])
    bench.robot.advance(1)
    for number in range(50):
        assert bench.send(Port.LINK, 0, (number,)) == []
        bench.robot.advance(1)
    bench.robot.advance(70)
    assert [reply.data[0] for reply in bench.replies()] == list(range(50))


def test_two_runs_with_one_seed_are_equal_and_another_seed_differs(make_bench):
    def fly(seed):
        bench = make_bench(seed=seed)
        bench.take_off()
        return bench.robot.body.position_w

    assert fly(1) == fly(1)
    assert fly(1) != fly(2)


def test_a_plan_takes_over_from_a_client_that_closed_its_link(bench):
    bench.robot.advance(1000)
    bench.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, 0.0, 0.0, 0))
    bench.arm()
    bench.robot.advance(600)
    bench.send(Port.SETPOINT_HL, 0, struct.pack("<BBff?f", 7, 0, 0.5, 0.0, False, 1.5))
    for _ in range(300):
        bench.send(Port.LINK, 0, b"ping")
        bench.robot.advance(10)
    assert bench.robot.policy.mode_name == "policy"
    assert bench.robot.body.position_w[2] == pytest.approx(0.5, abs=0.1)
