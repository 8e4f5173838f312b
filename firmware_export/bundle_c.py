"""A bundle's C: the generated files with its id, its golden excerpt and, if wanted, replaceable weights."""

from __future__ import annotations

from pathlib import Path

from firmware_export.c_files import write_c
from firmware_export.contract import contract_of
from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.policy_source import bundle_source
from policies.bundle import Bundle, Golden


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
    generated = bundle_source(bundle, golden).generate(contract_of(bundle) if replaceable else None)
    if generated.weights is not None:
        generated.weights.require_fitting()
    return generated


def write_bundle_c(bundle: Bundle, folder: Path | str, *, replaceable: bool = False) -> Path:
    """Generate a bundle's C, and its file of weights if they are replaceable, into a scratch folder; return it."""
    write_c(bundle_c(bundle, replaceable=replaceable), Path(folder))
    return Path(folder)
