"""One palette for page and plots, with a light and a dark value for every role.

Plots are drawn in the light colours; in the page every colour becomes a CSS variable, so the
same inline SVG follows the reader's colour scheme. Hues keep apart for colour-blind readers
(blue, orange, teal, plum), and red is kept for faults.
"""

from __future__ import annotations

LIGHT: dict[str, str] = {
    "page": "#f6f7f9",
    "surface": "#fefefe",
    "ink": "#1b2330",
    "muted": "#5d6878",
    "grid": "#e3e7ec",
    "blue": "#2468c8",
    "orange": "#dd6b20",
    "teal": "#138a78",
    "plum": "#8a4fbf",
    "good": "#1e8449",
    "bad": "#c8313b",
    "phase_ground": "#e9ecf0",
    "phase_move": "#dfe9f8",
    "phase_hold": "#e1f2ec",
    "phase_safe": "#fae0df",
}
"""Role to colour; every value is distinct, so that plots can be mapped back to roles."""

DARK: dict[str, str] = {
    "page": "#10141b",
    "surface": "#181e27",
    "ink": "#e8ecf2",
    "muted": "#9aa6b6",
    "grid": "#2b333f",
    "blue": "#6aa6f8",
    "orange": "#f59a57",
    "teal": "#4cc3ae",
    "plum": "#bf92ea",
    "good": "#5ccb8a",
    "bad": "#f2767c",
    "phase_ground": "#222933",
    "phase_move": "#1f2d42",
    "phase_hold": "#1b342f",
    "phase_safe": "#452629",
}

SERIES = ("blue", "orange", "teal", "plum")
"""Roles of data series, in order of use."""


def css_variables(colours: dict[str, str]) -> str:
    """Return the palette as CSS custom properties."""
    return " ".join(f"--{_css_name(role)}: {colour};" for role, colour in colours.items())


def as_css_variables(svg: str) -> str:
    """Replace every colour of the light palette in ``svg`` by its CSS variable."""
    for role, colour in LIGHT.items():
        svg = svg.replace(colour, f"var(--{_css_name(role)})")
    return svg


def _css_name(role: str) -> str:
    return role.replace("_", "-")
