import os
import uuid

import pytest

from hardware import ros2
from hardware.virtual.humanoid.domain import free_dds_uri
from tests.hardware.ros2.helpers import Ros

if ros2.which() == "rclpy":  # a real ROS 2 is sourced: what looks inside the runtime has nothing to look at
    inside = ("cli", "codec", "definitions", "environment", "install", "messages", "names_and_arguments", "qos", "wire")
    collect_ignore = [f"test_{name}.py" for name in inside]


@pytest.fixture(scope="session")
def domain_id():
    """A DDS domain of this test process."""
    return int(free_dds_uri().rpartition("=")[2])


@pytest.fixture
def environment(domain_id, monkeypatch):
    """ROS variables of this process and its children: the process's domain, this machine only."""
    for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS", "CYCLONEDDS_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain_id))
    return dict(os.environ)


@pytest.fixture
def ros(environment):
    """A context of its own with a spinning helper, in a namespace that no other test has."""
    ros2.install()
    made = Ros(f"/t{uuid.uuid4().hex[:12]}")
    yield made
    made.close()
