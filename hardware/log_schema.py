"""What a log holds: the fields of a step, for each kind of robot, and of an event, as JSON schemas.

A number that is not finite is written as null.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Fields = dict[str, tuple[dict[str, Any], str]]
"""By name: JSON schema and meaning."""

_NUMBER = {"type": "number"}
_INTEGER = {"type": "integer"}
_TEXT = {"type": "string"}
_MAYBE = {"type": ["number", "null"]}
_NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}


def _vector(size: int) -> dict[str, Any]:
    return {**_NUMBERS, "minItems": size, "maxItems": size}


@dataclass(frozen=True)
class LogSchema:
    """One kind of message."""

    topic: str
    name: str
    fields: Fields

    def to_json(self) -> bytes:
        """Return the JSON schema, UTF-8."""
        properties = {name: {**kind, "description": text} for name, (kind, text) in self.fields.items()}
        return json.dumps({"title": self.name, "type": "object", "properties": properties}).encode()


_BEGIN: Fields = {
    "time_ns": (_INTEGER, "start of the loop step, on the link's clock (the host's monotonic one)"),
    "mode": (_TEXT, "supervisor mode"),
    "phase": (_TEXT, "mission phase"),
    "observation": (_NUMBERS, "what the policy saw, if it ran on the host: the bundle's terms in order; else empty"),
    "action": (_NUMBERS, "what it returned, before limits"),
    "reset": (_INTEGER, "1 when that step began a new episode"),
}
_END: Fields = {
    "orientation_wxyz": (_vector(4), "unit quaternion, world<-body"),
    "angular_velocity_b": (_vector(3), "rad/s, body"),
    "battery_v": (_MAYBE, "pack voltage, V"),
    "state_age_ms": (_MAYBE, "age of the state at the step"),
    "heard_age_ms": (_MAYBE, "age of the last packet of any kind"),
    "latency_ms": (_MAYBE, "from the arrival of the state to the hand-over of the command that rests on it"),
    "round_trip_ms": (_MAYBE, "to the robot and back, as the link's driver measures it; null where it does not"),
    "robot_ms": (_INTEGER, "the robot's clock in its newest state"),
    "onboard_mode": (_INTEGER, "mode of the controller on board"),
    "armed": (_INTEGER, "1 when the robot says it is armed"),
}

FLIGHT_STEP = LogSchema(
    "/flight/step",
    "sim2metal.FlightStep",
    {
        **_BEGIN,
        "target": (_vector(4), "what the mission asked for: x, y, z in m (world), yaw in rad"),
        "setpoint": (_vector(4), "what the supervisor let through, same units; null when nothing was commanded"),
        "command": (_vector(4), "what left the host, in the units of the link; the set-point for a policy on board"),
        "position_w": (_vector(3), "state estimate, m, world"),
        "velocity_w": (_vector(3), "m/s, world"),
        "motors": (_vector(4), "motor commands as the robot reports them"),
        **_END,
    },
)

JOINT_STEP = LogSchema(
    "/joints/step",
    "sim2metal.JointStep",
    {
        **_BEGIN,
        "target": (_vector(3), "velocity the mission asked for: ahead and to the left in m/s, turning left in rad/s"),
        "velocity_command": (_vector(3), "what the supervisor let through; null when nothing was commanded"),
        "command": (_NUMBERS, "joint targets that left the host, rad, in the bundle's order; else empty"),
        "joint_position": (_NUMBERS, "rad"),
        "joint_velocity": (_NUMBERS, "rad/s"),
        "joint_torque": (_NUMBERS, "N m, as the motors estimate it"),
        "temperature_c": (_NUMBERS, "of the motors"),
        **_END,
    },
)

STEPS = {schema.topic: schema for schema in (FLIGHT_STEP, JOINT_STEP)}
"""Step schemas by topic."""

EVENT = LogSchema(
    "/run/event",
    "sim2metal.Event",
    {
        "time_ns": (_INTEGER, "on the link's clock"),
        "kind": (_TEXT, "fault, mode or note"),
        "name": (_TEXT, "which fault, mode or note"),
        "data": ({"type": "object"}, "details"),
    },
)
