"""``unitree_api``: requests to the robot's services and their responses (unitree_sdk2, ``idl/ros2``).

Names and annotations must be evaluated at once: no ``from __future__ import annotations`` here.
"""

from dataclasses import dataclass

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.annotations import autoid, final
from cyclonedds.idl.types import int32, int64, sequence, uint8


@dataclass
@final
@autoid("sequential")
class RequestIdentity(IdlStruct, typename="unitree_api.msg.dds_.RequestIdentity_"):
    """Which request: ``id`` is the caller's own number, ``api_id`` the function."""

    id: int64
    api_id: int64


@dataclass
@final
@autoid("sequential")
class RequestLease(IdlStruct, typename="unitree_api.msg.dds_.RequestLease_"):
    """Exclusive use of a service; 0 where none is needed."""

    id: int64


@dataclass
@final
@autoid("sequential")
class RequestPolicy(IdlStruct, typename="unitree_api.msg.dds_.RequestPolicy_"):
    """Priority and whether an answer is wanted."""

    priority: int32
    noreply: bool


@dataclass
@final
@autoid("sequential")
class RequestHeader(IdlStruct, typename="unitree_api.msg.dds_.RequestHeader_"):
    """What every request carries."""

    identity: RequestIdentity
    lease: RequestLease
    policy: RequestPolicy


@dataclass
@final
@autoid("sequential")
class Request(IdlStruct, typename="unitree_api.msg.dds_.Request_"):
    """A request; ``parameter`` is JSON."""

    header: RequestHeader
    parameter: str
    binary: sequence[uint8]


@dataclass
@final
@autoid("sequential")
class ResponseStatus(IdlStruct, typename="unitree_api.msg.dds_.ResponseStatus_"):
    """0 is success."""

    code: int32


@dataclass
@final
@autoid("sequential")
class ResponseHeader(IdlStruct, typename="unitree_api.msg.dds_.ResponseHeader_"):
    """The request's identity and what became of it."""

    identity: RequestIdentity
    status: ResponseStatus


@dataclass
@final
@autoid("sequential")
class Response(IdlStruct, typename="unitree_api.msg.dds_.Response_"):
    """A response; ``data`` is JSON."""

    header: ResponseHeader
    data: str
    binary: sequence[uint8]
