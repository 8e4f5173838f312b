"""Turn a bundle or a bare ONNX file into C99, build it for its targets and report what it costs there.

Writes ``BUNDLE/c/``, or ``FILE-c/`` beside the file: ``policy.h``, ``policy.c``, ``policy_selftest.c``, each
target's artifact and ``manifest.json`` with every file's hash. The folder appears whole or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from firmware_export.build import Build, build_target
from firmware_export.bundle_c import MANIFEST
from firmware_export.c_files import manifest, write_c
from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.policy_source import PolicySource, open_source
from firmware_export.report import cost_table, measure, memory_line
from firmware_export.room import require_room
from firmware_export.targets import load_target, target_names
from sim.files import replace_folder

EXAMPLE = """sim2metal export runs/demo/bundle
sim2metal export runs/demo/bundle --target host
sim2metal export policy.onnx --out firmware/policy
sim2metal export policy.onnx --golden observations.npz --target stm32f405"""


@dataclass
class Args:
    """Options of ``sim2metal export``."""

    policy: tyro.conf.Positional[Path]
    """Folder of a bundle, or an ONNX file."""
    target: tuple[str, ...] = ("host", "stm32f405")
    """What to build the C for (the folders of firmware_export/targets); none: only write it."""
    out: Path | None = None
    """Folder to write, new or of an earlier export (default: BUNDLE/c, or FILE-c beside the file)."""
    golden: Path | None = None
    """For an ONNX file: .npz with 'observation' (steps, size), from which onnxruntime makes the golden steps
    (default: standard normal numbers)."""


def run(args: Args) -> dict[str, Any]:
    """Export a policy and print a table of costs.

    Raises:
        ConfigError: for an unknown target, or observations that do not fit.
        ToolchainError: if a compiler or the emulator is missing or fails, or the policy is too large for a chip.
        VerificationError: if a target computes something else than onnxruntime.
        BundleError: if the bundle or the file is not valid or cannot be translated.
        StorageError: if the folder cannot be written or holds other files.
    """
    targets = [load_target(name) for name in dict.fromkeys(args.target)]
    source = open_source(args.policy, args.golden)
    folder = args.out or source.c_folder
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as name, console.status("generating and building"):
        scratch = Path(name)
        generated = source.generate()
        for target in targets:
            require_room(target, generated)
        write_c(generated, scratch)
        builds = [build_target(target, scratch, scratch) for target in targets]
        costs = [measure(build, scratch, source) for build in builds]
        _publish(source, folder, generated, builds, scratch)
    if costs:
        console.print(cost_table(f"{source.name}  {source.id[:12]}", costs))
    console.print(f"{folder}: {generated.sizes.observation} observations, {generated.sizes.action} actions")
    console.print(memory_line(generated))
    return {
        "bundle": source.name,
        "id": source.id,
        "folder": str(folder),
        "weight_bytes": generated.constant_bytes,
        "workspace_bytes": 4 * generated.sizes.workspace,
        "state_bytes": 4 * generated.sizes.state,
        **{cost.target: cost.to_json() for cost in costs},
    }


def _publish(
    source: PolicySource, folder: Path, generated: GeneratedPolicy, builds: Sequence[Build], scratch: Path
) -> None:
    names = [*generated.files, *(file for build in builds for file in build.files)]
    files = {name: (scratch / name).read_bytes() for name in names}
    contents = {**files, MANIFEST: manifest(source, files)}
    artifacts = {load_target(name).artifact for name in target_names()}
    replace_folder(folder, contents, replaceable={*contents, *artifacts, "policy_selftest.c"})
