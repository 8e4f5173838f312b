"""Judge a bundle that moves a body, as ``sim2metal eval`` does: falls, and errors of what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import Bundle, BundleInfo
from policies.certificate import load_certificate, show
from policies.legged_clip import bundled_clip
from policies.legged_evaluation import judge
from policies.provenance import identified_record
from policies.runtime import OnnxPolicy
from sim.envs.legged import SETTLED_S, LeggedTask, load_legged_task, made_late, made_privileged
from sim.errors import BundleError
from sim.identified import read_identified
from sim.identified_joints import around_joints
from sim.legged.motion import BODY_DISTANCE, motion_of
from sim.legged.spec import LeggedTaskSpec
from sim.spec import ObservationTerm


def evaluate_legged(
    bundle: Bundle,
    episodes: int,
    seed: int,
    threads: int | None,
    console: Console,
    calibration: Path | None = None,
    observation_delay_s: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Print the figures of a bundle and return them under ``eval.`` keys.

    Args:
        bundle: what to judge, on onnxruntime.
        episodes: drawn from the task's evaluation table.
        seed: of all draws.
        threads: of the physics; default: one. Results do not depend on it.
        console: where to print.
        calibration: file of an identified robot to judge it around; default: any robot of its kind.
        observation_delay_s: between which the age of what sensors measure is drawn; default: it is what is.

    Raises:
        BundleError: if the bundle is not made for its task as it is now.
        ConfigError: for no episodes, or the file of another robot.
        StorageError: if the file cannot be read.
    """
    task = task_of(bundle)
    if calibration is not None:
        task = around_joints(task, read_identified(calibration))
    if observation_delay_s is not None:
        task = made_late(task, observation_delay_s)
    check_same_task(bundle, task)
    with console.status(f"{episodes} episodes of {task.spec.name}"):
        found = judge(OnnxPolicy(bundle), task, episodes, seed, threads or 1)
    table, spec, summary = task.evaluation_table, task.spec, found.summary()
    low, high = found.success_interval
    console.print(
        f"{bundle.path} on task {spec.name}, robot {spec.robot}{_told(spec)}: {found.success_rate:.1%} of {episodes}"
        f" episodes of {spec.episode_s:g} s without {early_end(spec)} (95 % interval {100 * low:.1f} -"
        f" {100 * high:.1f}), seed {seed}, table {table.hash()[:12]}"
    )
    if spec.command is not None or spec.asked:
        console.print(error_line(summary))
    _show_certificate(bundle, console)
    summary |= dict(identified_record(task.identified))
    summary |= {"robot": spec.robot, "table": table.name, "table_hash": table.hash()}
    return {f"eval.{key}": value for key, value in summary.items()}


def task_of(bundle: Bundle) -> LeggedTask:
    """Return the task that a bundle's policy was made for, as it sees it.

    Raises:
        BundleError: if the clip that it follows is missing or none.
        ConfigError: if there is no such task or robot.
    """
    return as_seen(bundle, load_legged_task(bundle.info.task, bundle.info.robot.name, bundled_clip(bundle)))


def as_seen(bundle: Bundle, task: LeggedTask) -> LeggedTask:
    """Return a task, privileged if the bundle's policy sees what only a simulator knows."""
    told = made_privileged(task)
    return told if _names(bundle.info.observation) == _names(told.spec.actor_terms) else task


def _names(terms: Iterable[ObservationTerm]) -> list[str]:
    return [term.name for term in terms]


def _show_certificate(bundle: Bundle, console: Console) -> None:
    """Print what a bundle is certified to reach under other physics; one that is not its own is only named."""
    try:
        certificate = load_certificate(bundle)
    except BundleError as error:
        console.print(f"no certificate of transfer: {error}")
        return
    if certificate is not None:
        show(certificate, console)


def _told(spec: LeggedTaskSpec) -> str:
    return ", told what only a simulator knows" if spec.privileged else ""


def early_end(spec: LeggedTaskSpec) -> str:
    """Return what failure is called: of motions it is too far from them, too."""
    return "a fall" if motion_of(spec) is None else "an early end"


def error_line(summary: Mapping[str, Any]) -> str:
    """Return what ``LeggedEvaluation.summary`` says of errors, for people."""
    if summary.get(BODY_DISTANCE) is not None:
        return f"bodies are {1000.0 * summary[BODY_DISTANCE]:.1f} mm from the motion's (E_g-mpbpe, a mean in the world)"
    if summary["velocity_error_m_s"] is None:
        return f"no error of the velocity: every robot fell within {SETTLED_S:g} s of a command"
    line = (
        f"error of the velocity {summary['velocity_error_m_s']:.3f} m/s, of the yaw rate"
        f" {summary['yaw_rate_error_rad_s']:.3f} rad/s, from {SETTLED_S:g} s after each new command"
    )
    line += _share_line(summary["share_followed"])
    if summary.get("position_error_m") is None:
        return line
    return (
        f"{line}; while walking, of the hand's position {100.0 * summary['position_error_m']:.1f} cm, of its"
        f" orientation {summary['orientation_error_deg']:.1f} degrees"
    )


def _share_line(shares: Mapping[str, float | None]) -> str:
    """Return how fast it goes over how fast it is asked to, or nothing where it is asked for nothing."""
    said = [f"{share:.0%} {direction}" for direction, share in shares.items() if share is not None]
    return f"; of what is asked it goes {', '.join(said)}" if said else ""


def check_same_task(bundle: Bundle, task: LeggedTask) -> None:
    """Refuse a bundle whose joints, inputs, gains or clock differ from the task's in this checkout.

    Raises:
        BundleError: if they do.
    """
    _check_joints(bundle, task.spec)
    made, now = _contract(bundle.info), _contract(task.spec)
    for what, then in made.items():
        if then != now[what]:
            raise BundleError(
                f"{bundle.path} was made for {what} that are no longer those of task '{task.spec.name}'; train it again"
            )


def _check_joints(bundle: Bundle, spec: LeggedTaskSpec) -> None:
    """Name the first joint that only the robot or only the bundle has."""
    known, found = bundle.info.action.names, spec.action.names
    new, gone = ([name for name in some if name not in others] for some, others in ((found, known), (known, found)))
    if new:
        raise BundleError(f"{bundle.path} does not know joint '{new[0]}' of robot '{spec.robot}'; train it again")
    if gone:
        raise BundleError(f"{bundle.path} moves joint '{gone[0]}', which robot '{spec.robot}' has not; train it again")
    if known != found:
        raise BundleError(f"{bundle.path} has the joints of robot '{spec.robot}' in another order; train it again")


def _contract(made: BundleInfo | LeggedTaskSpec) -> dict[str, object]:
    terms = made.observation if isinstance(made, BundleInfo) else made.actor_terms
    gains = made.robot.constants if isinstance(made, BundleInfo) else vars(made.parameters)
    return {
        "observation terms": [(term.name, term.size, term.unit, term.frame) for term in terms],
        "gains": [[float(value) for value in gains[name]] for name in ("kp", "kd", "default_pose_rad")],
        "control periods": made.timing.control_period_s,
    }
