"""Move the joints of a held robot so that they show their dynamics, through the ordinary loop and supervisor.

The robot ramps to its default pose, follows the excitation, and is damped: the supervisor, its limits and its safe
actions are those of any run, and so is the log.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from calibration.joints.excitation import excitation
from hardware.checks import require
from hardware.joints.behaviour import JointBehaviour
from hardware.joints.holding import holding_targets
from hardware.joints.mission import JointMission, JointPlan
from hardware.joints.pilot import TargetLimiter
from hardware.joints.session import JointRecord, JointSession
from hardware.link import Link
from hardware.log import RunLog
from hardware.log_schema import JOINT_STEP
from hardware.operator_controls import operator_controls
from hardware.outcome import aborted, reaction_times, run_result
from hardware.registry import create_link, moves_metal, scheme_of
from hardware.states import JointState, RobotState
from hardware.supervisor import Supervisor
from policies.bundle import Bundle, BundleInfo, RobotInfo
from sim.errors import ConfigError, FlightRefusedError
from sim.spec import ActionSpec, JointLimits, JointParameters, RobotSpec, Timing

Array = NDArray[np.float64]
PERIOD_S = 0.004
"""A multiple of the 2 ms in which robots with joints report, so that every step has a new state of the same age."""
SLEW_RAD_S = 20.0
"""Faster than any excitation."""


class ExcitationPilot:
    """Goes to the default pose, then through targets, one per period, within every limit.

    Args:
        parameters: gains, ranges and pose.
        limits: of the supervisor.
        targets: (m, n) rad.
    """

    failed = False
    observation: np.ndarray | None = None
    action: np.ndarray | None = None
    reset = False

    def __init__(self, parameters: JointParameters, limits: JointLimits, targets: Array) -> None:
        self._limiter = TargetLimiter(limits, parameters.kp, parameters.kd)
        self._pose, self._kp = np.asarray(parameters.default_pose_rad), np.asarray(parameters.kp)
        self._targets = targets
        self._start: Array | None = None
        self._next = 0

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return the joint targets of this period, rad, or ``None``: send none."""
        if reference is None or not isinstance(state, JointState) or not state.finite:
            self._start, self._next = None, 0
            return None
        if self._start is None:
            self._start = holding_targets(state.position, state.torque, self._kp)
        blend = reference[0]
        if blend < 1.0:
            return self._limiter.limit(self._start + blend * (self._pose - self._start), state).tolist()
        targets = self._targets[min(self._next, len(self._targets) - 1)]
        self._next += 1
        return self._limiter.limit(targets, state).tolist()


def collect_joints(
    robot: RobotSpec, parameters: JointParameters, uri: str, path: Path, targets: Array, *,
    serial: str | None = None, arm: bool = False, console: Console | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run an excitation on a robot and log it; returns what was measured, the log's path among it.

    Args:
        robot: whose joints move; its base must be held, feet off the ground.
        parameters: whose gains the robot follows the targets with.
        uri: where it is.
        path: log to write.
        targets: (m, n) rad, one every ``PERIOD_S``.
        serial: of the robot, for the log.
        arm: needed for a robot outside this computer.
        console: to print on.

    Raises:
        ConfigError: if the robot has no joint limits.
        FlightRefusedError: if a check failed; nothing moved.
        FlightAbortedError: if a fault ended the run; the log is there up to that.
        LinkError: if the robot does not answer.
    """
    scheme_of(uri)
    limits = robot.limits
    if not isinstance(limits, JointLimits):
        raise ConfigError(f"robot '{robot.name}' has no joints to move")
    console = console or Console(quiet=True)
    bundle = _as_bundle(robot, parameters, limits)
    with operator_controls(None) as signals:
        link: Link[Any] = create_link(uri, level="joint_position", stopped=lambda: signals.stop or signals.kill)
        with link:
            checks = link.checks(bundle)
            require(checks)
            require([settled := link.prepare()])
            for check in (*checks, settled):
                console.print(f"  [green]ok    [/] {check.name}: {check.detail}")
            duration_s = PERIOD_S * len(targets)
            if moves_metal(uri) and not arm:
                raise FlightRefusedError(
                    f"checks passed; with --arm every joint of the robot at {uri} swings for {duration_s:g} s:"
                    " hang it up, feet and legs free, and add --arm"
                )
            with RunLog(path, _metadata(robot, parameters, uri, serial), JOINT_STEP, link.clock) as log:
                loop = JointSession(
                    link, JointMission(JointPlan(duration_s)), Supervisor(JointBehaviour(limits, {})), log, signals,
                    ExcitationPilot(parameters, limits, targets), PERIOD_S,
                )  # fmt: skip
                console.print(f"every joint swings for {duration_s:g} s; Ctrl-C or space damps; log {path}")
                record: JointRecord = loop.run()
    result: dict[str, Any] = {"run": run_result(record), "faults": reaction_times(record.faults), "log": str(path)}
    if not result["run"]["completed"]:
        raise aborted(result, "run")
    return result


def planned(parameters: JointParameters, duration_s: float, kind: str, seed: int, size: float) -> Array:
    """Return an excitation as targets, one every ``PERIOD_S``; see ``excitation``."""
    return excitation(parameters, np.arange(0.0, duration_s, PERIOD_S), kind, seed, size)


def still(parameters: JointParameters, duration_s: float) -> Array:
    """Return targets of the default pose, one every ``PERIOD_S``.

    Raises:
        ConfigError: for a time that is none.
    """
    if not duration_s > 0.0:
        raise ConfigError(f"a rest of {duration_s:g} s is none")
    return np.tile(parameters.default_pose_rad, (round(duration_s / PERIOD_S), 1))


def _as_bundle(robot: RobotSpec, parameters: JointParameters, limits: JointLimits) -> Bundle:
    """Return what a link's checks want to know of a policy, for a run that has none: robot, gains, limits."""
    info = BundleInfo(
        task="calibrate",
        robot=RobotInfo(
            robot.name, parameters.name, (), parameters.joint_names, robot.model_hash(),
            {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(parameters).items()},
        ),
        observation=(),
        action=ActionSpec.joint_position(parameters, (SLEW_RAD_S,) * parameters.num_joints),
        timing=Timing(PERIOD_S, PERIOD_S, 0.0, limits.fault_budget_s),
        limits=limits,
        state_size=0,
        state_scale=(),
        command_ranges={},
        network={},
        provenance={},
    )  # fmt: skip
    return Bundle(Path("calibrate"), "", info, {})


def _metadata(robot: RobotSpec, parameters: JointParameters, uri: str, serial: str | None) -> dict[str, str]:
    known = {"serial": serial} if serial else {}
    return known | {
        "uri": uri,
        "task": "calibrate",
        "robot": robot.name,
        "parameter_set": parameters.name,
        "action_names": " ".join(parameters.joint_names),
        "joint_names": " ".join(parameters.joint_names),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
