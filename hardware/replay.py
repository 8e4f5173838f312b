"""Step the policy again on the observations a log holds and show where it first does something else.

For flights whose policy ran on the host: a log of a policy on board holds what the host saw, not
what the policy saw. A log cut short by a kill is read up to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from hardware.log_reader import read_log
from policies.bundle import BundleInfo
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import ConfigError, VerificationError

EXAMPLE = """sim2metal replay runs/flights/20261121-101500.mcap
sim2metal replay flight.mcap --bundle runs/other/bundle"""

TOLERANCE = 1e-5
"""Largest difference, as a share of the action's range, that another computer's rounding explains."""


@dataclass
class Args:
    """Options of ``sim2metal replay``."""

    log: tyro.conf.Positional[Path]
    """MCAP log of a flight whose policy ran on the host."""
    bundle: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Bundle to step; default: the one that flew. Another shows what it would have done."""
    tolerance: float = TOLERANCE
    """Smallest difference that counts, as a share of the action's range."""


def run(args: Args) -> dict[str, Any]:
    """Replay and return what was found.

    Returns:
        ``steps``, ``largest_difference`` (share of the action's range), ``first_difference``
        (``None`` or its step, time, logged and computed action) and ``bundle_id``.

    Raises:
        StorageError: if the log cannot be read.
        ConfigError: if it holds no observations or the bundle is not the one that flew.
        BundleError: if the bundle is not valid.
        VerificationError: if the policy does something else now; ``result`` carries the figures.
    """
    log = read_log(args.log)
    steps = _stepped(log, args.log)
    policy = _policy(args, log, log["observation"].shape[1])
    info = policy.bundle.info
    computed = recompute(policy, log["observation"][steps], log["reset"][steps] > 0)
    result = {
        "log": str(args.log),
        "complete": log["complete"],
        "bundle_id": policy.bundle.id,
        "steps": len(steps),
        **compare(info, steps, log, computed, args.tolerance),
    }
    _show(result, info, log, Console(highlight=False))
    if result["first_difference"] is not None:
        error = VerificationError(
            f"{args.log}: the policy acts differently from step {result['first_difference']['step']} on,"
            f" by up to {result['largest_difference']:.1e} of its range"
        )
        error.result = result  # type: ignore[attr-defined]  # the command line writes it to --json
        raise error
    return result


def recompute(policy: OnnxPolicy, observation: np.ndarray, reset: np.ndarray) -> np.ndarray:
    """Step a policy through observations, its memory carried from one to the next.

    Args:
        policy: any.
        observation: (steps, observation_size).
        reset: (steps,) bool: where an episode began.

    Returns:
        (steps, action_size) float32.
    """
    single = policy.single()
    actions = np.empty((len(observation), policy.action_size), np.float32)
    for step, (values, begins) in enumerate(zip(observation, reset)):
        if begins:
            single.reset()
        actions[step] = single.step(values)
    return actions


def compare(
    info: BundleInfo, steps: np.ndarray, log: dict[str, Any], computed: np.ndarray, tolerance: float
) -> dict[str, Any]:
    """Return the largest and the first difference between logged and computed actions.

    Args:
        info: from the bundle.
        steps: (n,) steps of the log at which the policy was stepped.
        log: as ``read_log`` returns it.
        computed: (n, action_size).
        tolerance: smallest difference that counts, as a share of the action's range.
    """
    span = np.subtract(info.action.high, info.action.low)
    difference = np.abs(computed - log["action"][steps]) / span
    difference[np.isnan(computed) & np.isnan(log["action"][steps])] = 0.0  # both failed alike
    difference = np.where(np.isnan(difference), np.inf, difference)
    found = np.flatnonzero(difference.max(1) > tolerance)
    first = None
    if found.size:
        step = int(steps[found[0]])
        first = {
            "step": step,
            "time_s": float(log["time_s"][step]),
            "logged": log["action"][step].tolist(),
            "computed": computed[found[0]].tolist(),
        }
    return {"largest_difference": float(difference.max()), "first_difference": first, "different_steps": len(found)}


def _stepped(log: dict[str, Any], path: Path) -> np.ndarray:
    """Return the steps at which the policy ran on the host."""
    if not log["observation"].shape[1]:
        raise ConfigError(
            f"{path} holds no observations: the policy ran on board, or it never flew; replay a flight whose policy"
            " ran on the host"
        )
    return np.flatnonzero(~np.isnan(log["observation"]).all(1))


def _policy(args: Args, log: dict[str, Any], observation_size: int) -> OnnxPolicy:
    flown = log["metadata"]
    path = args.bundle or Path(flown.get("bundle_path", ""))
    bundle, policy = load_policy(path)
    if args.bundle is None and bundle.id != flown.get("bundle_id"):
        raise ConfigError(
            f"{path} holds bundle {bundle.id[:12]} now, bundle {str(flown.get('bundle_id'))[:12]} flew;"
            " give the one to step with --bundle"
        )
    if policy.observation_size != observation_size:
        raise ConfigError(f"bundle {path} observes {policy.observation_size} numbers, the log holds {observation_size}")
    names = bundle.info.action.names
    acted = str(flown.get("action_names", "")).split() or list(names)
    if acted != list(names) or log["action"].shape[1] != len(names):
        raise ConfigError(
            f"bundle {path} commands {_some(names)}, the log holds {_some(acted)}: they cannot be compared"
        )
    return policy


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f", … ({len(names)})" if len(names) > 4 else "")


def _show(result: dict[str, Any], info: BundleInfo, log: dict[str, Any], console: Console) -> None:
    console.print(
        f"{result['steps']} steps of bundle {result['bundle_id'][:12]}:"
        f" largest difference {result['largest_difference']:.1e} of the action's range"
    )
    first = result["first_difference"]
    if first is None:
        console.print("[green]the policy does again what it did[/]")
        return
    table = Table("action", "logged", "computed", title=f"step {first['step']}, {first['time_s']:.3f} s")
    for name, logged, computed in zip(info.action.names, first["logged"], first["computed"]):
        table.add_row(name, f"{logged:.6g}", f"{computed:.6g}")
    console.print(table)
    observation = log["observation"][first["step"]]
    at = 0
    terms = Table("observation", "value")
    for term in info.observation:
        terms.add_row(f"{term.name} ({term.unit})", " ".join(f"{v:.4g}" for v in observation[at : at + term.size]))
        at += term.size
    console.print(terms)
