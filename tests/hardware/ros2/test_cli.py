import json
import re

import pytest

from hardware.ros2.definitions import typestore
from hardware.ros2.messages import message_class
from hardware.ros2.yaml_messages import from_plain, from_yaml, to_plain, to_yaml
from sim2metal import main
from tests.hardware.ros2.helpers import Child
from tests.hardware.ros2.test_processes import SERVER

NAMESPACE = "/cli"


@pytest.fixture(scope="module")
def node(domain_id):
    """A node in another process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(domain_id))
        with Child(SERVER, "--ros-args", "-r", f"__ns:={NAMESPACE}") as child:
            child.line_with("up")
            yield f"{NAMESPACE}/server"


@pytest.fixture
def ros_verb(environment, node, capfd, tmp_path):
    """Run ``sim2metal ros ...``; return (exit code, output, errors, JSON)."""

    def run(*words):
        file = tmp_path / "out.json"
        code = main(["ros", *words, "--json", str(file)])
        output = capfd.readouterr()
        return code, output.out, output.err, json.loads(file.read_text()) if file.exists() else None

    return run


def test_topic_list(ros_verb):
    code, out, _, data = ros_verb("topic", "list", "--types")
    assert code == 0
    assert "/cli/imu [sensor_msgs/msg/Imu]" in out.splitlines()
    assert data["topics"]["/rosout"] == ["rcl_interfaces/msg/Log"]


def test_topic_echo_and_hz(ros_verb):
    code, out, _, data = ros_verb("topic", "echo", "/cli/imu", "--count", "2")
    assert code == 0
    assert out.count("---") == 2
    assert "orientation:\n  x: 0.0" in out
    assert data["messages"][0]["orientation"]["w"] == 1.0
    code, out, _, data = ros_verb("topic", "hz", "/cli/imu", "--window", "20")
    assert code == 0
    assert re.match(r"average rate: \d+\.\d+", out)
    assert data["min_s"] <= 1 / data["rate_hz"] <= data["max_s"]


def test_topic_pub_reaches_a_node(ros_verb, ros):
    from std_msgs.msg import String

    got = []
    ros.node().create_subscription(String, "words", got.append, 10)
    topic = f"{ros.namespace}/words"
    values = ("std_msgs/String", "{data: hey}", "--count", "2", "--rate", "50")
    code, out, _, _ = ros_verb("topic", "pub", topic, *values)
    assert (code, out) == (0, f"published 2 messages on {topic}\n")
    ros.spin_until(lambda: len(got) == 2)
    assert got[0].data == "hey"


def test_node_list_and_info(ros_verb):
    code, out, _, _ = ros_verb("node", "list")
    assert code == 0
    assert "/cli/server" in out.splitlines()
    assert "_sim2metal" not in out
    code, out, _, data = ros_verb("node", "info", "/cli/server")
    assert code == 0
    assert "    /cli/imu: sensor_msgs/msg/Imu" in out
    assert data["Service Servers"]["/cli/set"] == ["std_srvs/srv/SetBool"]


def test_service_list_and_call(ros_verb):
    code, out, _, _ = ros_verb("service", "list", "--types")
    assert code == 0
    assert "/cli/set [std_srvs/srv/SetBool]" in out.splitlines()
    code, out, _, data = ros_verb("service", "call", "/cli/set", "std_srvs/srv/SetBool", "{data: true}")
    assert (code, out) == (0, "success: true\nmessage: child\n")
    assert data["response"]["success"] is True


def test_params(ros_verb, node):
    code, out, _, _ = ros_verb("param", "list", node)
    assert (code, out) == (0, "gain\nuse_sim_time\n")
    assert ros_verb("param", "set", node, "gain", "2.5")[0] == 0
    assert ros_verb("param", "get", node, "gain")[1] == "2.5\n"
    code, _, err, _ = ros_verb("param", "set", node, "gain", "fast")
    assert code == 2
    assert "Wrong parameter type" in err
    code, _, err, _ = ros_verb("param", "get", node, "nothing")
    assert code == 5
    assert "has no parameter 'nothing'" in err


def test_lifecycle(ros_verb, node):
    assert ros_verb("lifecycle", "get", node)[1] == "unconfigured [1]\n"
    assert ros_verb("lifecycle", "set", node, "configure")[:2] == (0, "Transitioning successful\n")
    assert ros_verb("lifecycle", "get", node)[3] == {"state": "inactive", "id": 2}
    code, _, err, _ = ros_verb("lifecycle", "set", node, "deactivate")
    assert code == 2
    assert "it is inactive now" in err
    assert "activate [3]: inactive -> activating" in ros_verb("lifecycle", "list", node)[1]
    assert ros_verb("lifecycle", "set", node, "cleanup")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("topic", "pub", "/a", "std_msgs/msg/Strong", "{}"), 2, "unknown ROS message type"),
        (("topic", "pub", "/a", "std_msgs/msg/String", "{data: 1}"), 2, "needs a str"),
        (("topic", "pub", "/a", "std_msgs/msg/String", "{data: ["), 2, "is not YAML"),
        (("topic", "pub", "/a b", "std_msgs/msg/String"), 1, "topic name"),
        (("topic", "hz", "/cli/imu", "--window", "1"), 2, "at least 2"),
        (("service", "call", "/cli/set", "std_srvs/srv/SetBill"), 2, "unknown service type"),
        (("service", "call", "/cli/set", "std_srvs/srv/SetBool", "{dat: true}"), 2, "it has: data"),
        (("param", "get", "no node", "x"), 1, "topic name"),
    ],
)
def test_mistakes_are_one_line(ros_verb, words, code, text):
    got, _, err, _ = ros_verb(*words)
    assert got == code
    assert text in err
    assert err.count("\n") == 1


def test_every_message_survives_yaml():
    for name in sorted(typestore().fielddefs):
        message = message_class(name)()
        assert from_plain(to_plain(message), name) == message, name
    pose = from_yaml("{pose: {position: {x: 1}}}", "geometry_msgs/msg/PoseStamped")
    assert pose.pose.position.x == 1.0
    assert from_yaml(to_yaml(to_plain(pose)), "geometry_msgs/msg/PoseStamped") == pose
