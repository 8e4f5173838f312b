"""Bring life-cycle nodes to their active state: a small ROS node inside the launch, as ``launch_ros`` has one."""

from __future__ import annotations

import os
import threading
from typing import Any

from hardware.ros2.launching.service import LaunchService

AVAILABLE_S = 30.0
"""Longest wait for a node's services: importing and loading on a busy computer."""
TRANSITION_S = 60.0
"""Longest a transition may take: loading a bundle replays its golden sequences."""
POLL_S = 0.2


def autostart(service: LaunchService, node_name: str) -> None:
    """Configure and activate a node from a thread; a failure ends the launch.

    Args:
        service: the launch.
        node_name: full name of the node.
    """

    def work() -> None:
        problem = _bring_up(service, node_name)
        if problem and not service.shutting_down:
            service.post(lambda: _fail(service, problem))

    service.help_from(threading.Thread(target=work, name=f"autostart-{node_name}", daemon=True))


def _fail(service: LaunchService, problem: str) -> None:
    from hardware.ros2.launching.events import Shutdown

    service.complain(problem)
    service.emit(Shutdown(problem))


def _bring_up(service: LaunchService, node_name: str) -> str:
    """Return what went wrong, or nothing."""
    from hardware.ros2 import install

    install()
    import rclpy
    from lifecycle_msgs.msg import Transition  # pyright: ignore[reportMissingImports]
    from rclpy.executors import SingleThreadedExecutor

    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    try:
        node = rclpy.create_node(f"launch_{os.getpid()}_{node_name.strip('/').replace('/', '_')}", context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        try:
            for transition, name in (
                (Transition.TRANSITION_CONFIGURE, "configure"),
                (Transition.TRANSITION_ACTIVATE, "activate"),
            ):
                if problem := _change(service, node, executor, node_name, transition, name):
                    return problem
            service.say(f"{node_name} is active")
        finally:
            executor.shutdown()
            node.destroy_node()
    finally:
        rclpy.try_shutdown(context=context)
    return ""


def _change(service: LaunchService, node: Any, executor: Any, node_name: str, transition: int, name: str) -> str:
    from lifecycle_msgs.srv import ChangeState  # pyright: ignore[reportMissingImports]

    client = node.create_client(ChangeState, f"{node_name}/change_state")
    waited_s = 0.0
    while not client.wait_for_service(timeout_sec=POLL_S):
        waited_s += POLL_S
        if service.ended.is_set():
            return f"{node_name}: the launch ended before it could {name}"
        if waited_s > AVAILABLE_S:
            return f"{node_name} offers no life-cycle services after {AVAILABLE_S:g} s"
    request = ChangeState.Request()
    request.transition.id = transition
    future = client.call_async(request)
    waited_s = 0.0
    while not future.done() and waited_s < TRANSITION_S and not service.ended.is_set():
        executor.spin_until_future_complete(future, timeout_sec=POLL_S)
        waited_s += POLL_S
    if not future.done():
        return f"{node_name} did not {name} within {TRANSITION_S:g} s"
    answer = future.result()
    return "" if answer is not None and answer.success else f"{node_name} did not {name}: its own lines say why"
