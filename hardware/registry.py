"""Links by URI scheme: adding a kind of robot is one module and one line here.

A link module is imported only when its scheme is asked for, so a robot computer needs only
the client library of its own robot.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from sim.errors import ConfigError

LINKS: dict[str, tuple[str, str, str]] = {
    "radio": ("hardware.crazyflie.link", "CrazyflieLink", "radio://0/80/2M/E7E7E7E7E7"),
    "usb": ("hardware.crazyflie.link", "CrazyflieLink", "usb://0"),
    "udp": ("hardware.crazyflie.link", "CrazyflieLink", "udp://127.0.0.1:19850"),
    "serial": ("hardware.serial.link", "SerialLink", "serial:///dev/ttyACM0?baud=921600"),
    "sim": ("hardware.virtual.sim_link", "SimLink", "sim://crazyflie"),
    "dds": ("hardware.dds.link", "DdsLink", "dds://eth0"),
}
"""Scheme -> module, class, example URI."""

_VIRTUAL = re.compile(r"sim://|(udp|serial)://(127\.|localhost)|serial:///dev/pts/|dds://lo\b")
"""Where nothing but a simulation can listen: loopback, a pseudo-terminal, this process."""


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI.

    Raises:
        ConfigError: if it is not one of ``LINKS``; the message lists them with examples.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or not rest or scheme not in LINKS:
        examples = ", ".join(example for _, _, example in LINKS.values())
        raise ConfigError(f"no link for URI '{uri}'; give one like: {examples}")
    return scheme


def create_link(uri: str, **options: Any) -> Any:
    """Return the unopened link for ``uri``.

    Args:
        uri: where the robot is, e.g. ``udp://127.0.0.1:19850``.
        options: passed to the link's class.

    Raises:
        ConfigError: for an unknown scheme or a malformed address.
    """
    module, name, _ = LINKS[scheme_of(uri)]
    return getattr(importlib.import_module(module), name)(uri, **options)


def moves_metal(uri: str) -> bool:
    """Whether propellers or legs may move behind ``uri``: always, unless it points into this computer."""
    return _VIRTUAL.match(uri) is None
