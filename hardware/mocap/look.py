"""What a motion capture system sends, for a person: every body with its place, its rate and what would be refused."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from typing import Any

from rich.console import Console

from hardware.mocap.feed import BodyStatus
from hardware.mocap.gate import FrameGate, PoseGate
from hardware.mocap.source import create_source
from hardware.mocap.uri import parse_mocap_uri
from hardware.states import tilt_of
from sim.errors import LinkError

LOOK_S = 2.0


def look_at_mocap(text: str, console: Console) -> dict[str, Any]:
    """Listen for a while and print what was seen.

    Returns:
        ``frames``, ``refused`` and ``bodies`` (for each ``position_w``, ``rate_hz``, ``refused``).

    Raises:
        ConfigError: for a URI that names no system.
        LinkError: if it does not answer or sends no frame.
    """
    gate, poses = FrameGate(), defaultdict[str, PoseGate](PoseGate)
    bodies = defaultdict[str, BodyStatus](BodyStatus)
    frames = 0
    with create_source(parse_mocap_uri(text)) as source:
        deadline_s = time.monotonic() + LOOK_S
        while time.monotonic() < deadline_s:
            frame = source.receive(0.1)
            if frame is None:
                continue
            if (refusal := gate.refusal(frame)) is not None:
                source.refused[refusal] += 1
                continue
            frames += 1
            for body in frame.bodies:
                status, pose = bodies[body.name], poses[body.name].check(body, frame.received_ns)
                if isinstance(pose, str):
                    status.refused[pose] += 1
                    continue
                status.last = pose
                status.arrivals_s.append(frame.received_ns / 1e9)
        refused = dict(source.refused)
    if not frames:
        why = f" but: {', '.join(refused)}" if refused else ""
        raise LinkError(f"{text}: no frame within {LOOK_S:g} s{why}; is the system streaming, and to this computer?")
    console.print(f"{text}: {frames / LOOK_S:.0f} frames per second, {len(bodies)} bodies", highlight=False)
    for name, status in sorted(bodies.items()):
        console.print(f"  {_line(name, status)}", highlight=False, markup=False)
    found = {
        name: {
            "position_w": status.last.position_w if status.last else None,
            "rate_hz": round(status.rate_hz, 1),
            "refused": dict(status.refused),
        }
        for name, status in bodies.items()
    }
    return {"frames": frames, "refused": refused, "bodies": found}


def _line(name: str, status: BodyStatus) -> str:
    words = ", ".join(f"{reason} ({count})" for reason, count in status.refused.items())
    if status.last is None:
        return f"{name}: all poses refused: {words}"
    x, y, z = status.last.position_w
    tilt = math.degrees(tilt_of(status.last.orientation_wxyz))
    seen = f"{name}: x {x:+.3f} y {y:+.3f} z {z:+.3f} m, tilted {tilt:.0f} degrees, {status.rate_hz:.0f} Hz"
    return f"{seen}; refused: {words}" if words else seen
