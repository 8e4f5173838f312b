"""``sim2metal calibrate show``: what a log holds, what it lacks, and whether it contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from calibration.recording.record import Recording
    from calibration.recording.suspicions import Verdict


@dataclass
class Show:
    """Say what a log holds: streams, rates, gaps, and whether something in it cannot be."""

    log: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LOG")]
    """A log of sim2metal run (.mcap), a ROS 2 bag, Crazyflie log blocks (.csv, or a folder of them), a PX4 log."""
    robot: str | None = None
    """Which robot, where the log does not say it."""

    def run(self) -> dict[str, Any]:
        """Print the table and return what was found.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from calibration.recording.read import read_recording
        from calibration.recording.suspicions import examine

        recording = read_recording(self.log, self.robot)
        verdict = examine(recording)
        _print(recording, verdict)
        return {
            "log": str(self.log),
            "robot": recording.robot,
            "serial": recording.serial,
            "sha256": recording.sha256,
            "duration_s": recording.duration_s,
            "streams": {
                name: {"rows": len(stream), "rate_hz": stream.rate_hz, "unit": stream.unit, "frame": stream.frame}
                for name, stream in recording.streams.items()
            },
            "warnings": list(recording.warnings),
            "suspicions": [{"name": found.name, "sentence": found.sentence} for found in verdict.suspicions],
            "checked": list(verdict.checked),
        }


def _print(recording: Recording, verdict: Verdict) -> None:
    console = Console(highlight=False)
    serial = f", serial number {recording.serial}" if recording.serial else ""
    title = f"{recording.robot}{serial}: {recording.duration_s:.1f} s"
    table = Table("stream", "rows", "rate", "unit", "frame", title=title, title_justify="left", box=None)
    for name, stream in recording.streams.items():
        table.add_row(name, str(len(stream)), f"{stream.rate_hz:.0f} Hz", stream.unit, stream.frame)
    console.print(table)
    for text in recording.warnings:
        console.print(f"[yellow]note[/]  {text}", soft_wrap=True)
    for found in verdict.suspicions:
        console.print(f"[red]wrong[/] {found.sentence}", soft_wrap=True)
    if verdict.checked:
        console.print(f"checked: {'; '.join(verdict.checked)}", soft_wrap=True)
    for text in verdict.unchecked:
        console.print(f"not checked: {text}", soft_wrap=True)
