"""Launch files in Python: a file with ``generate_launch_description()``."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from hardware.ros2.launching.context import LaunchContext, LaunchDescription, LaunchError, Text, perform
from sim.errors import Sim2MetalError


class PythonLaunchDescriptionSource:
    """Where a launch description is read from."""

    def __init__(self, launch_file_path: Text) -> None:
        self.location = launch_file_path

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """Run the file and return its description.

        Raises:
            LaunchError: if the file is missing, fails or returns something else.
        """
        return load_launch_file(Path(perform(context, self.location)))


def load_launch_file(path: Path) -> LaunchDescription:
    """Return the description of a Python launch file.

    Raises:
        LaunchError: if it is missing, fails or returns something else.
    """
    if not path.is_file():
        raise LaunchError(f"no launch file {path}")
    spec = importlib.util.spec_from_file_location(path.name.replace(".", "_"), path)
    if spec is None or spec.loader is None:
        raise LaunchError(f"{path} is not a Python launch file: its name must end in .launch.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        description = module.generate_launch_description()
    except Sim2MetalError:
        raise
    except Exception as error:
        raise LaunchError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(description, LaunchDescription):
        raise LaunchError(f"{path}: generate_launch_description() must return a LaunchDescription")
    return description
