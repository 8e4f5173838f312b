"""``sim2metal calibrate sensors``: noise, bias instability, clocks and delays, from the log of a robot at rest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.sensors.allan import AllanFit
    from calibration.sensors.link_timing import LinkTiming

SENSORS = ("gyro", "accelerometer", "joint_position", "joint_velocity", "position")
"""Streams whose noise is looked at."""
SHORT_OF = 0.98
"""Share of the log below which it is worth saying how much was used."""


@dataclass
class Sensors:
    """Say what noise sensors add, by Allan deviation of a log at rest, and what delay and drift the link has."""

    log: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LOG")]
    """A log that 'calibrate show' can read, of a robot at rest; an hour for a bias instability."""
    robot: str | None = None
    """Which robot, where the log does not say it."""
    figure: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Picture of the deviations to write, .png, .svg or .pdf."""

    def run(self) -> dict[str, Any]:
        """Print what was found and return it.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from calibration.recording.read import read_recording
        from calibration.sensors.allan import fit_allan
        from calibration.sensors.figure import draw_allan
        from calibration.sensors.resting import rest_of, resting_part

        if self.figure is not None and self.figure.suffix not in (".png", ".svg", ".pdf"):
            raise ConfigError(f"--figure {self.figure}: expected a name that ends in .png, .svg or .pdf")
        recording = read_recording(self.log, self.robot)
        present = [name for name in SENSORS if name in recording.streams]
        if not present:
            raise ConfigError(f"{self.log} holds none of: {', '.join(SENSORS)}")
        console = Console(highlight=False)
        fits: dict[str, list[AllanFit]] = {}
        start_s, end_s = rest_of({name: recording.streams[name] for name in present})
        if end_s - start_s < SHORT_OF * recording.duration_s:
            console.print(f"something moved: of {recording.duration_s:.1f} s, {start_s:.1f} to {end_s:.1f} s are used")
        for name in present:
            part = resting_part(name, recording.streams[name].between(start_s, end_s))
            for text in part.warnings:
                console.print(f"[yellow]note[/] {text}", soft_wrap=True)
            fits[name] = [fit_allan(column, part.rate_hz, recording.streams[name].unit) for column in part.values.T]
        units = {name: recording.streams[name].unit for name in fits}
        _print(fits, units, console)
        timing = _timing(self.log)
        if timing is not None:
            _print_timing(timing, console)
        if self.figure is not None:
            draw_allan(fits, units, self.figure)
            console.print(f"drawn in {self.figure}")
        return {
            "log": str(self.log),
            "sensors": {name: [_as_data(fit, units[name]) for fit in each] for name, each in fits.items()},
            "link": None if timing is None else {**asdict(timing), "latency_s": timing.latency_s},
            "figure": None if self.figure is None else str(self.figure),
        }


def _as_data(fit: AllanFit, unit: str) -> dict[str, Any]:
    return {
        "unit": unit,
        "values": dict(fit.values),
        "errors": dict(fit.errors),
        "unknown": dict(fit.unknown),
        "sample_std": fit.sample_std,
        "rate_hz": fit.rate_hz,
    }


def _print(fits: dict[str, list[AllanFit]], units: dict[str, str], console: Console) -> None:
    table = Table("sensor", "axis", "noise density", "noise of a row", "bias instability", "random walk", box=None)
    for name, axes in fits.items():
        unit = units[name]
        for index, fit in enumerate(axes):
            axis = "xyz"[index] if len(axes) == 3 else str(index)
            row = "-" if fit.sample_std is None else f"{fit.sample_std:.3g} {unit}"
            density = _cell(fit, "noise_density", f"{unit}/√Hz")
            table.add_row(
                name, axis, density, row, _cell(fit, "bias_instability", unit), _cell(fit, "random_walk", f"{unit}·√Hz")
            )
    console.print(table)
    reasons = {reason for axes in fits.values() for fit in axes for reason in fit.unknown.values()}
    if reasons:
        console.print("-: not known, because the log is too short to show it, or other noise covers it")


def _cell(fit: AllanFit, name: str, unit: str) -> str:
    return f"{fit.values[name]:.3g} ±{fit.errors[name]:.1g} {unit}" if name in fit.values else "-"


def _timing(log: Path) -> LinkTiming | None:
    """Return what one of the project's own logs says of the link; ``None`` where there are no stamps of two clocks."""
    from calibration.recording.clocks import unwrap_counter
    from calibration.sensors.link_timing import link_timing
    from hardware.crazyflie.telemetry import CLOCK_BITS
    from hardware.log_reader import read_log

    if log.suffix != ".mcap":
        return None
    content = read_log(log)
    stamps = unwrap_counter(content["robot_ms"], CLOCK_BITS)
    fresh = np.concatenate([[True], np.diff(stamps) > 0]) & np.isfinite(content["state_age_ms"])
    arrival_s = content["time_s"][fresh] - 1e-3 * content["state_age_ms"][fresh]
    try:
        return link_timing(1e-3 * stamps[fresh], arrival_s, 1e-3 * content["round_trip_ms"])
    except ConfigError:
        return None


def _print_timing(timing: LinkTiming, console: Console) -> None:
    text = f"link: the robot's clock is slow by {timing.drift_ppm:+.1f} ppm; packets arrive {_ms(timing.late_median_s)}"
    text += f" (95 %: {_ms(timing.late_p95_s)}) later than the fastest one"
    if timing.latency_s is not None and timing.offset_s is not None:
        text += f"; one way takes {_ms(timing.latency_s)}, clocks are {timing.offset_s:.4f} s apart"
    console.print(text, soft_wrap=True)
    for name, reason in timing.unknown.items():
        console.print(f"[yellow]not known[/] {name}: {reason}", soft_wrap=True)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.2f} ms"
