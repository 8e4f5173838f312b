"""Temperatures of a robot's motors as ros2_control reports them: values by joint and interface name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from control_msgs.msg import DynamicJointState, InterfaceValue

from hardware.clock import NS, Clock
from hardware.states import Vector
from sim2metal_nodes.conversions import to_stamp

INTERFACE = "temperature"
"""Name of the value, in degrees Celsius."""
MOST_AGE_S = 0.5
"""A motor warms up in seconds, but one that nobody measures for longer than this must not be relied on."""


class Temperatures:
    """The newest temperature of every joint, NaN where there is none.

    Args:
        clock: stamps arrivals.
        names: joints in the bundle's order.
    """

    def __init__(self, clock: Clock, names: Sequence[str]) -> None:
        self._clock, self._names = clock, tuple(names)
        self._unknown: Vector = (math.nan,) * len(names)
        self._values = self._unknown
        self._received_ns: int | None = None

    @property
    def heard(self) -> bool:
        """Whether every joint's was reported at least once."""
        return not any(map(math.isnan, self._values))

    def newest(self) -> Vector:
        """Return (n,) degrees Celsius; NaN where a joint was not in the last message or that is too old."""
        if self._received_ns is None or (self._clock.now_ns() - self._received_ns) / NS > MOST_AGE_S:
            return self._unknown
        return self._values

    def receive(self, message: DynamicJointState) -> None:
        """Take a message; joints without a temperature stay unknown."""
        found: dict[str, float] = {}
        for name, values in zip(message.joint_names, message.interface_values):
            found.update(
                (name, value) for kind, value in zip(values.interface_names, values.values) if kind == INTERFACE
            )
        self._values = tuple(float(found.get(name, math.nan)) for name in self._names)
        self._received_ns = self._clock.now_ns()


def temperature_message(time_ns: int, names: Sequence[str], temperature_c: Sequence[float]) -> DynamicJointState:
    """Return the message of temperatures, (n,) degrees Celsius, one per name."""
    message = DynamicJointState(joint_names=list(names))
    message.header.stamp = to_stamp(time_ns)
    message.interface_values = [InterfaceValue(interface_names=[INTERFACE], values=[float(t)]) for t in temperature_c]
    return message
