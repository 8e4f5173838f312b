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
