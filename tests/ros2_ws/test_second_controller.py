"""A second controller on the topics of an armed robot: refused, reported, and the robot comes down by itself."""

import pytest

from tests.ros2_ws.conftest import wait_until


@pytest.fixture
def fly(start, peer, pd_bundle):
    """Starts the launch without a mission's end and waits until the robot flies; returns program and modes."""
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import String

    def fly():
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        modes = peer.listen(String, "/cf1/mode", latched)
        words = (f"bundle:={pd_bundle.path}", "sim:=true", "height:=0.3", "hold:=30.0", "step:=0.0")
        program = start("-m", "sim2metal", "ros", "launch", "fly", *words)
        wait_until(lambda: "running" in [mode.data for mode in modes], lambda: f"never flew:\n{program.output}")
        return program, modes

    return fly


@pytest.mark.parametrize(
    ("topic", "who"),
    [("command_in", "supervisor_node"), pytest.param("command", "sim_node", marks=pytest.mark.slow)],
)
def test_a_second_controller_on_a_command_topic_is_refused_and_reported(fly, peer, topic, who):
    from actuator_msgs.msg import Actuators
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    program, modes = fly()
    rival = peer.node.create_publisher(
        Actuators, f"/cf1/{topic}", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    )
    timer = peer.node.create_timer(0.01, lambda: rival.publish(Actuators(normalized=[1.0] * 4)))
    wait_until(lambda: modes[-1].data == "idle", lambda: f"it flies on:\n{program.output}")
    peer.node.destroy_timer(timer)
    assert f"2 publish on {topic}: " in program.output
    assert "/test_peer" in program.output
    assert who in next(line for line in program.lines if "commands refused: 2 publish" in line)
    assert "the robot is disarmed" in program.output, "its own controller brought it down"


def test_before_a_start_two_publishers_refuse_it(peer):
    from sim2metal_nodes.rivals import Rivals
    from std_msgs.msg import Bool

    rivals = Rivals(peer.node, "/somewhere/command")
    publishers = [peer.node.create_publisher(Bool, "/somewhere/command", 1) for _ in range(2)]
    wait_until(lambda: rivals.reason, "not seen")
    assert rivals.refuse()
    assert rivals.reason == "2 publish on /somewhere/command: /test_peer, /test_peer"
    peer.node.destroy_publisher(publishers.pop())
    wait_until(lambda: not rivals.reason, "still there")
    assert not rivals.refuse()


def test_wishes_of_two_publishers_are_not_followed(peer):
    from sim2metal_nodes.rivals import subscribe_to_one
    from std_msgs.msg import UInt8

    taken = []
    subscribe_to_one(peer.node, UInt8, "/somewhere/cmd_hover", lambda message: taken.append(message.data), 1)
    publishers = [peer.node.create_publisher(UInt8, "/somewhere/cmd_hover", 1) for _ in range(2)]

    def send_until(condition, why):
        def sent():
            for number, publisher in enumerate(publishers):
                publisher.publish(UInt8(data=number))
            return condition()

        wait_until(sent, why)

    looks = []
    timer = peer.node.create_timer(0.3, lambda: looks.append(len(taken)))
    send_until(lambda: len(looks) > 3 and looks[-1] == looks[-2], "both are followed")
    peer.node.destroy_publisher(publishers.pop())
    before = len(taken)
    send_until(lambda: len(taken) > before, "the one that is left is not followed")
    assert set(taken[before:]) == {0}
    peer.node.destroy_timer(timer)


def test_the_policy_follows_no_reference_of_two_publishers(peer, pd_bundle):
    from geometry_msgs.msg import PoseStamped
    from sim2metal_nodes.conversions import reference_message
    from sim2metal_nodes.sides import FlightSide

    from hardware.clock import MonotonicClock
    from policies.runtime import load_policy

    _, policy = load_policy(pd_bundle.path)
    side = FlightSide(peer.node, MonotonicClock(), policy, "world", "base_link", lambda _arrival: None)
    publishers = [peer.node.create_publisher(PoseStamped, "reference", 1) for _ in range(2)]
    wait_until(lambda: side._rivals.reason, "not seen")
    side._receive(reference_message("world", 0, (0.0, 0.0, 1.0, 0.0)))
    assert (side.reference(0), side.rejected) == (None, 1)
    peer.node.destroy_publisher(publishers.pop())
    wait_until(lambda: not side._rivals.reason, "still there")
    side._receive(reference_message("world", 0, (0.0, 0.0, 1.0, 0.0)))
    assert side.reference(0)[0] == (0.0, 0.0, 1.0, 0.0)
    side.close(peer.node)
