"""Which rclpy a process gets, in fresh interpreters."""

import os
import subprocess
import sys

import pytest

from tests.hardware.ros2.helpers import ROOT


def run(code, path=""):
    environ = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}" if path else str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd="/", env=environ, capture_output=True, text=True
    )
    return done.stdout.strip(), done.stderr.strip().splitlines()[-1:]


@pytest.fixture
def sourced(tmp_path):
    """A folder that looks like a sourced ROS 2."""
    (tmp_path / "rclpy").mkdir()
    (tmp_path / "rclpy" / "__init__.py").write_text("REAL = True\n")
    return str(tmp_path)


def test_without_ros_the_runtime_takes_the_names():
    code = """
from hardware import ros2
assert ros2.which() == ros2.install() == ros2.install() == ros2.which() == "hardware.ros2"
import rclpy, rclpy.lifecycle, sensor_msgs.msg, std_srvs.srv
from rclpy.node import Node
from hardware.ros2.rclpy.node import Node as Own
print(Node is Own, rclpy.Node is Node, sensor_msgs.msg.Imu.__module__, std_srvs.srv.Trigger.Request.__name__)
"""
    assert run(code) == ("True True sensor_msgs.msg Trigger_Request", [])


def test_names_that_are_not_there():
    for line in (
        "import rclpy.nothing",
        "from sensor_msgs.msg import Imo",
        "import foo_msgs.msg",
        "import std_msgs.srv",
    ):
        out, error = run(f"from hardware import ros2; ros2.install()\n{line}")
        assert out == ""
        assert "Error: " in error[0]


def test_a_real_ros_is_left_alone(sourced):
    code = (
        "from hardware import ros2; print(ros2.which(), ros2.install()); import rclpy; print(rclpy.REAL, ros2.which())"
    )
    assert run(code, sourced) == ("rclpy rclpy\nTrue rclpy", [])


def test_both_copies_of_the_library_are_refused(sourced):
    first = "import cyclonedds\nfrom hardware import ros2\nros2.install()"
    assert "cannot share a process" in run(first, sourced)[1][0]
    then = "from hardware import ros2\nros2.install()\nimport cyclonedds"
    assert "cannot share a process" in run(then, sourced)[1][0]


def test_the_package_itself_loads_no_dds():
    code = "import sys, hardware.ros2, hardware.ros2.cli\nprint('cyclonedds' in sys.modules, 'rosbags' in sys.modules)"
    assert run(code) == ("False False", [])
