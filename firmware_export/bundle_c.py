"""A bundle's C: the generated files with its id, its golden excerpt and a manifest of hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from firmware_export.onnx_to_c import Excerpt, GeneratedPolicy, generate
from policies.bundle import POLICY_FILE, Bundle, Golden
from policies.strict_json import render
from sim.errors import StorageError

MANIFEST = "manifest.json"


def bundle_c(bundle: Bundle, golden: Golden | None = None) -> GeneratedPolicy:
    """Generate a bundle's C.

    Args:
        bundle: a loaded bundle.
        golden: its sequences, if already loaded.

    Raises:
        UnsupportedModelError: if its graph cannot be translated; the message names the node.
    """
    return generate(bundle.read_policy(), bundle.id, _excerpt(bundle, golden or bundle.golden()))


def write_bundle_c(bundle: Bundle, folder: Path | str) -> Path:
    """Generate a bundle's C into an existing scratch folder and return it."""
    folder = Path(folder)
    try:
        for name, text in bundle_c(bundle).files.items():
            (folder / name).write_text(text)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}; free some space") from error
    return folder


def manifest(bundle: Bundle, files: dict[str, bytes]) -> bytes:
    """Return ``manifest.json``: which bundle and graph the files come from, and their SHA-256."""
    document = {
        "bundle_id": bundle.id,
        "policy_onnx_sha256": bundle.files[POLICY_FILE],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    return render(document).encode()


def _excerpt(bundle: Bundle, golden: Golden) -> Excerpt:
    """Return the first steps of the first sequence, as many as fit the self-test."""
    span = np.subtract(bundle.info.action.high, bundle.info.action.low)
    whole = Excerpt(
        observation=golden.observation[0],
        action=golden.action[0],
        state=golden.state[0, -1],
        action_range=span.astype(np.float32),
        state_scale=np.asarray(bundle.info.state_scale, np.float32),
    )
    steps = whole.shortened()
    return Excerpt(
        observation=whole.observation[:steps],
        action=whole.action[:steps],
        state=golden.state[0, steps - 1],
        action_range=whole.action_range,
        state_scale=whole.state_scale,
    )
