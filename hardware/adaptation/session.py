"""``run --adapt FILE`` and ``--adapted FILE``: what the options ask for, around one flight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from hardware.adaptation.correction import WINDOW_S, SetpointCorrection
from hardware.adaptation.file import Owner, read_correction, write_correction
from hardware.adaptation.pilot import AdaptingPilot
from hardware.pilot import Pilot
from hardware.registry import moves_metal
from hardware.supervisor import Supervisor
from policies.bundle import Bundle
from sim.errors import ConfigError
from sim.files import require_writable


class Options(Protocol):
    """The options of a run that matter here."""

    uri: str
    serial: str | None
    adapt: Path | None
    adapted: Path | None


def require_virtual(options: Options) -> None:
    """Refuse a correction where more than a simulation moves.

    Raises:
        ConfigError: naming the robot.
    """
    given = {"--adapt": options.adapt, "--adapted": options.adapted}
    names = [name for name, path in given.items() if path is not None]
    if len(names) > 1:
        raise ConfigError("--adapt learns and --adapted flies with what was learnt: give one of the two")
    if names and moves_metal(options.uri):
        raise ConfigError(
            f"{names[0]} is for virtual robots only, and {options.uri} may be a real one:"
            " name sim://crazyflie or a udp:// or serial:// address of this computer"
        )


class Adaptation:
    """A correction with its file.

    Args:
        options: with one of the two.
        bundle: whose set-point is corrected.
        flown: ``hold`` or the trajectory.
        window_s: (begin, end): when the correction acts, from the end of the take-off on.

    Raises:
        ConfigError: for a file that is missing, damaged or another's, or a flight too short to measure anything.
        StorageError: if the file could not be written.
    """

    def __init__(self, options: Options, bundle: Bundle, flown: str, window_s: tuple[float, float]) -> None:
        self.learning = options.adapt is not None
        path = options.adapt or options.adapted
        assert path is not None
        self._path, self._window_s = path, window_s
        self._owner = Owner(bundle.id, bundle.info.robot.name, options.serial, flown)
        self._correction = SetpointCorrection(bundle.info.timing.control_period_s, learning=self.learning)
        self._before: dict[str, Any] = {}
        if self.learning:
            require_writable(path)
        elif not path.is_file():
            raise ConfigError(f"--adapted {path}: there is no such file; run --adapt {path} makes it")
        if path.is_file():
            self._before = read_correction(path, self._owner, self._correction)
        begin_s, end_s = window_s
        if self.learning and not self._correction.measured and end_s - begin_s <= WINDOW_S:
            raise ConfigError(
                f"--adapt needs more than {WINDOW_S:g} s to measure the error before it learns, this flight has"
                f" {max(end_s - begin_s, 0.0):.0f} s: --hold 300, or a trajectory with laps=20"
            )

    def around(
        self, pilot: Pilot, supervisor: Supervisor, period_s: float, tell: Callable[[str], None]
    ) -> AdaptingPilot:
        """Return the pilot that aims where the correction says.

        Args:
            pilot: of the bundle's policy.
            supervisor: of the flight.
            period_s: control period of the loop.
            tell: takes what happens, in words.
        """
        self._correction.set_period(period_s)
        return AdaptingPilot(pilot, supervisor, self._correction, self._window_s, tell)

    def finish(self) -> dict[str, Any]:
        """Write what was learnt; return the figures.

        Raises:
            StorageError: if it cannot be written; what was there is untouched.
        """
        correction = self._correction
        if self.learning:
            write_correction(self._path, self._owner, correction, self._before)
        return {
            "file": str(self._path),
            "learning": self.learning,
            "steps": correction.steps,
            "error_without_m": correction.errors_m[0] if correction.measured else None,
            "errors_m": correction.errors_m[1:],
            "reach_m": correction.reach_m.tolist(),
            "roll_backs": correction.roll_backs,
            "given_up": correction.given_up,
            "notes": correction.notes,
        }


def show_adaptation(console: Console, figures: dict[str, Any]) -> None:
    """Print what ``Adaptation.finish`` returned."""
    without, after = figures["error_without_m"], figures["errors_m"]
    for note in figures["notes"]:
        console.print(f"  [yellow]{note}[/]")
    if without is None:
        console.print("  correction: the flight was too short to measure the error without it; nothing learnt")
        return
    last = f", last {100 * after[-1]:.1f} cm" if after else ""
    what = f"{figures['steps']} steps learnt, in {figures['file']}" if figures["learning"] else figures["file"]
    console.print(f"  correction: error over {WINDOW_S:g} s without it {100 * without:.1f} cm{last}; {what}")
