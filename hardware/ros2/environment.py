"""Where the nodes talk: domain, network, and the configuration of Cyclone DDS that says so.

The variables are those of ROS 2 (https://docs.ros.org/en/jazzy/Concepts/Intermediate/About-Domain-ID.html
and .../Tutorials/Advanced/Improved-Dynamic-Discovery.html). One thing differs: without any of them ROS 2
talks to the whole subnet, this runtime to its own machine only.

========================================  ==========================================================
ROS_DOMAIN_ID                             0 to 232, default 0
ROS_AUTOMATIC_DISCOVERY_RANGE             LOCALHOST (default here), SUBNET, OFF, SYSTEM_DEFAULT
ROS_LOCALHOST_ONLY=0 / 1                  older spelling of SUBNET / LOCALHOST; wins where it is set, as in Jazzy
ROS_STATIC_PEERS                          addresses to talk to besides, separated by ``;``
CYCLONEDDS_URI                            your own configuration of Cyclone DDS, used instead of all but the domain
========================================  ==========================================================
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sim.errors import ConfigError

MAX_DOMAIN_ID = 232
"""Largest domain whose ports (7400 + 250 domain + ...) fit in 16 bits (RTPS 2.5 section 9.6.1)."""
MAX_PARTICIPANTS = 32
"""Processes per machine that find each other without multicast; rmw_cyclonedds has the same number."""
RANGES = ("LOCALHOST", "SUBNET", "OFF", "SYSTEM_DEFAULT")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Network:
    """Which domain and whom to find.

    Attributes:
        domain_id: DDS domain.
        discovery_range: one of ``RANGES``.
        peers: addresses to talk to besides.
        own_configuration: the user's CYCLONEDDS_URI, or empty.
    """

    domain_id: int = 0
    discovery_range: str = "LOCALHOST"
    peers: tuple[str, ...] = ()
    own_configuration: str = ""

    @property
    def loopback_only(self) -> bool:
        """Whether nothing may reach another machine."""
        return self.discovery_range == "LOCALHOST" and not self.peers and not self.own_configuration


def network(environ: Mapping[str, str] = os.environ, domain_id: int | None = None) -> Network:
    """Read the environment.

    Args:
        environ: variables.
        domain_id: used instead of ROS_DOMAIN_ID.

    Raises:
        ConfigError: for a variable that holds no such value.
    """
    text = environ.get("ROS_DOMAIN_ID", "").strip() if domain_id is None else str(domain_id)
    if text and not (text.isascii() and text.isdecimal() and int(text) <= MAX_DOMAIN_ID):
        raise ConfigError(f"ROS_DOMAIN_ID '{text}': expected a number from 0 to {MAX_DOMAIN_ID}")
    peers = tuple(peer.strip() for peer in environ.get("ROS_STATIC_PEERS", "").split(";") if peer.strip())
    for peer in peers:
        _check_address(peer)
    return Network(int(text or 0), _range(environ), peers, environ.get("CYCLONEDDS_URI", ""))


def configuration(net: Network) -> str:
    """Return the configuration of Cyclone DDS as XML (or the user's own).

    The same as rmw_cyclonedds makes of these settings, so that both meet. Without multicast every
    participant takes a port of its own (``ParticipantIndex auto``) and the others are looked for on the
    first ``MAX_PARTICIPANTS`` of them. LOCALHOST alone would not keep strangers out: see ``loopback.py``.
    """
    if net.own_configuration:
        return net.own_configuration
    if net.discovery_range == "SYSTEM_DEFAULT":
        return "<CycloneDDS/>"
    peers = list(net.peers)
    general = ""
    most = f"<MaxAutoParticipantIndex>{MAX_PARTICIPANTS}</MaxAutoParticipantIndex>"
    discovery = f"<ParticipantIndex>auto</ParticipantIndex>{most}"
    if net.discovery_range == "LOCALHOST":
        peers.insert(0, "127.0.0.1")
        general = "<AllowMulticast>false</AllowMulticast>"
    elif net.discovery_range == "OFF":
        peers = []
        general = "<AllowMulticast>false</AllowMulticast>"
        discovery = f"<ParticipantIndex>none</ParticipantIndex><Tag>ros_discovery_off_{os.getpid()}</Tag>"
    if peers:
        addresses = "".join(f'<Peer address="{peer}"/>' for peer in peers)
        discovery += f"<Peers>{addresses}</Peers>"
    return f"<CycloneDDS><Domain><General>{general}</General><Discovery>{discovery}</Discovery></Domain></CycloneDDS>"


def _range(environ: Mapping[str, str]) -> str:
    only = environ.get("ROS_LOCALHOST_ONLY", "").strip()
    if only:
        if only not in ("0", "1"):
            raise ConfigError(f"ROS_LOCALHOST_ONLY '{only}': expected 0 or 1")
        return "LOCALHOST" if only == "1" else "SUBNET"
    value = environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").strip().upper() or "LOCALHOST"
    if value not in RANGES:
        raise ConfigError(f"ROS_AUTOMATIC_DISCOVERY_RANGE '{value}': choose one of {', '.join(RANGES)}")
    return value


def _check_address(text: str) -> None:
    """Addresses go into XML, so only what an address is made of may pass."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not _HOST.fullmatch(text):
            raise ConfigError(f"ROS_STATIC_PEERS '{text}': expected host names or addresses separated by ';'") from None
