"""What a node knows of the others, a part of ``Node``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hardware.ros2.dds_qos import ros_qos
from hardware.ros2.graph import Endpoint, NodeInfo
from hardware.ros2.names import full_node_name
from hardware.ros2.rclpy.topic_endpoint_info import TopicEndpointInfo, TopicEndpointTypeEnum
from hardware.ros2.wire import ros_service, ros_topic, ros_type

NamesAndTypes = list[tuple[str, list[str]]]


class NodeNameNonExistentError(RuntimeError):
    """No such node is known."""


class GraphMixin:
    """Names, types and counts of what is on the network."""

    context: Any

    def get_node_names(self) -> list[str]:
        """Names of all nodes, without namespaces."""
        return [node.name for node in self._graph().nodes()]

    def get_fully_qualified_node_names(self) -> list[str]:
        """Names of all nodes with namespaces."""
        return [node.full_name for node in self._graph().nodes()]

    def get_node_names_and_namespaces(self) -> list[tuple[str, str]]:
        """Names and namespaces of all nodes."""
        return [(node.name, node.namespace) for node in self._graph().nodes()]

    def get_node_names_and_namespaces_with_enclaves(self) -> list[tuple[str, str, str]]:
        """Names, namespaces and enclaves of all nodes."""
        graph = self._graph()
        return [(node.name, node.namespace, graph.enclave_of(node)) for node in graph.nodes()]

    def get_topic_names_and_types(self, no_demangle: bool = False) -> NamesAndTypes:
        """Topics and their types."""
        endpoints = [*self._publications(), *self._subscriptions()]
        if no_demangle:
            return _collect((endpoint.topic, endpoint.type) for endpoint in endpoints)
        return _collect((ros_topic(endpoint.topic), ros_type(endpoint.type)) for endpoint in endpoints)

    def get_service_names_and_types(self) -> NamesAndTypes:
        """Services and their types."""
        return _collect(_services(self._subscriptions(), "rq/"))

    def get_publisher_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False
    ) -> NamesAndTypes:
        """What a node publishes."""
        node = self._node(node_name, node_namespace)
        return _topics(self._publications(), node.writers, no_demangle)

    def get_subscriber_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False
    ) -> NamesAndTypes:
        """What a node subscribes to."""
        node = self._node(node_name, node_namespace)
        return _topics(self._subscriptions(), node.readers, no_demangle)

    def get_service_names_and_types_by_node(self, node_name: str, node_namespace: str) -> NamesAndTypes:
        """Services of a node."""
        node = self._node(node_name, node_namespace)
        return _collect(_services((e for e in self._subscriptions() if e.guid in node.readers), "rq/"))

    def get_client_names_and_types_by_node(self, node_name: str, node_namespace: str) -> NamesAndTypes:
        """Services that a node calls."""
        node = self._node(node_name, node_namespace)
        return _collect(_services((e for e in self._subscriptions() if e.guid in node.readers), "rr/"))

    def count_publishers(self, topic_name: str) -> int:
        """How many publish a topic."""
        return self._count(self._publications(), ros_topic, self.resolve_topic_name(topic_name))  # type: ignore[attr-defined]

    def count_subscribers(self, topic_name: str) -> int:
        """How many subscribe to a topic."""
        return self._count(self._subscriptions(), ros_topic, self.resolve_topic_name(topic_name))  # type: ignore[attr-defined]

    def count_services(self, service_name: str) -> int:
        """How many offer a service."""
        name = self.resolve_service_name(service_name)  # type: ignore[attr-defined]
        return self._count((e for e in self._subscriptions() if e.topic.startswith("rq/")), ros_service, name)

    def count_clients(self, service_name: str) -> int:
        """How many clients a service has."""
        name = self.resolve_service_name(service_name)  # type: ignore[attr-defined]
        return self._count((e for e in self._subscriptions() if e.topic.startswith("rr/")), ros_service, name)

    def get_publishers_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[TopicEndpointInfo]:
        """Who publishes a topic, with what policies."""
        return self._endpoints_info(self._publications(), topic_name, no_mangle, TopicEndpointTypeEnum.PUBLISHER)

    def get_subscriptions_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[TopicEndpointInfo]:
        """Who subscribes to a topic, with what policies."""
        return self._endpoints_info(self._subscriptions(), topic_name, no_mangle, TopicEndpointTypeEnum.SUBSCRIPTION)

    def wait_for_node(self, fully_qualified_node_name: str, timeout: float) -> bool:
        """Wait until a node is known, at most ``timeout`` s; return whether it is."""
        graph = self._graph()
        return graph.wait(lambda: any(node.full_name == fully_qualified_node_name for node in graph.nodes()), timeout)

    def _graph(self) -> Any:
        return self.context.graph

    def _publications(self) -> list[Endpoint]:
        with self._graph().changed:
            return list(self._graph().publications.values())

    def _subscriptions(self) -> list[Endpoint]:
        with self._graph().changed:
            return list(self._graph().subscriptions.values())

    def _node(self, name: str, namespace: str) -> NodeInfo:
        full = full_node_name(name, namespace)
        found = [node for node in self._graph().nodes() if node.full_name == full]
        if not found:
            raise NodeNameNonExistentError(f"Cannot get names and types: node '{full}' is not known")
        readers = set().union(*(node.readers for node in found))
        return NodeInfo(name, namespace, readers, set().union(*(node.writers for node in found)))

    def _count(self, endpoints: Iterable[Endpoint], demangle: Callable[[str], str | None], name: str) -> int:
        return sum(demangle(endpoint.topic) == name for endpoint in endpoints)

    def _endpoints_info(
        self, endpoints: list[Endpoint], topic: str, no_mangle: bool, kind: TopicEndpointTypeEnum
    ) -> list[TopicEndpointInfo]:
        name = topic if no_mangle else self.resolve_topic_name(topic)  # type: ignore[attr-defined]
        found = []
        for endpoint in endpoints:
            if (endpoint.topic if no_mangle else ros_topic(endpoint.topic)) == name:
                node = self._graph().node_of(endpoint.guid)
                found.append(
                    TopicEndpointInfo(
                        node_name=node.name if node else "_NODE_NAME_UNKNOWN_",
                        node_namespace=node.namespace if node else "_NODE_NAMESPACE_UNKNOWN_",
                        topic_type=ros_type(endpoint.type) or endpoint.type,
                        topic_type_hash=endpoint.user_data.get("typehash", "INVALID"),
                        endpoint_type=kind,
                        endpoint_gid=list(endpoint.guid),
                        qos_profile=ros_qos(endpoint.qos),
                    )
                )
        return found


def _topics(endpoints: list[Endpoint], guids: set[bytes], no_demangle: bool) -> NamesAndTypes:
    own = (endpoint for endpoint in endpoints if endpoint.guid in guids)
    if no_demangle:
        return _collect((endpoint.topic, endpoint.type) for endpoint in own)
    return _collect((ros_topic(endpoint.topic), ros_type(endpoint.type)) for endpoint in own)


def _services(endpoints: Iterable[Endpoint], prefix: str) -> Iterable[tuple[str | None, str | None]]:
    for endpoint in endpoints:
        kind = ros_type(endpoint.type)
        if endpoint.topic.startswith(prefix) and kind is not None:
            yield ros_service(endpoint.topic), kind.removesuffix("_Request").removesuffix("_Response")


def _collect(pairs: Iterable[tuple[str | None, str | None]]) -> NamesAndTypes:
    names: dict[str, set[str]] = {}
    for name, kind in pairs:
        if name is not None and kind is not None:
            names.setdefault(name, set()).add(kind)
    return [(name, sorted(kinds)) for name, kinds in sorted(names.items())]
