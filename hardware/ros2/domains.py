"""The DDS domains of this process: opened with their configuration, closed after the last participant.

Closing matters: Cyclone DDS 11.0.1 keeps what it knows of data types by domain, and when all topics of a
type go away and the type is registered again, its table of dependencies can point into freed memory
(``ddsi_type_resolved_locked`` of ddsi_typelib.c reads it and the process dies; some hundred rounds of
making and deleting participants show it). So topics live as long as their participant, and a domain
without participants is deleted with all its tables.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from cyclonedds.core import DDSException, Entity
from cyclonedds.domain import Domain

from hardware.ros2.environment import Network, configuration
from hardware.ros2.errors import DdsError
from hardware.ros2.loopback import keep_to_loopback, socket_inodes


@dataclass
class _Open:
    """A domain in use; ``domain`` is None where another part of the process (a DDS link) opened it."""

    text: str
    domain: Domain | None
    users: int = 0


_open: dict[int, _Open] = {}
_lock = threading.Lock()


def open_domain(net: Network) -> None:
    """Configure the domain of a new participant, once per process.

    Raises:
        DdsError: if Cyclone DDS refuses, or the domain is open here with other settings.
    """
    text = configuration(net)
    with _lock:
        known = _open.get(net.domain_id)
        if known is None:
            known = _open[net.domain_id] = _Open(text, _configured(net, text))
        elif known.text != text:
            raise DdsError(f"DDS domain {net.domain_id} is open in this process with other network settings")
        known.users += 1


def close_domain(domain_id: int) -> None:
    """Note that a participant is gone; after the last one the domain goes too, unless others still use it."""
    with _lock:
        known = _open[domain_id]
        known.users -= 1
        if known.users == 0:
            if known.domain is not None and known.domain.get_participants():
                return  # another part of this process has joined meanwhile
            del _open[domain_id]
            if known.domain is not None:
                delete(known.domain)


def delete(entity: Entity) -> bool:
    """Delete a DDS entity now, not when Python collects it; return False if that was done already."""
    known: Any = entity._entities
    if known.get(entity._ref) is not entity:
        return False
    entity.__del__()
    return True


def _configured(net: Network, text: str) -> Domain | None:
    before = socket_inodes()
    try:
        domain = Domain(net.domain_id, text)
    except DDSException as error:
        if error.code == DDSException.DDS_RETCODE_PRECONDITION_NOT_MET:
            return None  # another part of this process opened it before: its configuration holds
        raise DdsError(f"Cyclone DDS refuses the configuration of domain {net.domain_id}: {error.msg}") from error
    if net.loopback_only:
        keep_to_loopback(net.domain_id, before)
    return domain
