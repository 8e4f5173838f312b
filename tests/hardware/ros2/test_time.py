import threading

import pytest

from hardware import ros2

ros2.install()

from builtin_interfaces.msg import Time as TimeMessage  # noqa: E402
from rclpy.clock import Clock, ClockType, JumpThreshold, ROSClock  # noqa: E402
from rclpy.duration import Duration, Infinite  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.time import Time  # noqa: E402
from rosgraph_msgs.msg import Clock as ClockMessage  # noqa: E402

ROS = ClockType.ROS_TIME


def test_durations():
    assert Duration(seconds=1.5, nanoseconds=2).nanoseconds == 1_500_000_002
    assert Duration(seconds=-1) < Duration() < Duration(nanoseconds=1) <= Infinite
    assert Duration.from_msg(Duration(seconds=-0.25).to_msg()) == Duration(seconds=-0.25)
    with pytest.raises(OverflowError):
        Duration(seconds=1e10)
    with pytest.raises(TypeError):
        Duration() < 1  # noqa: B015


def test_times():
    early, late = Time(seconds=1, clock_type=ROS), Time(seconds=2, nanoseconds=500, clock_type=ROS)
    assert late - early == Duration(seconds=1, nanoseconds=500)
    assert early + Duration(seconds=1, nanoseconds=500) == late
    assert late.seconds_nanoseconds() == (2, 500)
    assert Time.from_msg(late.to_msg()) == late
    assert Time.from_msg(TimeMessage(sec=3)).clock_type == ROS
    with pytest.raises(TypeError):
        assert early < Time(seconds=1)
    with pytest.raises(ValueError, match="negative"):
        Time(seconds=-1)


def test_clocks():
    for kind in (ClockType.SYSTEM_TIME, ClockType.STEADY_TIME, ClockType.ROS_TIME):
        clock = Clock(clock_type=kind)
        assert clock.now() <= clock.now()
        assert clock.now().clock_type == kind
    assert isinstance(Clock(clock_type=ROS), ROSClock)


def test_jumps_are_told():
    clock, jumps = ROSClock(), []
    threshold = JumpThreshold(min_forward=Duration(seconds=1), min_backward=Duration(seconds=-1))
    with clock.create_jump_callback(threshold, post_callback=lambda jump: jumps.append(jump.delta.nanoseconds)):
        clock._set_ros_time_is_active(True)
        for seconds in (10, 10.5, 12, 5):
            clock.set_ros_time_override(Time(seconds=seconds, clock_type=ROS))
    clock.set_ros_time_override(Time(seconds=100, clock_type=ROS))
    assert jumps == [0, 10_000_000_000, 1_500_000_000, -7_000_000_000]


def test_a_node_follows_clock(ros):
    source, node = ros.node("source"), ros.node(parameter_overrides=[Parameter("use_sim_time", value=True)])
    publisher = source.create_publisher(ClockMessage, "/clock", 1)
    assert node.get_clock().now().nanoseconds == 0
    assert source.get_clock().now().nanoseconds > 1_000_000_000
    calls = []
    node.create_timer(0.5, lambda: calls.append(node.get_clock().now().nanoseconds))
    ros.spin_until(publisher.get_subscription_count)
    ros.spin(0.6)  # wall time alone moves no simulated timer
    assert calls == []
    for tick in range(1, 21):
        publisher.publish(ClockMessage(clock=Time(nanoseconds=tick * 100_000_000, clock_type=ROS).to_msg()))
        ros.spin_until(lambda now=tick * 100_000_000: node.get_clock().now().nanoseconds == now)
        ros.executor.spin_once(0)
    assert calls == [500_000_000, 1_000_000_000, 1_500_000_000, 2_000_000_000]
    assert node.set_parameters([Parameter("use_sim_time", value=False)])[0].successful
    assert node.get_clock().now().nanoseconds > 10_000_000_000
    assert not node.set_parameters([Parameter("use_sim_time", value=3)])[0].successful


def test_sleep_ends_with_simulated_time_and_with_the_context(ros):
    clock = ROSClock()
    clock._set_ros_time_is_active(True)
    slept = []
    thread = threading.Thread(target=lambda: slept.append(clock.sleep_for(Duration(seconds=5), ros.context)))
    thread.start()
    for seconds in range(1, 1000):
        clock.set_ros_time_override(Time(seconds=seconds, clock_type=ROS))
        thread.join(0.01)
        if slept:
            break
    assert slept == [True]
    thread = threading.Thread(target=lambda: slept.append(Clock().sleep_for(Duration(seconds=100), ros.context)))
    thread.start()
    threading.Timer(0.1, ros.context.shutdown).start()
    thread.join(5)
    assert slept == [True, False]
