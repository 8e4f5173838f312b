"""Say where simulation and reality part: logged commands in simulation, the policy on logged observations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.gap.measure import Gap
    from calibration.recording.record import Recording
    from policies.runtime import OnnxPolicy
    from sim.identified import IdentifiedRobot

EXAMPLE = """sim2metal gap runs/flights/20261121-101500.mcap runs/hover/bundle
sim2metal gap flight.mcap runs/hover/bundle --calibration units/cf07.json
sim2metal gap joints.mcap policies/zoo/velocity_go1 --calibration units/go1-12.json
sim2metal report flight.mcap"""

SUFFIX = ".gap.json"


@dataclass
class Args:
    """Options of ``sim2metal gap``."""

    log: tyro.conf.Positional[Path]
    """A flight or a run of joints: a log of sim2metal run or calibrate collect, a ROS 2 bag, Crazyflie log blocks or a
    PX4 log."""
    bundle: tyro.conf.Positional[Path]
    """The bundle that ran: its constants are simulated, its policy sees the logged observations."""
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
    from calibration.gap.policy import policy_gap
    from calibration.gap.show import figures, show
    from calibration.recording.align import align
    from calibration.recording.suspicions import refuse_wrong
    from policies.runtime import load_policy
    from sim.files import require_writable, write_atomic

    bundle, policy = load_policy(args.bundle)
    recording = _read(args, policy)
    simulate = _simulation(args, policy)
    out = args.out or args.log.with_name(args.log.stem + SUFFIX)
    require_writable(out)
    console = Console(highlight=False)
    with console.status("looking at the log"):
        refuse_wrong(recording)
        aligned = align(recording)
    with console.status("giving the logged commands to the simulation"):
        gap = simulate(aligned)
    acted = policy_gap(recording, policy)
    result = {
        "log": str(args.log),
        "bundle_id": bundle.id,
        "warnings": list(aligned.warnings),
        **figures(gap),
        "policy": acted,
    }
    write_atomic(out, json.dumps(result, indent=2) + "\n")
    show(gap, acted, aligned.warnings, console)
    console.print(f"gap     {out}", soft_wrap=True)
    return {**result, "gap": str(out)}


def _read(args: Args, policy: OnnxPolicy) -> Recording:
    from calibration.recording.read import read_recording

    robot = policy.bundle.info.robot.name
    recording = read_recording(args.log, robot)
    if not {"motor_command", "joint_target"} & set(recording.streams):
        raise ConfigError(
            f"{args.log} holds neither motor commands nor joint targets: only what motors or joints were told can be"
            " told to a simulation again"
        )
    return recording


def _simulation(args: Args, policy: OnnxPolicy) -> Callable[[Recording], Gap]:
    """Return what measures a gap, of the bundle's kind of robot, with its constants or an identified robot's.

    Raises:
        ConfigError: if the bundle is neither of a multirotor nor of a robot with joints, or the file is of another.
    """
    from calibration.gap.joint_measure import measure_joints
    from calibration.gap.measure import measure
    from sim.identified_airframe import IdentifiedAirframe
    from sim.identified_joints import IdentifiedJoints
    from sim.spec import JointParameters, MultirotorParameters

    robot, identified = policy.bundle.info.robot, _identified(args, policy)
    constants = {name: _tuples(value) for name, value in robot.constants.items()}
    if "thrust_curve" in constants:
        airframe = MultirotorParameters(**constants)
        if identified is not None:
            airframe = IdentifiedAirframe(identified, airframe).parameters
        return lambda recording: measure(recording, airframe, args.length)
    if "armature_kg_m2" in constants:
        parameters = JointParameters(**constants)
        dynamics = None if identified is None else IdentifiedJoints(identified, parameters).middle
        return lambda recording: measure_joints(recording, parameters, dynamics, args.length)
    raise ConfigError(f"{args.bundle} is of '{robot.name}', which neither flies nor walks: it has no gap to measure")


def _identified(args: Args, policy: OnnxPolicy) -> IdentifiedRobot | None:
    """Return the identified robot to simulate, if one is asked for."""
    from sim.identified import read_identified, require_same_robot

    if args.calibration is None:
        return None
    identified, robot = read_identified(args.calibration), policy.bundle.info.robot
    require_same_robot(policy.bundle.info.provenance, identified.serial, str(args.bundle))
    if identified.robot != robot.name:
        raise ConfigError(f"{args.calibration} is of a {identified.robot}, the bundle of a {robot.name}")
    return identified


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
