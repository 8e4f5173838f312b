import pytest
from cyclonedds.qos import Policy

from hardware import ros2
from hardware.ros2.dds_qos import WRITE_BLOCKS_AT_MOST_NS, dds_qos, ros_qos

ros2.install()

from rclpy.duration import Duration  # noqa: E402
from rclpy.qos import (  # noqa: E402
    DurabilityPolicy,
    HistoryPolicy,
    InvalidQoSProfileException,
    LivelinessPolicy,
    QoSCompatibility,
    QoSPresetProfiles,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_profile_best_available,
    qos_profile_sensor_data,
)


def test_named_profiles_have_ros_values():
    sensor = qos_profile_sensor_data
    assert (sensor.depth, sensor.reliability) == (5, ReliabilityPolicy.BEST_EFFORT)
    default = QoSPresetProfiles.get_from_short_key("services_default")
    assert (default.depth, default.reliability, default.durability) == (10, 1, 2)
    assert QoSPresetProfiles.PARAMETER_EVENTS.value.depth == 1000


@pytest.mark.parametrize("options", [{}, {"history": HistoryPolicy.KEEP_LAST}, {"reliability": 1}])
def test_a_profile_needs_a_depth(options):
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile(**options)


@pytest.mark.parametrize("options", [{"depth": "1"}, {"depth": 1, "deadline": 3}, {"depth": 1, "speed": 3}])
def test_bad_values_are_refused(options):
    with pytest.raises(AssertionError):
        QoSProfile(**options)


def test_policies_on_the_wire():
    profile = QoSProfile(
        depth=7,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
        deadline=Duration(seconds=1),
        lifespan=Duration(seconds=2),
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
        liveliness_lease_duration=Duration(seconds=3),
    )
    qos = dds_qos(profile, b"x=1;", writer=True)
    assert qos[Policy.History] == Policy.History.KeepLast(7)
    assert qos[Policy.DurabilityService].history == Policy.History.KeepLast(7)
    assert qos[Policy.Reliability] == Policy.Reliability.Reliable(WRITE_BLOCKS_AT_MOST_NS)
    assert qos[Policy.DataRepresentation] == Policy.DataRepresentation(use_cdrv0_representation=True)
    assert bytes(qos[Policy.Userdata].data) == b"x=1;"
    back = ros_qos(qos)
    assert (back.durability, back.deadline, back.lifespan) == (1, Duration(seconds=1), Duration(seconds=2))
    assert (back.liveliness, back.liveliness_lease_duration) == (3, Duration(seconds=3))


def test_best_available_fits_everybody():
    reader = dds_qos(qos_profile_best_available, b"", writer=False)
    writer = dds_qos(qos_profile_best_available, b"", writer=True)
    assert reader[Policy.Reliability] == Policy.Reliability.BestEffort
    assert reader[Policy.Durability] == Policy.Durability.Volatile
    assert writer[Policy.Reliability] == Policy.Reliability.Reliable(WRITE_BLOCKS_AT_MOST_NS)
    assert writer[Policy.Durability] == Policy.Durability.TransientLocal


def test_compatibility():
    reliable, kept = QoSProfile(depth=1), QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    assert qos_check_compatible(reliable, qos_profile_sensor_data)[0] == QoSCompatibility.OK
    assert qos_check_compatible(qos_profile_sensor_data, reliable)[0] == QoSCompatibility.ERROR
    compatibility, reason = qos_check_compatible(reliable, kept)
    assert compatibility == QoSCompatibility.ERROR
    assert "transient local" in reason
    slow = QoSProfile(depth=1, deadline=Duration(seconds=2))
    assert qos_check_compatible(slow, QoSProfile(depth=1, deadline=Duration(seconds=1)))[0] == QoSCompatibility.ERROR
