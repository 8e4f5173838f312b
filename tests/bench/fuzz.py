"""Figures: hostile input on both wires, serial frames and CRTP packets, and what it found in all."""

from __future__ import annotations

from tests.bench import fuzz_crtp, fuzz_serial


def measure(repeats: int = 1) -> dict[str, object]:
    """Return the figures of the two full runs; ``repeats`` is of no use: they are long."""
    serial, crtp = fuzz_serial.measure(), fuzz_crtp.measure()
    failures = {"fuzz.failures": len(serial["fuzz.serial_found"]) + len(crtp["fuzz.crtp_found"])}
    return failures | serial | crtp
