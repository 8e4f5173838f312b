import pytest

from hardware.ros2.arguments import parse_arguments, without_ros_arguments
from hardware.ros2.names import expand_topic_name, full_node_name
from hardware.ros2.parameter_values import Override, parse_value
from hardware.ros2.rclpy.exceptions import InvalidTopicNameException
from hardware.ros2.wire import parse_user_data, request_name, ros_service, ros_topic, ros_type, topic_name, type_name
from sim.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("a", "/ns/a"),
        ("/a", "/a"),
        ("~/a", "/ns/node/a"),
        ("~", "/ns/node"),
        ("{node}/x", "/ns/node/x"),
        ("{ns}/x", "/ns/x"),
        ("a/b_2", "/ns/a/b_2"),
    ],
)
def test_names_expand(name, full):
    assert expand_topic_name(name, "node", "/ns") == full


def test_names_in_the_root():
    assert expand_topic_name("a", "node", "/") == "/a"
    assert expand_topic_name("{ns}/a", "node", "/") == "/a"
    assert full_node_name("n", "/") == "/n"


@pytest.mark.parametrize("name", ["", "/", "a-b", "a//b", "/a/", "~a", "a/2b", "{x}", "a" * 300, "ä", "a\n"])
def test_bad_names(name):
    with pytest.raises(InvalidTopicNameException) as caught:
        expand_topic_name(name, "node", "/ns")
    assert "\n" not in str(caught.value).replace("a\n", "")


def test_wire_names_and_back():
    assert (topic_name("/a/b"), ros_topic("rt/a/b"), ros_topic("rq/a")) == ("rt/a/b", "/a/b", None)
    assert request_name("/a/add") == "rq/a/addRequest"
    assert (ros_service("rq/a/addRequest"), ros_service("rr/a/addReply"), ros_service("rt/a")) == (
        "/a/add",
        "/a/add",
        None,
    )
    assert type_name("sensor_msgs/msg/Imu") == "sensor_msgs::msg::dds_::Imu_"
    assert ros_type("sensor_msgs::msg::dds_::Imu_") == "sensor_msgs/msg/Imu"
    assert ros_type("DDS::Thing") is None
    assert parse_user_data(b"a=1;typehash=RIHS01_x;junk") == {"a": "1", "typehash": "RIHS01_x"}
    assert parse_user_data(b"\xff\xfe=;;=") == {}


def test_remapping():
    line = "prog x --ros-args -r a:=b -r /far:=~/near -r cam:pose:=p -r __ns:=/r1 -r __node:=new"
    line += " -r rosservice://go:=run -- y"
    arguments = parse_arguments(line.split())
    assert arguments.node_name("old") == "new"
    assert arguments.namespace("old", "/") == "/r1"
    assert arguments.remap("/r1/a", "new", "/r1") == "/r1/b"
    assert arguments.remap("/far", "new", "/r1") == "/r1/new/near"
    assert arguments.remap("/r1/pose", "new", "/r1") is None
    assert arguments.remap("/r1/pose", "cam", "/r1") == "/r1/p"
    assert arguments.remap("/r1/go", "new", "/r1") is None
    assert arguments.remap("/r1/go", "new", "/r1", is_service=True) == "/r1/run"
    assert without_ros_arguments(line.split()) == ["prog", "x", "y"]


def test_several_sections_and_flags():
    words = ["p", "--ros-args", "-p", "a:=1", "--log-level", "debug", "--", "--ros-args", "--disable-rosout-logs"]
    arguments = parse_arguments(words)
    assert arguments.parameters("/any/node") == {"a": 1}
    assert arguments.log_levels == {"": "debug"}
    assert not arguments.rosout


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("/**", ["/a", "/a/b", "/a/b/c"], []),
        ("/*", ["/a"], ["/a/b"]),
        ("/a/*", ["/a/b"], ["/a", "/b/c", "/a/b/c"]),
        ("/**/b", ["/b", "/a/b", "/x/y/b"], ["/a/bb", "/b/a", "/ab"]),
        ("/a/b", ["/a/b"], ["/a/b/c", "/b"]),
        ("/a.b", [], ["/a+b", "/axb"]),
    ],
)
def test_patterns_of_parameter_files(pattern, matching, other):
    assert all(Override(pattern, {}).matches(name) for name in matching)
    assert not any(Override(pattern, {}).matches(name) for name in other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.0", 1.0),
        ("true", True),
        ("abc", "abc"),
        ("'1'", "1"),
        ("[1, 2]", [1, 2]),
        ("", ""),
        ("1e-3", 1e-3),
    ],
)
def test_values(text, value):
    assert parse_value(text, "p") == value
    assert type(parse_value(text, "p")) is type(value)


@pytest.mark.parametrize("text", ["[1, a]", "{a: 1}", "[]", "[[1]]", "[", "2020-01-01", "!!python/object:os.system x"])
def test_bad_values(text):
    with pytest.raises(ConfigError, match="parameter 'p'"):
        parse_value(text, "p")


@pytest.mark.parametrize(
    "words",
    [["--nonsense"], ["-r"], ["-r", "ab"], ["-r", "a b:=c"], ["-p", "x"], ["--log-level", "loud"], ["-e", "x"],
     ["--params-file", "/nowhere/p.yaml"]],
)  # fmt: skip
def test_bad_arguments_are_one_line(words):
    with pytest.raises((ConfigError, InvalidTopicNameException)) as caught:
        parse_arguments(["p", "--ros-args", *words])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["a: 1", "- a", "a:\n  ros__parameters: 3", "a: [", "a:\n  ros__parameters:\n    x: [1, b]", "\x00"]
)
def test_bad_parameter_files(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        parse_arguments(["p", "--ros-args", "--params-file", str(file)])
