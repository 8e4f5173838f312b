"""A policy for joints: over topics by policy_node, and on the virtual humanoid by its launch file."""

import random
import threading
import time

import pytest

from hardware.virtual.humanoid.domain import free_dds_uri
from policies.pose import build_pose_bundle
from tests.ros2_ws.conftest import wait_until


@pytest.fixture(scope="session")
def pose_bundle(tmp_path_factory):
    """A bundle that holds the G1's default pose."""
    return build_pose_bundle(tmp_path_factory.mktemp("pose") / "bundle", episodes=1)


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
                message.header.frame_id = "base_link"
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


@pytest.mark.slow
def test_a_virtual_humanoid_stands_and_damps(start, peer, pose_bundle, tmp_path):
    from std_msgs.msg import String
    from std_srvs.srv import Trigger

    modes = peer.listen(String, "/humanoid/mode")
    program = start(
        "-m", "sim2metal", "ros", "launch", "humanoid", f"bundle:={pose_bundle.path}", "hang:=true",
        f"uri:={free_dds_uri()}", f"logs:={tmp_path}",
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
