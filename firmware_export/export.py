"""Turn a bundle or a bare ONNX file into C99, build it for its targets and report what it costs there.

Writes ``BUNDLE/c/``, or ``FILE-c/`` beside the file: ``policy.h``, ``policy.c``, ``policy_selftest.c``, each
target's artifact and ``manifest.json`` with every file's hash. The folder appears whole or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from firmware_export.build import Build, build_target
from firmware_export.c_files import manifest, write_c
from firmware_export.c_folder import INT8, MANIFEST
from firmware_export.closed_loop import EPISODES
from firmware_export.contract import replaceable_contract
from firmware_export.crazyflie.export import build_with_firmware, check_firmware, template_values
from firmware_export.crazyflie.firmware import memory_table
from firmware_export.int8 import MAX_SUCCESS_LOSS, int8_c, int8_table, measure_loss
from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.policy_source import PolicySource, open_source
from firmware_export.report import cost_table, measure, memory_line
from firmware_export.room import require_room
from firmware_export.targets import load_target, target_names
from policies.bundle import load_bundle
from policies.weights_image import WEIGHTS_FILE
from sim.files import replace_folder
from sim.identified import require_same_robot

EXAMPLE = """sim2metal export runs/demo/bundle
sim2metal export runs/demo/bundle --target host
sim2metal export runs/demo/bundle --int8
sim2metal export runs/demo/bundle --target crazyflie --firmware ~/crazyflie-firmware --replaceable-weights
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
    serial: str | None = None
    """Which robot it is for: a bundle that was trained for another one (train --calibration) is refused."""
    golden: Path | None = None
    """For an ONNX file: .npz with 'observation' (steps, size), from which onnxruntime makes the golden steps
    (default: standard normal numbers)."""
    int8: bool = False
    """Weights and inputs of layers in integers, calibrated from the golden steps and flown against float first."""
    max_success_loss: float | None = MAX_SUCCESS_LOSS
    """Share of episodes that int8 may lose; None: any loss, also where it cannot be measured."""
    episodes: int = EPISODES
    """Flights of each arithmetic before int8 is offered."""
    replaceable_weights: bool = False
    """Weights in one structure that others of the same network can replace in RAM, by radio (sim2metal flash
    --weights), and the file to send; 28 kB at most."""
    firmware: Path | None = None
    """For the target crazyflie: a checkout of crazyflie-firmware, in which the app is built; it stays as it is."""


def run(args: Args) -> dict[str, Any]:
    """Export a policy and print a table of costs.

    Raises:
        ConfigError: for an unknown target, observations that do not fit, or a bundle for another robot.
        ToolchainError: if a compiler or the emulator is missing or fails, or the policy is too large for a chip.
        VerificationError: if a target computes something else than onnxruntime, or int8 loses too many episodes.
        BundleError: if the bundle or the file is not valid or cannot be translated.
        StorageError: if the folder cannot be written or holds other files.
    """
    targets = [load_target(name) for name in dict.fromkeys(args.target)]
    checkout = check_firmware(args.firmware, targets)
    source = open_source(args.policy, args.golden)
    if args.serial is not None and args.policy.is_dir():
        require_same_robot(load_bundle(args.policy).info.provenance, args.serial, str(args.policy))
    folder = args.out or source.c_folder
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as name, console.status("generating and building"):
        scratch = Path(name)
        contract = replaceable_contract(args.policy) if args.replaceable_weights else None
        int8 = int8_c(source, contract=contract) if args.int8 else None
        judged, generated = (source, source.generate(contract)) if int8 is None else (int8.source, int8.generated)
        if generated.weights is not None:
            generated.weights.require_fitting()
        values = {target.name: template_values(target, args.policy) for target in targets}
        for target in targets:
            require_room(target, generated)
        write_c(generated, scratch)
        flown = None if int8 is None else measure_loss(args.policy, scratch, args.max_success_loss, args.episodes)
        notes = {} if int8 is None else {INT8: int8.to_json(flown)}
        builds = [build_target(target, scratch, scratch, values[target.name]) for target in targets]
        firmware = None
        if checkout is not None:
            builds, firmware = build_with_firmware(builds, checkout, scratch)
        costs = [measure(build, scratch, judged) for build in builds]
        _publish(judged, folder, generated, builds, scratch, notes)
    if costs:
        console.print(cost_table(f"{source.name}  {source.id[:12]}", costs))
    console.print(
        f"{folder}: {generated.sizes.observation} observations, {generated.sizes.action} actions", soft_wrap=True
    )
    console.print(memory_line(generated))
    if int8 is not None:
        console.print(int8_table(int8, flown))
    if firmware is not None:
        console.print(memory_table(firmware))
    return {
        "bundle": source.name,
        "id": source.id,
        "folder": str(folder),
        "weight_bytes": generated.constant_bytes,
        "workspace_bytes": 4 * generated.sizes.workspace,
        "state_bytes": 4 * generated.sizes.state,
        **notes,
        **({"firmware": firmware.to_json()} if firmware is not None else {}),
        **{cost.target: cost.to_json() for cost in costs},
    }


def _publish(
    source: PolicySource,
    folder: Path,
    generated: GeneratedPolicy,
    builds: Sequence[Build],
    scratch: Path,
    notes: Mapping[str, Any],
) -> None:
    weights = [WEIGHTS_FILE] if generated.weights is not None else []
    names = [*generated.files, *weights, *(file for build in builds for file in build.files)]
    files = {name: (scratch / name).read_bytes() for name in names}
    contents = {**files, MANIFEST: manifest(source, files, notes)}
    artifacts = {load_target(name).artifact for name in target_names()}
    replace_folder(folder, contents, replaceable={*contents, *artifacts, "policy_selftest.c", WEIGHTS_FILE})
