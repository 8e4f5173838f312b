import os
import uuid

import pytest

from hardware import ros2
from hardware.dds.domain import parse_uri
from hardware.virtual.humanoid.domain import free_dds_uri
from tests.hardware.ros2.helpers import Ros


@pytest.fixture(scope="session")
def domain_id():
    """A DDS domain of this test process."""
    return parse_uri(free_dds_uri()).domain


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
    assert ros2.install() == "hardware.ros2"
    made = Ros(f"/t{uuid.uuid4().hex[:12]}")
    yield made
    made.close()
