"""A policy for joints: by policy_node alone, in closed loop with sim_node, and on a virtual humanoid by its link."""

import os
import random
import signal
import threading
import time
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hardware.log_reader import read_log
from hardware.virtual.humanoid.domain import free_dds_uri
from policies.bundle import load_bundle
from tests.ros2_ws.conftest import ROOT, wait_until


class Joints:
    """Joints that go where they are told, reported in an order of their own, with one more joint."""

    def __init__(self, peer, info):
        from geometry_msgs.msg import TwistStamped
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import Imu, JointState

        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.positions = dict.fromkeys([*info.action.names, "head"], 0.0)
        self.order = list(self.positions)
        random.Random(1).shuffle(self.order)
        self._joints = (JointState, peer.node.create_publisher(JointState, "/robot/joint_states", newest))
        self._imu = (Imu, peer.node.create_publisher(Imu, "/robot/imu", newest))
        self._velocity = (TwistStamped, peer.node.create_publisher(TwistStamped, "/robot/cmd_vel", newest))
        self.commands = peer.listen(JointState, "/robot/command", newest)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.02):
            if self.commands:
                self.positions.update(zip(self.commands[-1].name, self.commands[-1].position))
            for kind, publisher in (self._joints, self._imu, self._velocity):
                message = kind()
                now = time.monotonic_ns()
                message.header.stamp.sec, message.header.stamp.nanosec = divmod(now, 10**9)
                message.header.frame_id = "pelvis"
                if kind is self._joints[0]:
                    message.name = self.order
                    message.position = [self.positions[name] for name in self.order]
                    message.velocity = [0.0] * len(self.order)
                publisher.publish(message)

    def close(self):
        self._stop.set()
        self._thread.join(5.0)


def test_policy_node_moves_joints_to_the_default_pose(peer, start_node, pose_bundle):
    from lifecycle_msgs.srv import ChangeState
    from std_msgs.msg import String

    info = pose_bundle.info
    program = start_node("policy_node", "-p", f"bundle:={pose_bundle.path}", "-p", "robot:=g1")
    safe_actions = peer.listen(String, "/robot/safe_action")
    joints = Joints(peer, info)
    try:
        for transition in (1, 3):
            request = ChangeState.Request()
            request.transition.id = transition
            assert peer.call(ChangeState, "/robot/policy_node/change_state", request).success, program.output
        goal = dict(zip(info.action.names, info.action.nominal))

        def distance():
            return max(abs(joints.positions[name] - angle) for name, angle in goal.items())

        wait_until(lambda: joints.commands, "no commands")
        assert list(joints.commands[0].name) == list(info.action.names)
        first = dict(zip(joints.commands[0].name, joints.commands[0].position))
        assert max(map(abs, first.values())) < 0.1, "the ramp starts at the pose found"
        wait_until(lambda: distance() < 0.02, lambda: f"never got to the default pose, {distance():.3f} rad away")
        assert not safe_actions
    finally:
        joints.close()
    wait_until(lambda: safe_actions, "no safe action when the robot fell silent")
    assert safe_actions[0].data == "damp"


class Humanoid:
    """A launch of the simulated humanoid, four times as fast as real time, and what it says."""

    def __init__(self, start, peer, bundle, folder, *words):
        from control_msgs.msg import DynamicJointState
        from diagnostic_msgs.msg import DiagnosticArray
        from nav_msgs.msg import Odometry
        from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import JointState
        from std_msgs.msg import String
        from tf2_msgs.msg import TFMessage

        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.peer, self.folder = peer, folder
        self.modes = peer.listen(String, "/humanoid/mode", latched)
        self.description = peer.listen(String, "/humanoid/robot_description", latched)
        self.joints = peer.listen(JointState, "/humanoid/joint_states", newest)
        self.odometry = peer.listen(Odometry, "/humanoid/odom", newest)
        self.warm = peer.listen(DynamicJointState, "/humanoid/dynamic_joint_states", newest)
        self.transforms = peer.listen(TFMessage, "/tf")
        self.diagnostics = peer.listen(DiagnosticArray, "/diagnostics")
        fast = folder / "fast.yaml"
        fast.write_text("/**/sim_node:\n  ros__parameters:\n    real_time_factor: 4.0\n")
        self.program = start(
            "-m", "sim2metal", "ros", "launch", "humanoid", f"bundle:={bundle.path}", f"params:={fast}",
            f"logs:={folder}", *words,
        )  # fmt: skip

    def ask(self, service):
        from std_srvs.srv import Trigger

        return self.peer.call(Trigger, f"/humanoid/{service}").success

    def run(self):
        """Start, asking again while topics or the policy are not there yet."""
        for _ in range(10):
            before = len(self.program.lines)
            self.ask("start")
            wait_until(
                lambda before=before: self.mode == "running" or "refused" in "\n".join(self.program.lines[before:]),
                lambda: f"never ran:\n{self.program.output}",
            )
            if self.mode == "running":
                return
            time.sleep(0.5)
        raise AssertionError(self.program.output)

    @property
    def mode(self):
        return self.modes[-1].data if self.modes else ""

    @property
    def height_m(self):
        """Newest that has come through, which on a busy machine is older than what the program has printed since."""
        return self.odometry[-1].pose.pose.position.z

    def wait_for_mode(self, mode):
        wait_until(lambda: self.mode == mode, lambda: f"never {mode}:\n{self.program.output}")

    def process(self, node):
        """The process that runs a node of this launch."""
        starts = [line for line in self.program.lines if line.startswith(f"[INFO] [{node}-") and "pid [" in line]
        return int(starts[0].rsplit("[", 1)[1].rstrip("]"))


def test_a_simulated_humanoid_stands_by_its_policy_and_damps(start, peer, pose_bundle, tmp_path):
    """In closed loop over topics; a controller that stands still for a while only makes simulated time wait."""
    humanoid = Humanoid(start, peer, pose_bundle, tmp_path)
    humanoid.run()
    for node in ("policy_node", "supervisor_node"):
        process = humanoid.process(node)
        os.kill(process, signal.SIGSTOP)
        time.sleep(0.4)
        os.kill(process, signal.SIGCONT)
        time.sleep(0.2)
    assert humanoid.mode == "running", humanoid.program.output
    assert humanoid.height_m == pytest.approx(0.784, abs=0.01)
    assert humanoid.odometry[-1].child_frame_id == "pelvis"
    _check_what_rviz_needs(humanoid, pose_bundle.info)
    assert list(humanoid.warm[-1].joint_names) == list(pose_bundle.info.action.names)
    assert 20.0 < humanoid.warm[-1].interface_values[3].values[0] < 60.0
    assert humanoid.ask("damp")
    humanoid.program.wait_for("ended in order")
    assert "the robot is disarmed" in humanoid.program.output
    wait_until(lambda: humanoid.height_m < 0.4, lambda: f"still {humanoid.height_m} m high with nothing to hold it")
    assert humanoid.program.end() == 0, humanoid.program.output
    assert "Traceback" not in humanoid.program.output
    (log,) = tmp_path.glob("*.mcap")
    steps = read_log(log)
    assert steps["metadata"]["bundle_id"] == pose_bundle.id
    running = [i for i, mode in enumerate(steps["mode"]) if mode == "running"]
    assert np.median(np.diff(np.asarray(steps["time_ns"])[running])) == 20_000_000, "50 Hz of simulated time"


def _check_what_rviz_needs(humanoid, info):
    root = ET.fromstring(humanoid.description[-1].data)
    assert {joint.get("name") for joint in root.findall("joint")} == set(info.action.names)
    assert sorted(humanoid.joints[-1].name) == sorted(info.action.names)
    wait_until(lambda: len(humanoid.transforms) > 20, "no transforms")
    parents = {t.child_frame_id: t.header.frame_id for message in humanoid.transforms for t in message.transforms}
    assert set(parents) == {link.get("name") for link in root.findall("link")}
    for link in parents:
        while link != "world":  # every link hangs on the world
            link = parents[link]


@pytest.mark.slow
def test_a_learnt_quadruped_walks_as_it_is_told_and_stops(start, peer, tmp_path):
    """In closed loop over topics: a velocity on ``cmd_vel``, then none any more."""
    from geometry_msgs.msg import TwistStamped

    bundle = load_bundle(ROOT / "policies" / "zoo" / "velocity_go1")
    humanoid = Humanoid(start, peer, bundle, tmp_path, "robot:=go1")
    humanoid.run()
    assert humanoid.odometry[-1].child_frame_id == "trunk", "the link that is the base"
    velocity = peer.node.create_publisher(TwistStamped, "/humanoid/cmd_vel", 1)
    ahead = TwistStamped()
    ahead.twist.linear.x = 0.5

    def gone():
        velocity.publish(ahead)
        return humanoid.odometry[-1].pose.pose.position.x

    wait_until(lambda: gone() > 1.0, lambda: f"it went {gone():.2f} m:\n{humanoid.program.output}")
    assert humanoid.mode == "running"
    wait_until(lambda: abs(humanoid.odometry[-1].twist.twist.linear.x) < 0.15, "it never stopped")
    assert humanoid.odometry[-1].pose.pose.position.z > 0.2
    assert humanoid.ask("damp")
    humanoid.program.wait_for("ended in order")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("push=1.5", "tilt -> damp"),
        ("state-stall", "state_stale -> damp"),
        ("nan-state", "state_nan -> damp"),
        ("over-temperature=120", "temperature -> damp"),
        ("battery-sag=12", "low_battery -> damp"),
        ("dead-motor=9", "crashed -> damp"),
    ],
)
def test_every_fault_of_a_simulated_humanoid_ends_in_damping(start, peer, pose_bundle, tmp_path, fault, seen):
    from std_msgs.msg import String

    humanoid = Humanoid(start, peer, pose_bundle, tmp_path)
    humanoid.run()
    peer.node.create_publisher(String, "/humanoid/inject_fault", 10).publish(String(data="nonsense"))
    humanoid.program.wait_for("unknown fault 'nonsense'")
    publisher = peer.node.create_publisher(String, "/humanoid/inject_fault", 10)
    wait_until(lambda: publisher.get_subscription_count() > 0, "nobody takes faults")
    publisher.publish(String(data=fault))
    humanoid.program.wait_for(f"ended by {seen}")
    assert "the robot is disarmed" in humanoid.program.output


@pytest.mark.slow
def test_ctrl_c_damps_and_an_emergency_stop_is_for_good(start, peer, pose_bundle, tmp_path):
    humanoid = Humanoid(start, peer, pose_bundle, tmp_path)
    humanoid.run()
    assert humanoid.program.end() == 0, humanoid.program.output
    assert "operator_stop -> damp" in humanoid.program.output
    assert "the robot is disarmed" in humanoid.program.output
    stopped = Humanoid(start, peer, pose_bundle, tmp_path)
    stopped.run()
    assert stopped.ask("emergency_stop")
    stopped.wait_for_mode("emergency_stop")
    stopped.program.wait_for("kill -> off")
    wait_until(lambda: stopped.ask("reset"), "no reset")
    assert not stopped.ask("start")
    stopped.program.wait_for("the robot says it tumbled, crashed or is locked: restart it")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("virtual:=true",), "give sim:=false, too"),
        (("robot:=g2",), "for robot 'g1', not for 'g2'"),
        (("sim:=false", "virtual:=true", "robot:=go1"), "virtual:=true is for g1: 'go1' is simulated by sim:=true"),
        (("sim:=perhaps",), "choose one of true, false"),
    ],
)
def test_a_wrong_command_line_starts_nothing(start, pose_bundle, words, message):
    program = start("-m", "sim2metal", "ros", "launch", "humanoid", f"bundle:={pose_bundle.path}", *words)
    assert program.wait() == 2
    assert message in program.lines[-1]
    assert "process started" not in program.output


def test_a_bundle_that_flies_is_refused_in_one_line(start, start_node):
    flies = ROOT / "policies" / "zoo" / "hover_attitude"
    program = start("-m", "sim2metal", "ros", "launch", "humanoid", f"bundle:={flies}")
    assert program.wait() == 2
    assert len(program.lines) == 1
    assert "this bundle is for robot 'crazyflie', not for 'g1'; launch fly" in program.lines[0]
    bundle = ("-p", f"bundle:={flies}", "-p", "robot:=g1")
    for node in [start_node(name, *bundle, namespace=f"/{name}") for name in ("sim_node", "supervisor_node")]:
        assert node.wait() == 3, node.output
        assert node.lines[-1].startswith("error: ")
        assert "this bundle is for robot 'crazyflie', not for 'g1'" in node.lines[-1]


@pytest.mark.slow
def test_a_virtual_humanoid_stands_and_damps(start, peer, pose_bundle, tmp_path):
    from std_msgs.msg import String
    from std_srvs.srv import Trigger

    modes = peer.listen(String, "/humanoid/mode")
    program = start(
        "-m", "sim2metal", "ros", "launch", "humanoid", f"bundle:={pose_bundle.path}", "sim:=false", "virtual:=true",
        "hang:=true", f"uri:={free_dds_uri()}", f"logs:={tmp_path}",
    )  # fmt: skip
    for _ in range(5):  # a busy computer may miss the robot's time-outs, and the node then refuses, as it should
        assert peer.call(Trigger, "/humanoid/start").success
        wait_until(
            lambda: "running" in {message.data for message in modes} or "refused" in program.lines[-1],
            lambda: f"never ran:\n{program.output}",
        )
        if modes[-1].data == "running":
            break
    assert "running" in {message.data for message in modes}, program.output
    assert peer.call(Trigger, "/humanoid/damp").success
    program.wait_for("ended in order")
    assert "the robot is disarmed" in program.output
    assert program.end() == 0, program.output
    assert len(list(tmp_path.glob("*.mcap"))) == 1
