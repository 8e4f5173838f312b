"""Nodes (rclpy.node)."""

from __future__ import annotations

import weakref
from typing import Any

from hardware.ros2.arguments import Arguments, parse_arguments
from hardware.ros2.graph import NodeInfo
from hardware.ros2.messages import message_class
from hardware.ros2.names import expand_topic_name, full_node_name, validate_namespace, validate_node_name
from hardware.ros2.rclpy.clock import Clock, ROSClock
from hardware.ros2.rclpy.context import Context
from hardware.ros2.rclpy.exceptions import NotInitializedException
from hardware.ros2.rclpy.logging import get_logger
from hardware.ros2.rclpy.node_entities import EntitiesMixin
from hardware.ros2.rclpy.node_graph import GraphMixin, NodeNameNonExistentError
from hardware.ros2.rclpy.node_parameters import ParametersMixin
from hardware.ros2.rclpy.parameter import Parameter
from hardware.ros2.rclpy.parameter_service import ParameterService
from hardware.ros2.rclpy.qos import qos_profile_parameter_events
from hardware.ros2.rclpy.rosout import RosoutSink
from hardware.ros2.rclpy.time_source import TimeSource
from hardware.ros2.rclpy.utilities import get_default_context


class Node(EntitiesMixin, ParametersMixin, GraphMixin):
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
        self._init_entities()
        self._executor: weakref.ref[Any] | None = None
        self._logger = get_logger(self.get_fully_qualified_name().strip("/").replace("/", "."))
        self._clock = ROSClock()
        self._clock._watchers.add(self)
        self._info = NodeInfo(self._name, self._namespace)
        given = self._arguments.parameters(self.get_fully_qualified_name())
        overrides = {name: Parameter(name, value=value) for name, value in given.items()}
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

    def destroy_node(self) -> None:
        """Remove everything the node has; a second time does nothing."""
        if self._destroyed:
            return
        self._destroyed = True
        if self.executor is not None:
            self.executor.remove_node(self)
        if self._rosout is not None:
            self._rosout.close()
        self._destroy_entities()
        if self._context.ok():
            self._context.graph.remove_node(self._info)

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy_node()

    def _resolve(self, name: str, only_expand: bool, *, is_service: bool) -> str:
        full = expand_topic_name(name, self._name, self._namespace, is_service=is_service)
        if only_expand:
            return full
        return self._arguments.remap(full, self._name, self._namespace, is_service=is_service) or full


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


__all__ = ["Node", "NodeNameNonExistentError"]


__all__ = ["Node", "NodeNameNonExistentError"]
