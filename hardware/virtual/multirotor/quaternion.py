"""The few rotations a Crazyflie needs, on plain floats (numpy is slower for four numbers); wxyz."""

from __future__ import annotations

import math

Quaternion = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]


def rotation_matrix(q: Quaternion) -> Matrix:
    """Return world<-body, row-major."""
    w, x, y, z = q
    return (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip


def roll_pitch_yaw(q: Quaternion) -> tuple[float, float, float]:
    """Return roll, pitch (about +y: nose down positive) and yaw, rad."""
    w, x, y, z = q
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    return roll, pitch, yaw_of(q)


def yaw_of(q: Quaternion) -> float:
    """Return the heading, rad."""
    w, x, y, z = q
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def tilted(q: Quaternion, rx: float, ry: float, rz: float) -> Quaternion:
    """Return ``q`` followed by the small body rotation ``(rx, ry, rz)`` rad, normalised."""
    w, x, y, z = q
    a, b, c = 0.5 * rx, 0.5 * ry, 0.5 * rz
    n = (w - x * a - y * b - z * c, x + w * a + y * c - z * b, y + w * b + z * a - x * c, z + w * c + x * b - y * a)
    scale = 1.0 / math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] + n[3] * n[3])
    return n[0] * scale, n[1] * scale, n[2] * scale, n[3] * scale


def decompress(packed: int) -> Quaternion:
    """Undo the firmware's 32-bit compression: three components of 9 bits plus sign, largest left out.

    The components come in the order x, y, z, w (crazyflie-firmware, ``quatcompress.h``).
    """
    largest = packed >> 30
    components = [0.0, 0.0, 0.0, 0.0]
    for i in (3, 2, 1, 0):
        if i == largest:
            continue
        magnitude = (packed & 0x1FF) / 0x1FF / math.sqrt(2.0)
        components[i] = -magnitude if packed >> 9 & 1 else magnitude
        packed >>= 10
    components[largest] = math.sqrt(max(0.0, 1.0 - sum(value * value for value in components)))
    x, y, z, w = components
    return w, x, y, z
