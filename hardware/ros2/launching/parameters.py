"""Parameters of a node in a launch file: YAML files as they are, dictionaries as temporary YAML files.

Text that comes from a substitution is read as YAML, as ``launch_ros`` does: ``rate:=50`` is a number.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hardware.ros2.launching.context import LaunchContext, LaunchError, Substitution, Text, perform

Parameters = Sequence[Mapping[Any, Any] | Text] | None


class ParameterValue:
    """A parameter's value with its type, for text that YAML would read as something else."""

    def __init__(self, value: Any, *, value_type: type | None = None) -> None:
        self.value, self.value_type = value, value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value.

        Raises:
            LaunchError: if it is not of the type.
        """
        value = _evaluate(context, self.value) if self.value_type is not str else perform(context, self.value)
        if self.value_type is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if self.value_type is not None and not isinstance(value, self.value_type):
            raise LaunchError(f"parameter value '{value}' is not a {self.value_type.__name__}")
        return value


def parameter_arguments(context: LaunchContext, parameters: Parameters) -> list[str]:
    """Return the ROS arguments that give a node its parameters.

    Raises:
        LaunchError: if a file is missing or a value has no type that ROS knows.
    """
    arguments = []
    for entry in parameters or ():
        if isinstance(entry, Mapping):
            path = _write({perform(context, key): _evaluate(context, value) for key, value in entry.items()})
        else:
            path = Path(perform(context, entry))
            _check_file(path)
        arguments += ["--params-file", str(path)]
    return arguments


def _evaluate(context: LaunchContext, value: Any) -> Any:
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if isinstance(value, Substitution):
        return _from_yaml(value.perform(context))
    if isinstance(value, list | tuple):
        if any(isinstance(part, Substitution) for part in value):
            return _from_yaml(perform(context, value))
        return list(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bool | int | float | str):
        return value
    raise LaunchError(f"a parameter has a value of type {type(value).__name__}: ROS has no such parameter type")


def _from_yaml(text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text) if text else ""
    except YAMLError:
        return text


def _check_file(path: Path) -> None:
    """Refuse a missing or unreadable file before the node starts, in one line."""
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text())
    except OSError as error:
        raise LaunchError(f"parameter file {path} cannot be read: {error.strerror}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise LaunchError(f"parameter file {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise LaunchError(f"parameter file {path} must hold node names with 'ros__parameters' below them")


def _write(values: dict[str, Any]) -> Path:
    """JSON is YAML; the wildcard names the node whatever its name is."""
    handle, name = tempfile.mkstemp(prefix="parameters-", suffix=".yaml", dir=_folder(), text=True)
    with open(handle, "w") as file:  # noqa: PTH123 - a descriptor, not a path
        json.dump({"/**": {"ros__parameters": values}}, file)
    return Path(name)


@cache
def _folder() -> Path:
    """A folder that goes when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="sim2metal-launch-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
