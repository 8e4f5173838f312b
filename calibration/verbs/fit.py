"""``sim2metal calibrate fit``: from a log to what is known of the robot, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from rich.console import Console

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.estimate import Estimate
    from calibration.joints.identify import Identification
    from calibration.recording.record import Recording


@dataclass
class Fit:
    """Identify a robot from a log: a multirotor that flew, or joints that swung in the air (calibrate collect)."""

    log: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LOG")]
    """A log that 'calibrate show' can read."""
    robot: str | None = None
    """Which robot, where the log does not say it."""
    parameter_set: str | None = None
    """Joints: whose gains they followed their targets with; default: what the log says, else the robot's default."""
    optimiser: Literal["least-squares", "cmaes"] = "least-squares"
    """Joints: how the minimum is found."""
    mass: float | None = None
    """Multirotors: what the robot weighs, kg, as it flew; without it only ratios to the mass are known."""
    mass_error: float = 1e-4
    """Multirotors: standard error of the balance, kg."""
    figure: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Multirotors: draw intervals, residuals and predictions into this file (.png, .svg, .pdf)."""
    trust: bool = False
    """Fit even a log that contradicts itself."""
    ranges: Literal["covariance", "likelihood"] = "covariance"
    """Joints: what to randomise by: errors of the fit, or the spread that makes the log likeliest (as DROPO)."""
    delta_action: bool = False
    """Joints: say, too, how much nearer the simulation comes with learnt additions to its targets (as ASAP)."""
    serial: str | None = None
    """Serial number of the robot; with it, or one in the log, the result is kept in the units folder."""
    units: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("units")
    """Folder of the per-robot files."""

    def run(self) -> dict[str, Any]:
        """Print what was found, write the robot's file, and return both.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from calibration.recording.read import read_recording
        from sim.registry import load_robot
        from sim.spec import JointParameters, MultirotorParameters

        recording = read_recording(self.log, self.robot)
        kind = load_robot(recording.robot).parameters()
        if isinstance(kind, JointParameters):
            return self._joints(recording)
        if isinstance(kind, MultirotorParameters):
            return self._multirotor(recording)
        raise ConfigError(f"{self.log}: robot '{recording.robot}' has neither rotors nor joints to identify")

    def _joints(self, recording: Recording) -> dict[str, Any]:
        from calibration.joints.identify import identify_joints
        from calibration.joints.ranges import joint_ranges, with_ranges
        from calibration.joints.show import show_joints
        from sim.registry import load_robot

        self._require_right(recording)
        parameters = load_robot(recording.robot).parameters(self.parameter_set or _followed(self.log))
        console = Console(highlight=False)
        with console.status("reading") as status:
            found = identify_joints(recording, parameters, self.optimiser, status.update)
        show_joints(found, parameters, console)
        estimate = found.estimate
        if self.ranges == "likelihood":
            estimate = with_ranges(estimate, joint_ranges(found), parameters.joint_names)
            console.print(estimate.notes[-1], soft_wrap=True)
        learnt = self._delta_action(found, parameters.joint_names, console) if self.delta_action else {}
        return {**self._kept(recording, estimate, parameters.name, console), **learnt}

    def _delta_action(self, found: Identification, joints: tuple[str, ...], console: Console) -> dict[str, Any]:
        from calibration.joints.delta_action import CORNERS_RAD_S, learn_delta_action

        action, errors = learn_delta_action(found.fit)
        before, after = (1e3 * errors[name] for name in ("identified", "delta_action"))
        where = "fitted" if found.fit.held_out is None else "held-out"
        console.print(
            f"the simulation is {before:.2f} mrad from the {where} readings, and {after:.2f} mrad with additions to its"
            " targets"
        )
        weights = dict(zip(joints, action.weights.tolist(), strict=True))
        return {"delta_action": {"errors_rad": errors, "corners_rad_s": CORNERS_RAD_S, "weights_n_m": weights}}

    def _multirotor(self, recording: Recording) -> dict[str, Any]:
        from calibration.multirotor.aloft import in_flight
        from calibration.multirotor.figure import draw
        from calibration.multirotor.identify import Weight, identify_multirotor
        from calibration.multirotor.show import show_multirotor
        from sim.registry import load_robot

        self._require_right(recording)
        parameters = load_robot(recording.robot).parameters(self.parameter_set or _followed(self.log))
        weight = None if self.mass is None else Weight(self.mass, self.mass_error)
        console = Console(highlight=False)
        with console.status("fitting"):
            found = identify_multirotor(in_flight(recording), parameters, weight)
        show_multirotor(found, console)
        if self.figure is not None:
            console.print(f"drawn: {draw(found, self.figure)}")
        if not set(found.quantities.names) & set(found.estimate.names):
            console.print("nothing of the airframe is known: no file is written")
            return {"log": str(self.log), "robot": recording.robot, **found.estimate.as_data()}
        return self._kept(recording, found.estimate, parameters.name, console)

    def _require_right(self, recording: Recording) -> None:
        """Refuse a log that contradicts itself, unless it is to be trusted."""
        from calibration.recording.suspicions import examine

        wrong = [] if self.trust else [found.sentence for found in examine(recording).suspicions]
        if wrong:
            raise ConfigError(f"{self.log}: {wrong[0]}; or fit it all the same with --trust")

    def _kept(self, recording: Recording, estimate: Estimate, parameter_set: str, console: Console) -> dict[str, Any]:
        """Write the robot's file where its serial number is known; return what was found, for machines."""
        from calibration.units_folder import identified, write_unit

        result: dict[str, Any] = {"log": str(self.log), "robot": recording.robot, **estimate.as_data()}
        serial = self.serial or recording.serial
        if serial is not None:
            path = write_unit(self.units, identified(estimate, [recording], serial, parameter_set))
            console.print(f"written to {path}")
            result["unit"] = str(path)
        return result


def _followed(log: Path) -> str | None:
    """Return the parameter set that one of the project's own logs names."""
    from hardware.log_reader import read_content

    if log.suffix != ".mcap":
        return None
    metadata = {key: value for entry in read_content(log).metadata for key, value in entry.metadata.items()}
    return metadata.get("parameter_set")
