"""``--mocap URI``: which system, where it is, and how it is oriented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from hardware.mocap.frame import UpAxis
from sim.errors import ConfigError

LibrarySystem = Literal["optitrack", "vicon", "qualisys", "vrpn", "fzmotion"]
LIBRARY_SYSTEMS = get_args(LibrarySystem)
"""Systems of PyPI's ``motioncapture`` (the wheels leave out those whose makers' SDK is not free)."""
DEFAULT_PORTS = {"natnet": 1510, "json": 19990}
"""NatNet: Motive's default command port."""
EXAMPLES = ("natnet://192.168.1.5", "vicon://192.168.1.5", "qualisys://192.168.1.5", "json://127.0.0.1:19990")
OPTIONS = {"natnet": ("up", "interface"), "optitrack": ("up", "interface")}


@dataclass(frozen=True)
class MocapUri:
    """A parsed URI."""

    text: str
    scheme: str
    host: str
    """Of the system; ``json``: the address of this computer to listen on."""
    port: int
    """0: the system's own."""
    up: UpAxis
    interface: str = "0.0.0.0"
    """OptiTrack by multicast: address of this computer on the system's network."""


def parse_mocap_uri(text: str) -> MocapUri:
    """Read a URI.

    Raises:
        ConfigError: for an unknown scheme, a malformed address or an option that there is not.
    """
    try:
        parts = urlsplit(text)
        port, query = parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _unreadable(text) from None
    scheme, host = parts.scheme, parts.hostname
    if scheme not in (*DEFAULT_PORTS, *LIBRARY_SYSTEMS) or not host or parts.path.strip("/") or parts.fragment:
        raise _unreadable(text)
    options = OPTIONS.get(scheme, ("up",))
    if unknown := sorted(set(query) - set(options)):
        raise ConfigError(f"'{text}': {scheme} has no option '{unknown[0]}'; it has: {', '.join(options)}")
    up = query.get("up", "z")
    if up not in ("y", "z"):
        raise ConfigError(f"'{text}': up={up}, expected y or z: the system's vertical axis")
    return MocapUri(text, scheme, host, port or DEFAULT_PORTS.get(scheme, 0), up, query.get("interface", "0.0.0.0"))


def _unreadable(text: str) -> ConfigError:
    systems = ", ".join(f"{name}://" for name in (*DEFAULT_PORTS, *LIBRARY_SYSTEMS))
    return ConfigError(f"no motion capture at '{text}': give {systems} and a host, e.g. {', '.join(EXAMPLES)}")
