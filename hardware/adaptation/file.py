"""What was learnt, in a file: whose it is, where and when it was learnt, and every number needed to go on.

JSON, written whole or not at all. A file belongs to one bundle, one serial number and one kind of flight.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hardware.adaptation.correction import MOST_M, SetpointCorrection
from sim.errors import ConfigError
from sim.files import write_atomic

KIND = "sim2metal set-point correction"
SCHEMA = 1
_WORDS = {"bundle_id": "bundle", "robot": "robot", "serial": "serial number", "flown": "flight"}


@dataclass(frozen=True)
class Owner:
    """What a correction was learnt for."""

    bundle_id: str
    robot: str
    serial: str | None
    flown: str
    """``hold``, or the trajectory."""


def write_correction(path: Path, owner: Owner, correction: SetpointCorrection, before: Mapping[str, Any]) -> None:
    """Write what was learnt.

    Args:
        path: the file, replaced whole.
        owner: whose it is.
        correction: after a flight.
        before: what ``read_correction`` found; empty for a first flight.

    Raises:
        StorageError: if it cannot be written; what was there is untouched.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    document = {
        "kind": KIND,
        "schema": SCHEMA,
        **vars(owner),
        "began": before.get("began", now),
        "changed": now,
        "flights": before.get("flights", 0) + 1,
        "steps": correction.steps,
        "error_without_m": correction.errors_m[0] if correction.measured else None,
        "reach_m": correction.reach_m.tolist(),
        "axes": [{name: a.tolist() for name, a in axis.as_arrays().items()} for axis in correction.axes],
    }
    write_atomic(path, json.dumps(document, allow_nan=False) + "\n")


def read_correction(path: Path, owner: Owner, correction: SetpointCorrection) -> dict[str, Any]:
    """Put what was learnt into a correction; return the rest of the file.

    Raises:
        ConfigError: if it is no such file, damaged, or another's.
    """
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); learn anew with --adapt and another file") from None
    if not isinstance(document, dict) or document.get("kind") != KIND or document.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: not a file of 'sim2metal run --adapt' of this version; name another")
    for name, wanted in vars(owner).items():
        if document.get(name) != wanted:
            raise ConfigError(
                f"{path} was learnt for {_WORDS[name]} {document.get(name)!r}, this flight is for {wanted!r}:"
                " name another file"
            )
    try:
        _take(document, correction)
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}): learn anew with --adapt and another file") from None
    return document


def _take(document: dict[str, Any], correction: SetpointCorrection) -> None:
    reach_m, without_m = np.array(document["reach_m"], np.float64), document["error_without_m"]
    if reach_m.shape != (3,) or not ((reach_m >= 0.0) & (reach_m <= MOST_M)).all():
        raise ConfigError(f"'reach_m' must be three numbers from 0 to {MOST_M:g}")
    if len(document["axes"]) != len(correction.axes) or not isinstance(document["flights"], int):
        raise ConfigError("it lacks an axis or its number of flights")
    for axis, arrays in zip(correction.axes, document["axes"]):
        axis.take(arrays)
    if without_m is not None:
        correction.begin_from(reach_m, float(without_m), seed=document["flights"])
