"""One ``summary.json`` from the verbs' JSON files: nested, flat where it can be, for machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calibration.reporting.machine import describe_machine
from calibration.reporting.run_folder import RunFolder
from sim.files import write_atomic

SECTIONS: tuple[tuple[str, str], ...] = (
    ("train", "train"),
    ("eval", "eval"),
    ("verify", "parity"),
    ("verify", "stm32f405"),
    ("export", "stm32f405"),
    ("flight", "flight"),
    ("fault", "faults"),
)
"""Verb file and the section of the summary it fills; a later one adds to an earlier one."""

_OWN = {"train": "train", "eval": "eval", "flight": "flight"}
"""Sections that are the verb's whole result where the file does not name the section itself."""

REQUIRED: dict[str, str] = {
    "train.wall_s": "train",
    "train.cpu_s": "train",
    "eval.success_rate": "eval",
    "eval.median_steady_error_m": "eval",
    "eval.episodes": "eval",
    "parity.onnx": "verify",
    "parity.c_host": "verify",
    "parity.c_stm32f405": "verify",
    "stm32f405.flash_bytes": "export",
    "stm32f405.ram_bytes": "export",
    "stm32f405.instructions_per_step": "verify",
    "flight.completed": "run",
    "flight.rms_error_m": "run",
    "flight.loop_p99_ms": "run",
    "faults.link_loss_to_safe_ms": "run",
}
"""Figures every full run has, and the verb that makes each."""


def summarise(run: RunFolder) -> dict[str, Any]:
    """Merge the figures of a run folder.

    Returns:
        Sections of scalars (``train``, ``eval``, ``parity``, ``stm32f405``, ``flight``, ``faults``),
        ``machine`` (as a verb recorded it, else this one), ``commit``, ``date`` (UTC, when the
        summary was made) and ``missing``: the names of required figures that no file holds.
    """
    summary: dict[str, Any] = {}
    for verb, name in SECTIONS:
        found = _scalars(_section(run.of(verb), name))
        if found:
            summary.setdefault(name, {}).update(found)
    documents = [document for document in run.figures.values() if document]
    recorded = next((d["machine"] for d in documents if isinstance(d.get("machine"), dict)), None)
    summary["machine"] = recorded or describe_machine()
    summary["commit"] = next((str(d["commit"]) for d in documents if d.get("commit")), _provenance(run, "commit"))
    summary["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    summary["missing"] = [name for name in REQUIRED if value_of(summary, name) is None]
    return summary


def write_summary(run: RunFolder, path: Path) -> dict[str, Any]:
    """Write ``summarise(run)`` to ``path`` and return it.

    Raises:
        StorageError: if it cannot be written.
    """
    summary = summarise(run)
    write_atomic(path, json.dumps(summary, indent=2) + "\n")
    return summary


def value_of(document: dict[str, Any], dotted: str) -> Any:
    """Return a nested value by its dotted name, ``None`` if it is not there."""
    place: Any = document
    for part in dotted.split("."):
        place = place.get(part) if isinstance(place, dict) else None
    return place


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    inner = document.get(name)
    if isinstance(inner, dict):
        return inner
    return document if name in _OWN else {}


def _scalars(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if isinstance(value, bool | int | float | str)}


def _provenance(run: RunFolder, key: str) -> str | None:
    value = value_of(run.bundle, f"info.provenance.{key}")
    return None if value is None else str(value)
