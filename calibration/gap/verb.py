"""Say where simulation and reality part: logged commands flown in simulation, the policy on logged observations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.gap.measure import Gap
    from calibration.recording.record import Recording
    from policies.runtime import OnnxPolicy
    from sim.spec import MultirotorParameters

EXAMPLE = """sim2metal gap runs/flights/20261121-101500.mcap runs/hover/bundle
sim2metal gap flight.mcap runs/hover/bundle --calibration units/cf07.json
sim2metal report flight.mcap"""

SUFFIX = ".gap.json"


@dataclass
class Args:
    """Options of ``sim2metal gap``."""

    log: tyro.conf.Positional[Path]
    """A flight: a log of sim2metal run, a ROS 2 bag, Crazyflie log blocks or a PX4 log."""
    bundle: tyro.conf.Positional[Path]
    """The bundle that flew: its constants are simulated, its policy sees the logged observations."""
    calibration: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Simulate an identified robot (units/SERIAL.json) instead of the bundle's constants."""
    length: float = 0.5
    """Length of the stretches, s; each begins in a logged state."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Where to write it for sim2metal report; default: beside the log, its name ending in .gap.json."""


def run(args: Args) -> dict[str, Any]:
    """Print the gap, write it for the report, and return it.

    Raises:
        ConfigError: if the log is of another robot, contradicts itself, or holds too little flight.
        BundleError, StorageError: if bundle or log cannot be read, or the file not be written.
    """
    if not 0.1 <= args.length <= 5.0:
        raise ConfigError(f"--length {args.length}: choose 0.1 to 5 seconds")
    from calibration.gap.measure import measure
    from calibration.gap.policy import policy_gap
    from calibration.recording.align import align
    from calibration.recording.suspicions import refuse_wrong
    from policies.runtime import load_policy
    from sim.files import require_writable, write_atomic

    bundle, policy = load_policy(args.bundle)
    recording = _read(args, policy)
    airframe = _airframe(args, policy)
    out = args.out or args.log.with_name(args.log.stem + SUFFIX)
    require_writable(out)
    console = Console(highlight=False)
    with console.status("looking at the log"):
        refuse_wrong(recording)
        aligned = align(recording)
    with console.status("flying the logged commands in simulation"):
        gap = measure(aligned, airframe, args.length)
    acted = policy_gap(recording, policy)
    result = {
        "log": str(args.log),
        "bundle_id": bundle.id,
        "warnings": list(aligned.warnings),
        **_figures(gap),
        "policy": acted,
    }
    write_atomic(out, json.dumps(result, indent=2) + "\n")
    _show(console, gap, acted, aligned.warnings)
    console.print(f"gap     {out}", soft_wrap=True)
    return {**result, "gap": str(out)}


def _read(args: Args, policy: OnnxPolicy) -> Recording:
    from calibration.recording.read import read_recording

    robot = policy.bundle.info.robot.name
    recording = read_recording(args.log, robot)
    if "motor_command" not in recording.streams:
        raise ConfigError(
            f"{args.log} holds no motor commands: only flights can be flown again, where motors report what they were"
            " told or the policy commands them"
        )
    return recording


def _airframe(args: Args, policy: OnnxPolicy) -> MultirotorParameters:
    """Return the constants to simulate: the bundle's, or those of an identified robot.

    Raises:
        ConfigError: if the bundle is not of one multirotor, or the file of another.
    """
    from sim.identified import read_identified, require_same_robot
    from sim.identified_airframe import IdentifiedAirframe
    from sim.spec import MultirotorParameters

    robot = policy.bundle.info.robot
    if "thrust_curve" not in robot.constants:
        raise ConfigError(f"{args.bundle} is of '{robot.name}': only flights are flown again in simulation")
    constants = {name: _tuples(value) for name, value in robot.constants.items()}
    airframe = MultirotorParameters(**constants)
    if args.calibration is None:
        return airframe
    identified = read_identified(args.calibration)
    require_same_robot(policy.bundle.info.provenance, identified.serial, str(args.bundle))
    if identified.robot != robot.name:
        raise ConfigError(f"{args.calibration} is of a {identified.robot}, the bundle of a {robot.name}")
    return IdentifiedAirframe(identified, airframe).parameters


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _figures(gap: Gap) -> dict[str, Any]:
    return {
        "signals": [
            {
                "name": signal.name,
                "unit": signal.unit,
                "rms": {f"{horizon:g}s": value for horizon, value in signal.rms.items()},
                "noise": signal.floor,
                "parts_after_s": signal.parts_after_s,
                "worst_s": signal.worst_s,
                "worst": signal.worst,
                "curve": signal.curve.tolist(),
                "by_segment": signal.by_segment.tolist(),
            }
            for signal in gap.signals
        ],
        "offset_s": gap.offset_s.tolist(),
        "start_s": gap.start_s.tolist(),
        "explanations": [
            {"parameter": e.name, "change": e.change, "unit": e.unit, "share": e.share, "sentence": e.sentence}
            for e in gap.explanations
        ],
        "resampling": gap.resampling,
    }


def _show(console: Console, gap: Gap, acted: dict[str, Any] | None, warnings: tuple[str, ...]) -> None:
    for text in warnings:
        console.print(f"[yellow]note[/]  {text}", soft_wrap=True)
    horizons = list(gap.signals[0].rms)
    table = Table("log less simulation", *(f"{h:g} s" for h in horizons), "noise", "parts", "worst", box=None)
    for signal in gap.signals:
        parts = "-" if signal.parts_after_s is None else f"{signal.parts_after_s:.2f} s"
        errors = (f"{signal.rms[h]:.3g}" for h in horizons)
        worst = f"{signal.worst:.2g} at {signal.worst_s:.1f} s"
        table.add_row(f"{signal.name}, {signal.unit}", *errors, f"{signal.floor:.2g}", parts, worst)
    console.print(table)
    console.print(f"{len(gap.start_s)} stretches, r.m.s.; {gap.resampling}", soft_wrap=True)
    for explanation in gap.explanations:
        console.print(f"likely: {explanation.sentence}", soft_wrap=True)
    if not gap.explanations:
        console.print("likely: none of the parameters that are looked at; the gap is noise, or a term that is missing")
    if acted is None:
        console.print("policy: the log holds no observations of this policy (it ran on board)")
    elif acted["differs_from_s"] is None:
        console.print(f"policy: does again what it did, in {acted['steps']} steps")
    else:
        console.print(
            f"policy: differs from {acted['differs_from_s']:.2f} s on, by up to {acted['largest']:.1e} of the range of"
            f" {acted['action']}"
        )
