"""The DDS side of a context: one participant with writers and readers of raw samples, and wait sets.

Samples pass as bytes: ``codec.py`` makes and reads them, so this file uses cyclonedds' C layer
(``ddspy_write``, ``ddspy_take``) and leaves its slower Python serialisation out.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any

from cyclonedds import _clayer  # type: ignore[attr-defined]
from cyclonedds.builtin_types import cqos_to_qos
from cyclonedds.core import DDSException, GuardCondition, InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.internal import DDS
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from hardware.ros2.domains import close_domain, delete, open_domain
from hardware.ros2.environment import MAX_PARTICIPANTS, Network
from hardware.ros2.errors import DdsError
from hardware.ros2.wire import user_data

ANY_STATE = SampleState.Any | ViewState.Any | InstanceState.Any
QOS_LOCK = threading.Lock()
"""To hold while cyclonedds makes Python objects of a QoS: it reads them through buffers that all threads share, and two
at a time crashed the process (cyclonedds 11, ``qos.py``)."""
TIMEOUT = -10
"""DDS_RETCODE_TIMEOUT."""
_MAX_TRIGGERED = 64
"""Triggered conditions that one wait reports; the others are reported by the next."""
_MAX_MATCHED = 1024
"""Peers of one endpoint that are looked at."""

_library: Any = DDS._dll_handle


class Participant:
    """A DDS participant that shows itself as a ROS 2 context.

    Args:
        net: domain and network.
        enclave: ROS enclave, told in the participant's user data.

    Raises:
        DdsError: if Cyclone DDS refuses the domain or the participant.
    """

    def __init__(self, net: Network, enclave: str = "/") -> None:
        self._domain_id = net.domain_id
        open_domain(net)
        try:
            self.entity = DomainParticipant(net.domain_id, Qos(Policy.Userdata(user_data(enclave=enclave))))
        except DDSException as error:
            close_domain(net.domain_id)
            most = f"is its network up, and are there fewer than {MAX_PARTICIPANTS} processes in it?"
            raise DdsError(f"cannot join DDS domain {net.domain_id}: {error.msg}; {most}") from error
        self.guid: bytes = self.entity.get_guid().bytes
        self._topics: dict[str, tuple[type[IdlStruct], Topic]] = {}
        self._lock = threading.Lock()

    def writer(self, topic: str, data_type: type[IdlStruct], qos: Qos) -> RawWriter:
        """Create a writer.

        Raises:
            DdsError: if Cyclone DDS refuses it.
        """
        try:
            return RawWriter(DataWriter(self.entity, self._topic(topic, data_type), qos))
        except DDSException as error:
            raise DdsError(f"cannot publish {topic}: {error.msg}") from error

    def reader(self, topic: str, data_type: type[IdlStruct], qos: Qos) -> RawReader:
        """Create a reader.

        Raises:
            DdsError: if Cyclone DDS refuses it.
        """
        try:
            return RawReader(DataReader(self.entity, self._topic(topic, data_type), qos))
        except DDSException as error:
            raise DdsError(f"cannot subscribe to {topic}: {error.msg}") from error

    def close(self) -> None:
        """Delete the participant and everything in it; peers hear of it at once."""
        if delete(self.entity):
            close_domain(self._domain_id)

    def _topic(self, name: str, data_type: type[IdlStruct]) -> Topic:
        with self._lock:
            known = self._topics.get(name)
            if known is None:
                known = self._topics[name] = (data_type, Topic(self.entity, name, data_type))
        if known[0] is not data_type:
            names = [kind.__idl_typename__ for kind in (known[0], data_type)]
            raise DdsError(f"topic {name} has type {names[0]} in this process and cannot have {names[1]} too")
        return known[1]


class RawWriter:
    """Writes samples that are CDR already."""

    def __init__(self, entity: DataWriter) -> None:
        self.entity = entity
        self.guid: bytes = entity.get_guid().bytes
        self._ref: int = entity._ref

    def write(self, sample: bytes) -> int:
        """Send header and CDR, a multiple of four bytes; return the DDS return code (0 is fine)."""
        return _clayer.ddspy_write(self._ref, sample)

    def matched_data(self) -> list[bytes]:
        """User data of the matched readers."""
        handles = _handles(_library.dds_get_matched_subscriptions, self._ref)
        with QOS_LOCK:
            found = [
                _clayer.ddspy_get_matched_subscription_data(self._ref, handle, _user_data, cqos_to_qos)
                for handle in handles
            ]
        return [data for data in found if isinstance(data, bytes)]

    def assert_liveliness(self) -> None:
        """Say that the writer is alive."""
        _library.dds_assert_liveliness(self._ref)

    def wait_for_acks(self, timeout_ns: int) -> bool:
        """Wait until all reliable readers have everything."""
        return _library.dds_wait_for_acks(self._ref, ctypes.c_int64(timeout_ns)) == 0

    def close(self) -> None:
        """Delete the writer."""
        delete(self.entity)


class RawReader:
    """Takes samples as CDR; ``condition`` triggers a ``WaitSet`` while some are there."""

    def __init__(self, entity: DataReader) -> None:
        self.entity = entity
        self.guid: bytes = entity.get_guid().bytes
        self._condition = ReadCondition(entity, ANY_STATE)
        self.condition: int = self._condition._ref
        self._ref: int = entity._ref

    def take(self, limit: int = 1) -> list[tuple[bytes, Any]]:
        """Return up to ``limit`` samples with their information; none if the reader is gone."""
        taken = _clayer.ddspy_take(self._ref, ANY_STATE, limit)
        return taken if isinstance(taken, list) else []

    def matched_data(self, handle: int) -> bytes | None:
        """User data of a matched writer, None if it is gone."""
        with QOS_LOCK:
            found = _clayer.ddspy_get_matched_publication_data(self._ref, handle, _user_data, cqos_to_qos)
        return found if isinstance(found, bytes) else None

    def matched_data_all(self) -> list[bytes]:
        """User data of the matched writers."""
        found = (self.matched_data(handle) for handle in _handles(_library.dds_get_matched_publications, self._ref))
        return [data for data in found if data is not None]

    def close(self) -> None:
        """Delete the reader."""
        delete(self._condition)
        delete(self.entity)


class WaitSet:
    """Sleeps until an attached condition triggers; ``wake`` ends the sleep from any thread.

    Args:
        participant: whose conditions are attached.
    """

    def __init__(self, participant: Participant) -> None:
        self._guard = GuardCondition(participant.entity)
        self._ref: int = _library.dds_create_waitset(participant.entity._ref)
        if self._ref < 0:
            raise DdsError("cannot create a wait set: the context is shut down")
        self._triggered = (ctypes.c_void_p * _MAX_TRIGGERED)()
        self.attach(self._guard._ref)

    def attach(self, condition: int) -> None:
        """Watch a condition; a condition that is gone is left out."""
        _library.dds_waitset_attach(self._ref, condition, ctypes.c_void_p(condition))

    def detach(self, condition: int) -> None:
        """No longer watch a condition."""
        _library.dds_waitset_detach(self._ref, condition)

    def wake(self) -> None:
        """End the present or the next ``wait``."""
        _library.dds_set_guardcondition(self._guard._ref, True)

    def wait(self, timeout_ns: int) -> list[int]:
        """Sleep until a condition triggers.

        Args:
            timeout_ns: longest sleep.

        Returns:
            The triggered conditions; empty after a time-out or ``wake``.
        """
        count = _library.dds_waitset_wait(self._ref, self._triggered, _MAX_TRIGGERED, timeout_ns)
        if count <= 0:
            return []
        triggered = self._triggered[: min(count, _MAX_TRIGGERED)]
        if self._guard._ref in triggered:
            _library.dds_set_guardcondition(self._guard._ref, False)
            triggered.remove(self._guard._ref)
        return triggered

    def close(self) -> None:
        """Delete the wait set; a thread that sleeps in it wakes."""
        _library.dds_delete(self._ref)
        delete(self._guard)


def _handles(function: Any, ref: int) -> list[int]:
    """Instance handles of the endpoints matched with ``ref``."""
    handles = (ctypes.c_int64 * _MAX_MATCHED)()
    count = function(ref, handles, _MAX_MATCHED)
    return [handle & 0xFFFFFFFFFFFFFFFF for handle in handles[: max(0, min(count, _MAX_MATCHED))]]


def _user_data(*sample: Any) -> bytes:
    """What is kept of an endpoint's description: see ``cyclonedds.builtin_types.endpoint_constructor``."""
    policy = sample[5][Policy.Userdata]
    return bytes(policy.data) if policy is not None else b""
