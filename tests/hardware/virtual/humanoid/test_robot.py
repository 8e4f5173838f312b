"""The virtual humanoid, step by step: who holds it, whom it obeys, what it measures."""

import json
import math

import numpy as np
import pytest

from hardware.dds.remote import pressed
from hardware.virtual.humanoid.commander import WATCHDOG_MS
from hardware.virtual.humanoid.report import onboard_summary
from sim.errors import ConfigError


def test_its_own_controller_holds_it(bench):
    bench.advance(3000)
    assert bench.robot.body.height_m == pytest.approx(0.784, abs=0.01)
    assert math.degrees(bench.robot.body.tilt_rad) < 2.0
    assert len(bench.states) == 1500
    assert [int(state.record["tick"]) for state in bench.states[:3]] == [2, 4, 6]
    assert all(state.intact for state in bench.states)


def test_released_it_is_limp_and_falls(bench):
    bench.release()
    bench.advance(3000)
    assert bench.events() == ["started", "released", "fell"]
    assert not bench.stiff


def test_commands_before_the_release_are_refused(bench):
    bench.command(0.1, q=1.0)
    assert bench.count("refused_before_release") == 50
    assert bench.count("commands") == 0
    assert bench.robot.body.height_m > 0.75


def test_commands_after_the_release_are_obeyed(bench):
    bench.release()
    target = bench.pose.copy()
    target[18] += 0.5  # left elbow
    bench.command(1.0, q=target)
    assert bench.robot.body.position[18] == pytest.approx(target[18], abs=0.05)
    assert bench.robot.body.height_m > 0.75
    assert bench.events() == ["started", "released", "armed", "stiff"]
    assert (bench.states[-1].record["motor_state"]["mode"][:29] == 1).all()


def test_torque_is_what_the_gains_say(make_bench):
    bench = make_bench(hang=True)
    bench.release()
    q = bench.pose + 0.01
    bench.command(0.002, q=q, kp=10.0, kd=0.5, dq=0.2, tau=0.3)
    body = bench.robot.body
    # actuator_force belongs to the state before the last step: take it from a fresh evaluation.
    import mujoco

    mujoco.mj_forward(body.model, body.data)
    expected = 10.0 * (q - body.position) + 0.5 * (0.2 - body.velocity) + 0.3
    np.testing.assert_allclose(body.torque, expected, atol=1e-5)


def test_effort_is_limited(make_bench):
    bench = make_bench(hang=True)
    bench.release()
    bench.command(0.05, q=bench.pose + 2.0, kp=900.0)
    assert (np.abs(bench.robot.body.torque) <= np.asarray(bench.robot.body.parameters.effort_n_m) + 1e-9).all()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"machine_type": 4}, "other_machine_type"),
        ({"q": math.nan}, "out_of_range"),
        ({"q": 20.0}, "out_of_range"),
        ({"dq": math.inf}, "out_of_range"),
        ({"kp": -1.0}, "out_of_range"),
        ({"kp": 1e6}, "out_of_range"),
        ({"kd": math.nan}, "out_of_range"),
        ({"tau": 500.0}, "out_of_range"),
        ({"mode": 2}, "out_of_range"),
    ],
)
def test_bad_commands_are_refused_and_counted(bench, fields, reason):
    bench.release()
    bench.command(**fields)
    assert bench.robot.events.counters == {reason: 1}
    assert "armed" not in bench.events()


def test_a_wrong_checksum_is_ignored_and_counted(bench):
    bench.release()
    frame = bench.frame()
    frame.record["crc"] ^= 1
    bench.robot.receive(frame, 1)
    assert bench.robot.events.counters == {"bad_checksum": 1}


def test_parallel_mode_is_refused(bench):
    bench.release()
    frame = bench.frame()
    frame.record["mode_pr"] = 1
    frame.seal()
    bench.robot.receive(frame, 1)
    assert bench.robot.events.counters == {"parallel_mode_unknown": 1}


def test_silence_ends_in_damping_and_commands_are_taken_again(make_bench):
    bench = make_bench(hang=True)
    bench.release()
    bench.command(0.1)
    bench.advance(WATCHDOG_MS - 2)
    assert bench.stiff
    bench.advance(2)
    assert not bench.stiff
    assert bench.events()[-1] == "watchdog_damp"
    assert not bench.states[-1].record["motor_state"]["mode"].any()
    bench.command(0.1)
    assert bench.stiff
    assert bench.events()[-1] == "commands_back"


def test_only_one_controller_at_a_time(make_bench):
    bench = make_bench(hang=True)
    bench.release()
    bench.command(0.1, writer=1)
    bench.command(0.1, writer=2, q=1.0)
    assert bench.count("second_controller") == 50
    bench.advance(WATCHDOG_MS + 10)
    bench.command(0.1, writer=2)
    assert bench.count("second_controller") == 50, "whoever falls silent loses the robot"
    bench.command(writer=1)
    assert bench.count("second_controller") == 51


def test_motors_can_be_switched_off_one_by_one(make_bench):
    bench = make_bench(hang=True)
    bench.release()
    mode = np.ones(29)
    mode[3] = 0
    bench.command(0.1, mode=mode)
    assert bench.robot.body.torque[3] == 0.0
    assert bench.states[-1].record["motor_state"]["mode"][3] == 0
    bench.command(0.1, mode=0)
    assert not bench.robot.body.torque.any()
    assert bench.events()[-1] == "motors_off"


def test_the_motion_switcher_answers_as_the_sdk_expects(make_bench):
    bench = make_bench(hang=True)
    ask = bench.robot.request
    code, data = ask(1001, "{}")
    assert (code, json.loads(data)["name"]) == (0, "ai")
    assert ask(1003, "{}") == (0, "")
    assert json.loads(ask(1001, "{}")[1])["name"] == "ai", "it takes a moment"
    bench.release()
    assert json.loads(ask(1001, "{}")[1])["name"] == ""
    bench.command(0.1)
    assert ask(1002, '{"name": "ai"}')[0] == 7002, "somebody commands the robot"
    bench.advance(WATCHDOG_MS + 10)
    for parameter, code in (
        ("", 7001),
        ("[]", 7001),
        ('{"name": "dance"}', 7004),
        ("[" * 5000, 7001),
        ('{"name": []}', 7004),
    ):
        assert ask(1002, parameter)[0] == code
    assert ask(1002, '{"name": "ai"}')[0] == 0
    bench.advance(10)
    assert bench.stiff
    assert ask(-1, "{}")[0] == 3203


def test_on_the_crane_it_hangs_and_is_let_down_to_stand(make_bench):
    bench = make_bench("lower@1", hang=True)
    bench.advance(900)
    assert bench.robot.body.data.ncon == 0
    bench.advance(6000)
    assert bench.robot.body.data.ncon >= 4
    assert bench.robot.body.height_m == pytest.approx(0.784, abs=0.01)
    bench.release()
    bench.advance(4000)
    assert bench.robot.body.height_m > 0.45, "the rope catches it"
    assert "fell" not in bench.events()


def test_the_state_tells_the_truth_within_its_noise(make_bench):
    bench = make_bench(hang=True)
    bench.advance(500)
    record, body = bench.states[-1].record, bench.robot.body
    motors = record["motor_state"][:29]
    np.testing.assert_allclose(motors["q"], body.position, atol=0.004)
    np.testing.assert_allclose(motors["tau_est"], body.torque, atol=1e-3)
    assert record["mode_machine"] == 5
    assert math.hypot(*record["imu_state"]["quaternion"]) == pytest.approx(1.0, abs=1e-6)
    assert record["imu_state"]["accelerometer"][2] == pytest.approx(9.81, abs=0.5)
    assert (motors["temperature"] >= 25).all()
    assert 13 * 3.3 < motors["vol"][0] < 13 * 4.2
    assert not record["motor_state"][29:]["mode"].any()


def test_holding_a_load_warms_the_motors_and_empties_the_battery(make_bench):
    bench = make_bench(hang=True)
    power = bench.robot.power
    before = power.charge
    bench.release()
    for _ in range(5):
        bench.command(1.0, q=bench.pose + 2.0, kp=900.0)
    assert power.winding_c.max() > 27.0
    assert power.winding_c.max() > power.casing_c.max()
    assert power.charge < before


def test_the_seed_repeats_everything(make_bench):
    def run(seed):
        bench = make_bench("packet-loss=20@0.2", "jitter=6@0.2", "bit-flips=5@0.3", seed=seed, hang=True)
        bench.release()
        bench.command(1.0)
        return [state.image.tobytes() for state in bench.states], bench.robot.events.counters

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_the_summary_says_what_happened(make_bench):
    bench = make_bench("push=0.3@0.5", hang=True)
    bench.release()
    bench.command(1.0)
    bench.command(0.1, kp=0.0)
    summary = onboard_summary(bench.robot)
    assert summary["safe_action"] == "commanded_damp"
    assert summary["safe_action_after_fault_ms"] == pytest.approx(600.0, abs=10.0)
    assert summary["released_s"] == 0.1
    json.dumps(summary)


def test_bad_faults_are_named_in_one_line(make_bench):
    for text, message in (
        ("dead-moter", r"unknown fault 'dead-moter' \(did you mean 'dead-motor'\?\)"),
        ("dead-motor=29", "needs a value from 0 to 28"),
        ("dead-motor=1.5", "needs a whole number"),
        ("push@flying+1", "it can start after one of: released, armed, connected"),
        ("lower", "needs the crane: add --hang"),
    ):
        with pytest.raises(ConfigError, match=message):
            make_bench(text)
    assert pressed(bytes(40)) == set()
