"""``sim2metal ros topic``: list, echo, hz, pub."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.session import Listen, console, is_hidden, session
from hardware.ros2.verbs.words import TopicName
from sim.errors import ConfigError, LinkError


@dataclass
class List:
    """List the topics."""

    types: bool = False
    """Show their types too."""
    all: bool = False
    """Show hidden ones too."""
    listen: Listen = 1.0
    """How long to listen for other nodes, s."""

    def run(self) -> dict[str, Any]:
        """Print and return the topics."""
        out = console()
        with session(self.listen) as node:
            topics = [
                (name, types) for name, types in node.get_topic_names_and_types() if self.all or not is_hidden(name)
            ]
        for name, types in topics:
            out.print(f"{name} [{', '.join(types)}]" if self.types else name)
        return {"topics": dict(topics)}


@dataclass
class Echo:
    """Print a topic's messages as YAML."""

    topic: TopicName
    type: Annotated[str | None, tyro.conf.arg(metavar="TYPE")] = None
    """Message type; left out, the topic's publishers tell it."""
    count: int = 0
    """End after this many messages; 0 for never."""
    timeout: float = 0.0
    """End with an error after this time without a message, s; 0 for never."""

    def run(self) -> dict[str, Any]:
        """Print until Ctrl-C, ``count`` or ``timeout``; return the messages if they are counted."""
        from hardware.ros2.yaml_messages import to_plain, to_yaml

        out, messages = console(), []

        def show(message: Any) -> None:
            plain = to_plain(message)
            out.print(f"{to_yaml(plain)}\n---")
            if self.count:
                messages.append(plain)

        _receive(self.topic, self.type, show, self.count, self.timeout)
        return {"messages": messages}


@dataclass
class Hz:
    """Measure how often a topic's messages come."""

    topic: TopicName
    type: Annotated[str | None, tyro.conf.arg(metavar="TYPE")] = None
    """Message type; left out, the topic's publishers tell it."""
    window: int = 100
    """Messages to measure."""
    timeout: float = 10.0
    """End with an error after this time without a message, s."""

    def run(self) -> dict[str, Any]:
        """Measure, print and return the rate."""
        if self.window < 2:
            raise ConfigError(f"--window {self.window}: expected at least 2")
        stamps: list[float] = []
        _receive(self.topic, self.type, lambda _: stamps.append(time.monotonic()), self.window, self.timeout)
        gaps = [after - before for before, after in itertools.pairwise(stamps)]
        mean = sum(gaps) / len(gaps)
        deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
        result = {"rate_hz": 1 / mean if mean else 0.0, "min_s": min(gaps), "max_s": max(gaps), "std_s": deviation}
        console().print(
            f"average rate: {result['rate_hz']:.3f}\n\tmin: {min(gaps):.4f}s max: {max(gaps):.4f}s"
            f" std dev: {deviation:.5f}s window: {len(stamps)}"
        )
        return result


@dataclass
class Pub:
    """Publish on a topic."""

    topic: TopicName
    type: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TYPE")]
    """Message type, e.g. geometry_msgs/msg/Twist."""
    values: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="[YAML]")] = "{}"
    """The message as YAML, e.g. "{linear: {x: 0.1}}"."""
    rate: float = 1.0
    """Messages per second."""
    count: int = 0
    """End after this many; 0 for never."""
    subscribers: int = 1
    """Wait for this many subscribers first, at most 10 s."""

    def run(self) -> dict[str, Any]:
        """Publish until Ctrl-C or ``count``."""
        from hardware.ros2.definitions import full_name
        from hardware.ros2.messages import message_class
        from hardware.ros2.rclpy.duration import Duration
        from hardware.ros2.yaml_messages import from_yaml

        if not 0 < self.rate <= 10_000 or self.count < 0:
            raise ConfigError(
                f"--rate {self.rate:g} --count {self.count}: expected a rate in (0, 10000] and a count >= 0"
            )
        name = full_name(self.type)
        message = from_yaml(self.values, name)
        with session() as node:
            publisher = node.create_publisher(message_class(name), self.topic, 10)
            found = node.context.graph.wait(lambda: publisher.get_subscription_count() >= self.subscribers, 10.0)
            if not found:
                raise LinkError(f"{self.topic} has {publisher.get_subscription_count()} subscribers after 10 s")
            sent = self._publish(publisher, message, node.context)
            if node.context.ok():
                publisher.wait_for_all_acked(Duration(seconds=1))
        console().print(f"published {sent} messages on {self.topic}")
        return {"published": sent}

    def _publish(self, publisher: Any, message: Any, context: Any) -> int:
        due = time.monotonic()
        for sent in itertools.count(1):
            publisher.publish(message)
            if sent == self.count:
                return sent
            due += 1.0 / self.rate
            time.sleep(max(0.0, due - time.monotonic()))
            if not context.ok():  # Ctrl-C or SIGTERM
                return sent
        raise AssertionError


Topic = (
    Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Echo, tyro.conf.subcommand("echo")]
    | Annotated[Hz, tyro.conf.subcommand("hz")]
    | Annotated[Pub, tyro.conf.subcommand("pub")]
)


def _receive(topic: str, type_name: str | None, callback: Callable[[Any], None], count: int, timeout_s: float) -> None:
    """Pass a topic's messages on until ``count`` have come.

    Raises:
        LinkError: if nobody publishes, or nothing comes for ``timeout_s``.
    """
    from hardware.ros2.definitions import full_name
    from hardware.ros2.messages import message_class
    from hardware.ros2.rclpy.executors import SingleThreadedExecutor

    with session() as node:
        kind = message_class(full_name(type_name or _type_of(node, topic)))
        seen = 0

        def on_message(message: Any) -> None:
            nonlocal seen
            seen += 1
            callback(message)

        node.create_subscription(kind, topic, on_message, _matching_qos(node, topic))
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        while not count or seen < count:
            before = seen
            executor.spin_once(timeout_s or None)
            if timeout_s and seen == before:
                raise LinkError(f"no message on {topic} for {timeout_s:g} s")


def _type_of(node: Any, topic: str) -> str:
    """The type its publishers give a topic."""
    name = node.resolve_topic_name(topic)
    node.context.graph.wait(lambda: name in dict(node.get_topic_names_and_types()), 5.0)
    types = dict(node.get_topic_names_and_types()).get(name)
    if not types:
        raise LinkError(f"nobody publishes {name} after 5 s; 'sim2metal ros topic list' shows what there is")
    if len(types) > 1:
        raise ConfigError(f"{name} has several types ({', '.join(types)}): choose one with --type")
    return types[0]


def _matching_qos(node: Any, topic: str) -> Any:
    """Policies that fit every publisher known now: reliable and with history only if all are."""
    from hardware.ros2.rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

    profiles = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    reliable = all(profile.reliability == ReliabilityPolicy.RELIABLE for profile in profiles)
    kept = bool(profiles) and all(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in profiles)
    return QoSProfile(
        depth=100,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if kept else DurabilityPolicy.VOLATILE,
    )
