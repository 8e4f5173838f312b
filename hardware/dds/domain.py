"""Where a robot on DDS is: network interface and domain, and the one door of this process to it."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlparse
from xml.sax.saxutils import quoteattr

from cyclonedds.core import DDSException
from cyclonedds.domain import Domain, DomainParticipant

from hardware.dds.loopback import keep_to_loopback, socket_inodes
from hardware.dds.open_domains import close_domain, delete, exists, open_domain
from sim.errors import ConfigError, LinkError

EXAMPLE_URI = "dds://lo?domain=1"
MAX_DOMAIN = 232
"""Above it the port numbers of the DDS standard (7400 + 250 domain) leave the range of UDP."""
_INTERFACE = re.compile(r"[A-Za-z0-9._:@-]{1,15}")
"""What can be the name of a network interface (at most 15 characters: Linux's IFNAMSIZ)."""
_NETWORK = """<CycloneDDS><Domain Id="any"><General><Interfaces>
<NetworkInterface name={name} multicast="default"/>
</Interfaces></General></Domain></CycloneDDS>"""
"""That of Unitree's SDK."""
_LOOPBACK = """<CycloneDDS><Domain Id="any"><General><Interfaces><NetworkInterface name="lo"/></Interfaces>
<AllowMulticast>false</AllowMulticast></General><Discovery><ParticipantIndex>auto</ParticipantIndex>
<MaxAutoParticipantIndex>32</MaxAutoParticipantIndex><Peers><Peer address="127.0.0.1"/></Peers>
</Discovery></Domain></CycloneDDS>"""
"""Linux has no multicast on loopback: each participant takes a port of its own and asks the first 32 of them."""
LOOPBACK = "lo"


@dataclass(frozen=True)
class DdsAddress:
    """An interface and a domain."""

    interface: str
    """Network interface towards the robot; ``lo`` stays on this computer."""
    domain: int = 0
    """DDS domain; Unitree's robots are in 0."""


def parse_uri(uri: str) -> DdsAddress:
    """Return the address in ``dds://INTERFACE?domain=NUMBER``.

    Raises:
        ConfigError: for anything else.
    """
    parts = urlparse(uri)
    interface = uri.removeprefix("dds://").partition("?")[0].rstrip("/")
    if parts.scheme != "dds" or not _INTERFACE.fullmatch(interface):
        raise ConfigError(f"a robot on DDS has a URI like {EXAMPLE_URI} or dds://eth0, not '{uri}'")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    text = options.pop("domain", "0")
    if options:
        raise ConfigError(f"'{uri}': unknown option '{next(iter(options))}'; the only one is domain")
    if not text.isascii() or not text.isdigit() or int(text) > MAX_DOMAIN:
        raise ConfigError(f"'{uri}': the domain is a number from 0 to {MAX_DOMAIN}")
    return DdsAddress(interface, int(text))


def join(address: DdsAddress) -> Any:
    """Return a new participant in the domain, bound to the interface.

    Raises:
        LinkError: if there is no such interface, or this process already uses another one for the domain.
    """
    present = [name for _, name in socket.if_nameindex()]
    if address.interface not in present:
        raise LinkError(f"no network interface '{address.interface}' here; there are: {', '.join(present)}")
    other = open_domain(address.domain, "dds", address.interface, lambda: _configured(address))
    if other is not None:
        raise LinkError(f"DDS domain {address.domain} is already open on {other} in this process: use that interface")
    try:
        return DomainParticipant(address.domain)
    except DDSException as error:
        close_domain(address.domain)
        raise LinkError(f"cannot join DDS domain {address.domain} on {address.interface}: {error.msg}") from None


def leave(participant: Any) -> None:
    """Delete a participant with its readers and writers now, not when Python collects them.

    Others hear of it at once, and its port is free for the next. None of its parts may be used any more.
    After the last participant of the process the domain goes, too: see ``open_domains``.
    """
    if exists(participant):
        domain_id = participant.domain_id
        delete(participant)
        close_domain(domain_id)


def configuration(address: DdsAddress) -> str:
    """Return the library's configuration that keeps to the interface, as XML."""
    if address.interface == LOOPBACK:
        return _LOOPBACK
    return _NETWORK.format(name=quoteattr(address.interface))


def _configured(address: DdsAddress) -> Domain | None:
    before = socket_inodes()
    try:
        domain = Domain(address.domain, configuration(address))
    except DDSException as error:
        if error.code == DDSException.DDS_RETCODE_PRECONDITION_NOT_MET:
            return None  # something else in this process opened it before: its configuration holds
        raise LinkError(f"cannot use the network interface '{address.interface}' for DDS: is it up?") from None
    if address.interface == LOOPBACK:
        keep_to_loopback(address.domain, before)
    return domain
