"""Open and close a cflib connection in bounded time, whatever the other side does.

cflib reports failures through callbacks, never by exceptions; over UDP it waits for ever for
a lost reply, and its own ping thread can die holding the send lock. So: watch for progress,
retry a stalled handshake from the start, and close the driver under cflib's feet.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cflib.crtp
from cflib.crazyflie import Crazyflie
from cflib.crtp.crtpstack import CRTPPacket, CRTPPort

from hardware.crazyflie.guard import bound_queue, ignore_unused_ports
from sim.errors import ConfigError, FlightAbortedError, LinkError

ATTEMPTS = 3
STALL_S = {"udp": 1.0, "usb": 2.0, "radio": 3.0}
"""Longest silence of the handshake; cflib itself repeats a request on radio every 0.2 s."""
STARTING_S = 8.0
"""How long a robot on this computer may take to open its port: it is often started in the same breath."""
HANDSHAKE_S = 30.0
"""Longest handshake that keeps making progress (a full table of contents over a poor radio link)."""
POLL_S = 0.02
LAST_CHANNEL = 125
"""A Crazyradio's channels are 2400 to 2525 MHz (Bitcraze, "Crazyradio", USB protocol)."""

URI_PATTERNS = {
    "udp": (r"udp://[^/:]+:\d{1,5}", "udp://HOST:PORT, e.g. udp://127.0.0.1:19850"),
    "usb": (r"usb://\d+", "usb://NUMBER, e.g. usb://0"),
    "radio": (
        r"radio://[0-9A-Za-z]+/\d{1,3}(/(250K|1M|2M)(/[0-9A-Fa-f]{1,10})?)?(\?.*)?",
        "radio://DONGLE/CHANNEL/RATE/ADDRESS, e.g. radio://0/80/2M/E7E7E7E7E7",
    ),
}

HINTS = {
    "udp": "start one with: sim2metal virtual crazyflie --uri {uri} --bundle BUNDLE",
    "usb": "plug the robot in and switch it on; your user needs the udev rule in docs/crazyflie.md",
    "radio": "switch the robot on, plug in the Crazyradio and check channel, rate and address",
}

NO_DONGLE = "plug the Crazyradio in; if it is, your user may not use it: the udev rule is in docs/crazyflie.md"
"""Whatever is wrong with the robot, without a dongle nobody knows."""

NO_ANSWER = "no answer"
REFUSED = "refused"
"""In the system's message where nothing listens at a port."""
TAKEN = "somebody has that port: a robot that another program commands, or no robot at all"
"""A virtual robot answers its first client only."""

logging.getLogger("cflib").addHandler(logging.NullHandler())  # its warnings become our errors

_drivers_ready = threading.Event()


def check_uri(uri: str) -> str:
    """Return the scheme of a well-formed Crazyflie URI.

    Raises:
        ConfigError: saying how it should look.
    """
    scheme = uri.split("://", 1)[0]
    pattern, shape = URI_PATTERNS[scheme]
    if not re.fullmatch(pattern, uri):
        raise ConfigError(f"malformed URI '{uri}': expected {shape}")
    if scheme == "radio" and int(uri.split("/")[3]) > LAST_CHANNEL:
        raise ConfigError(f"malformed URI '{uri}': expected a channel from 0 to {LAST_CHANNEL}")
    if scheme == "udp" and not 0 < int(uri.rpartition(":")[2]) < 1 << 16:
        raise ConfigError(f"malformed URI '{uri}': expected a port from 1 to 65535")
    return scheme


def connect(uri: str, stopped: Callable[[], bool] = lambda: False) -> Crazyflie:
    """Return a fully connected Crazyflie: tables and all parameter values are there.

    Args:
        uri: checked by ``check_uri``.
        stopped: asked every few milliseconds; true gives up.

    Raises:
        LinkError: if nobody answers or the handshake stalls on every attempt.
        FlightAbortedError: if ``stopped``.
    """
    scheme = check_uri(uri)
    if not _drivers_ready.is_set():
        cflib.crtp.init_drivers()
        _drivers_ready.set()
    reason, attempts, starting, begun = "", 0, False, time.monotonic()
    while starting or attempts < ATTEMPTS:
        attempts += 1
        attempt = _Attempt(uri)
        reason = attempt.wait(STALL_S[scheme], stopped)
        if not reason:
            ignore_unused_ports(attempt.crazyflie)
            attempt.crazyflie.link_statistics.stop()  # our sender pings instead: see the module's docstring
            return attempt.crazyflie
        disconnect(attempt.crazyflie)
        starting = scheme == "udp" and REFUSED in reason and time.monotonic() - begun < STARTING_S
    hint = HINTS[scheme].format(uri=uri)
    if "Crazyradio" in reason:
        hint = NO_DONGLE
    elif scheme == "udp" and reason.startswith(NO_ANSWER):
        hint = TAKEN
    raise LinkError(f"no Crazyflie at {uri} ({reason}, {attempts} attempts); {hint}")


def disconnect(crazyflie: Crazyflie) -> None:
    """Close a connection without sending anything.

    cflib's ``close_link`` first sends a zero-thrust set-point, which a robot whose dead-man is
    bringing it down would take for a living host; so the driver is closed before.
    """
    driver, crazyflie.link = crazyflie.link, None
    with contextlib.suppress(Exception):  # a driver that failed to open also fails to close
        if driver is not None:
            driver.close()
    with contextlib.suppress(Exception):
        crazyflie.close_link()


class _Attempt:
    """One run of cflib's connection procedure, watched."""

    def __init__(self, uri: str) -> None:
        self._connected = threading.Event()
        self._failure: str | None = None
        self._progress = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.crazyflie = Crazyflie(rw_cache=_cache_folder(uri))
        self.crazyflie.fully_connected.add_callback(lambda _uri: self._connected.set())
        self.crazyflie.connection_failed.add_callback(self._failed)
        self.crazyflie.connection_lost.add_callback(self._failed)
        self.crazyflie.packet_received.add_callback(self._received)
        self.crazyflie.open_link(uri)
        bound_queue(self.crazyflie)

    def wait(self, stall_s: float, stopped: Callable[[], bool]) -> str:
        """Return an empty string when connected, else the reason why not."""
        deadline = time.monotonic() + HANDSHAKE_S
        while not self._connected.wait(POLL_S):
            now = time.monotonic()
            if stopped():
                disconnect(self.crazyflie)
                raise FlightAbortedError("stopped by the operator while connecting: nothing moved")
            if self._failure is not None:
                return self._failure
            if now - self._progress > stall_s:
                return f"{NO_ANSWER} for {stall_s:g} s"
            if now > deadline:
                return f"handshake not finished after {HANDSHAKE_S:g} s"
        return ""

    def _received(self, packet: CRTPPacket) -> None:
        if not (packet.port == CRTPPort.LINKCTRL and packet.channel == 0):  # echoes are no progress
            self._progress = time.monotonic()

    def _failed(self, _uri: str, message: str) -> None:
        self._failure = _reason(message)


def _reason(message: str) -> str:
    """The one useful part of a cflib message, which may carry a traceback."""
    for line in message.splitlines():
        text = line.strip().removeprefix("Couldn't load link driver:").removeprefix("Exception:").strip()
        if text and not text.startswith(("Error communicating", "UdpDriver")):
            return text
    return "unknown reason"


def _cache_folder(uri: str) -> str | None:
    """Where tables of contents are kept between connections; none for UDP.

    cflib keys its cache by the table's checksum alone; a virtual robot must not share a folder
    with real ones, and its handshake takes milliseconds anyway.
    """
    if uri.startswith("udp://"):
        return None
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(base / "sim2metal" / "crazyflie")
