"""``sim2metal calibrate fit``: from a log to what is known of the robot, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from rich.console import Console

from sim.errors import ConfigError

if TYPE_CHECKING:
    from calibration.recording.record import Recording


@dataclass
class Fit:
    """Identify a robot from a log: joints that swung in the air (calibrate collect)."""

    log: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LOG")]
    """A log that 'calibrate show' can read."""
    robot: str | None = None
    """Which robot, where the log does not say it."""
    parameter_set: str | None = None
    """Joints: whose gains they followed their targets with; default: what the log says, else the robot's default."""
    optimiser: Literal["least-squares", "cmaes"] = "least-squares"
    """Joints: how the minimum is found."""
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
        from sim.spec import JointParameters

        recording = read_recording(self.log, self.robot)
        if isinstance(load_robot(recording.robot).parameters(), JointParameters):
            return self._joints(recording)
        raise ConfigError(f"{self.log}: robot '{recording.robot}' has no joints to identify")

    def _joints(self, recording: Recording) -> dict[str, Any]:
        from calibration.joints.identify import identify_joints
        from calibration.joints.show import show_joints
        from calibration.units_folder import identified, write_unit
        from sim.registry import load_robot

        parameters = load_robot(recording.robot).parameters(self.parameter_set or _followed(self.log))
        console = Console(highlight=False)
        with console.status("reading") as status:
            found = identify_joints(recording, parameters, self.optimiser, status.update)
        show_joints(found, parameters, console)
        result: dict[str, Any] = {"log": str(self.log), "robot": recording.robot, **found.estimate.as_data()}
        serial = self.serial or recording.serial
        if serial is not None:
            path = write_unit(self.units, identified(found.estimate, [recording], serial, parameters.name))
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
