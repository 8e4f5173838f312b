"""What the commands share: a hidden node, service calls with a time-out, the console."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import tyro
from rich.console import Console

from sim.errors import ConfigError, LinkError

HIDDEN = "_"
"""Nodes and topics whose names start so are not listed, as in ROS 2."""
ANSWER_S = 5.0
"""How long a command waits for a service and for its answer."""
COMPLETE_S = 2.0
"""How long a command waits at most for the endpoints that nodes tell of; one that vanished meanwhile never comes."""

Listen = Annotated[float, tyro.conf.arg(metavar="S")]
"""How long to listen for other nodes."""


def console() -> Console:
    """A console that prints text as it is."""
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


@contextmanager
def session(listen_s: float = 0.0) -> Iterator[Any]:
    """Give a node that others do not list, after listening for them.

    Raises:
        ConfigError: where a real ROS 2 is sourced, whose own ``ros2`` command does this.
    """
    from hardware.ros2.install import which

    if which() == "rclpy":
        raise ConfigError("a real ROS 2 is sourced here: use its own 'ros2' command")
    from hardware.ros2 import rclpy

    rclpy.init(args=[])
    try:
        node = rclpy.create_node(
            f"{HIDDEN}sim2metal_{os.getpid()}", enable_rosout=False, start_parameter_services=False
        )
        if listen_s > 0:
            time.sleep(listen_s)
            node.context.graph.wait(node.context.graph.is_complete, COMPLETE_S)
        yield node
    finally:
        rclpy.try_shutdown()


def call(node: Any, type_name: str, name: str, request: Any = None) -> Any:
    """Call a service and return its answer.

    Args:
        node: of ``session``.
        type_name: ``package/srv/Name``.
        name: the service's name.
        request: the request; None for an empty one.

    Raises:
        LinkError: if there is no such service or no answer.
    """
    from hardware.ros2 import rclpy
    from hardware.ros2.messages import service_class

    kind: Any = service_class(type_name)
    client = node.create_client(kind, name)
    if not client.wait_for_service(ANSWER_S):
        raise LinkError(f"no service {name} after {ANSWER_S:g} s; 'sim2metal ros service list' shows what there is")
    future = client.call_async(kind.Request() if request is None else request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=ANSWER_S)
    if not future.done():
        raise LinkError(f"service {name} did not answer in {ANSWER_S:g} s")
    return future.result()


def full_node_name(name: str) -> str:
    """Return a node's name with its leading slash.

    Raises:
        ConfigError: for a name that is none.
    """
    from hardware.ros2.names import validate_full_topic_name

    full = name if name.startswith("/") else f"/{name}"
    validate_full_topic_name(full)
    return full


def is_hidden(name: str) -> bool:
    """Whether a node, topic or service is not listed without ``--all``."""
    return any(part.startswith(HIDDEN) for part in name.split("/"))
