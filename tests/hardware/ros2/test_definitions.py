import pytest

from hardware.ros2.definitions import definition, full_name, names_in, packages, service_hash, type_hash
from sim.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # These two as rmw_zenoh's design document and other public logs of a real ROS 2 show them.
        ("std_msgs/msg/String", "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"),
        ("rosgraph_msgs/msg/Clock", "RIHS01_692f7a66e93a3c83e71765d033b60349ba68023a8c689a79e48078bcb5c58564"),
        # As micro-ROS' generated headers show it (control_msgs__msg__DynamicJointState__TYPE_HASH).
        (
            "control_msgs/msg/DynamicJointState",
            "RIHS01_18024c98a62697680f581108eeed40b28fb4542fa0ac5a8e36f56c62b6813d26",
        ),
    ],
)
def test_hashes_of_messages_are_those_of_ros(name, expected):
    assert type_hash(name) == expected


def test_the_hash_of_a_service_is_that_of_ros():
    """It covers request, response and event, so also service_msgs/msg/ServiceEventInfo with its char array."""
    expected = "RIHS01_e118de6bf5eeb66a2491b5bda11202e7b68f198d6f67922cf30364858239c81a"
    assert service_hash("example_interfaces/srv/AddTwoInts") == expected


def test_services_come_from_the_texts():
    assert names_in("std_srvs", "srv") == ["Empty", "SetBool", "Trigger"]
    assert {"Takeoff", "Land", "GoTo", "Arm"} <= set(names_in("crazyflie_interfaces", "srv"))
    fields = {field.name: field.type for field in definition("crazyflie_interfaces/srv/GoTo_Request").fields}
    assert fields == {
        "group_mask": "uint8",
        "relative": "bool",
        "goal": "geometry_msgs/msg/Point",
        "yaw": "float32",
        "duration": "builtin_interfaces/msg/Duration",
    }


def test_names_of_the_same_package_mean_its_messages():
    (pieces,) = [
        f for f in definition("crazyflie_interfaces/srv/UploadTrajectory_Request").fields if f.name == "pieces"
    ]
    assert pieces.type == "crazyflie_interfaces/msg/TrajectoryPolynomialPiece"


def test_every_package_of_the_issue_is_there():
    wanted = {"sensor_msgs", "geometry_msgs", "diagnostic_msgs", "std_srvs", "crazyflie_interfaces", "lifecycle_msgs"}
    assert wanted <= packages()


def test_short_names():
    assert full_name("sensor_msgs/Imu") == "sensor_msgs/msg/Imu"


@pytest.mark.parametrize("name", ["sensor_msgs/msg/Imo", "Imu", "a/b/c/d", ""])
def test_unknown_names_are_refused(name):
    with pytest.raises(ConfigError, match="unknown ROS message type"):
        definition(name)
