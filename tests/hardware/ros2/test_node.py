import threading
import time

import pytest

from hardware import ros2

ros2.install()

import rclpy  # noqa: E402
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup  # noqa: E402
from rclpy.event_handler import SubscriptionEventCallbacks  # noqa: E402
from rclpy.exceptions import (  # noqa: E402
    InvalidHandle,
    InvalidNodeNameException,
    InvalidTopicNameException,
    NotInitializedException,
    NoTypeSupportImportedException,
    RCLError,
)
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSPolicyKind, QoSProfile, qos_profile_sensor_data  # noqa: E402
from rclpy.task import Future  # noqa: E402
from std_msgs.msg import Int32, String  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402


def test_the_tests_run_on_the_runtime_or_say_so():
    assert rclpy.__name__ == {"hardware.ros2": "hardware.ros2.rclpy", "rclpy": "rclpy"}[ros2.which()]


def test_messages_arrive_in_order(ros):
    node, got = ros.node(), []
    node.create_subscription(Int32, "numbers", lambda m: got.append(m.data), 50)
    publisher = node.create_publisher(Int32, "numbers", 50)
    assert publisher.topic_name == f"{ros.namespace}/numbers"
    for number in range(30):
        publisher.publish(Int32(data=number))
    ros.spin_until(lambda: len(got) == 30)
    assert got == list(range(30))


def test_message_info_and_raw_bytes(ros):
    node, infos, raw = ros.node(), [], []
    before = time.time_ns()
    node.create_subscription(String, "a", lambda message, info: infos.append(info), 1)
    node.create_subscription(String, "a", raw.append, 1, raw=True)
    node.create_publisher(String, "a", 1).publish(String(data="hi"))
    ros.spin_until(lambda: infos and raw)
    assert before <= infos[0]["source_timestamp"] <= infos[0]["received_timestamp"] <= time.time_ns()
    assert raw[0].startswith(b"\x00\x01\x00\x00\x03\x00\x00\x00hi\x00")


def test_late_subscribers_get_what_is_kept(ros):
    node, got = ros.node(), []
    kept = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_publisher(String, "robot_description", kept).publish(String(data="<robot/>"))
    node.create_subscription(String, "robot_description", got.append, kept)
    ros.spin_until(lambda: got)
    assert got[0].data == "<robot/>"


def test_incompatible_policies_are_reported(ros, capfd):
    node, seen = ros.node(), []
    events = SubscriptionEventCallbacks(incompatible_qos=seen.append)
    node.create_subscription(String, "a", print, 1, event_callbacks=events)
    node.create_publisher(String, "a", qos_profile_sensor_data)
    ros.spin_until(lambda: seen)
    assert seen[0].last_policy_kind == QoSPolicyKind.RELIABILITY
    ros.spin(0.05)
    assert "requesting incompatible QoS" in capfd.readouterr().err  # the publisher's default warning


def test_timers_keep_their_grid_and_stop(ros):
    node, calls = ros.node(), []
    timer = node.create_timer(0.01, lambda: calls.append(time.monotonic()))
    ros.spin_until(lambda: len(calls) >= 20)
    # 19 periods of 10 ms cannot take less, less what the first call was late
    assert calls[19] - calls[0] > 0.15
    timer.cancel()
    count = len(calls)
    ros.spin(0.05)
    assert len(calls) == count
    timer.reset()
    ros.spin_until(lambda: len(calls) > count)


def test_a_late_timer_skips_periods_it_missed(ros):
    node, calls = ros.node(), []
    timer = node.create_timer(0.01, lambda: calls.append(1))
    time.sleep(0.1)
    ros.executor.spin_once(0)
    ros.executor.spin_once(0)
    assert len(calls) == 1
    assert 0 < timer.time_until_next_call() <= 10_000_000


def test_services_answer(ros):
    node = ros.node()

    def answer(request, response):
        response.success, response.message = request.data, "done"
        return response

    node.create_service(SetBool, "~/set", answer)
    client = node.create_client(SetBool, "~/set")
    assert ros.call(client, SetBool.Request(data=True)) == SetBool.Response(success=True, message="done")
    assert client.srv_name == f"{ros.namespace}/node/set"


def test_answers_reach_the_client_that_asked(ros):
    server, first, second = ros.node("server"), ros.node("first"), ros.node("second")
    server.create_service(SetBool, "set", lambda q, r: SetBool.Response(success=q.data))
    one, two = first.create_client(SetBool, "set"), second.create_client(SetBool, "set")
    assert one.wait_for_service(5)
    assert two.wait_for_service(5)
    futures = [c.call_async(SetBool.Request(data=d)) for c, d in ((one, True), (two, False), (one, False), (two, True))]
    ros.spin_until(lambda: all(future.done() for future in futures))
    assert [future.result().success for future in futures] == [True, False, False, True]


def test_a_service_that_is_not_there(ros):
    client = ros.node().create_client(Trigger, "nothing")
    assert not client.service_is_ready()
    assert not client.wait_for_service(timeout_sec=0.1)
    with pytest.raises(TimeoutError):
        client.call(Trigger.Request(), timeout_sec=0.1)


def test_coroutines_wait_for_other_services(ros):
    node = ros.node()
    group = ReentrantCallbackGroup()
    node.create_service(
        Trigger, "inner", lambda q, r: Trigger.Response(success=True, message="inner"), callback_group=group
    )
    client = node.create_client(Trigger, "inner", callback_group=group)

    async def outer(request, response):
        inner = await client.call_async(Trigger.Request())
        response.success, response.message = inner.success, f"outer of {inner.message}"
        return response

    node.create_service(Trigger, "outer", outer, callback_group=group)
    asking = ros.node("asking").create_client(Trigger, "outer")
    assert client.wait_for_service(5)
    assert ros.call(asking, Trigger.Request()).message == "outer of inner"


def test_tasks_and_futures(ros):
    ros.node()
    future = Future()

    async def wait():
        return await future + 1

    task = ros.executor.create_task(wait)
    ros.executor.spin_once(0)
    assert not task.done()
    threading.Timer(0.05, future.set_result, [41]).start()
    ros.executor.spin_until_future_complete(task, timeout_sec=5)
    assert task.result() == 42


def test_a_task_that_never_ends_does_not_starve_the_rest(ros):
    class Again:
        def __await__(self):
            yield

    async def forever():
        while True:
            await Again()

    node, got = ros.node(), []
    task = ros.executor.create_task(forever)
    node.create_timer(0.01, lambda: got.append(1))
    ros.spin_until(lambda: len(got) > 3)
    task.cancel()
    assert task.cancelled()


def test_guard_conditions_wake_the_executor(ros):
    node, seen = ros.node(), []
    guard = node.create_guard_condition(lambda: seen.append(threading.current_thread()))
    threading.Timer(0.05, guard.trigger).start()
    ros.spin_until(lambda: seen)
    assert seen == [threading.current_thread()]


def test_what_a_callback_raises_comes_out_of_spin(ros):
    node = ros.node()
    node.create_timer(0.001, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ros.spin(5)


def run_two(ros, group):
    """Two slow callbacks under two threads; return how many ran at the same time at most."""
    executor = MultiThreadedExecutor(2, context=ros.context)
    node = ros.node(spin=False)
    executor.add_node(node)
    running, most, calls, lock = [0], [0], [0], threading.Lock()

    def slow():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
            calls[0] += 1

    for _ in range(2):
        node.create_timer(0.01, slow, callback_group=group)
    end = time.monotonic() + 10
    while calls[0] < 6 and time.monotonic() < end:
        executor.spin_once(0.1)
    executor.shutdown()
    assert calls[0] >= 6
    return most[0]


def test_callback_groups(ros):
    assert run_two(ros, MutuallyExclusiveCallbackGroup()) == 1
    assert run_two(ros, ReentrantCallbackGroup()) == 2


def test_a_busy_group_keeps_its_messages(ros):
    executor = MultiThreadedExecutor(3, context=ros.context)
    node, got = ros.node(spin=False), []
    executor.add_node(node)

    def slow(message):
        time.sleep(0.01)
        got.append(message.data)

    node.create_subscription(Int32, "n", slow, 50)
    publisher = node.create_publisher(Int32, "n", 50)
    for number in range(20):
        publisher.publish(Int32(data=number))
    end = time.monotonic() + 10
    while len(got) < 20 and time.monotonic() < end:
        executor.spin_once(0.1)
    executor.shutdown()
    assert got == list(range(20))


def test_rate_sleeps_in_rhythm(ros):
    node = ros.node()
    rate = node.create_rate(100.0)
    thread = threading.Thread(target=lambda: ros.spin_until(lambda: done.is_set()), daemon=True)
    done = threading.Event()
    thread.start()
    start = time.monotonic()
    for _ in range(10):
        rate.sleep()
    assert time.monotonic() - start > 0.05
    done.set()
    thread.join(5)
    assert node.destroy_rate(rate)


def test_shutdown_ends_spin(ros):
    ros.node()
    threading.Timer(0.1, ros.context.shutdown).start()
    with pytest.raises(ExternalShutdownException):
        ros.executor.spin_once(10)
    ros.executor.spin()  # returns at once


def test_after_shutdown_everything_says_so(ros):
    node = ros.node()
    publisher = node.create_publisher(String, "a", 1)
    ros.context.shutdown()
    with pytest.raises(RCLError, match="shut down"):
        publisher.publish(String())
    with pytest.raises(NotInitializedException):
        ros.node("late", spin=False)
    node.get_logger().info("still here")
    node.destroy_node()
    node.destroy_node()


def test_destroyed_entities(ros):
    node = ros.node()
    subscription = node.create_subscription(String, "a", print, 1)
    publisher = node.create_publisher(String, "a", 1)
    assert node.count_publishers("a") in (0, 1)
    assert node.destroy_subscription(subscription)
    assert node.destroy_publisher(publisher)
    assert not node.destroy_publisher(publisher)
    with pytest.raises(InvalidHandle):
        publisher.get_subscription_count()
    ros.spin_until(lambda: node.count_publishers("a") == node.count_subscribers("a") == 0)


def test_graph_of_one_node(ros):
    node = ros.node()
    node.create_subscription(String, "in", print, 1)
    node.create_publisher(Int32, "out", 1)
    node.create_service(Trigger, "go", lambda q, r: r)
    place = ("node", ros.namespace)
    ros.spin_until(lambda: node.count_subscribers("in") and node.count_publishers("out") and node.count_services("go"))
    assert (f"{ros.namespace}/out", ["std_msgs/msg/Int32"]) in node.get_topic_names_and_types()
    assert (f"{ros.namespace}/in", ["std_msgs/msg/String"]) in node.get_subscriber_names_and_types_by_node(*place)
    assert (f"{ros.namespace}/out", ["std_msgs/msg/Int32"]) in node.get_publisher_names_and_types_by_node(*place)
    assert (f"{ros.namespace}/go", ["std_srvs/srv/Trigger"]) in node.get_service_names_and_types_by_node(*place)
    assert place in node.get_node_names_and_namespaces()
    (info,) = node.get_publishers_info_by_topic("out")
    assert (info.node_name, info.topic_type) == ("node", "std_msgs/msg/Int32")


@pytest.mark.parametrize("name", ["", "1node", "no-de", "a/b", "n" * 256])
def test_bad_node_names(ros, name):
    with pytest.raises(InvalidNodeNameException):
        ros.node(name)


@pytest.mark.parametrize("name", ["", "a b", "a//b", "a/", "1a", "~x", "{foo}/a"])
def test_bad_topic_names(ros, name):
    with pytest.raises(InvalidTopicNameException):
        ros.node().create_publisher(String, name, 1)


def test_what_is_no_message_is_refused(ros):
    node = ros.node()
    with pytest.raises(NoTypeSupportImportedException):
        node.create_publisher(int, "a", 1)
    with pytest.raises(NoTypeSupportImportedException):
        node.create_service(String, "a", print)
    with pytest.raises(TypeError):
        node.create_publisher(String, "a", 1).publish(Int32())
    with pytest.raises(TypeError):
        node.create_publisher(String, "a", "10")


def test_two_types_on_one_topic_are_refused(ros):
    node = ros.node()
    node.create_publisher(String, "a", 1)
    with pytest.raises(Exception, match="cannot have std_msgs::msg::dds_::Int32_ too"):
        node.create_publisher(Int32, "a", 1)


def test_wait_for_one_message(ros):
    from rclpy.serialization import deserialize_message, serialize_message
    from rclpy.wait_for_message import wait_for_message

    node = ros.node(spin=False)
    kept = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_publisher(String, "a", kept).publish(String(data="x"))
    assert wait_for_message(String, node, "a", qos_profile=kept, time_to_wait=5) == (True, String(data="x"))
    assert wait_for_message(String, node, "b", time_to_wait=0.05) == (False, None)
    assert deserialize_message(serialize_message(Int32(data=7)), Int32) == Int32(data=7)
