"""Nodes in processes of their own: found, called, stopped by signals."""

import signal
import time

import pytest

from hardware import ros2

ros2.install()

from lifecycle_msgs.srv import GetState  # noqa: E402
from sensor_msgs.msg import Imu  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from tests.hardware.ros2.helpers import Child  # noqa: E402

SERVER = """
import sys
from hardware import ros2
ros2.install()
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Imu
from std_srvs.srv import SetBool

rclpy.init(args=["node", *sys.argv[1:]])
node = LifecycleNode("server")
node.declare_parameter("gain", 1.0)

def answer(request, response):
    response.success, response.message = request.data, "child"
    return response

node.create_service(SetBool, "set", answer)
publisher = node.create_publisher(Imu, "imu", qos_profile_sensor_data)
node.create_timer(0.01, lambda: publisher.publish(Imu()))
print("up", flush=True)
try:
    rclpy.spin(node)
except KeyboardInterrupt:
    print("interrupted")
except ExternalShutdownException:
    print("shut down")
print("ok", rclpy.ok())
"""


def server(ros):
    return Child(SERVER, "--ros-args", "-r", f"__ns:={ros.namespace}")


def test_two_processes_talk(ros):
    with server(ros) as child:
        child.line_with("up")
        node, got = ros.node("asking"), []
        from rclpy.qos import qos_profile_sensor_data

        node.create_subscription(Imu, "imu", got.append, qos_profile_sensor_data)
        answer = ros.call(node.create_client(SetBool, "set"), SetBool.Request(data=True))
        assert answer.message == "child"
        state = ros.call(node.create_client(GetState, "server/get_state"), GetState.Request()).current_state
        assert state.label == "unconfigured"
        ros.spin_until(lambda: len(got) > 20)
        assert ("server", ros.namespace) in node.get_node_names_and_namespaces()
        assert f"{ros.namespace}/server" in node.get_fully_qualified_node_names()


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "shut down")])
def test_signals_end_a_node_that_waits(ros, number, word):
    with server(ros) as child:
        child.line_with("up")
        node = ros.node("watcher")
        assert node.wait_for_node(f"{ros.namespace}/server", 8)
        child.process.send_signal(number)
        output = child.end()
        assert child.process.returncode == 0
        assert word in output
        assert "ok False" in output
        ros.spin_until(lambda: ("server", ros.namespace) not in node.get_node_names_and_namespaces())


def test_a_node_without_anything_to_do_ends_too(ros):
    """The main thread sleeps in the DDS library, where Python runs no signal handler: the wake-up pipe must do it."""
    idle = "from hardware import ros2; ros2.install(); import rclpy; rclpy.init(args=[])\n"
    idle += (
        "node = rclpy.create_node('idle', start_parameter_services=False)\nprint('up', flush=True)\nrclpy.spin(node)"
    )
    with Child(idle) as child:
        child.line_with("up")
        time.sleep(0.3)
        child.process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in child.end(timeout=5)


def test_a_client_survives_the_death_of_its_service(ros):
    with server(ros) as child:
        child.line_with("up")
        node = ros.node("asking")
        client = node.create_client(SetBool, "set")
        ros.call(client, SetBool.Request(data=True))
        child.process.kill()
        future = client.call_async(SetBool.Request(data=True))
        ros.spin(0.2)
        assert not future.done()
        client.remove_pending_request(future)
    with server(ros) as child:  # the next one answers
        child.line_with("up")
        answered = []

        def again():
            pending = client.call_async(SetBool.Request(data=True))
            pending.add_done_callback(lambda done: answered.append(done.result().message))

        end = time.monotonic() + 10
        while not answered and time.monotonic() < end:
            again()
            ros.spin(0.2)
        assert answered[0] == "child"


def test_a_process_can_join_again(environment):
    again = """
from hardware import ros2; ros2.install()
import rclpy
from std_msgs.msg import String
for number in range(3):
    with rclpy.init(args=[]):
        node, got = rclpy.create_node("again"), []
        node.create_subscription(String, "/again", got.append, 1)
        node.create_publisher(String, "/again", 1).publish(String(data=str(number)))
        while not got:
            rclpy.spin_once(node, timeout_sec=5)
        node.destroy_node()
    assert not rclpy.ok()
    print(got[0].data)
"""
    with Child(again) as child:
        assert child.end().split() == ["0", "1", "2"]


@pytest.mark.slow
def test_hundreds_of_contexts_one_after_the_other(environment):
    """Cyclone DDS dies of this within some hundred rounds if a domain stays open (hardware/dds/open_domains.py)."""
    rounds = """
from hardware import ros2; ros2.install()
from rclpy.context import Context
from rclpy.node import Node
import os
for number in range(700):
    with Context() as context:
        context.init(args=[])
        Node("a", context=context)
        Node("b", context=context)
print(len(os.listdir("/proc/self/fd")) < 50)
"""
    with Child(rounds) as child:
        assert child.end(timeout=240).strip() == "True"
        assert child.process.returncode == 0
