"""``sim2metal calibrate collect``: move a robot so that its log says something, through the ordinary loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from sim.errors import ConfigError

SOFT = "policy"
"""Name of the parameter set whose gains policies use, where a robot has one."""
JOINT_KINDS = ("both", "chirp", "multisine", "best", "rest")
"""Excitations of joints; those of multirotors are ``calibration.multirotor.excitation.KINDS``."""


@dataclass
class Collect:
    """Move a robot so that a log says something: swing joints in the air, its base held, or fly a multirotor."""

    robot: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="ROBOT")]
    """Which robot, e.g. go1."""
    uri: Annotated[str, tyro.conf.arg(metavar="URI")]
    """Where it is: dds://eth0, serial:///dev/ttyACM0; or sim://go1?held=1&hidden=7, a virtual one on a stand whose
    joints are drawn from seed 7."""
    log: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """MCAP log to write; default runs/flights/TIME.mcap."""
    duration: float = 40.0
    """Of the excitation, s."""
    kind: Literal["both", "chirp", "multisine", "steps", "throws", "hover", "best", "rest"] | None = None
    """best: what tells most by Fisher's information. Joints: chirp from 0.1 to 10 Hz, multisine, both (the default),
    or rest: nothing moves, for 'calibrate sensors'. Multirotors: multisine, chirp, steps of thrust, throws, hover, or
    the best mix of them (the default)."""
    size: float = 1.0
    """Joints: share of what their ranges, speeds and torques allow, at most 1; multirotors: of the motor commands, at
    most 2."""
    seed: int = 0
    """Of the excitation's phases."""
    parameter_set: str | None = None
    """Joints: whose gains follow the targets; default: those of policies, which are soft and so show more."""
    serial: str | None = None
    """Serial number of the robot, for the log."""
    bundle: Path | None = None
    """Multirotors: the policy that flies it, by motor commands from this computer; default: the zoo's hover policy."""
    sway: float = 0.3
    """Multirotors: amplitude of the set-points, m; half of it vertically."""
    arm: bool = False
    """Needed for a robot outside this computer: every joint will swing, propellers will turn."""

    def run(self) -> dict[str, Any]:
        """Move the robot and return what was measured.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from calibration.joints.collect import collect_joints, planned, still
        from calibration.joints.information import most_informative
        from sim.registry import load_robot
        from sim.spec import JointParameters, MultirotorParameters

        robot = load_robot(self.robot)
        if isinstance(robot.parameters(), MultirotorParameters):
            return self._fly()
        if not isinstance(robot.parameters(), JointParameters):
            raise ConfigError(f"robot '{self.robot}' neither flies nor has joints to swing")
        soft = SOFT if SOFT in robot.parameter_sets else None
        parameters = robot.parameters(self.parameter_set or soft)
        console = Console(highlight=False, soft_wrap=True)
        kind, seed, told = self.kind or "both", self.seed, {}
        if kind not in JOINT_KINDS:
            raise ConfigError(f"--kind {kind} is for multirotors; joints have {', '.join(JOINT_KINDS)}")
        if kind == "best":
            kind, seed, told = most_informative(self.robot, parameters)
            console.print(
                f"most is told by {kind}, seed {seed}: {max(told.values()):.2f} of ln(1/interval) per quantity"
            )
        path = self.log or Path("runs/flights") / time.strftime("%Y%m%d-%H%M%S.mcap")
        if kind == "rest":
            targets = still(parameters, self.duration)
        else:
            targets = planned(parameters, self.duration, kind, seed, self.size)
        result = collect_joints(
            robot, parameters, self.uri, path, targets, serial=self.serial, arm=self.arm, console=console
        )
        console.print(f"now: sim2metal calibrate {'sensors' if kind == 'rest' else 'fit'} {path}")
        return {**result, "kind": kind, "seed": seed, "information": told}

    def _fly(self) -> dict[str, Any]:
        from calibration.multirotor.collect import ZOO_POLICY, collect_flight, plan_flight
        from calibration.multirotor.excitation import KINDS, Excitation
        from calibration.multirotor.show import show_plan

        if self.kind not in (None, "best", *KINDS):
            raise ConfigError(f"--kind {self.kind} is for joints; multirotors have best, {', '.join(KINDS)}")
        console = Console(highlight=False, soft_wrap=True)
        bundle = self.bundle or ZOO_POLICY
        excitation = Excitation(self.duration, sway_m=self.sway, seed=self.seed).scaled(self.size)
        plan = plan_flight(self.robot, bundle, excitation, KINDS if self.kind in (None, "best") else (self.kind,))
        show_plan(plan, console)
        result = collect_flight(
            bundle, self.uri, plan.excitation, self.log, serial=self.serial, arm=self.arm, console=console
        )
        console.print(f"now: sim2metal calibrate fit {result['log']} --mass WHAT_IT_WEIGHS_IN_KG")
        return {**result, **plan.as_data()}
