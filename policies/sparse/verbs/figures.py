"""How the figures of followed motions are said."""

from __future__ import annotations

from typing import Any


def lines_of(figures: dict[str, Any]) -> list[str]:
    """Return what ``judge`` found, in a few lines."""
    kinds = ", ".join(f"{kind} {100 * error:.1f}" for kind, error in figures["kinds"].items())
    return [
        f"head and hands: {100 * figures['error_m']:.1f} cm off in the mean, 95 % within"
        f" {100 * figures['error_p95_m']:.1f} cm, over {figures['motions']} held-out motions",
        f"head {100 * figures['head_error_m']:.1f} cm, left hand {100 * figures['left_hand_error_m']:.1f} cm,"
        f" right hand {100 * figures['right_hand_error_m']:.1f} cm; by motion, cm: {kinds}",
        f"feet that stand slip {figures['foot_slip_m_s']:.3f} m/s; contacts agree in"
        f" {figures['contact_agreement']:.1%}; {figures['rate_hz']:.0f} frames per second of one core",
    ]
