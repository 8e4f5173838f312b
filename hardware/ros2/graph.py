"""The ROS graph: which nodes, topics and services there are, told to others and heard from them.

Every participant writes its nodes with the identifiers of their endpoints to ``ros_discovery_info``
(rmw_dds_common/msg/ParticipantEntitiesInfo; one sample per change, kept for late comers). Endpoints
themselves come from DDS discovery. One thread per context sleeps until either changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsParticipant,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import InstanceState
from cyclonedds.qos import Policy, Qos

from hardware.ros2.codec import codec
from hardware.ros2.dds_qos import dds_qos
from hardware.ros2.definitions import type_hash
from hardware.ros2.errors import CdrError
from hardware.ros2.idl import idl_type
from hardware.ros2.messages import message_class
from hardware.ros2.names import full_node_name
from hardware.ros2.participant import QOS_LOCK, Participant, WaitSet
from hardware.ros2.rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from hardware.ros2.wire import DISCOVERY_TOPIC, DISCOVERY_TYPE, parse_user_data, user_data

_BATCH = 64
"""Samples taken at once from a discovery reader."""
_IDLE_NS = 3_600_000_000_000
"""The thread sleeps until something changes; this is only a wait that has an end."""
_MAX_KNOWN = 10_000
"""Participants and endpoints that are remembered: a flood on the network must not fill the memory."""


@dataclass(frozen=True)
class Endpoint:
    """A discovered writer or reader.

    Attributes:
        guid: 16 bytes that name it on the network.
        participant: guid of its participant.
        topic, type: DDS names.
        qos: its policies.
    """

    guid: bytes
    participant: bytes
    topic: str
    type: str
    qos: Qos

    @property
    def user_data(self) -> dict[str, str]:
        """Its type hash and, in services, which client or service it belongs to."""
        policy = self.qos[Policy.Userdata]
        return parse_user_data(bytes(policy.data)) if policy is not None else {}


@dataclass
class NodeInfo:
    """A node and its endpoints' guids."""

    name: str
    namespace: str
    readers: set[bytes] = field(default_factory=set)
    writers: set[bytes] = field(default_factory=set)

    @property
    def full_name(self) -> str:
        """``/ns/name``."""
        return full_node_name(self.name, self.namespace)


class Graph:
    """Tells the context's nodes to others and knows theirs.

    Args:
        participant: of the context.
    """

    def __init__(self, participant: Participant) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.publications: dict[bytes, Endpoint] = {}
        self.subscriptions: dict[bytes, Endpoint] = {}
        self._own: list[NodeInfo] = []
        self._others: dict[bytes, list[NodeInfo]] = {}
        self._enclaves: dict[bytes, str] = {}
        self._guid = participant.guid
        self._codec = codec(DISCOVERY_TYPE)
        data = user_data(typehash=type_hash(DISCOVERY_TYPE))
        kept = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        every = QoSProfile(history=HistoryPolicy.KEEP_ALL, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        kind = idl_type(DISCOVERY_TYPE)
        self._writer = participant.writer(DISCOVERY_TOPIC, kind, dds_qos(kept, data, writer=True))
        self._reader = participant.reader(DISCOVERY_TOPIC, kind, dds_qos(every, data, writer=False, ignore_local=True))
        self._builtin = {
            BuiltinDataReader(participant.entity, BuiltinTopicDcpsParticipant): self._participant_changed,
            BuiltinDataReader(participant.entity, BuiltinTopicDcpsPublication): self._publication_changed,
            BuiltinDataReader(participant.entity, BuiltinTopicDcpsSubscription): self._subscription_changed,
        }
        self._waitset = WaitSet(participant)
        self._waitset.attach(self._reader.condition)
        self._conditions = {reader._next_condition._ref: reader for reader in self._builtin}
        for condition in self._conditions:
            self._waitset.attach(condition)
        self._open = True
        self._holds = 0
        self._thread = threading.Thread(target=self._watch, name="ros-graph", daemon=True)
        self._thread.start()

    def nodes(self) -> list[NodeInfo]:
        """All known nodes, this context's first."""
        with self.changed:
            return [*self._own, *(node for nodes in self._others.values() for node in nodes)]

    def enclave_of(self, node: NodeInfo) -> str:
        """The enclave of a node's participant."""
        with self.changed:
            for guid, nodes in self._others.items():
                if any(other is node for other in nodes):
                    return self._enclaves.get(guid, "/")
            return self._enclaves.get(self._guid, "/")

    def node_of(self, guid: bytes) -> NodeInfo | None:
        """The node that owns an endpoint, None if it is not known (yet)."""
        return next((node for node in self.nodes() if guid in node.readers or guid in node.writers), None)

    def is_complete(self) -> bool:
        """Whether every endpoint that other nodes tell of has been discovered: the two travel apart."""
        with self.changed:
            return all(
                node.readers <= self.subscriptions.keys() and node.writers <= self.publications.keys()
                for nodes in self._others.values()
                for node in nodes
            )

    def add_node(self, node: NodeInfo) -> None:
        """Tell others of a new node of this context."""
        with self.changed:
            self._own.append(node)
        self.publish()

    def remove_node(self, node: NodeInfo) -> None:
        """Tell others that a node is gone."""
        with self.changed:
            self._own = [own for own in self._own if own is not node]
        self.publish()

    def hold(self) -> Holding:
        """Tell others only at the end of a ``with`` block: one message for many endpoints."""
        return Holding(self)

    def publish(self) -> None:
        """Tell others of this context's nodes and endpoints as they are now."""
        with self.changed:
            if not self._open or self._holds:
                return
            self._writer.write(self._codec.encode(self._message()))
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Sleep until the graph changes so that ``condition()`` holds; return whether it does.

        Args:
            condition: called after each change, and every 50 ms, because an endpoint is matched shortly
                after it is discovered.
            timeout_s: longest wait; None or negative for none.
        """
        end = None if timeout_s is None or timeout_s < 0 else time.monotonic() + timeout_s
        with self.changed:
            while not condition():
                left = 0.05 if end is None else min(0.05, end - time.monotonic())
                if left <= 0 or not self._open:
                    return condition()
                self.changed.wait(left)
        return True

    def close(self) -> None:
        """Stop the thread."""
        with self.changed:
            self._open = False
            self.changed.notify_all()
        self._waitset.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=1.0)
        self._waitset.close()

    def _message(self) -> Any:
        info, gid = message_class("rmw_dds_common/msg/NodeEntitiesInfo"), message_class("rmw_dds_common/msg/Gid")
        nodes = [
            info(
                node_namespace=node.namespace,
                node_name=node.name,
                reader_gid_seq=[gid(data=list(guid)) for guid in sorted(node.readers)],
                writer_gid_seq=[gid(data=list(guid)) for guid in sorted(node.writers)],
            )
            for node in self._own
        ]
        return message_class(DISCOVERY_TYPE)(gid=gid(data=list(self._guid)), node_entities_info_seq=nodes)

    def _watch(self) -> None:
        while self._open:
            for condition in self._waitset.wait(_IDLE_NS):
                reader = self._conditions.get(condition)
                if reader is None:
                    self._take_nodes()
                else:
                    self._take_builtin(reader)

    def _take_nodes(self) -> None:
        for data, info in self._reader.take(_BATCH):
            if not info.valid_data:
                continue
            try:
                message = self._codec.decode(data)
            except CdrError:
                continue  # a stranger on this topic: nothing of it can be shown
            with self.changed:
                if len(self._others) < _MAX_KNOWN:
                    self._others[message.gid.data.tobytes()] = [
                        _node(entry) for entry in message.node_entities_info_seq
                    ]
                self.changed.notify_all()

    def _take_builtin(self, reader: BuiltinDataReader) -> None:
        handle = self._builtin[reader]
        with QOS_LOCK:
            samples = list(reader.take(_BATCH))
        for sample in samples:
            with self.changed:
                handle(sample.key.bytes, sample if _is_alive(sample.sample_info) else None)
                self.changed.notify_all()

    def _participant_changed(self, guid: bytes, sample: Any) -> None:
        if sample is None:
            self._others.pop(guid, None)
            self._enclaves.pop(guid, None)
        elif len(self._enclaves) < _MAX_KNOWN:
            policy = sample.qos[Policy.Userdata]
            data = parse_user_data(bytes(policy.data)) if policy is not None else {}
            self._enclaves[guid] = data.get("enclave", "/")

    def _publication_changed(self, guid: bytes, sample: Any) -> None:
        _note(self.publications, guid, sample)

    def _subscription_changed(self, guid: bytes, sample: Any) -> None:
        _note(self.subscriptions, guid, sample)


class Holding:
    """See ``Graph.hold``."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __enter__(self) -> None:
        with self._graph.changed:
            self._graph._holds += 1

    def __exit__(self, *_: object) -> None:
        with self._graph.changed:
            self._graph._holds -= 1
        self._graph.publish()


def _is_alive(info: Any) -> bool:
    """Whether a discovered thing is there; one that came and went at once is told by a sample with data too."""
    return info.valid_data and info.instance_state == InstanceState.Alive


def _note(known: dict[bytes, Endpoint], guid: bytes, sample: Any) -> None:
    if sample is None:
        known.pop(guid, None)
    elif len(known) < _MAX_KNOWN:
        known[guid] = Endpoint(guid, sample.participant_key.bytes, sample.topic_name, sample.type_name, sample.qos)


def _node(entry: Any) -> NodeInfo:
    return NodeInfo(
        entry.node_name,
        entry.node_namespace,
        {gid.data.tobytes() for gid in entry.reader_gid_seq},
        {gid.data.tobytes() for gid in entry.writer_gid_seq},
    )
