import copy
import pickle
from array import array

import numpy as np
import pytest

from hardware import ros2

ros2.install()

from diagnostic_msgs.msg import DiagnosticStatus  # noqa: E402
from geometry_msgs.msg import Pose, PoseStamped, Quaternion  # noqa: E402
from sensor_msgs.msg import BatteryState, Imu, JointState, NavSatStatus  # noqa: E402
from std_msgs.msg import Bool, ColorRGBA, Float32, Header, Int8, String, UInt8MultiArray  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402


def test_defaults():
    assert Quaternion() == Quaternion(x=0.0, y=0.0, z=0.0, w=1.0)
    assert NavSatStatus().status == -2
    imu = Imu()
    assert imu.header.frame_id == ""
    assert imu.orientation_covariance.shape == (9,)
    assert JointState().position == array("d")
    assert Pose().position is not Pose().position


def test_keywords_and_attributes():
    stamped = PoseStamped(header=Header(frame_id="world"))
    stamped.pose.position.x = 2.0
    assert stamped.pose.position.x == 2.0
    assert stamped.header.frame_id == "world"
    assert JointState(position=[1.0, 2.0]).position == array("d", [1.0, 2.0])


def test_constants():
    assert DiagnosticStatus.WARN == b"\x01"
    assert BatteryState.POWER_SUPPLY_STATUS_CHARGING == 1
    with pytest.raises(AttributeError):
        DiagnosticStatus().WARN = b"\x02"


def test_services_have_their_parts():
    request = SetBool.Request(data=True)
    assert request.data is True
    assert SetBool.Response().message == ""


def test_repr_is_that_of_rclpy():
    assert repr(String(data="x")) == "std_msgs.msg.String(data='x')"
    assert "std_msgs.msg.Header(stamp=builtin_interfaces.msg.Time(sec=0, nanosec=0), frame_id='')" in repr(Imu())


def test_fields_are_named_as_rosidl_names_them():
    assert Imu.get_fields_and_field_types()["orientation_covariance"] == "double[9]"
    assert JointState.get_fields_and_field_types()["name"] == "sequence<string>"
    assert DiagnosticStatus.get_fields_and_field_types()["level"] == "octet"


def test_copies_and_pickles():
    pose = Pose()
    pose.position.y = 3.0
    for other in (copy.deepcopy(pose), pickle.loads(pickle.dumps(pose)), copy.copy(pose)):
        assert other == pose
        assert other is not pose


def test_equality_looks_at_arrays():
    a, b = Imu(), Imu()
    assert a == b
    b.orientation_covariance[3] = 1.0
    assert a != b
    assert a != String()


@pytest.mark.parametrize(
    "make",
    [
        lambda: String(data=1),
        lambda: Float32(data=1),  # rclpy refuses an int in a float field too
        lambda: Float32(data=1e39),
        lambda: Int8(data=128),
        lambda: Int8(data=1.0),
        lambda: Bool(data=1),
        lambda: String(text="x"),
        lambda: Imu(orientation_covariance=[0.0] * 8),
        lambda: Imu(orientation_covariance=np.zeros(9, np.float32)),
        lambda: JointState(position=np.zeros(3)),
        lambda: JointState(position=array("f", [1.0])),
        lambda: JointState(name="abc"),
        lambda: JointState(name=[1]),
        lambda: UInt8MultiArray(data=[256]),
        lambda: DiagnosticStatus(level=1),
        lambda: PoseStamped(pose=Quaternion()),
        lambda: ColorRGBA(r="red"),
    ],
)
def test_wrong_values_are_refused_with_one_line(make):
    with pytest.raises(AssertionError) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert "msg" in str(caught.value)


def test_no_new_attributes():
    with pytest.raises(AttributeError):
        String().dat = "x"


def test_numpy_scalars_pass_where_python_would():
    assert Float32(data=np.float64(1.5)).data == 1.5
