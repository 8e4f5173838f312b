"""Where a bundle's C is: exported beside the policy, or generated on the spot."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from policies.bundle import C_FOLDER, Bundle
from sim.errors import VerificationError

MANIFEST = "manifest.json"
INT8 = "int8"
"""Key of the manifest that int8 exports have: their errors against float, and what they cost in flight."""


@dataclass(frozen=True)
class Int8Errors:
    """Largest errors of an int8 export over the golden sequences, relative to ranges and scales, as measured then."""

    action: float
    state: float


def exported_int8(bundle: Bundle) -> Int8Errors | None:
    """Return what the bundle's exported C says of its errors if it is int8; ``None`` for float or no export.

    Raises:
        VerificationError: if the manifest is damaged.
    """
    folder = bundle.path / C_FOLDER
    if not (folder / "policy.c").is_file() or not (folder / MANIFEST).is_file():
        return None
    try:
        document = json.loads((folder / MANIFEST).read_text())
        if INT8 not in document:
            return None
        errors = Int8Errors(float(document[INT8]["action_error"]), float(document[INT8]["state_error"]))
    except (OSError, ValueError, TypeError, KeyError):
        raise VerificationError(f"{folder / MANIFEST} is damaged: run 'sim2metal export' again") from None
    if not (math.isfinite(errors.action) and math.isfinite(errors.state)):
        raise VerificationError(f"{folder / MANIFEST}: errors that are no numbers: run 'sim2metal export' again")
    return errors


def c_folder(bundle: Bundle, scratch: Path | str) -> Path:
    """Return the bundle's exported C, which is what would be flashed, or generate it into ``scratch``.

    Raises:
        UnsupportedModelError: if there is none and the graph cannot be translated.
        StorageError: if ``scratch`` cannot be written.
    """
    exported = bundle.path / C_FOLDER
    if (exported / "policy.c").is_file():
        return exported
    from firmware_export.bundle_c import write_bundle_c  # brings onnx, which an exported bundle does not need

    return write_bundle_c(bundle, scratch)
