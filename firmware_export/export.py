"""Turn a bundle into C99, build it for its targets and report what it costs there.

Writes ``BUNDLE/c/``: ``policy.h``, ``policy.c``, ``policy_selftest.c``, each target's artifact
and ``manifest.json`` with every file's hash. The folder appears whole or not at all.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from firmware_export.build import Build, build_target
from firmware_export.bundle_c import MANIFEST, bundle_c, manifest
from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.report import Cost, cost_table, golden_steps, measure_host, measure_stm32
from firmware_export.targets import load_target, target_names
from policies.bundle import C_FOLDER, Bundle, Golden, load_bundle
from sim.errors import StorageError
from sim.files import replace_folder

EXAMPLE = """sim2metal export runs/demo/bundle
sim2metal export runs/demo/bundle --target host"""


@dataclass
class Args:
    """Options of ``sim2metal export``."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    target: tuple[str, ...] = ("host", "stm32f405")
    """What to build the C for (the folders of firmware_export/targets)."""


def run(args: Args) -> dict[str, Any]:
    """Export a bundle and print a table of costs.

    Raises:
        ConfigError: for an unknown target.
        ToolchainError: if a compiler or the emulator is missing or fails; says what to install.
        UnsupportedModelError: if the graph cannot be translated.
        VerificationError: if a target's self-test fails.
        BundleError: if the bundle is not valid.
    """
    targets = [load_target(name) for name in dict.fromkeys(args.target)]
    bundle = load_bundle(args.bundle)
    golden = bundle.golden()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as name, console.status("generating and building"):
        scratch = Path(name)
        generated = _write(bundle_c(bundle, golden), scratch)
        builds = [build_target(target, scratch, scratch) for target in targets]
        costs = [_measure(build, scratch, golden) for build in builds]
        _publish(bundle, [*generated.files, *(build.target.artifact for build in builds)], scratch)
    sizes = generated.sizes
    console.print(cost_table(f"{bundle.path.name}  {bundle.id[:12]}", costs))
    console.print(
        f"{bundle.path / C_FOLDER}: state {4 * sizes.state} B, peak workspace {4 * sizes.workspace} B, "
        f"{sizes.observation} observations, {sizes.action} actions"
    )
    return {
        "bundle": bundle.path.name,
        "id": bundle.id,
        "workspace_bytes": 4 * sizes.workspace,
        "state_bytes": 4 * sizes.state,
        **{cost.target: cost.to_json() for cost in costs},
    }


def _write(generated: GeneratedPolicy, folder: Path) -> GeneratedPolicy:
    try:
        for name, text in generated.files.items():
            (folder / name).write_text(text)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}; free some space") from error
    return generated


def _measure(build: Build, folder: Path, golden: Golden) -> Cost:
    if build.target.emulator is None:
        return measure_host(build, folder)
    return measure_stm32(build, *golden_steps(golden))


def _publish(bundle: Bundle, names: list[str], scratch: Path) -> None:
    files = {name: (scratch / name).read_bytes() for name in names}
    contents = {**files, MANIFEST: manifest(bundle, files)}
    artifacts = {load_target(name).artifact for name in target_names()}
    replace_folder(bundle.path / C_FOLDER, contents, replaceable={*contents, *artifacts, "policy_selftest.c"})
