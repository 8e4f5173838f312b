"""Fly a multirotor so that it shows its parameters: a policy at the motors, shaken, under the ordinary supervisor.

The policy takes off, follows a Lissajous curve and lands; while it follows, the excitation is added to its motor
commands. What leaves the host is what the log holds. Limits, safe actions and the log are those of any flight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from calibration.multirotor.excitation import KINDS, PERIOD_S, Excitation, into_range
from calibration.multirotor.planning import CLEARANCE_M, WITHIN, Plan, plan_excitation
from hardware.checks import require
from hardware.deploy import Args, check_serial, open_log, require_consent
from hardware.flight import Flight
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS
from hardware.flying.job import FlightJob
from hardware.flying.observation import FlightObservation
from hardware.flying.outlook import Outlook
from hardware.flying.trajectory_mission import TrajectoryMission, setpoint_speed
from hardware.link import Link, policy_on_board
from hardware.operator_controls import operator_controls
from hardware.outcome import aborted, reaction_times
from hardware.pilot import HostPilot
from hardware.registry import create_link
from hardware.states import FlightState
from hardware.supervisor import Supervisor
from policies.bundle import load_bundle
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import ConfigError, LinkError
from sim.registry import load_robot
from sim.spec import ActionSpec, FlightLimits
from sim.trajectories.harmonic import LAPS, RAMP_S

ZOO_POLICY = Path(__file__).parents[2] / "policies" / "zoo" / "hover"
HOLD_S = 2.0
HEIGHT_M = 0.8
LARGEST_TILT_RAD = 0.6
"""Beyond, a robot is left to its policy until it is level again."""


class Shaker:
    """Adds an excitation to motor commands while the robot is aloft and nearly level; ``HostPilot``'s guard.

    Args:
        excitation: one command a period.
        action: whose range the sum keeps to.
        floor_m: height of the take-off point.
        quiet_s: how long it waits once aloft.
        ceiling_m: height over the take-off point above which nothing is added.
    """

    def __init__(
        self, excitation: Excitation, action: ActionSpec, floor_m: float, quiet_s: float = HOLD_S,
        ceiling_m: float = np.inf,
    ) -> None:  # fmt: skip
        self._motors = excitation.motors
        self._low, self._high = np.maximum(action.low, excitation.lowest), np.asarray(action.high)
        self._aloft_m = floor_m + 0.8 * HEIGHT_M
        self._wait, self._next = round(quiet_s / PERIOD_S), 0
        self._lowest_m, self._highest_m = floor_m + CLEARANCE_M, floor_m + WITHIN * ceiling_m

    def __call__(self, command: np.ndarray, state: FlightState) -> np.ndarray:
        """Return the command with this period's share of the excitation, within its range."""
        height = state.position_w[2]
        if self._wait > 0:
            self._wait -= height > self._aloft_m
            return command
        w, x, y, z = state.orientation_wxyz
        level = w * w - x * x - y * y + z * z > np.cos(LARGEST_TILT_RAD)
        if self._next >= len(self._motors) or not self._lowest_m <= height <= self._highest_m:
            return command
        self._next += 1
        if not level:
            return command
        return into_range(command + self._motors[self._next - 1], self._low, self._high)


def plan_flight(robot: str, bundle: Path, excitation: Excitation, kinds: Sequence[str] = KINDS) -> Plan:
    """Return which kinds of excitation tell most in a flight by ``collect_flight``, and how much.

    Args:
        robot: its name.
        bundle: of the policy that will fly it; its limits hold.
        excitation: duration, sizes and set-points.
        kinds: to choose among.

    Raises:
        ConfigError: if the policy flies another robot, or nothing stays within its limits.
    """
    info = load_bundle(bundle).info
    if info.robot.name != robot or not isinstance(info.limits, FlightLimits):
        raise ConfigError(f"{bundle} is of robot '{info.robot.name}', not '{robot}': name one that flies it, --bundle")
    nominal = load_robot(robot).parameters(info.robot.parameter_set)
    if nominal.num_rotors != 4:
        raise ConfigError(f"robot '{robot}' has {nominal.num_rotors} rotors: excitations are made for four")
    straight = replace(excitation, turn_rad=0.0)  # the course that is flown keeps its heading
    return plan_excitation(robot, nominal, info.limits, straight, HEIGHT_M, kinds, accelerometer=False)


def collect_flight(
    bundle: Path, uri: str, excitation: Excitation, path: Path | None, *,
    serial: str | None = None, arm: bool = False, console: Console | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Fly an excitation and log it; returns what was measured, the log's path among it.

    Args:
        bundle: of a policy that commands motors at 100 Hz and follows set-points.
        uri: of a robot that takes motor commands from this computer.
        excitation: what to fly.
        path: log to write; default: named after the time.
        serial: of the robot, for the log.
        arm: needed for a robot outside this computer.
        console: to print on.

    Raises:
        ConfigError: for a bundle or a robot that does not suit.
        FlightRefusedError: if a check failed; nothing moved.
        FlightAbortedError: if a fault ended the flight; the log is there up to that.
        LinkError: if the robot does not answer.
    """
    console = console or Console(quiet=True)
    period = (excitation.duration_s + RAMP_S) / LAPS
    sway = excitation.sway_m
    course = f"lissajous:period={period:.3f},x={sway},y={sway},z={0.5 * sway}"
    args = Args(bundle, uri, serial, path, height=HEIGHT_M, hold=HOLD_S, trajectory=course, arm=arm)
    loaded, policy = load_policy(bundle)
    check_serial(args, loaded)
    _require_motors(policy)
    job = FlightJob(args, policy)
    with operator_controls(None) as signals:
        link: Link[Any] = create_link(uri, level="motor", stopped=lambda: signals.stop or signals.kill)
        if policy_on_board(link.level, "motor"):
            raise ConfigError(f"{uri}: motor commands run on board there; fly where this computer commands the motors")
        with link:
            require(link.checks(loaded))
            require([link.prepare()])
            require_consent(args, job)
            with open_log(args, loaded, clock=link.clock) as log:
                state = link.read()
                if state is None or job.course is None:
                    raise LinkError(f"{uri}: the state stream stopped before take-off; try again")
                info, outlook = loaded.info, Outlook(loaded.info)
                limits = info.limits
                assert isinstance(limits, FlightLimits)
                shaker = Shaker(excitation, info.action, state.position_w[2], ceiling_m=limits.ceiling_m)
                pilot = HostPilot(policy, FlightObservation(info, outlook), guard=shaker)
                supervisor = Supervisor(FlightBehaviour(limits, HOST_SAFE_ACTIONS, setpoint_speed(job.course)))
                mission = TrajectoryMission(job.plan, state.position_w, job.course, outlook)
                shaken = f"the motors are shaken for {excitation.duration_s:g} s"
                console.print(f"{job.announcement}; {shaken}; log {log.path}")
                record = Flight(link, mission, supervisor, log, signals, pilot, info.timing.control_period_s).run()
                where = str(log.path)
    result: dict[str, Any] = {"flight": job.result(record), "faults": reaction_times(record.faults), "log": where}
    if not result["flight"]["completed"]:
        raise aborted(result, "flight")
    return result


def _require_motors(policy: OnnxPolicy) -> None:
    info = policy.bundle.info
    if info.action.level != "motor" or abs(info.timing.control_period_s - PERIOD_S) > 1e-9:
        raise ConfigError(
            f"{policy.bundle.path} commands {info.action.level} every {1e3 * info.timing.control_period_s:g} ms;"
            f" an excitation is added to motor commands every {1e3 * PERIOD_S:g} ms"
        )
