"""Put the page together from what a run folder holds."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from calibration.reporting import flight_sections, sections
from calibration.reporting.gap_section import gap_section
from calibration.reporting.html import Html, cards, figure, join, markup, page, paragraph
from calibration.reporting.joint_sections import joint_run
from calibration.reporting.key_figures import key_cards
from calibration.reporting.log_figures import log_cards
from calibration.reporting.record import FlightRecord, JointRecord
from calibration.reporting.run_folder import RunFolder
from calibration.reporting.settings import VideoSettings
from sim.errors import ToolchainError


def build_page(
    run: RunFolder, summary: dict[str, Any], video: VideoSettings | None, console: Console
) -> tuple[str, list[str]]:
    """Return the page and notes about what could not be shown.

    Args:
        run: what was found.
        summary: its merged figures.
        video: how to film the flight; ``None`` for no video.
        console: for the progress bar.
    """
    notes: list[str] = []
    contents = [
        _run_section(run, video, console, notes),
        ("timing", "Loop timing", flight_sections.loop_timing(run)),
    ]
    if run.gap:
        contents.append(("gap", "Simulation against the log", gap_section(run.gap)))
    if run.path.is_dir():
        contents += [
            ("training", "Training", sections.training(run)),
            ("evaluation", "Evaluation", sections.evaluation(run)),
            ("robustness", "Robustness", sections.robustness(run)),
            ("parity", "Parity", sections.parity(run)),
            ("microcontroller", "Microcontroller", sections.microcontroller(run, summary)),
        ]
    contents += [
        ("faults", "Faults", flight_sections.faults(run)),
        ("provenance", "Provenance", sections.provenance(run, summary)),
    ]
    figures = log_cards(run.flight) if run.path.is_file() and run.flight else key_cards(summary)
    head = join([cards(figures), *(paragraph(problem) for problem in run.problems)])
    return page(_title(run), _subtitle(run), contents, head, f"sim2metal, {summary['date']}"), notes


def _run_section(
    run: RunFolder, video: VideoSettings | None, console: Console, notes: list[str]
) -> tuple[str, str, Html]:
    """Return the section about what the robot did: a flight with its film, or a run on joints."""
    if isinstance(run.flight, JointRecord):
        return "run", "Run", joint_run(run.flight)
    film = _film(run.flight, video, console, notes) if run.flight and video else Html("")
    return "flight", "Flight", flight_sections.flight(run, film)


def _film(record: FlightRecord, settings: VideoSettings, console: Console, notes: list[str]) -> Html:
    try:
        from calibration.reporting.video import as_html, render_video

        with _progress(console) as progress:
            film = render_video(record, settings, progress)
    except ToolchainError as error:
        notes.append(str(error))
        return Html(f'<p class="missing">{markup(error)}</p>')
    caption = f"The logged flight replayed in MuJoCo at {settings.speed:g} times its speed; orange: the set-point."
    return figure(as_html(film, record, settings), caption)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def _title(run: RunFolder) -> str:
    if run.path.is_file():
        kind = "Run" if isinstance(run.flight, JointRecord) else "Flight"
        name = run.path.stem
        return kind if name == kind.lower() else f"{kind} {name}"
    return f"{run.path.resolve().name}: from MuJoCo to metal"


def _subtitle(run: RunFolder) -> str:
    if run.path.is_file() and run.flight:
        return _logged(run.flight.metadata)
    info = run.bundle.get("info", {})
    robot = info.get("robot", {}) if isinstance(info, dict) else {}
    parts = [
        f"task {info['task']}" if "task" in info else "",
        f"robot {robot['name']} ({robot.get('parameter_set', '')})" if "name" in robot else "",
        f"bundle {str(run.bundle['id'])[:12]}" if "id" in run.bundle else "",
        f"over {run.flight.metadata.get('uri', '?')}" if run.flight else "not flown yet",
    ]
    return " · ".join(part for part in parts if part)


def _logged(metadata: dict[str, str]) -> str:
    """Return what a log says about itself, in the words of ``_subtitle``."""
    words = (
        ("task", "task {}"),
        ("robot", "robot {}"),
        ("bundle_id", "bundle {:.12}"),
        ("uri", "over {}"),
        ("started", "{:.16}"),
    )
    return " · ".join(form.format(metadata[name]) for name, form in words if metadata.get(name))
