"""Motion capture over topics: what of crazyswarm2's ``/poses`` and of ``external_pose`` reaches the robot."""

import dataclasses
import math
from types import SimpleNamespace

import pytest

from tests.hardware.samples import HEALTHY
from tests.ros2_ws.conftest import wait_until


class Link:
    def __init__(self):
        self.sent = []
        self.verdict = None
        self.external = SimpleNamespace(expect=lambda verdict: setattr(self, "verdict", verdict))

    def read(self):
        return dataclasses.replace(HEALTHY, armed=False)

    def send_external_pose(self, position_w, orientation_wxyz=None):
        self.sent.append((position_w, orientation_wxyz))


@pytest.fixture
def inputs(peer):
    from sim2metal_nodes.external_poses import ExternalPoseInputs

    link = Link()
    ExternalPoseInputs(peer.node, link, "world", "cf1")
    return link


def named(name, x=0.0, w=1.0, qx=0.0):
    from geometry_msgs.msg import Point, Pose, Quaternion
    from motion_capture_tracking_interfaces.msg import NamedPose

    return NamedPose(
        name=name, pose=Pose(position=Point(x=x, y=0.0, z=0.0), orientation=Quaternion(x=qx, y=0.0, z=0.0, w=w))
    )


def publish_until(peer, topic, message, condition):
    from sim2metal_nodes.qos import SENSOR

    publisher = peer.node.create_publisher(type(message), topic, SENSOR)

    def arrived():
        publisher.publish(message)
        return condition()

    wait_until(arrived, f"{topic} never had its effect")


def test_this_robots_pose_of_poses_reaches_it(inputs, peer):
    from motion_capture_tracking_interfaces.msg import NamedPoseArray

    assert not inputs.verdict()[0]
    assert "none arrives on /poses" in inputs.verdict()[1]
    poses = NamedPoseArray(poses=[named("cf2", 5.0), named("cf1", 0.5)])
    publish_until(peer, "/poses", poses, lambda: inputs.sent)
    assert set(inputs.sent) == {((0.5, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))}


def test_a_position_alone_is_marked_by_a_nan_as_crazyswarm2_does(inputs, peer):
    from motion_capture_tracking_interfaces.msg import NamedPoseArray

    poses = NamedPoseArray(poses=[named("cf1", 0.5, qx=math.nan)])
    publish_until(peer, "/poses", poses, lambda: inputs.sent)
    assert inputs.sent[0] == ((0.5, 0.0, 0.0), None)


@pytest.mark.parametrize(("frame", "w"), [("elsewhere", 1.0), ("world", 0.5), ("world", math.nan)])
def test_a_pose_in_another_frame_or_that_is_none_is_refused(inputs, peer, frame, w):
    from geometry_msgs.msg import PoseStamped

    message = PoseStamped(pose=named("", w=w).pose)
    message.header.frame_id = frame
    publish_until(peer, "external_pose", message, lambda: "refused" in inputs.verdict()[1])
    assert not inputs.sent
