"""The cards on top of the page: the figures a reader wants first, each beside its bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calibration.reporting.formats import grouped, kilobytes, metres_as_cm, milliseconds, percent, scientific, seconds
from calibration.reporting.html import Card
from calibration.reporting.summary import value_of


@dataclass(frozen=True)
class KeyFigure:
    """One figure of ``summary.json`` and how it is shown."""

    name: str
    """Dotted name in the summary."""
    label: str
    show: Callable[[Any], str]
    bound: float | None = None
    """Limit the project promises; ``None`` if there is none."""
    at_least: bool = False
    """Whether the bound is a lower one."""


KEY_FIGURES: tuple[KeyFigure, ...] = (
    KeyFigure("train.wall_s", "training, wall time", seconds, 15.0),
    KeyFigure("eval.success_rate", "success in MuJoCo", percent, 0.99, at_least=True),
    KeyFigure("eval.median_steady_error_m", "steady error, calm", metres_as_cm, 0.05),
    KeyFigure("eval.median_steady_error_disturbed_m", "steady error, disturbed", metres_as_cm, 0.08),
    KeyFigure("flight.rms_error_m", "flight, rms at set-points", metres_as_cm),
    KeyFigure("flight.loop_p99_ms", "loop period, p99", milliseconds),
    KeyFigure("faults.link_loss_to_safe_ms", "link loss to safe action", milliseconds, 200.0),
    KeyFigure("parity.largest", "largest parity error", scientific, 1e-5),
    KeyFigure("stm32f405.instructions_per_step", "instructions per step", grouped, 45_000.0),
    KeyFigure("stm32f405.flash_bytes", "flash, with weights", kilobytes, 60_000.0),
    KeyFigure("stm32f405.ram_bytes", "RAM", kilobytes, 4_000.0),
)
"""In the order of the page."""


def key_cards(summary: dict[str, Any]) -> list[Card]:
    """Return a card for every key figure the summary holds."""
    summary = {**summary, "parity": {**summary.get("parity", {}), "largest": largest_parity(summary)}}
    result = []
    for figure in KEY_FIGURES:
        value = value_of(summary, figure.name)
        if isinstance(value, int | float):
            result.append(Card(figure.label, figure.show(value), _note(figure, summary), _good(figure, value, summary)))
    return result


def largest_parity(summary: dict[str, Any]) -> float | None:
    """Return the largest relative action error over the exported back ends."""
    errors = [value for key, value in summary.get("parity", {}).items() if key in ("onnx", "c_host", "c_stm32f405")]
    numbers = [float(value) for value in errors if isinstance(value, int | float)]
    return max(numbers) if numbers else None


def _good(figure: KeyFigure, value: float, summary: dict[str, Any]) -> bool | None:
    if figure.name == "flight.rms_error_m":
        return bool(value_of(summary, "flight.completed"))
    if figure.bound is None:
        return None
    return value >= figure.bound if figure.at_least else value <= figure.bound


def _note(figure: KeyFigure, summary: dict[str, Any]) -> str:
    details = {
        "train.wall_s": ("train.cpu_s", lambda value: f"{value:.0f} CPU-s"),
        "eval.success_rate": ("eval.episodes", lambda value: f"{grouped(value)} episodes"),
        "flight.rms_error_m": ("flight.completed", lambda value: "completed" if value else "not completed"),
    }
    notes = []
    if figure.bound is not None:
        notes.append(f"{'at least' if figure.at_least else 'at most'} {figure.show(figure.bound)}")
    if figure.name in details:
        name, show = details[figure.name]
        value = value_of(summary, name)
        if value is not None:
            notes.append(show(value))
    return " · ".join(notes)
