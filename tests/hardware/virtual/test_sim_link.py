"""The policy on the host against MuJoCo in the same process: whole flights in a second, and every fault."""

import time
from pathlib import Path

import numpy as np
import pytest

from hardware import deploy
from hardware.faults import Fault
from hardware.flying.faults import HOST_SAFE_ACTIONS
from hardware.log_reader import read_log
from hardware.virtual.sim_link import SimClock, SimLink, parse_sim_uri
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError, FlightAbortedError

SHORT = {"hold": 1.5, "dwell": 0.8, "settle": 0.5}
SAFE_MODES = {"land": "landing", "level_and_descend": "descending", "off": "off"}

FAULTS = {
    "link-loss": Fault.LINK_LOST,
    "state-stall": Fault.STATE_STALE,
    "dead-motor=2": Fault.TILT,
    "kick=110": Fault.TILT,
    "low-battery": Fault.LOW_BATTERY,
    "battery-sag=1.2": Fault.LOW_BATTERY,
    "nan-estimate": Fault.CRASHED,
    "position-bias=-5": Fault.GEOFENCE,
    "gyro-bias=360": Fault.SPEED,
}
"""What happens in the air, and what the host calls it first."""


@pytest.fixture(scope="module")
def bundle(pd_bundle):
    return pd_bundle


def flight(bundle, tmp_path, uri, **options):
    return deploy.Args(bundle.path, uri=uri, log=tmp_path / "flight.mcap", **{**SHORT, **options})


def test_a_whole_flight_in_the_same_process(bundle, tmp_path):
    result = deploy.run(flight(bundle, tmp_path, "sim://crazyflie"))["flight"]
    assert result["completed"]
    assert result["rms_error_m"] < 0.1
    assert result["loop"]["overruns"] == 0
    assert result["duration_s"] > 10.0


def test_a_flight_is_the_same_every_time_and_another_seed_is_another(bundle, tmp_path):
    def logged(seed):
        deploy.run(flight(bundle, tmp_path, f"sim://crazyflie?seed={seed}"))
        return read_log(tmp_path / "flight.mcap")

    first, second, other = logged(1), logged(1), logged(2)
    for name in ("position_w", "command", "observation", "action", "time_ns"):
        np.testing.assert_array_equal(first[name], second[name])
    assert not np.array_equal(first["position_w"], other["position_w"])


def test_the_log_holds_what_the_policy_saw_and_did(bundle, tmp_path):
    deploy.run(flight(bundle, tmp_path, "sim://crazyflie"))
    log = read_log(tmp_path / "flight.mcap")
    policy = OnnxPolicy(bundle).single()
    stepped = np.flatnonzero(np.isfinite(log["action"]).all(1))
    assert log["reset"][stepped].sum() == 1
    for step in stepped[:200]:
        if log["reset"][step]:
            policy.reset()
        np.testing.assert_array_equal(policy.step(log["observation"][step]), log["action"][step].astype(np.float32))


@pytest.mark.parametrize("injected", FAULTS)
def test_a_fault_in_the_air_reaches_its_safe_action(bundle, tmp_path, injected):
    expected = FAULTS[injected]
    with pytest.raises(FlightAbortedError) as caught:
        deploy.run(flight(bundle, tmp_path, f"sim://crazyflie?fault={injected}@flying+2.5"))
    fault = caught.value.result["flight"]["faults"][0]
    assert fault["fault"] == expected.value
    assert fault["safe_action"] == HOST_SAFE_ACTIONS[expected]
    assert fault["safe_action_ms"] <= 1e3 * bundle.info.limits.fault_budget_s, "simulated time: it cannot be late"
    log = read_log(tmp_path / "flight.mcap")
    assert SAFE_MODES[HOST_SAFE_ACTIONS[expected]] in log["mode"]
    assert log["complete"]


@pytest.mark.parametrize("seed", range(8))
def test_any_fault_at_any_time_ends_with_motors_off(bundle, tmp_path, seed, monkeypatch):
    """Whatever breaks and whenever: nobody hangs, and the robot ends disarmed, by its host or by itself."""

    robots = []
    monkeypatch.setattr(SimLink, "close", lambda self: robots.append(self.robot))
    rng = np.random.default_rng(seed)
    faults = "&".join(
        f"fault={name}@flying+{start:.2f}" for name, start in zip(rng.choice(list(FAULTS), 2), rng.uniform(0.0, 8.0, 2))
    )
    with pytest.raises(FlightAbortedError):
        deploy.run(flight(bundle, tmp_path, f"sim://crazyflie?seed={seed}&{faults}"))
    (robot,) = robots
    robot.advance(15_000)  # out of reach it lands by itself
    assert not robot.supervisor.armed
    assert not any(robot.motors)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sim://hummingbird", "unknown robot 'hummingbird'"),
        ("sim://crazyflie?set=heavy", "no parameter set 'heavy'"),
        ("sim://crazyflie?speed=9", "cannot use 'speed=9'"),
        ("sim://crazyflie?seed=-1", "cannot use 'seed=-1'"),
        ("sim://crazyflie?fault=rain", "unknown fault 'rain'"),
    ],
)
def test_a_wrong_uri_says_what_may_be_there(bundle, tmp_path, uri, message):
    with pytest.raises(ConfigError, match=message):
        deploy.run(flight(bundle, tmp_path, uri))


def test_everything_a_uri_can_say():
    address = parse_sim_uri("sim://crazyflie?set=l2f_v2&seed=3&fault=kick=80@flying+3&fault=link-loss@9&pace=real")
    assert (address.robot, address.parameter_set, address.seed, address.real_time) == ("crazyflie", "l2f_v2", 3, True)
    assert [fault.name for fault in address.faults] == ["kick", "link-loss"]
    assert address.faults[0].after == "flying"


def test_a_robot_for_another_bundle_is_refused(bundle, tmp_path):
    with pytest.raises(ConfigError, match=r"takes commands of level 'joint_position', not 'motor'"):
        deploy.run(flight(bundle, tmp_path, "sim://g1"))
    with pytest.raises(ConfigError, match=r"'motor' or 'attitude_thrust' or .*'position', not 'joint_position'"):
        SimLink("sim://crazyflie", "joint_position")
    with pytest.raises(ConfigError, match="no crane"):
        SimLink("sim://crazyflie?hang=1")
    assert not list(tmp_path.glob("*.mcap"))


def test_a_policy_of_attitudes_flies_on_the_robots_own_controller(tmp_path):
    zoo = Path(__file__).parents[3] / "policies" / "zoo" / "hover_attitude"
    result = deploy.run(deploy.Args(zoo, uri="sim://crazyflie?seed=2", log=tmp_path / "flight.mcap", **SHORT))["flight"]
    assert result["completed"]
    assert result["rms_error_m"] < 0.1


@pytest.fixture(scope="module")
def pose(pose_bundle):
    return pose_bundle


def stand(pose, tmp_path, uri):
    return deploy.run(deploy.Args(pose.path, uri=uri, log=tmp_path / "run.mcap", hold=2.0))["run"]


def test_a_robot_with_joints_stands_and_ends_damped(pose, tmp_path):
    result = stand(pose, tmp_path, "sim://g1")
    assert result["completed"]
    assert result["max_tilt_deg"] < 5.0
    modes = list(dict.fromkeys(read_log(tmp_path / "run.mcap")["mode"]))
    assert modes[-1] in ("off", "damping")


@pytest.mark.parametrize(
    ("injected", "expected"),
    [
        ("dead-motor=3", Fault.CRASHED),
        ("link-loss", Fault.LINK_LOST),
        ("remote-stop", Fault.OPERATOR_STOP),
        ("nan-state", Fault.STATE_NAN),
    ],
)
def test_a_fault_of_a_robot_with_joints_is_damped(pose, tmp_path, injected, expected):
    with pytest.raises(FlightAbortedError) as caught:
        stand(pose, tmp_path, f"sim://g1?fault={injected}@armed+2.5")
    fault = caught.value.result["run"]["faults"][0]
    assert fault["fault"] == expected.value
    assert fault["safe_action"] in ("damp", "off")
    assert fault["safe_action_ms"] <= 1e3 * pose.info.limits.fault_budget_s


def test_in_real_time_waiting_takes_as_long_as_it_says_from_the_first_wait_on():
    lived = []
    clock = SimClock(lived.append, real_time=True)
    time.sleep(0.1)  # loading, before anybody waits
    began = time.monotonic()
    for step in range(1, 6):
        clock.sleep_until(step * 20_000_000)
    assert time.monotonic() - began >= 0.1
    assert lived == [20] * 5
    assert clock.now_ns() == 100_000_000
