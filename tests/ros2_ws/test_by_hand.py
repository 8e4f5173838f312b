"""``cmd_vel_legacy``: an operator flies a virtual Crazyflie by attitude and thrust, under the supervisor."""

import threading

import pytest

from hardware.clock import HOST_CLOCK
from hardware.crazyflie.setpoints import legacy_setpoint
from hardware.flying.by_hand import Stick
from hardware.virtual.process import VirtualProcess
from sim.errors import ConfigError
from tests.hil.stalls import in_real_time
from tests.ros2_ws.conftest import wait_until

HOVER_THRUST = 35_600.0
"""Thrust that about carries the nominal airframe."""


class Stream:
    """Publishes ``twist`` 50 times a second until closed."""

    def __init__(self, peer):
        from geometry_msgs.msg import Twist

        self.twist, self._stop = Twist(), threading.Event()
        self._sent = 0
        self._publisher = peer.node.create_publisher(Twist, "/robot/cmd_vel_legacy", 1)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.02):
            self._publisher.publish(self.twist)
            self._sent += 1

    @property
    def heard_by_node(self):
        """Whether some commands have reached a subscriber: arming without a stream is for the policy."""
        if not self._publisher.get_subscription_count():
            self._sent = 0
        return self._sent > 20

    def close(self):
        self._stop.set()
        self._thread.join()


@pytest.fixture
def make_stream(peer):
    streams = []

    def make():
        streams.append(Stream(peer))
        return streams[-1]

    yield make
    for stream in streams:
        stream.close()


@in_real_time
def test_a_hand_flies_and_a_stream_that_ends_lands(start_node, peer, make_stream, pd_bundle, tmp_path):
    from crazyflie_interfaces.srv import Arm, Takeoff
    from geometry_msgs.msg import PoseStamped
    from sim2metal_nodes.qos import SENSOR
    from std_msgs.msg import String

    with VirtualProcess(options=("--bundle", str(pd_bundle.path))) as robot:
        node = start_node(
            "crazyflie_node", "-p", f"bundle:={pd_bundle.path}", "-p", f"uri:={robot.uri}", "-p", "by_hand:=true"
        )
        node.wait_for("connected to")
        poses = peer.listen(PoseStamped, "/robot/pose", SENSOR)
        modes = peer.listen(String, "/robot/mode")
        wait_until(lambda: poses, "no pose")
        stream = make_stream()
        wait_until(lambda: stream.heard_by_node, "nobody listens to cmd_vel_legacy")

        def height():
            return poses[-1].pose.position.z

        peer.call(Arm, "/robot/arm", Arm.Request(arm=True))
        wait_until(lambda: modes and modes[-1].data == "running", lambda: f"never flew:\n{node.output}")
        assert height() < 0.05, "no thrust was asked for"
        stream.twist.linear.z = 1.06 * HOVER_THRUST
        wait_until(lambda: height() > 0.15, "it never rose")
        stream.twist.linear.z = 0.98 * HOVER_THRUST
        peer.call(Takeoff, "/robot/takeoff", Takeoff.Request(height=1.0))
        node.wait_for("takeoff refused: the robot is flown by cmd_vel_legacy")
        stream.twist.linear.z = 70_000.0
        node.wait_for("cmd_vel_legacy refused: thrust 70000")
        node.wait_for("ended")
        assert "ended in order" in node.output, [line for line in node.lines if "ended" in line]
        stream.close()
        events = [event["event"] for event in robot.events()["events"]]
        assert events.index("airborne") < events.index("touchdown"), events
        assert node.end() == 0
        assert robot.events()["events"][-1]["event"] != "crashed"


@pytest.mark.parametrize(
    ("linear", "angular", "words"),
    [
        ((0.0, 0.0, -1.0), 0.0, "thrust -1"),
        ((0.0, 0.0, float("nan")), 0.0, "thrust nan"),
        ((float("inf"), 0.0, 0.0), 0.0, "a number that is none"),
        ((50.0, 0.0, 0.0), 0.0, "50 degrees"),
        ((0.0, 0.0, 0.0), 900.0, "degrees per second"),
    ],
)
def test_what_is_out_of_range_never_reaches_the_stick(linear, angular, words, runtime):
    from sim2metal_nodes.conversions import RejectedInputError

    stick = Stick(HOST_CLOCK)
    with pytest.raises((RejectedInputError, ConfigError), match=words):
        stick.push(read(linear, angular))
    assert stick.read() is None


def test_the_sticks_signs_are_crazyswarm2s(runtime):
    """The packet is the one that crazyswarm2 sends for the same message."""
    pushed = read((10.0, 5.0, 40_000.0), 30.0)
    roll, pitch, yaw_rate, thrust = legacy_setpoint(*pushed.values)
    assert (roll, pitch, yaw_rate, thrust) == pytest.approx((5.0, -10.0, 30.0, 40_000))


def read(linear, angular):
    from geometry_msgs.msg import Twist
    from sim2metal_nodes.flight_services import read_legacy

    message = Twist()
    message.linear.x, message.linear.y, message.linear.z = linear
    message.angular.z = angular
    return read_legacy(message)
