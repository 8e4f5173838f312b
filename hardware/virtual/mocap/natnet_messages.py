"""What a NatNet server says, as bytes: the counterpart of ``hardware/mocap/natnet.py``, whose sources it shares."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from hardware.mocap.frame import MocapFrame
from hardware.mocap.natnet import FRAME, MODELS, SERVER_INFO, TRACKED, message

NAME = b"sim2metal virtual motion capture"
TICKS_PER_S = 1_000_000
"""Frequency of the times in a frame's end."""
ERROR_M = 3e-4
"""Mean error of the markers."""


def server_info(version: tuple[int, int], data_port: int, multicast: str | None) -> bytes:
    """Return the answer to a greeting."""
    group = socket.inet_aton(multicast or "0.0.0.0")
    bitstream = (*version, 0, 0)
    return message(
        SERVER_INFO,
        struct.pack(
            "<256s4B4BQH?4s", NAME, 3, 1, 0, 0, *bitstream, TICKS_PER_S, data_port, multicast is not None, group
        ),
    )


def models(names: Sequence[str], version: tuple[int, int]) -> bytes:
    """Return the list of rigid bodies, numbered from 1, each of one marker, with a marker set each before them."""
    descriptions = [(0, _text(name) + struct.pack("<i", 1) + _text("Marker 001")) for name in names]
    for number, name in enumerate(names, 1):
        markers = struct.pack("<i3fi", 1, 0.0, 0.0, 0.0, 0) + (_text("Marker 001") if version[0] >= 4 else b"")
        descriptions.append((1, _text(name) + struct.pack("<ii3f", number, -1, 0.0, 0.0, 0.0) + markers))
    payload = struct.pack("<i", len(descriptions))
    for kind, description in descriptions:
        size = struct.pack("<i", len(description)) if version >= (4, 1) else b""
        payload += struct.pack("<i", kind) + size + description
    return message(MODELS, payload)


def frame(seen: MocapFrame, names: Sequence[str], version: tuple[int, int]) -> bytes:
    """Return a frame of data: one marker set and one labelled marker per body that is seen, all bodies, and the time.

    Args:
        seen: bodies missing in it are sent as not tracked.
        names: of all bodies, in the order of ``models``.
        version: of the bitstream.
    """
    sized = version >= (4, 1)
    bodies = {body.name: body for body in seen.bodies}
    sets = b"".join(_text(body.name) + struct.pack("<i3f", 1, *body.position_w) for body in seen.bodies)
    poses = b""
    for number, name in enumerate(names, 1):
        body = bodies.get(name)
        w, *xyz = body.orientation_wxyz if body else (1.0, 0.0, 0.0, 0.0)
        place = body.position_w if body else (0.0, 0.0, 0.0)
        poses += struct.pack("<i7ffh", number, *place, *xyz, w, ERROR_M, TRACKED if body else 0)
    labelled = b"".join(
        struct.pack("<i4fhf", (number << 16) + 1, *body.position_w, 0.01, 10, ERROR_M)
        for number, body in enumerate(seen.bodies, 1)
    )
    time_s = seen.time_s or 0.0
    ticks = round(time_s * TICKS_PER_S)
    return message(
        FRAME,
        struct.pack("<i", (seen.number or 0) & 0x7FFFFFFF)
        + _list(len(seen.bodies), sets, sized)
        + _list(0, b"", sized)  # other markers
        + _list(len(names), poses, sized)
        + _list(0, b"", sized)  # skeletons
        + (_list(0, b"", sized) if sized else b"")  # assets
        + _list(len(seen.bodies), labelled, sized)
        + _list(0, b"", sized)  # force plates
        + _list(0, b"", sized)  # devices
        + struct.pack("<IIdQQQ", 0, 0, time_s, ticks, ticks, ticks)
        + (struct.pack("<II", 0, 0) if sized else b"")
        + struct.pack("<Hi", 0, 0),
    )


def _list(count: int, items: bytes, sized: bool) -> bytes:
    return struct.pack("<i", count) + (struct.pack("<i", len(items)) if sized else b"") + items


def _text(value: str) -> bytes:
    return value.encode() + b"\0"
