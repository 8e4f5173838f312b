"""Judge a bundle in MuJoCo over randomised episodes, with and without disturbances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from policies.bundle import Bundle, load_bundle
from policies.evaluate_tracking import evaluate_tracking
from policies.evaluation import Evaluation
from policies.evaluator import Evaluator, evaluate
from policies.option_checks import require_at_least
from policies.runtime import OnnxPolicy
from sim.contact.spec import ContactTaskSpec
from sim.envs.task import FlightTask, load_flight_task, task_flown_by
from sim.errors import BundleError, ConfigError
from sim.estimators import with_estimator
from sim.identified import read_identified
from sim.identified_airframe import around
from sim.legged.spec import LeggedTaskSpec
from sim.registry import load_task

__all__ = ["EXAMPLE", "Args", "Evaluation", "Evaluator", "check_same_task", "evaluate", "run"]

EXAMPLE = """sim2metal eval runs/hover/bundle
sim2metal eval policies/zoo/any_airframe --robot x500
sim2metal eval runs/track/bundle --trajectory figure8:period=5.5 --episodes 100
sim2metal eval runs/hover/bundle --episodes 200 --seed 7 --parameter-set l2f_v2 --json eval.json"""


@dataclass
class Args:
    """Judge a bundle in MuJoCo."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder."""
    episodes: int = 1000
    """Randomised episodes (draws that cannot hover are counted and left out)."""
    seed: int = 1000
    """Seed of airframes, starts and noise; keep it apart from those used in training."""
    trajectory: str | None = None
    """Judge it along a trajectory instead, e.g. figure8:period=5.5: position error, speed, acceleration."""
    robot: str | None = None
    """Judge it on this robot; default: the one it was trained for."""
    parameter_set: str | None = None
    """Airframe around which to randomise; default: the one the policy was trained for."""
    calibration: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Judge it around an identified robot (units/SERIAL.json), randomised by the file's covariance."""
    observation_delay: Annotated[tuple[float, float] | None, tyro.conf.arg(metavar="LOW HIGH")] = None
    """Judge a body on legs with sensors whose measurements are late: between which their age is drawn, s."""
    other_sets: bool = True
    """Also report the robot's other parameter sets."""
    estimator: str | None = None
    """Judge it with another state estimator: motion_capture, lighthouse, optical_flow; default: the task's own."""
    threads: int | None = None
    """Simulation threads; default: one per CPU. Results do not depend on it."""


def run(args: Args) -> dict[str, Any]:
    """Print the figures of a bundle and return them under ``eval.`` keys.

    ``eval.success_rate``, ``eval.box_share`` and the robustness data are those with
    disturbances, the harder case; ``eval.median_steady_error_m`` is without and
    ``eval.median_steady_error_disturbed_m`` with them. For a trajectory see ``evaluate_tracking``.

    Raises:
        BundleError: if the bundle is not valid or not made for its task as it is now.
        ConfigError: for an unknown task or parameter set, no episodes, or a seed or threads that cannot be.
    """
    require_at_least(0, {"seed": args.seed})
    if args.threads is not None:
        require_at_least(1, {"threads": args.threads})
    bundle = load_bundle(args.bundle)
    console = Console(highlight=False)
    kind = load_task(bundle.info.task).TASK
    if args.observation_delay is not None and not isinstance(kind, LeggedTaskSpec):
        raise ConfigError(f"--observation-delay is for bodies on legs; {bundle.path} is of '{bundle.info.task}'")
    if isinstance(kind, ContactTaskSpec | LeggedTaskSpec):
        _refuse_flight_options(bundle, args, calibration=isinstance(kind, LeggedTaskSpec))
        return (_evaluate_contact if isinstance(kind, ContactTaskSpec) else _evaluate_legged)(bundle, args, console)
    trained_for = bundle.info.robot
    task = (
        load_flight_task(bundle.info.task, args.robot)
        if args.robot
        else task_flown_by(bundle.info.task, trained_for.name)
    )
    if args.calibration is not None:
        if args.parameter_set is not None:
            raise ConfigError("--calibration names its own --parameter-set: give one of the two")
        task = around(task, read_identified(args.calibration))
    check_same_task(bundle, task)
    usual = None if args.robot else trained_for.parameter_set
    chosen = task.ROBOT.parameters(args.parameter_set or usual).name
    others = (
        [name for name in task.ROBOT.parameter_sets if name != chosen]
        if args.other_sets and not args.calibration
        else []
    )
    policy = OnnxPolicy(bundle)

    if args.trajectory is not None:
        return evaluate_tracking(
            policy, task, args.trajectory, args.episodes, args.seed, chosen, args.threads, console
        )  # fmt: skip

    table = with_estimator(task.EVALUATION_TABLE, args.estimator) if args.estimator else task.EVALUATION_TABLE

    def judge(parameter_set: str, disturbances: bool) -> Evaluation:
        options = {
            "disturbances": disturbances,
            "parameter_set": parameter_set,
            "table": table,
            "threads": args.threads,
        }
        with console.status(f"{args.episodes} episodes, {parameter_set}, {'disturbed' if disturbances else 'calm'}"):
            return evaluate(policy, task, args.episodes, args.seed, **options)

    calm, disturbed = judge(chosen, False), judge(chosen, True)
    beside = {name: judge(name, True) for name in others}
    _print(console, bundle, task, [calm, disturbed, *beside.values()])
    return _result(calm, disturbed, beside)


def _refuse_flight_options(bundle: Bundle, args: Args, *, calibration: bool) -> None:
    """Refuse what this bundle cannot be judged by; ``calibration``: whether robots of its kind can be identified."""
    for option in ("trajectory", "robot", "parameter_set", "calibration", "estimator"):
        if getattr(args, option) is not None and not (option == "calibration" and calibration):
            raise ConfigError(
                f"--{option.replace('_', '-')} is for what flies; {bundle.path} is of '{bundle.info.task}'"
            )


def _evaluate_legged(bundle: Bundle, args: Args, console: Console) -> dict[str, Any]:
    from policies.evaluate_legged import evaluate_legged

    return evaluate_legged(
        bundle, args.episodes, args.seed, args.threads, console, args.calibration, args.observation_delay
    )


def _evaluate_contact(bundle: Bundle, args: Args, console: Console) -> dict[str, Any]:
    from policies.evaluate_contact import evaluate_contact
    from sim.envs.contact_task import load_contact_task

    task = load_contact_task(bundle.info.task)
    return evaluate_contact(bundle, task, args.episodes, args.seed, args.threads, console)


def check_same_task(bundle: Bundle, task: FlightTask) -> None:
    """Refuse a bundle whose inputs, outputs or clock differ from the task's in this checkout.

    Raises:
        BundleError: if they do.
    """
    spec, info = task.TASK, bundle.info
    now = [(term.name, term.size, term.unit, term.frame) for term in spec.actor_terms]
    then = [(term.name, term.size, term.unit, term.frame) for term in info.observation]
    if now != then:
        raise BundleError(f"{bundle.path} was made for other observation terms of task '{info.task}'; train it again")
    if (info.action.names, info.action.unit, info.action.level) != (
        spec.action.names,
        spec.action.unit,
        spec.action.level,
    ):
        raise BundleError(f"{bundle.path} was made for other actions of task '{info.task}'; train it again")
    if info.timing.control_period_s != spec.timing.control_period_s:
        raise BundleError(
            f"{bundle.path} runs every {info.timing.control_period_s} s, task '{info.task}' every"
            f" {spec.timing.control_period_s} s; train it again"
        )


def _result(calm: Evaluation, disturbed: Evaluation, beside: dict[str, Evaluation]) -> dict[str, Any]:
    result = {f"eval.{key}": value for key, value in disturbed.summary().items()}
    result["eval.median_steady_error_disturbed_m"] = result["eval.median_steady_error_m"]
    result["eval.median_steady_error_m"] = calm.summary()["median_steady_error_m"]
    result["eval.success_rate_undisturbed"] = calm.success_rate
    result["eval.box_share_undisturbed"] = calm.box_share
    result["eval.table_hash_undisturbed"] = calm.table.hash()
    result["eval.robustness"] = disturbed.robustness()
    for name, evaluation in beside.items():
        short = name.rsplit("_", 1)[-1]  # l2f_v2 -> v2
        result |= {f"eval.{short}.{key}": value for key, value in evaluation.summary().items()}
    return result


def _print(console: Console, bundle: Bundle, task: FlightTask, evaluations: list[Evaluation]) -> None:
    criterion, seconds = task.TASK.success, task.TASK.episode_s
    table = Table(title=f"{bundle.path} on task {task.TASK.name}", title_justify="left")
    for column in ("airframes", "success", "95 % interval", "steady", "in box", "survival", "left out"):
        table.add_column(column, justify="left" if column == "airframes" else "right", no_wrap=column == "airframes")
    for e in evaluations:
        low, high = e.success_interval
        table.add_row(
            f"{e.parameter_set}, {'disturbed' if e.table.term('force_per_weight') else 'calm'}",
            f"{e.success_rate:.1%}",
            f"{100 * low:.1f} - {100 * high:.1f}",
            f"{100 * e.median_steady_error_m:.1f} cm" if math.isfinite(e.median_steady_error_m) else "-",
            f"{e.box_share:.1%}",
            f"{e.mean_survival_s:.2f} s",
            str(e.left_out),
        )
    console.print(table)
    console.print(
        f"{evaluations[0].episodes} episodes of {seconds:g} s, seed {evaluations[0].seed}, table"
        f" {evaluations[1].table.hash()[:12]}. Success: never further than"
        f" {criterion.max_distance_m:g} m, within {100 * criterion.steady_distance_m:g} cm throughout the last"
        f" {criterion.steady_window_s:g} s. Box: +-{criterion.box_m:g} m. Left out: draws that cannot hover."
    )
    change = evaluations[1].summary()
    console.print(
        f"Disturbed, commands change by {_number(change['command_change_rms'])} of their range per step (rms),"
        f" {_number(change['steady_command_change_rms'])} in the last {criterion.steady_window_s:g} s."
    )
    if criterion.recovery is not None:
        limits = criterion.recovery
        console.print(
            f"And from {limits.within_s:g} s on tilted by less than {math.degrees(limits.tilt_rad):.0f} degrees, slower"
            f" than {limits.speed_m_s:g} m/s and {limits.angular_rate_rad_s:g} rad/s: half after"
            f" {_number(change['median_recovered_s'])} s, {_number(change['median_height_lost_m'])} m lower."
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
