"""Frames as JSON: the generic protocol of ``json://``, and what the library's own process says.

    {"frame": 812, "time": 8.12, "bodies": [{"name": "cf1", "position": [x, y, z], "orientation": [w, x, y, z]}]}

Positions in m, a body in the world; ``frame`` and ``time`` (s) count up and may be left out.
"""

from __future__ import annotations

import json
from typing import Any

from hardware.mocap.frame import MalformedFrameError, MocapFrame, RigidBody, UpAxis, turned_up

MOST_BODIES = 256
LONGEST_NAME = 64


def encode_frame(frame: MocapFrame) -> bytes:
    """Return one line, without its end."""
    bodies = [
        {"name": body.name, "position": body.position_w, "orientation": body.orientation_wxyz} for body in frame.bodies
    ]
    return json.dumps({"frame": frame.number, "time": frame.time_s, "bodies": bodies}).encode()


def decode_frame(data: bytes, received_ns: int, up: UpAxis = "z") -> MocapFrame:
    """Read one frame.

    Args:
        data: UTF-8.
        received_ns: its arrival, host monotonic.
        up: vertical axis of its poses.

    Raises:
        MalformedFrameError: if it is no such document.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedFrameError("a datagram that is not JSON") from None
    if not isinstance(document, dict) or not isinstance(bodies := document.get("bodies"), list):
        raise MalformedFrameError("JSON without a list 'bodies'")
    if len(bodies) > MOST_BODIES:
        raise MalformedFrameError(f"JSON with more than {MOST_BODIES} bodies")
    number, time_s = document.get("frame"), document.get("time")
    if number is not None and not (type(number) is int and 0 <= number < 1 << 63):
        raise MalformedFrameError("JSON whose 'frame' is no whole number")
    if time_s is not None and not _is_number(time_s):
        raise MalformedFrameError("JSON whose 'time' is no number")
    return MocapFrame(received_ns, tuple(turned_up(_body(body), up) for body in bodies), number, time_s)


def _body(document: Any) -> RigidBody:
    if not isinstance(document, dict):
        raise MalformedFrameError("JSON with a body that is no object")
    name, position, orientation = (document.get(key) for key in ("name", "position", "orientation"))
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise MalformedFrameError(f"JSON with a body without a name of 1 to {LONGEST_NAME} characters")
    return RigidBody(name, _vector(position, 3, "position"), _vector(orientation, 4, "orientation"))


def _vector(value: Any, size: int, name: str) -> tuple[float, ...]:
    if not (isinstance(value, list) and len(value) == size and all(map(_is_number, value))):
        raise MalformedFrameError(f"JSON with a body without {size} numbers of '{name}'")
    return tuple(map(float, value))


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float can hold; NaN and infinity, which Python's JSON knows, come later."""
    return type(value) is float or (type(value) is int and abs(value) < 1 << 53)
