import pytest

from hardware import ros2

ros2.install()

from rcl_interfaces.msg import Log  # noqa: E402
from rclpy.logging import LoggingSeverity, get_logger  # noqa: E402
from rclpy.qos import qos_profile_rosout_default  # noqa: E402


def test_levels_and_children(capfd):
    logger = get_logger("levels")
    child = logger.get_child("child")
    logger.set_level(LoggingSeverity.WARN)
    assert not child.info("quiet")
    assert child.warning("loud")
    assert child.get_effective_level() == LoggingSeverity.WARN
    child.set_level(LoggingSeverity.DEBUG)
    assert child.debug("fine")
    errors = capfd.readouterr().err
    assert "quiet" not in errors
    assert "[WARN]" in errors
    assert "[levels.child]: loud" in errors


def test_once_skip_first_and_throttle(capfd):
    logger = get_logger("filters")
    passed = [
        (logger.info("a", once=True), logger.info("b", skip_first=True), logger.info("c", throttle_duration_sec=60.0))
        for _ in range(3)
    ]
    assert passed == [(True, False, True), (False, True, False), (False, True, False)]


@pytest.mark.parametrize("bad", ["loud", ""])
def test_bad_levels(bad):
    with pytest.raises(Exception, match="log level"):
        LoggingSeverity.from_text(bad)


def test_rosout(ros):
    node, lines = ros.node("talking"), []
    ros.node("listening").create_subscription(Log, "/rosout", lines.append, qos_profile_rosout_default)
    node.get_logger().error("something is wrong")
    ros.spin_until(lambda: any(line.msg == "something is wrong" for line in lines))
    line = next(line for line in lines if line.msg == "something is wrong")
    assert line.level == 40
    assert line.name == f"{ros.namespace.strip('/')}.talking"
    assert line.function == "test_rosout"
