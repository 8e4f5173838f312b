"""Unitree's hand-held remote, as it appears in the 40 bytes ``wireless_remote`` of ``LowState``.

Layout (unitree_sdk2, ``gamepad.hpp``): two bytes of header, 16 buttons, then floats lx, rx, ry, L2, ly.
"""

from __future__ import annotations

from collections.abc import Iterable

BUTTONS = ("R1", "L1", "start", "select", "R2", "L2", "F1", "F2", "A", "B", "X", "Y", "up", "right", "down", "left")
"""Bit 0 first."""
SIZE = 40
_OFFSET = 2

STOPS = (frozenset({"L2", "B"}), frozenset({"select"}))
"""Any of these asks for damping: L2 and B is the combination of Unitree's own controllers, ``select`` that of the
deployment programs the field copies from (unitree_rl_gym)."""


def pressed(wireless_remote: bytes) -> frozenset[str]:
    """Return the names of the buttons that are down.

    Args:
        wireless_remote: the 40 bytes; all zero where no remote is in reach.
    """
    bits = int.from_bytes(wireless_remote[_OFFSET : _OFFSET + 2], "little")
    return frozenset(name for index, name in enumerate(BUTTONS) if bits >> index & 1)


def stop_requested(wireless_remote: bytes) -> bool:
    """Whether the operator holds a combination that asks for damping."""
    down = pressed(wireless_remote)
    return any(combination <= down for combination in STOPS)


def encode(buttons: Iterable[str]) -> bytes:
    """Return the 40 bytes of a remote with these buttons down and its sticks at rest."""
    bits = sum(1 << BUTTONS.index(name) for name in set(buttons))
    return bytes(_OFFSET) + bits.to_bytes(2, "little") + bytes(SIZE - _OFFSET - 2)
