"""The DDS domains of this process: opened with their configuration, closed after the last participant.

Closing matters: Cyclone DDS 11.0.1 keeps what it knows of data types by domain, and when all topics of a
type go away and the type is registered again, its table of dependencies can point into freed memory
(``ddsi_type_resolved_locked`` of ddsi_typelib.c reads it and the process dies; some hundred rounds of
making and deleting participants show it). So topics live as long as their participant, and a domain
without participants is deleted with all its tables. The links and the ROS 2 runtime share this table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cyclonedds.core import Entity
from cyclonedds.domain import Domain


@dataclass
class _Open:
    """A domain in use; ``domain`` is None where something else in the process opened it."""

    owner: str
    settings: str
    domain: Domain | None
    users: int = 0


_open: dict[int, _Open] = {}
_lock = threading.Lock()


def open_domain(domain_id: int, owner: str, settings: str, create: Callable[[], Domain | None]) -> str | None:
    """Have a domain for one more participant.

    Args:
        domain_id: of the domain.
        owner: which part of the program asks; the domain of another part is used as it is.
        settings: how it shall be configured, to compare.
        create: creates it; ``None`` if it exists already.

    Returns:
        The settings that this owner has opened it with and that are others, when nothing was done; else ``None``.
    """
    with _lock:
        known = _open.get(domain_id)
        if known is None:
            known = _open[domain_id] = _Open(owner, settings, create())
        elif known.owner == owner and known.settings != settings:
            return known.settings
        known.users += 1
    return None


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


def exists(entity: Entity) -> bool:
    """Whether a DDS entity has not been deleted yet."""
    known: Any = entity._entities  # the library has no public way
    return known.get(entity._ref) is entity


def delete(entity: Entity) -> bool:
    """Delete a DDS entity now, not when Python collects it; return False if that was done already."""
    if not exists(entity):
        return False
    entity.__del__()
    return True
