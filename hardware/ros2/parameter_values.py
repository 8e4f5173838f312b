"""Parameter values in YAML: ``-p name:=value`` and parameter files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sim.errors import ConfigError

PARAMETERS_KEY = "ros__parameters"
MAX_FILE_BYTES = 1_000_000
"""Largest parameter file that is read."""
_SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class Override:
    """Values for the nodes whose full name a pattern matches (``*`` one token, ``**`` any number)."""

    pattern: str
    values: dict[str, Any]

    def matches(self, full_name: str) -> bool:
        """Whether ``/ns/node`` is meant."""
        parts = re.split(r"(\*\*|\*)", self.pattern)
        regex = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
        return re.fullmatch(regex.replace(r"/.*/", r"/(?:.*/)?"), full_name) is not None


def parse_value(text: str, name: str) -> Any:
    """Return the value that YAML text means.

    Raises:
        ConfigError: for text that is no parameter value.
    """
    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ConfigError(f"parameter '{name}': '{text}' is not YAML: {_line(error)}") from error
    return check_value("" if value is None else value, name)


def read_parameter_file(path: Path) -> list[Override]:
    """Read a parameter file: ``node: ros__parameters: name: value``, namespaces and wildcards allowed.

    Raises:
        ConfigError: for a file that is missing, no YAML, or of another structure.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"parameter file {path} is larger than {MAX_FILE_BYTES} bytes")
        content = YAML(typ="safe", pure=True).load(path.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read parameter file {path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(f"parameter file {path} is not YAML: {_line(error)}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"parameter file {path}: expected node names with '{PARAMETERS_KEY}' below them")
    overrides: list[Override] = []
    _collect(content, "", path, overrides)
    return overrides


def check_value(value: Any, name: str) -> Any:
    """Return a value that a parameter can hold.

    Raises:
        ConfigError: for any other.
    """
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, list) and value:
        kinds = {type(item) for item in value}
        if len(kinds) == 1 and kinds <= set(_SCALARS):
            return value
        raise ConfigError(f"parameter '{name}': all items of a list must be bool, int, float or str, all the same")
    raise ConfigError(f"parameter '{name}': {value!r} is no bool, number, text or non-empty list of them")


def _collect(content: dict[Any, Any], prefix: str, path: Path, overrides: list[Override]) -> None:
    for key, below in content.items():
        if key == PARAMETERS_KEY:
            if not isinstance(below, dict):
                raise ConfigError(f"parameter file {path}: '{PARAMETERS_KEY}' of '{prefix}' holds no names")
            overrides.append(Override(prefix or "/**", dict(_flatten(below, ""))))
        elif isinstance(below, dict):
            _collect(below, f"{prefix}/{str(key).strip('/')}", path, overrides)
        else:
            raise ConfigError(f"parameter file {path}: '{key}' needs '{PARAMETERS_KEY}' below it")


def _flatten(values: dict[Any, Any], prefix: str) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat += _flatten(value, f"{name}.")
        else:
            flat.append((name, check_value(value, name)))
    return flat


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
