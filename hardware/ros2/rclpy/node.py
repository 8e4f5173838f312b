"""Nodes (rclpy.node)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from hardware.ros2.arguments import Arguments, parse_arguments
from hardware.ros2.graph import NodeInfo
from hardware.ros2.messages import message_class
from hardware.ros2.names import expand_topic_name, full_node_name, validate_namespace, validate_node_name
from hardware.ros2.rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from hardware.ros2.rclpy.client import Client
from hardware.ros2.rclpy.clock import Clock, ROSClock
from hardware.ros2.rclpy.context import Context
from hardware.ros2.rclpy.exceptions import NotInitializedException
from hardware.ros2.rclpy.guard_condition import GuardCondition
from hardware.ros2.rclpy.logging import get_logger
from hardware.ros2.rclpy.node_graph import GraphMixin, NodeNameNonExistentError
from hardware.ros2.rclpy.node_parameters import ParametersMixin
from hardware.ros2.rclpy.parameter import Parameter
from hardware.ros2.rclpy.parameter_service import ParameterService
from hardware.ros2.rclpy.publisher import Publisher
from hardware.ros2.rclpy.qos import (
    QoSProfile,
    qos_profile_parameter_events,
    qos_profile_services_default,
)
from hardware.ros2.rclpy.qos_events import IncompatibleQosWatch
from hardware.ros2.rclpy.rosout import RosoutSink
from hardware.ros2.rclpy.service import Service
from hardware.ros2.rclpy.subscription import Subscription
from hardware.ros2.rclpy.time_source import TimeSource
from hardware.ros2.rclpy.timer import Rate, Timer
from hardware.ros2.rclpy.utilities import get_default_context

S_TO_NS = 1_000_000_000


class Node(ParametersMixin, GraphMixin):
    """A node: publishers, subscriptions, services, clients, timers and parameters under one name.

    Args:
        node_name: name.
        context: context; None for the default one.
        cli_args: ROS arguments for this node only (without ``--ros-args``).
        namespace: namespace of relative names.
        use_global_arguments: whether the process' ROS arguments apply too.
        enable_rosout: publish logs on /rosout.
        start_parameter_services: let others read and set parameters.
        parameter_overrides: values that win over declared defaults.
        allow_undeclared_parameters: set parameters without declaring them.
        automatically_declare_parameters_from_overrides: declare what the overrides name.
        enable_logger_service: accepted for rclpy's sake; the services are not offered here.

    Raises:
        NotInitializedException: before ``rclpy.init``.
        InvalidNodeNameException, InvalidNamespaceException: for a bad name.
    """

    def __init__(
        self,
        node_name: str,
        *,
        context: Context | None = None,
        cli_args: list[str] | None = None,
        namespace: str | None = None,
        use_global_arguments: bool = True,
        enable_rosout: bool = True,
        start_parameter_services: bool = True,
        parameter_overrides: list[Parameter] | None = None,
        allow_undeclared_parameters: bool = False,
        automatically_declare_parameters_from_overrides: bool = False,
        enable_logger_service: bool = False,
    ) -> None:
        self._context = get_default_context() if context is None else context
        if not self._context.ok():
            raise NotInitializedException("cannot create node")
        self._arguments = _arguments(self._context, cli_args, use_global_arguments)
        self._name, self._namespace = _names(self._arguments, node_name, namespace)
        self._publishers: list[Publisher] = []
        self._subscriptions_: list[Subscription] = []
        self._clients: list[Client] = []
        self._services: list[Service] = []
        self._timers: list[Timer] = []
        self._guards: list[GuardCondition] = []
        self._qos_watches: list[IncompatibleQosWatch] = []
        self._default_callback_group = MutuallyExclusiveCallbackGroup()
        self._rate_group = ReentrantCallbackGroup()
        self._executor: weakref.ref[Any] | None = None
        self._logger = get_logger(self.get_fully_qualified_name().strip("/").replace("/", "."))
        self._clock = ROSClock()
        self._clock._watchers.add(self)
        self._info = NodeInfo(self._name, self._namespace)
        overrides = {
            name: Parameter(name, value=v)
            for name, v in self._arguments.parameters(self.get_fully_qualified_name()).items()
        }
        overrides |= {parameter.name: parameter for parameter in parameter_overrides or ()}
        self._init_parameters(overrides, allow_undeclared_parameters)
        self._destroyed = False
        with self._context.graph.hold():
            self._context.graph.add_node(self._info)
            self._rosout = RosoutSink(self) if enable_rosout and self._arguments.rosout else None
            events = message_class("rcl_interfaces/msg/ParameterEvent")
            self._parameter_event_publisher = self.create_publisher(
                events, "/parameter_events", qos_profile_parameter_events
            )
            if automatically_declare_parameters_from_overrides:
                self.declare_parameters("", [(name, p.value) for name, p in overrides.items()], ignore_override=True)
            self._time_source = TimeSource(node=self)
            self._time_source.attach_clock(self._clock)
            self._parameter_service = ParameterService(self) if start_parameter_services else None

    @property
    def publishers(self) -> Iterator[Publisher]:
        """The node's publishers."""
        yield from list(self._publishers)

    @property
    def subscriptions(self) -> Iterator[Subscription]:
        """The node's subscriptions."""
        yield from list(self._subscriptions_)

    @property
    def clients(self) -> Iterator[Client]:
        """The node's clients."""
        yield from list(self._clients)

    @property
    def services(self) -> Iterator[Service]:
        """The node's services."""
        yield from list(self._services)

    @property
    def timers(self) -> Iterator[Timer]:
        """The node's timers."""
        yield from list(self._timers)

    @property
    def guards(self) -> Iterator[GuardCondition]:
        """The node's guard conditions."""
        yield from list(self._guards)

    @property
    def executor(self) -> Any:
        """The executor that serves the node, None if none does."""
        return self._executor() if self._executor is not None else None

    @executor.setter
    def executor(self, new_executor: Any) -> None:
        current = self.executor
        if current is not None and current is not new_executor:
            current.remove_node(self)
        self._executor = None if new_executor is None else weakref.ref(new_executor)
        if new_executor is not None:
            new_executor.add_node(self)

    @property
    def context(self) -> Context:
        """The context."""
        return self._context

    @property
    def default_callback_group(self) -> CallbackGroup:
        """The group of entities that name none: one callback at a time."""
        return self._default_callback_group

    @property
    def handle(self) -> Node:
        """Itself; rclpy has its C handle here."""
        return self

    def get_name(self) -> str:
        """The name."""
        return self._name

    def get_namespace(self) -> str:
        """The namespace."""
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        """``/ns/name``."""
        return full_node_name(self._name, self._namespace)

    def get_clock(self) -> Clock:
        """The node's clock: ROS time."""
        return self._clock

    def get_logger(self) -> Any:
        """The node's logger."""
        return self._logger

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """The full name of a topic after expansion and remapping."""
        return self._resolve(topic, only_expand, is_service=False)

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        """The full name of a service after expansion and remapping."""
        return self._resolve(service, only_expand, is_service=True)

    def create_publisher(
        self,
        msg_type: type,
        topic: str,
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: Any = None,
        qos_overriding_options: Any = None,
        publisher_class: type[Publisher] = Publisher,
    ) -> Publisher:
        """Publish on a topic.

        Args:
            msg_type: message class.
            topic: name.
            qos_profile: policies, or the depth of the default ones.
            callback_group: group of its event callbacks.
            event_callbacks: ``PublisherEventCallbacks``.
            qos_overriding_options: refused, not None: policies are not parameters here.
            publisher_class: class to make.
        """
        _refuse_overriding(qos_overriding_options)
        group = callback_group or self._default_callback_group
        publisher = publisher_class(self, msg_type, self.resolve_topic_name(topic), _qos(qos_profile), group)
        self._publishers.append(publisher)
        self._watch_qos(publisher, publisher._writer.entity, event_callbacks, group)
        self._own(self._info.writers, publisher._writer.guid)
        return publisher

    def create_subscription(
        self,
        msg_type: type,
        topic: str,
        callback: Callable[..., Any],
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: Any = None,
        qos_overriding_options: Any = None,
        raw: bool = False,
        content_filter_options: Any = None,
    ) -> Subscription:
        """Subscribe to a topic.

        Args:
            msg_type: message class.
            topic: name.
            callback: called with each message, and its information if it takes two arguments.
            qos_profile: policies, or the depth of the default ones.
            callback_group: which callbacks may run at the same time.
            event_callbacks: ``SubscriptionEventCallbacks``.
            qos_overriding_options: refused, not None: policies are not parameters here.
            raw: pass the serialised bytes.
            content_filter_options: refused, not None.
        """
        _refuse_overriding(qos_overriding_options)
        if content_filter_options is not None:
            raise NotImplementedError("this runtime has no content filters")
        group = callback_group or self._default_callback_group
        name = self.resolve_topic_name(topic)
        subscription = Subscription(self, msg_type, name, callback, group, _qos(qos_profile), raw)
        self._subscriptions_.append(subscription)
        group.add_entity(subscription)
        self._watch_qos(subscription, subscription._reader.entity, event_callbacks, group)
        self._own(self._info.readers, subscription._reader.guid)
        return subscription

    def create_client(
        self,
        srv_type: type,
        srv_name: str,
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Client:
        """Make a client of a service."""
        group = callback_group or self._default_callback_group
        client = Client(self, srv_type, self.resolve_service_name(srv_name), qos_profile, group)
        self._clients.append(client)
        group.add_entity(client)
        self._info.writers.add(client._writer.guid)
        self._own(self._info.readers, client._reader.guid)
        return client

    def create_service(
        self,
        srv_type: type,
        srv_name: str,
        callback: Callable[[Any, Any], Any],
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Service:
        """Offer a service; ``callback(request, response)`` returns the response."""
        group = callback_group or self._default_callback_group
        service = Service(self, srv_type, self.resolve_service_name(srv_name), callback, group, qos_profile)
        self._services.append(service)
        group.add_entity(service)
        self._info.writers.add(service._writer.guid)
        self._own(self._info.readers, service._reader.guid)
        return service

    def create_timer(
        self,
        timer_period_sec: float,
        callback: Callable[..., Any] | None,
        callback_group: CallbackGroup | None = None,
        clock: Clock | None = None,
        autostart: bool = True,
    ) -> Timer:
        """Call back every ``timer_period_sec`` s of ``clock`` (None: the node's)."""
        group = callback_group or self._default_callback_group
        period = int(float(timer_period_sec) * S_TO_NS)
        timer = Timer(callback, group, period, clock or self._clock, context=self._context, autostart=autostart)
        timer._wake = self._wake_executor
        self._timers.append(timer)
        group.add_entity(timer)
        self._wake_executor()
        return timer

    def create_guard_condition(
        self, callback: Callable[[], Any], callback_group: CallbackGroup | None = None
    ) -> GuardCondition:
        """Make a callback that any thread can trigger."""
        group = callback_group or self._default_callback_group
        guard = GuardCondition(callback, group, self._context)
        guard._wake = self._wake_executor
        self._guards.append(guard)
        group.add_entity(guard)
        return guard

    def create_rate(self, frequency: float, clock: Clock | None = None) -> Rate:
        """Make a rate of ``frequency`` Hz; another thread has to spin the node."""
        if frequency <= 0:
            raise ValueError("frequency must be greater than 0")
        timer = self.create_timer(1.0 / frequency, None, self._rate_group, clock)
        return Rate(timer, context=self._context)

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """Stop publishing; return False if it is not this node's."""
        return self._destroy(self._publishers, publisher, writer=publisher._writer.guid)

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """Stop receiving; return False if it is not this node's."""
        return self._destroy(self._subscriptions_, subscription, reader=subscription._reader.guid)

    def destroy_client(self, client: Client) -> bool:
        """Remove a client; return False if it is not this node's."""
        return self._destroy(self._clients, client, client._reader.guid, client._writer.guid)

    def destroy_service(self, service: Service) -> bool:
        """Remove a service; return False if it is not this node's."""
        return self._destroy(self._services, service, service._reader.guid, service._writer.guid)

    def destroy_timer(self, timer: Timer) -> bool:
        """Remove a timer; return False if it is not this node's."""
        return self._destroy(self._timers, timer)

    def destroy_guard_condition(self, guard: GuardCondition) -> bool:
        """Remove a guard condition; return False if it is not this node's."""
        return self._destroy(self._guards, guard)

    def destroy_rate(self, rate: Rate) -> bool:
        """Remove a rate; return False if it is not this node's."""
        rate.destroy()
        return self.destroy_timer(rate._timer)

    def destroy_node(self) -> None:
        """Remove everything the node has; a second time does nothing."""
        if self._destroyed:
            return
        self._destroyed = True
        if self.executor is not None:
            self.executor.remove_node(self)
        if self._rosout is not None:
            self._rosout.close()
        for entities in (
            self._subscriptions_,
            self._clients,
            self._services,
            self._publishers,
            self._timers,
            self._guards,
        ):
            for entity in list(entities):
                entity.destroy()
            entities.clear()
        self._qos_watches.clear()
        if self._context.ok():
            self._context.graph.remove_node(self._info)

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy_node()

    def wake(self) -> None:
        """Simulated time moved: let the executor look at the timers."""
        self._wake_executor()

    def _resolve(self, name: str, only_expand: bool, *, is_service: bool) -> str:
        full = expand_topic_name(name, self._name, self._namespace, is_service=is_service)
        if only_expand:
            return full
        return self._arguments.remap(full, self._name, self._namespace, is_service=is_service) or full

    def _conditional_entities(self) -> Iterator[Any]:
        yield from list(self._subscriptions_)
        yield from list(self._clients)
        yield from list(self._services)
        yield from list(self._qos_watches)

    def _watch_qos(self, entity: Any, endpoint: Any, event_callbacks: Any, group: CallbackGroup) -> None:
        watch = IncompatibleQosWatch.make(self, entity, endpoint, event_callbacks, group)
        if watch is not None:
            self._qos_watches.append(watch)

    def _own(self, guids: set[bytes], guid: bytes) -> None:
        guids.add(guid)
        self._context.graph.publish()
        self._entities_changed()

    def _destroy(self, entities: list[Any], entity: Any, reader: bytes = b"", writer: bytes = b"") -> bool:
        if entity not in entities:
            return False
        entities.remove(entity)
        self._qos_watches = [watch for watch in self._qos_watches if watch.owner is not entity]
        entity.destroy()
        self._info.readers.discard(reader)
        self._info.writers.discard(writer)
        if (reader or writer) and self._context.ok():
            self._context.graph.publish()
        self._entities_changed()
        return True

    def _entities_changed(self) -> None:
        executor = self.executor
        if executor is not None:
            executor.entities_changed()

    def _wake_executor(self) -> None:
        executor = self.executor
        if executor is not None:
            executor.wake()


def _arguments(context: Context, cli_args: list[str] | None, use_global: bool) -> Arguments:
    own = parse_arguments(["--ros-args", *(word for word in cli_args or () if word != "--ros-args")])
    return own.with_global(context.arguments if use_global else Arguments())


def _names(arguments: Arguments, node_name: str, namespace: str | None) -> tuple[str, str]:
    namespace = namespace or "/"
    if not namespace.startswith("/"):
        namespace = f"/{namespace}"
    name, namespace = arguments.node_name(node_name), arguments.namespace(node_name, namespace)
    validate_node_name(name)
    validate_namespace(namespace)
    return name, namespace


def _qos(qos_or_depth: QoSProfile | int) -> QoSProfile:
    if isinstance(qos_or_depth, QoSProfile):
        return qos_or_depth
    if isinstance(qos_or_depth, bool) or not isinstance(qos_or_depth, int):
        raise TypeError("Expected QoSProfile or int, but received " + repr(type(qos_or_depth)))
    if qos_or_depth < 0:
        raise ValueError("history depth must be greater than or equal to zero")
    return QoSProfile(depth=qos_or_depth)


def _refuse_overriding(options: Any) -> None:
    if options is not None:
        raise NotImplementedError("this runtime does not make parameters of policies (qos_overriding_options)")


__all__ = ["Node", "NodeNameNonExistentError"]
