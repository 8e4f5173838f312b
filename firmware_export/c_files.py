"""The generated files on disk: written to a folder, and listed with their hashes in a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.policy_source import PolicySource
from policies.strict_json import render
from policies.weights_image import WEIGHTS_FILE
from sim.errors import StorageError


def write_c(generated: GeneratedPolicy, folder: Path) -> None:
    """Write generated files, and that of replaceable weights, into an existing folder.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    try:
        for name, text in generated.files.items():
            (folder / name).write_text(text)
        if generated.weights is not None:
            (folder / WEIGHTS_FILE).write_bytes(generated.weights.to_bytes())
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}; free some space") from error


def manifest(source: PolicySource, files: Mapping[str, bytes], notes: Mapping[str, Any] | None = None) -> bytes:
    """Return ``manifest.json``: which policy and graph the files come from, their SHA-256, and further entries."""
    document = {
        "bundle_id": source.id,
        "policy_onnx_sha256": source.onnx_sha256,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        **(notes or {}),
    }
    return render(document).encode()
