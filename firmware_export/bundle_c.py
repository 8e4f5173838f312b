"""A bundle's C: the generated files with its id, its golden excerpt and a manifest of hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np

from firmware_export.onnx_to_c import Excerpt, GeneratedPolicy, generate
from policies.bundle import POLICY_FILE, Bundle, Golden
from policies.strict_json import render
from policies.weights_image import WEIGHTS_FILE
from sim.errors import StorageError

MANIFEST = "manifest.json"


def bundle_c(bundle: Bundle, golden: Golden | None = None, *, replaceable: bool = False) -> GeneratedPolicy:
    """Generate a bundle's C.

    Args:
        bundle: a loaded bundle.
        golden: its sequences, if already loaded.
        replaceable: its weights can be replaced at run time, by radio.

    Raises:
        UnsupportedModelError: if its graph cannot be translated; the message names the node.
        WeightsTooLargeError: if no bank on board could hold replaceable weights.
    """
    excerpt = _excerpt(bundle, golden or bundle.golden())
    contract = contract_of(bundle) if replaceable else None
    generated = generate(bundle.read_policy(), bundle.id, excerpt, contract=contract)
    if generated.weights is not None:
        generated.weights.require_fitting()
    return generated


def contract_of(bundle: Bundle) -> bytes:
    """Return what the code around a policy takes for granted of its bundle, besides the graph.

    The firmware is built with the period, the limits and the order of sensors and motors of one bundle: the
    weights of another may be flown in it only where these are the same.
    """
    info = bundle.info
    document = {
        "robot": [info.robot.name, info.robot.motor_names, info.robot.joint_names],
        "observation": [[term.name, term.size, term.unit, term.frame] for term in info.observation],
        "action": dataclasses.asdict(info.action),
        "control_period_s": info.timing.control_period_s,
        "limits": dataclasses.asdict(info.limits),
        "thrust_curve": info.robot.constants.get("thrust_curve"),
    }
    return json.dumps(document, sort_keys=True).encode()


def write_bundle_c(bundle: Bundle, folder: Path | str, *, replaceable: bool = False) -> Path:
    """Generate a bundle's C, and its file of weights if they are replaceable, into a scratch folder; return it."""
    folder = Path(folder)
    try:
        generated = bundle_c(bundle, replaceable=replaceable)
        for name, text in generated.files.items():
            (folder / name).write_text(text)
        if generated.weights is not None:
            (folder / WEIGHTS_FILE).write_bytes(generated.weights.to_bytes())
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
