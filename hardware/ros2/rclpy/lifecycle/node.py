"""Managed nodes: configure, activate, deactivate, clean up, shut down, by call or by service."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import message_class, service_class
from hardware.ros2.rclpy.callback_groups import CallbackGroup
from hardware.ros2.rclpy.exceptions import RCLError
from hardware.ros2.rclpy.lifecycle.managed_entity import ManagedEntity
from hardware.ros2.rclpy.lifecycle.publisher import LifecyclePublisher
from hardware.ros2.rclpy.lifecycle.state_machine import (
    CALLBACKS,
    STATES,
    TRANSITIONS,
    LifecycleState,
    StateMachine,
    Transition,
    TransitionCallbackReturn,
)
from hardware.ros2.rclpy.node import Node
from hardware.ros2.rclpy.qos import QoSProfile

_SERVICES = {
    "change_state": "ChangeState",
    "get_state": "GetState",
    "get_available_states": "GetAvailableStates",
    "get_available_transitions": "GetAvailableTransitions",
    "get_transition_graph": "GetAvailableTransitions",
}


class LifecycleNodeMixin(ManagedEntity):
    """Adds the life cycle to a ``Node``.

    Args:
        enable_communication_interface: offer the services and the topic ``~/transition_event``.
        callback_group: of the services; None for the node's default.
    """

    def __init__(
        self, *, enable_communication_interface: bool = True, callback_group: CallbackGroup | None = None
    ) -> None:
        self._managed_entities: set[ManagedEntity] = set()
        self._state_machine = StateMachine(self._transition_passed)
        self._transition_event_publisher: Any = None
        if enable_communication_interface:
            event = message_class("lifecycle_msgs/msg/TransitionEvent")
            qos = QoSProfile(depth=10)
            self._transition_event_publisher = Node.create_publisher(_node(self), event, "~/transition_event", qos)
            for name, kind in _SERVICES.items():
                service, callback = service_class(f"lifecycle_msgs/srv/{kind}"), getattr(self, f"_on_{name}")
                Node.create_service(_node(self), service, f"~/{name}", callback, callback_group=callback_group)

    def trigger_configure(self) -> TransitionCallbackReturn:
        """Configure the node.

        Raises:
            RCLError: if the state does not allow it.
        """
        return self._change("configure")

    def trigger_cleanup(self) -> TransitionCallbackReturn:
        """Make the node forget its configuration; see ``trigger_configure``."""
        return self._change("cleanup")

    def trigger_activate(self) -> TransitionCallbackReturn:
        """Start the node's work; see ``trigger_configure``."""
        return self._change("activate")

    def trigger_deactivate(self) -> TransitionCallbackReturn:
        """Stop the node's work; see ``trigger_configure``."""
        return self._change("deactivate")

    def trigger_shutdown(self) -> TransitionCallbackReturn:
        """End the node; see ``trigger_configure``."""
        return self._change("shutdown")

    def add_managed_entity(self, entity: ManagedEntity) -> None:
        """Take an entity through the node's transitions."""
        if not isinstance(entity, ManagedEntity):
            raise TypeError("Expected a rclpy.lifecycle.ManagedEntity instance.")
        self._managed_entities.add(entity)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Configure; nodes override this and call it."""
        return self._pass_on("on_configure", state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the configuration; nodes override this and call it."""
        return self._pass_on("on_cleanup", state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End; nodes override this and call it."""
        return self._pass_on("on_shutdown", state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start work; nodes override this and call it."""
        return self._pass_on("on_activate", state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop work; nodes override this and call it."""
        return self._pass_on("on_deactivate", state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Recover from an error (SUCCESS: unconfigured; else finalized); nodes override this and call it."""
        return self._pass_on("on_error", state)

    def create_lifecycle_publisher(self, *args: Any, **kwargs: Any) -> LifecyclePublisher:
        """Make a publisher that is silent unless the node is active; arguments as of ``create_publisher``."""
        if "publisher_class" in kwargs:
            raise TypeError("create_publisher() got an unexpected keyword argument 'publisher_class'")
        publisher: Any = Node.create_publisher(_node(self), *args, **kwargs, publisher_class=LifecyclePublisher)
        self._managed_entities.add(publisher)
        return publisher

    def destroy_lifecycle_publisher(self, publisher: LifecyclePublisher) -> bool:
        """Remove a publisher of ``create_lifecycle_publisher``."""
        self._managed_entities.discard(publisher)
        return Node.destroy_publisher(_node(self), publisher)

    def _pass_on(self, callback: str, state: LifecycleState) -> TransitionCallbackReturn:
        for entity in list(self._managed_entities):
            result = getattr(entity, callback)(state)
            if result != TransitionCallbackReturn.SUCCESS:
                return result
        return TransitionCallbackReturn.SUCCESS

    def _change(self, label: str) -> TransitionCallbackReturn:
        return self._run(self._state_machine.by_label(label), f"'{label}'")

    def _run(self, transition: Transition | None, wanted: str) -> TransitionCallbackReturn:
        machine = self._state_machine
        before = machine.current_state
        machine.take(transition, wanted)
        result = self._call(before)
        machine.take(machine.by_label(result.to_label()), result.to_label())
        if result == TransitionCallbackReturn.ERROR:
            recovered = self._call(before)
            machine.take(machine.by_label(recovered.to_label()), recovered.to_label())
        return result

    def _call(self, before: LifecycleState) -> TransitionCallbackReturn:
        """Run the callback of the present transition state; what it raises is an ERROR."""
        name = CALLBACKS[self._state_machine.current_state]
        try:
            result = getattr(self, name)(before)
        except Exception as error:  # noqa: BLE001 (the node's code: any error goes to on_error)
            _node(self).get_logger().error(f"{name}: {type(error).__name__}: {error}")
            return TransitionCallbackReturn.ERROR
        if not isinstance(result, TransitionCallbackReturn):
            _node(self).get_logger().error(f"{name} returned {result!r}, no TransitionCallbackReturn")
            return TransitionCallbackReturn.ERROR
        return result

    def _transition_passed(self, transition: Transition) -> None:
        if self._transition_event_publisher is None or not _node(self).context.ok():
            return
        event = message_class("lifecycle_msgs/msg/TransitionEvent")(
            timestamp=_node(self).get_clock().now().nanoseconds,
            transition=_transition_message(transition),
            start_state=_state_message(transition.start),
            goal_state=_state_message(transition.goal),
        )
        self._transition_event_publisher.publish(event)

    def _on_change_state(self, request: Any, response: Any) -> Any:
        machine, wanted = self._state_machine, request.transition
        # As in rclpy: a label wins only where the number is left at its default.
        found = machine.by_label(wanted.label) if wanted.label and not wanted.id else machine.by_id(wanted.id)
        try:
            result = self._run(found, repr(wanted.label or wanted.id))
        except RCLError as error:
            _node(self).get_logger().warning(str(error))
            response.success = False
        else:
            response.success = result == TransitionCallbackReturn.SUCCESS
        return response

    def _on_get_state(self, request: Any, response: Any) -> Any:
        response.current_state = _state_message(self._state_machine.current_state)
        return response

    def _on_get_available_states(self, request: Any, response: Any) -> Any:
        response.available_states = [_state_message(state) for state in STATES]
        return response

    def _on_get_available_transitions(self, request: Any, response: Any) -> Any:
        response.available_transitions = [_description(one) for one in self._state_machine.available_transitions]
        return response

    def _on_get_transition_graph(self, request: Any, response: Any) -> Any:
        response.available_transitions = [_description(one) for one in TRANSITIONS]
        return response


class LifecycleNode(LifecycleNodeMixin, Node):
    """A managed node; arguments as of ``Node``."""

    def __init__(self, node_name: str, *, enable_communication_interface: bool = True, **kwargs: Any) -> None:
        Node.__init__(self, node_name, **kwargs)
        LifecycleNodeMixin.__init__(self, enable_communication_interface=enable_communication_interface)


def _node(mixin: LifecycleNodeMixin) -> Node:
    """The mixin as the node that it is part of."""
    assert isinstance(mixin, Node), "LifecycleNodeMixin needs a Node beside it"
    return mixin


def _state_message(state: LifecycleState) -> Any:
    return message_class("lifecycle_msgs/msg/State")(id=state.state_id, label=state.label)


def _transition_message(transition: Transition) -> Any:
    return message_class("lifecycle_msgs/msg/Transition")(id=transition.transition_id, label=transition.label)


def _description(transition: Transition) -> Any:
    return message_class("lifecycle_msgs/msg/TransitionDescription")(
        transition=_transition_message(transition),
        start_state=_state_message(transition.start),
        goal_state=_state_message(transition.goal),
    )
