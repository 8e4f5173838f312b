"""The publishers, subscriptions, services, clients and timers of a node, a part of ``Node``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hardware.ros2.graph import NodeInfo
from hardware.ros2.rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from hardware.ros2.rclpy.client import Client
from hardware.ros2.rclpy.clock import Clock, ROSClock
from hardware.ros2.rclpy.context import Context
from hardware.ros2.rclpy.endpoint import as_profile, refuse_overriding
from hardware.ros2.rclpy.guard_condition import GuardCondition
from hardware.ros2.rclpy.publisher import Publisher
from hardware.ros2.rclpy.qos import QoSProfile, qos_profile_services_default
from hardware.ros2.rclpy.qos_events import IncompatibleQosWatch
from hardware.ros2.rclpy.service import Service
from hardware.ros2.rclpy.subscription import Subscription
from hardware.ros2.rclpy.timer import Rate, Timer

S_TO_NS = 1_000_000_000


class EntitiesMixin:
    """Makes and removes what a node has."""

    _context: Context
    _clock: ROSClock
    _info: NodeInfo
    executor: Any
    resolve_topic_name: Callable[[str], str]
    resolve_service_name: Callable[[str], str]

    def _init_entities(self) -> None:
        self._publishers: list[Publisher] = []
        self._subscriptions_: list[Subscription] = []
        self._clients: list[Client] = []
        self._services: list[Service] = []
        self._timers: list[Timer] = []
        self._guards: list[GuardCondition] = []
        self._qos_watches: list[IncompatibleQosWatch] = []
        self._default_callback_group = MutuallyExclusiveCallbackGroup()
        self._rate_group = ReentrantCallbackGroup()

    def _destroy_entities(self) -> None:
        kinds = (self._subscriptions_, self._clients, self._services, self._publishers, self._timers, self._guards)
        for entities in kinds:
            for entity in list(entities):
                entity.destroy()
            entities.clear()
        self._qos_watches.clear()

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
    def default_callback_group(self) -> CallbackGroup:
        """The group of entities that name none: one callback at a time."""
        return self._default_callback_group

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
        refuse_overriding(qos_overriding_options)
        group = callback_group or self._default_callback_group
        publisher = publisher_class(self, msg_type, self.resolve_topic_name(topic), as_profile(qos_profile), group)
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
        refuse_overriding(qos_overriding_options)
        if content_filter_options is not None:
            raise NotImplementedError("this runtime has no content filters")
        group = callback_group or self._default_callback_group
        name = self.resolve_topic_name(topic)
        subscription = Subscription(self, msg_type, name, callback, group, as_profile(qos_profile), raw)
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

    def wake(self) -> None:
        """Simulated time moved: let the executor look at the timers."""
        self._wake_executor()

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
