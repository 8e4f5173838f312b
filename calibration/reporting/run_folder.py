"""What a run folder holds: the verbs' JSON files, the training curve and the flight logs.

Anything may be missing or broken, since a report is most wanted when a run went wrong: what
cannot be read becomes a line in ``problems``, and the rest is reported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calibration.reporting.gap_section import is_whole
from calibration.reporting.record import FlightRecord, JointRecord, load_record
from sim.errors import ConfigError, Sim2MetalError

VERB_FILES = ("train", "eval", "export", "verify", "flight", "flight-virtual", "fault", "fault-virtual")
"""JSON files that the verbs write with ``--json``, without their suffix (as ``sim2metal demo`` does)."""


@dataclass
class RunFolder:
    """Everything found; what is absent is an empty dictionary, an empty list or ``None``."""

    path: Path
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By file name without suffix, dotted keys nested."""
    config: dict[str, Any] = field(default_factory=dict)
    """The resolved training configuration."""
    curve: list[dict[str, Any]] = field(default_factory=list)
    """Training log, one entry per point."""
    bundle: dict[str, Any] = field(default_factory=dict)
    """``bundle.json`` as it is; the report judges nothing by it."""
    flight: FlightRecord | JointRecord | None = None
    fault: FlightRecord | JointRecord | None = None
    gap: dict[str, Any] = field(default_factory=dict)
    """What ``sim2metal gap`` wrote of the flight."""
    problems: list[str] = field(default_factory=list)

    def of(self, name: str) -> dict[str, Any]:
        """Return one verb's figures, empty if it has not run."""
        return self.figures.get(name, {})


def read_run_folder(path: Path) -> RunFolder:
    """Read a run folder, or a single log as a folder that holds nothing else.

    The training may be in the folder's ``train`` (as in a demo) or be the folder itself (as
    ``sim2metal train --out`` leaves it).

    Raises:
        ConfigError: if there is no such path, it is no log, or the folder holds nothing to report.
    """
    if path.is_file():
        return _single_log(path)
    if not path.is_dir():
        raise ConfigError(f"no run at {path}: give a run folder (make demo writes runs/demo) or a flight log (.mcap)")
    run = RunFolder(path)
    for name in VERB_FILES:
        document = _object(path / f"{name}.json", run.problems)
        if document:
            run.figures[name] = nest(document)
    training = path / "train" if (path / "train").is_dir() else path
    if "train" not in run.figures and (result := _object(training / "result.json", run.problems)):
        run.figures["train"] = nest(result)
    run.config = _object(training / "config.json", run.problems)
    run.bundle = _object(path / "bundle" / "bundle.json", run.problems)
    run.curve = _lines(training / "curve.jsonl", run.problems)
    run.flight = _log(path / "flight.mcap", run.problems)
    run.fault = _log(path / "fault.mcap", run.problems)
    run.gap = _gap(path / "flight.gap.json", run.problems)
    if not (run.figures or run.curve or run.bundle or run.flight or run.fault or run.problems):
        raise ConfigError(f"{path} holds nothing to report: {_what_to_give(path)}")
    return run


def _what_to_give(path: Path) -> str:
    """Say what can be reported instead; a swarm's folder holds a log for each robot."""
    logs = sorted(log.name for log in path.glob("*.mcap"))
    if logs:
        return f"give one of its logs: {', '.join(logs[:3])}{', …' if len(logs) > 3 else ''}"
    return "run make demo, or write the verbs' --json files there"


def nest(document: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted keys into nested dictionaries: ``{"a.b": 1}`` becomes ``{"a": {"b": 1}}``.

    Where a prefix has a value of its own, its details keep their dots beside it:
    ``{"a.b": 1, "a.b.c": 2}`` becomes ``{"a": {"b": 1, "b.c": 2}}``.
    """
    result: dict[str, Any] = {}
    # Short keys first, so that a value is in its place before its details.
    for key in sorted(document, key=lambda key: str(key).count(".")):
        value = document[key]
        _place(result, str(key).split("."), nest(value) if isinstance(value, dict) else value)
    return result


def _place(target: dict[str, Any], parts: list[str], value: Any) -> None:
    head = parts[0]
    inner = target.setdefault(head, {}) if len(parts) > 1 else target.get(head)
    if len(parts) > 1 and isinstance(inner, dict):
        _place(inner, parts[1:], value)
    elif len(parts) == 1 and isinstance(inner, dict) and isinstance(value, dict):
        inner.update(value)
    else:
        target[".".join(parts)] = value


def _single_log(path: Path) -> RunFolder:
    run = RunFolder(path)
    try:
        run.flight = load_record(path)
    except Sim2MetalError as error:
        raise ConfigError(f"{error}; give a flight log (.mcap) or a run folder") from None
    if not run.flight.complete:
        run.problems.append(_cut_short(path))
    run.gap = _gap(path.with_name(f"{path.stem}.gap.json"), run.problems)
    return run


def _gap(path: Path, problems: list[str]) -> dict[str, Any]:
    found = _object(path, problems)
    if found and not is_whole(found):
        problems.append(f"{path.name} is not what sim2metal gap writes: write it again")
        return {}
    return found


def _log(path: Path, problems: list[str]) -> FlightRecord | JointRecord | None:
    if not path.exists():
        return None
    try:
        record = load_record(path)
    except Sim2MetalError as error:
        problems.append(str(error))
        return None
    if not record.complete:
        problems.append(_cut_short(path))
    return record


def _cut_short(path: Path) -> str:
    return f"{path.name} ends without its index (a kill or a full disk): what was written before is shown"


def _object(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{path.name} cannot be read ({str(error).splitlines()[0]}): write it again")
        return {}
    if not isinstance(document, dict):
        problems.append(f"{path.name} is not a JSON object: write it again")
        return {}
    return document


def _lines(path: Path, problems: list[str]) -> list[dict[str, Any]]:
    """Read JSON lines; a last line cut off by a kill is left out."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        problems.append(f"{path.name} cannot be read ({error})")
        return []
    entries: list[dict[str, Any]] = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries
