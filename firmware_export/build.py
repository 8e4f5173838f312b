"""Build the generated C for a target and read its sizes from the result."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from firmware_export.targets import Target
from firmware_export.toolchain import STRICT_C99, require_tool, run_tool
from sim.errors import ToolchainError


@dataclass(frozen=True)
class Build:
    """A built target."""

    target: Target
    artifact: Path
    flash_bytes: int
    """Code, constants and initial values."""
    static_ram_bytes: int
    """Initialised and zeroed variables, the caller's state and workspace among them."""
    step_stack_bytes: int
    """Stack of ``policy_step`` with everything it calls, bounded by the compiler's report."""


def build_target(target: Target, c_folder: Path | str, out_folder: Path | str) -> Build:
    """Compile and link a target; its artifact appears whole or not at all.

    Args:
        target: from ``firmware_export.targets.load_target``.
        c_folder: folder with the generated files.
        out_folder: folder to write the artifact into.

    Raises:
        ToolchainError: if a tool is missing or fails, or the image does not fit the chip.
    """
    compiler = require_tool(target.compiler, target.packages)
    require_tool(target.size_tool, target.packages)
    folder, out = Path(c_folder).resolve(), Path(out_folder).resolve()
    missing = [name for name in target.policy_sources if not (folder / name).is_file()]
    if missing:
        raise ToolchainError(f"{folder / missing[0]} is missing: run 'sim2metal export' first")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".build-") as scratch_name:
        scratch = Path(scratch_name)
        objects = _compile(target, compiler, folder, scratch)
        image = scratch / target.artifact
        run_tool([compiler, *target.flags, *objects, *target.link_flags, "-o", image], cwd=target.folder)
        flash, ram = _sizes(target, image)
        stack = _step_stack(scratch / "policy.su")
        _check_limits(target, flash, ram)
        artifact = out / target.artifact
        image.replace(artifact)
    return Build(target, artifact, flash, ram, stack)


def _compile(target: Target, compiler: str, folder: Path, scratch: Path) -> list[Path]:
    common = target.folder.parent / "common"
    sources = [folder / name for name in target.policy_sources] + [target.folder / name for name in target.sources]
    objects = []
    for source in sources:
        result = scratch / f"{source.stem}.o"
        flags = [*STRICT_C99, *target.flags, "-fstack-usage", f"-I{folder}", f"-I{common}"]
        run_tool([compiler, *flags, "-c", source, "-o", result], cwd=scratch)
        objects.append(result)
    return objects


def _sizes(target: Target, image: Path) -> tuple[int, int]:
    """Return flash and static RAM from the Berkeley format of ``size``: text, data, bss."""
    text, data, bss = (int(field) for field in run_tool([target.size_tool, image]).splitlines()[1].split()[:3])
    return text + data, data + bss


def _step_stack(report: Path) -> int:
    """Return a bound of ``policy_step``'s stack: its own frame plus those of the two deepest helpers.

    Helpers call at most ``multiply_add``, so no chain is longer.
    """
    frames = {}
    for line in report.read_text().splitlines():
        where, size, kind = line.split("\t")
        if "dynamic" in kind and "bounded" not in kind:
            raise ToolchainError(f"{where}: stack of unbounded size in generated code")
        frames[where.rsplit(":", 1)[1]] = int(size)
    helpers = sorted((size for name, size in frames.items() if name != "policy_step"), reverse=True)
    return frames["policy_step"] + sum(helpers[:2])


def _check_limits(target: Target, flash: int, ram: int) -> None:
    for what, used, limit in (("flash", flash, target.flash_limit), ("RAM", ram, target.ram_limit)):
        if limit is not None and used > limit:
            raise ToolchainError(f"{target.name}: the policy needs {used} B of {what}, the chip has {limit} B")
