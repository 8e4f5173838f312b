"""One robot as it was identified: values with their covariance, in a file that bears its serial number.

The file (``<serial>.json`` in the user's units folder) is written by ``calibration`` and read wherever a policy is
trained, exported or run; so its form lives here, and needs nothing but NumPy.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import ConfigError, StorageError
from sim.files import write_atomic

SCHEMA = 1
"""Rises whenever a reader of the old form would misunderstand the new one."""
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What may name a robot: it becomes a file name."""


@dataclass(frozen=True)
class IdentifiedRobot:
    """What is known of one robot.

    Raises:
        ConfigError: for shapes that do not belong together, numbers that are not finite, a covariance that is none,
            or a serial number that cannot be a file's name.
    """

    serial: str
    robot: str
    """A name in ``sim/robots``."""
    parameter_set: str
    """The nominal constants that the values replace; what is not among the values stays as it is there."""
    names: tuple[str, ...]
    """Parameters, named as in the tables of randomization where there is such a one."""
    units: tuple[str, ...]
    values: np.ndarray
    """(p,) in ``units``."""
    covariance: np.ndarray
    """(p, p)"""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """What the data does not hold, and why."""
    holdout: Mapping[str, float] = field(default_factory=dict)
    """Errors of prediction on data that was not fitted."""
    data_sha256: tuple[str, ...] = ()
    """Of the logs that were fitted."""
    date: str = ""
    """ISO 8601, UTC."""
    software: Mapping[str, str] = field(default_factory=dict)
    """Versions."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, np.float64))
        object.__setattr__(self, "covariance", np.asarray(self.covariance, np.float64))
        require_serial(self.serial)
        count = len(self.names)
        where = f"identified robot '{self.serial}'"
        if len(self.units) != count or self.values.shape != (count,) or self.covariance.shape != (count, count):
            raise ConfigError(f"{where}: {count} parameters need as many units, values and rows of the covariance")
        if len(set(self.names)) != count:
            raise ConfigError(f"{where}: a parameter is there twice")
        if not (np.isfinite(self.values).all() and np.isfinite(self.covariance).all()):
            raise ConfigError(f"{where}: a value or its covariance is not finite")
        scale = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        unit = self.covariance / np.maximum(np.outer(scale, scale), 1e-300)
        lopsided = not np.allclose(self.covariance, self.covariance.T, rtol=1e-6, atol=0.0)
        if lopsided or (count and np.linalg.eigvalsh(0.5 * (unit + unit.T)).min() < -1e-6):
            raise ConfigError(f"{where}: its covariance is not symmetric and positive semi-definite")

    @property
    def title(self) -> str:
        """Name, robot and date."""
        return f"{self.serial} ({self.robot}, from {self.parameter_set}), {self.date}"

    @property
    def standard_errors(self) -> np.ndarray:
        """Square roots of the variances, (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Return ``n`` draws of all values from their joint normal distribution, (n, p)."""
        return self.values + rng.standard_normal((n, len(self.names))) @ self.root.T

    @property
    def root(self) -> np.ndarray:
        """(p, p) R with covariance R R': it makes draws of numbers that are normal and independent."""
        size, vectors = np.linalg.eigh(self.covariance)
        return vectors * np.sqrt(np.maximum(size, 0.0))

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-able data; ``from_data`` is the inverse."""
        errors = self.standard_errors.tolist()
        return {
            "schema": SCHEMA,
            "serial": self.serial,
            "robot": self.robot,
            "parameter_set": self.parameter_set,
            "parameters": {
                name: {"value": value, "unit": unit, "standard_error": error}
                for name, unit, value, error in zip(self.names, self.units, self.values.tolist(), errors)
            },
            "covariance": self.covariance.tolist(),
            "unknown": dict(self.unknown),
            "holdout": dict(self.holdout),
            "data_sha256": list(self.data_sha256),
            "date": self.date,
            "software": dict(self.software),
        }

    @classmethod
    def from_data(cls, data: Any) -> IdentifiedRobot:
        """Return what ``as_data`` wrote.

        Raises:
            ConfigError: if it is not that, or of another schema.
        """
        if not isinstance(data, dict) or "serial" not in data:
            raise ConfigError("not a file of an identified robot: it has no serial number")
        if data.get("schema") != SCHEMA:
            raise ConfigError(
                f"it has schema {data.get('schema')}, this program reads {SCHEMA}: identify the robot again"
            )
        try:
            parameters = data["parameters"]
            return cls(
                serial=str(data["serial"]),
                robot=str(data["robot"]),
                parameter_set=str(data["parameter_set"]),
                names=tuple(parameters),
                units=tuple(str(entry["unit"]) for entry in parameters.values()),
                values=np.array([float(entry["value"]) for entry in parameters.values()]),
                covariance=np.array(data["covariance"], np.float64).reshape(len(parameters), len(parameters)),
                unknown={str(key): str(value) for key, value in data["unknown"].items()},
                holdout={str(key): float(value) for key, value in data["holdout"].items()},
                data_sha256=tuple(str(value) for value in data["data_sha256"]),
                date=str(data["date"]),
                software={str(key): str(value) for key, value in data["software"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"not a file of an identified robot ({type(error).__name__}: {error})") from None

    def to_json(self) -> str:
        """Return the text of its file."""
        return json.dumps(self.as_data(), indent=2, allow_nan=False) + "\n"

    def sha256(self) -> str:
        """SHA-256 of its file, hexadecimal: what a bundle remembers of it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def reference(self) -> dict[str, str]:
        """Return what a bundle remembers in its provenance: enough to refuse another robot."""
        return {"serial": self.serial, "robot": self.robot, "sha256": self.sha256(), "date": self.date}


def read_identified(path: Path | str) -> IdentifiedRobot:
    """Read a robot's file.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it is not such a file, with the reason.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise StorageError(f"cannot read {path}: {reason}") from error
    try:
        return IdentifiedRobot.from_data(json.loads(text, parse_constant=_refuse))
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None


def write_identified(path: Path | str, robot: IdentifiedRobot) -> None:
    """Write a robot's file, whole or not at all.

    Raises:
        StorageError: if it cannot be written; what was there is untouched.
    """
    write_atomic(path, robot.to_json())


def require_serial(serial: str) -> None:
    """Refuse a serial number that cannot be a file's name.

    Raises:
        ConfigError: saying what may be in it.
    """
    if not SERIAL.fullmatch(serial):
        raise ConfigError(f"serial number '{serial}': expected letters, digits, '.', '_' and '-', at most 64")


def require_same_robot(provenance: Mapping[str, Any], serial: str | None, what: str) -> None:
    """Refuse a bundle that was trained for another robot than the one it is meant for now.

    Args:
        provenance: of the bundle; ``identified`` is what ``IdentifiedRobot.reference`` returned at its training.
        serial: which robot it is meant for; ``None`` where nobody said.
        what: the bundle, for the message.

    Raises:
        ConfigError: if both are known and differ.
    """
    trained_for = serial_of(provenance)
    if serial is None:
        return
    require_serial(serial)
    if trained_for is not None and trained_for != serial:
        raise ConfigError(
            f"{what} was trained for the robot with serial number {trained_for}, not for {serial}:"
            f" train it with --calibration units/{serial}.json"
        )


def serial_of(provenance: Mapping[str, Any]) -> str | None:
    """Return the serial number of the robot a bundle was trained for, if it was trained for one."""
    identified = provenance.get("identified")
    serial = identified.get("serial") if isinstance(identified, Mapping) else None
    return serial if isinstance(serial, str) else None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
