"""Whole launches: the mission flown over topics, on a simulated and on a virtual Crazyflie, and what ends it early."""

import dataclasses

import pytest

from hardware.virtual.process import VirtualProcess
from policies.bundle import save_bundle
from tests.hil.stalls import in_real_time
from tests.ros2_ws.conftest import wait_until
from tests.support.identified import identified

SHORT = ("height:=0.3", "hold:=0.5", "step:=0.0")


@pytest.fixture
def launch(start):
    """Starts ``sim2metal ros launch``."""
    return lambda *words: start("-m", "sim2metal", "ros", "launch", *words)


@in_real_time
def test_a_policy_flies_the_simulated_robot(launch, peer, pd_bundle, tmp_path):
    from crazyflie_interfaces.msg import Status
    from nav_msgs.msg import Odometry
    from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
    from rosgraph_msgs.msg import Clock
    from std_msgs.msg import String

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    odometry = peer.listen(Odometry, "/cf1/odom", newest)
    clock = peer.listen(Clock, "/clock", newest)
    status = peer.listen(Status, "/cf1/status")
    modes = peer.listen(String, "/cf1/mode", latched)
    program = launch("fly", f"bundle:={pd_bundle.path}", "sim:=true", f"logs:={tmp_path}", *SHORT)
    wait_until(lambda: any(message.data == "running" for message in modes), lambda: f"never flew:\n{program.output}")
    description = peer.listen(String, "/cf1/robot_description", latched)
    wait_until(lambda: description, "a late listener never got the description")
    assert description[0].data.startswith('<robot name="crazyflie">')
    assert program.wait() == 0, program.output
    assert "mission completed" in program.output
    assert max(message.pose.pose.position.z for message in odometry) == pytest.approx(0.3, abs=0.1)
    assert odometry[0].child_frame_id == "base_link"
    assert clock[-1].clock.sec >= 3
    assert status[-1].battery_voltage == pytest.approx(4.0, abs=0.3)
    assert [mode for mode in ("ramp", "running", "landing") if mode in {message.data for message in modes}] == [
        "ramp", "running", "landing"
    ]  # fmt: skip
    assert modes[-1].data == "idle"
    assert "ended in order" in program.output
    assert "Traceback" not in program.output
    (log,) = tmp_path.glob("*.mcap")
    from hardware.log_reader import read_log

    assert read_log(log)["metadata"]["bundle_id"] == pd_bundle.id


@pytest.mark.slow
def test_a_simulated_robot_whose_sensors_fall_silent_lands_by_itself(launch, pd_bundle):
    program = launch("fly", f"bundle:={pd_bundle.path}", "faults:=state-stall@flying+1.5", "hold:=20.0", "step:=0.0")
    program.wait_for("ended by state_stale -> level_and_descend; the robot is disarmed")
    assert program.wait() == 1
    assert "mission failed" in program.output


@pytest.mark.slow
def test_a_mission_does_not_ask_for_another_take_off_after_a_fault(launch, pd_bundle):
    program = launch("fly", f"bundle:={pd_bundle.path}", "faults:=state-stall@flying+0.5", "step:=0.0")
    program.wait_for("mission failed: take-off broken off")
    assert program.wait() == 1
    assert program.output.count("ended by state_stale") == 1


@in_real_time
def test_the_crazyflie_node_flies_a_virtual_crazyflie(launch, pd_bundle, tmp_path):
    with VirtualProcess(options=("--bundle", str(pd_bundle.path))) as robot:
        program = launch("fly", f"bundle:={pd_bundle.path}", "sim:=false", f"uri:={robot.uri}", *SHORT)
        assert program.wait() == 0, program.output
        events = [event["event"] for event in robot.events()["events"]]
    assert "mission completed" in program.output
    assert "airborne" in events
    assert events.index("airborne") < events.index("touchdown")


@pytest.mark.slow
def test_a_swarm_flies(launch, pd_bundle):
    port = 20000 + hash(str(pd_bundle.path)) % 20000
    program = launch("swarm", f"bundle:={pd_bundle.path}", "robots:=2", f"first_port:={port}", *SHORT)
    program.wait_for("mission completed")
    assert program.wait() == 0, program.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fly",), "fly.launch.py needs bundle:=VALUE"),
        (("fly", "bundle:=x", "sim:=perhaps"), "choose one of true, false"),
        (("fly", "bundle:=x", "hight:=1"), "did you mean 'height'"),
        (("walk",), "no launch file 'walk'"),
        (("swarm", "bundle:=x", "serials:=cf07"), "serials:= names 1 robots, robots:= says 2"),
        (("swarm", "bundle:=x/{serial}"), "say which robots fly with serials:="),
    ],
)
def test_a_wrong_command_line_starts_nothing(launch, words, message):
    program = launch(*words)
    assert program.wait() == 2
    assert message in program.lines[-1]
    assert "process started" not in program.output


def test_a_bundle_for_another_robot_ends_the_launch_before_anything_moves(launch, pd_bundle, tmp_path):
    unit = identified(serial="cf07", mass=0.03)
    info = dataclasses.replace(pd_bundle.info, provenance={"identified": unit.reference()})
    save_bundle(tmp_path / "cf07", info, pd_bundle.read_policy(), pd_bundle.golden())
    program = launch("fly", f"bundle:={tmp_path / 'cf07'}", "sim:=false", "uri:=udp://127.0.0.1:1", "serial:=cf08")
    assert program.wait() == 1
    assert "was trained for the robot with serial number cf07, not for cf08" in program.output
    assert "Traceback" not in program.output


def test_a_bundle_that_is_none_ends_the_launch_before_anything_moves(launch, tmp_path):
    program = launch("fly", f"bundle:={tmp_path}", "sim:=true")
    assert program.wait() == 1
    assert "this folder is not a bundle" in program.output
    assert "taking off" not in program.output
    assert "Traceback" not in program.output
