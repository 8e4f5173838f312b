"""Several controllers on several trajectories: who flies, the flights, and the table of their figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from calibration.reporting.tracking_plots import FlownPath
from policies.bundle import Bundle, load_bundle
from policies.evaluate import check_same_task
from policies.policy import Policy
from policies.runtime import OnnxPolicy
from policies.tracking import LOST_M, Tracking, judge_tracking
from sim.controllers.airframe import airframe
from sim.controllers.law import Law
from sim.controllers.policy import ControllerPolicy
from sim.controllers.registry import load_law, tuned_gains, tuned_path
from sim.envs.other_robot import with_robot
from sim.envs.task import load_flight_task
from sim.errors import BundleError, ConfigError
from sim.spec import preview_s
from sim.trajectories import Trajectory, parse_trajectory

if TYPE_CHECKING:
    from calibration.compare import Args

TASK = "track"
"""Its timing, noise and sensors are what everybody flies with."""

_COLUMNS = {
    "controller": "", "RMSE": "cm", "median": "cm", "peak": "cm", "speed": "m/s", "accel.": "m/s2", "change": "1",
    "lost": "1",
}  # fmt: skip
"""Columns of the table with their units."""


@dataclass(frozen=True)
class Contestant:
    """Who flies."""

    name: str
    """As the table shows it."""
    gains: str
    """``learned``, ``published`` or ``tuned``."""
    policy: Callable[[Trajectory], Policy]
    """A policy for a trajectory."""

    @property
    def label(self) -> str:
        """Name and kind of gains."""
        return self.name if self.gains == "learned" else f"{self.name}, {self.gains}"


class Comparison:
    """All contestants on all trajectories, on the same airframes with the same sensors and noise."""

    def __init__(self, args: Args) -> None:
        """Find everything that is to fly, and refuse what cannot, before anything does.

        Raises:
            ConfigError: for an unknown name, a number out of range, or nothing to fly.
            BundleError: for a bundle that is not valid or not of a task that tracks.
        """
        if args.flights < 1:
            raise ConfigError(f"--flights must be at least 1, got {args.flights}")
        if args.seed < 0:
            raise ConfigError(f"--seed must not be negative, got {args.seed}")
        self._args = args
        self.notes: list[str] = []
        """What the user should know before the table."""
        self.trajectories = {text: parse_trajectory(text) for text in args.trajectory}
        bundles = [load_bundle(path) for path in args.bundles]
        self._robot = args.robot or (bundles[0].info.robot.name if bundles else "crazyflie")
        self.task = with_robot(load_flight_task(TASK), self._robot)
        chosen = args.parameter_set or (bundles[0].info.robot.parameter_set if bundles else None)
        self.nominal = self.task.ROBOT.parameters(chosen)
        self.contestants = [self._learned(bundle) for bundle in bundles] + self._classical()
        if not self.contestants or not self.trajectories:
            raise ConfigError("nothing to compare: name at least one bundle or controller, and one trajectory")
        self._flights: dict[tuple[str, str], Tracking] = {}

    def fly(self, tell: Callable[[str], None]) -> None:
        """Fly everything; ``tell`` hears what is flown now."""
        for text, trajectory in self.trajectories.items():
            for contestant in self.contestants:
                tell(f"{contestant.label}: {text}")
                self._flights[text, contestant.label] = judge_tracking(
                    contestant.policy(trajectory), self.task, trajectory,
                    flights=self._args.flights, seed=self._args.seed, randomized=self._args.randomised,
                    parameter_set=self.nominal.name, threads=self._args.threads,
                )  # fmt: skip

    def result(self) -> dict[str, Any]:
        """Return the figures as data."""
        rows = [
            {"trajectory": text, "controller": c.name, "gains": c.gains, **_figures(self._flights[text, c.label])}
            for text in self.trajectories
            for c in self.contestants
        ]
        return {"compare.figures": rows, "compare.robot": self._robot, "compare.randomised": self._args.randomised}

    def table(self) -> Table:
        """Return the figures as a table, a section per trajectory."""
        table = Table(title=f"{self._robot} {self.nominal.name}", title_justify="left", pad_edge=False)
        for column, unit in _COLUMNS.items():
            table.add_column(f"{column}\n{unit}", justify="right" if unit else "left", no_wrap=True)
        for text in self.trajectories:
            table.add_row(f"[bold]{text}[/]")
            for contestant in self.contestants:
                table.add_row(contestant.label, *_cells(_figures(self._flights[text, contestant.label])))
            table.add_section()
        return table

    def caption(self) -> str:
        """Return what the columns are."""
        flown = next(iter(self._flights.values()))
        return (
            f"{len(flown.lost)} flights each, seed {flown.seed}, table '{flown.table.name}' {flown.table.hash()[:12]};"
            " judged after the ramp. RMSE of the position over all flights, and of the median one; largest error;"
            " largest speed and acceleration (median flight); rms change of a motor command per step, of its range."
            f" Lost: once {LOST_M:g} m away, which counts as so far off from then on."
        )

    def columns(self) -> Sequence[tuple[str, Sequence[FlownPath]]]:
        """Return each contestant's first flight on each trajectory, for the overlay."""
        return [
            (text, [_path(contestant, self._flights[text, contestant.label]) for contestant in self.contestants])
            for text in self.trajectories
        ]

    def _learned(self, bundle: Bundle) -> Contestant:
        if bundle.info.task != TASK or not preview_s(bundle.info.observation):
            raise BundleError(f"{bundle.path} was trained for task '{bundle.info.task}', which follows no trajectory")
        if bundle.info.robot.name != self._robot:
            raise ConfigError(f"{bundle.path} flies {bundle.info.robot.name}, not {self._robot}")
        check_same_task(bundle, self.task)
        policy = OnnxPolicy(bundle)
        name = bundle.path.parent.name if bundle.path.name == "bundle" else bundle.path.name
        return Contestant(f"learned ({name})", "learned", lambda _trajectory: policy)

    def _classical(self) -> list[Contestant]:
        """The laws asked for; with published gains alone where there are no tuned ones, unless these are a must."""
        laws, untuned = [load_law(name) for name in self._args.controllers], []
        found = []
        for law in laws:
            if self._wants("tuned"):
                if self._args.tuned or tuned_path(law, self._robot, self.nominal.name).exists():
                    found.append(self._flown_by(law, "tuned", tuned_gains(law, self._robot, self.nominal.name)))
                else:
                    untuned.append(law.name)
            if self._wants("published"):
                found.append(self._flown_by(law, "published", law.published()))
        if untuned:
            self.notes.append(
                f"without tuned gains for {self._robot} {self.nominal.name}: {', '.join(untuned)}; 'sim2metal tune"
                f" {' '.join(untuned)} --robot {self._robot} --parameter-set {self.nominal.name}' finds them"
            )
        return found

    def _wants(self, gains: str) -> bool:
        return getattr(self._args, gains) or self._args.tuned == self._args.published

    def _flown_by(self, law: Law, kind: str, gains: dict[str, float]) -> Contestant:
        airframe(self.nominal, 1.0)  # refuses one that no law can fly, before anything does
        nominal, period_s = self.nominal, self.task.TASK.timing.control_period_s
        return Contestant(law.title, kind, lambda path: ControllerPolicy(law, nominal, period_s, gains, path))


def _path(contestant: Contestant, flown: Tracking) -> FlownPath:
    part = flown.judged
    return FlownPath(
        contestant.name, contestant.label, contestant.gains == "published",
        flown.time_s[part], flown.position_w[part], flown.reference_w[part],
    )  # fmt: skip


def _figures(flown: Tracking) -> dict[str, Any]:
    """What ``judge_tracking`` says of the flights, and their largest error."""
    return {**flown.summary(), "peak_error_m": float(flown.error_m[flown.judged].max())}


def _cells(figures: dict[str, Any]) -> list[str]:
    return [
        _text(figures["rmse_m"], "{:.1f}", 100.0),
        _text(figures["median_rmse_m"], "{:.1f}", 100.0),
        _text(figures["peak_error_m"], "{:.1f}", 100.0),
        _text(figures["peak_speed_m_s"], "{:.2f}"),
        _text(figures["peak_acceleration_m_s2"], "{:.1f}"),
        _text(figures["command_change_rms"], "{:.3f}"),
        f"{figures['lost']}",
    ]


def _text(value: float | None, form: str, scale: float = 1.0) -> str:
    return "-" if value is None else form.format(scale * value)
