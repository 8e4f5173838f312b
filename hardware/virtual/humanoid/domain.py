"""A DDS domain that nobody on this computer uses, for tests and demonstrations beside each other."""

from __future__ import annotations

import os
import random
import socket

from sim.errors import LinkError

FIRST, LAST = 20, 230
"""Below are the domains people choose; above it the ports leave UDP's range."""
_FIRST_PORT, _PORTS_PER_DOMAIN = 7410, 250
"""The DDS standard's port mapping (DDSI-RTPS, 9.6.1.1): the discovery port of a domain's first participant."""


def free_dds_uri(interface: str = "lo") -> str:
    """Return a URI on ``interface`` with a domain whose first participant is not there.

    Raises:
        LinkError: if all are in use.
    """
    domains = list(range(FIRST, LAST + 1))
    random.Random(os.urandom(8)).shuffle(domains)
    for domain in domains:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", _FIRST_PORT + _PORTS_PER_DOMAIN * domain))
            except OSError:
                continue
            return f"dds://{interface}?domain={domain}"
    raise LinkError(f"no free DDS domain from {FIRST} to {LAST}")
