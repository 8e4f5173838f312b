"""Build the generated C for a target and read its sizes from the result."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_export.folder_target import header_constants, write_folder
from firmware_export.room import ARRAYS, check_room, explain_overflow
from firmware_export.stack import bound_stack
from firmware_export.targets import Target
from firmware_export.toolchain import STRICT_C99, require_tool, run_tool
from sim.errors import ToolchainError


@dataclass(frozen=True)
class Build:
    """A built target."""

    target: Target
    artifact: Path
    """A file, or the folder of a ``folder`` target."""
    files: tuple[str, ...]
    """Every file of the result, relative to the folder it was built into."""
    flash_bytes: int
    """Code, constants and initial values; of an image the whole, else of the policy alone (``Footprint``)."""
    static_ram_bytes: int
    """Initialised and zeroed variables, the caller's state and workspace among them."""
    step_stack_bytes: int
    """Stack of ``policy_step`` with everything it calls, bounded by the compiler's report."""


@dataclass(frozen=True)
class Footprint:
    """What ``policy_step`` alone costs a program that calls it.

    Attributes:
        text_bytes: its code and tables, and the parts of the mathematical and compiler's libraries that it calls.
        ram_bytes: observation, state, workspace, action, and the libraries' variables.
        stack_bytes: one step with everything it calls, bounded by the compiler's report.
    """

    text_bytes: int
    ram_bytes: int
    stack_bytes: int


def build_target(
    target: Target, c_folder: Path | str, out_folder: Path | str, values: Mapping[str, str] | None = None
) -> Build:
    """Compile and link a target; its artifact appears whole or not at all.

    Args:
        target: from ``firmware_export.targets.load_target``.
        c_folder: folder with the generated files.
        out_folder: folder to write the artifact into.
        values: more names for the templates of a ``folder`` target.

    Raises:
        ToolchainError: if a tool is missing or fails, or the image does not fit the chip.
        ConfigError: if a template names what nobody gave.
        StorageError: if a file cannot be written.
    """
    folder, out = Path(c_folder).resolve(), Path(out_folder).resolve()
    compiler = _require_tools(target, folder)
    check_room(target, "RAM", _arrays_ram(folder), ARRAYS)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".build-") as scratch_name:
        scratch = Path(scratch_name)
        objects = _compile(target, compiler, folder, scratch)
        if target.kind == "image":
            files, flash, ram = _link_image(target, compiler, objects, scratch)
            stack = bound_stack(target, scratch / "policy.ci", scratch / target.artifact)
        else:
            footprint = _footprint(target, compiler, folder, scratch)
            flash, ram, stack = footprint.text_bytes, _caller_ram(folder), footprint.stack_bytes
            _check_limits(target, flash, ram)
            files = _library_or_folder(target, objects, folder, scratch, values)
        for name in files:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).replace(out / name)
    return Build(target, out / target.artifact, files, flash, ram, stack)


def measure_footprint(target: Target, c_folder: Path | str) -> Footprint:
    """Compile and link ``policy_step`` alone, as the only entry of a program, and return what it costs.

    Args:
        target: of any kind but ``host``, whose libraries are shared.
        c_folder: folder with ``policy.h``, ``policy.c`` and the target's other ``policy_sources``.

    Raises:
        ToolchainError: if a tool is missing or fails.
    """
    folder = Path(c_folder).resolve()
    compiler = _require_tools(target, folder)
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as scratch_name:
        scratch = Path(scratch_name)
        _compile_file(target, compiler, folder / "policy.c", folder, scratch)
        return _footprint(target, compiler, folder, scratch)


def _require_tools(target: Target, folder: Path) -> str:
    compiler = require_tool(target.compiler, target.packages)
    require_tool(target.size_tool, target.packages)
    missing = [name for name in target.policy_sources if not (folder / name).is_file()]
    if missing:
        raise ToolchainError(f"{folder / missing[0]} is missing: run 'sim2metal export' first")
    return compiler


def _compile(target: Target, compiler: str, folder: Path, scratch: Path) -> list[Path]:
    sources = [folder / name for name in target.policy_sources] + [target.folder / name for name in target.sources]
    return [_compile_file(target, compiler, source, folder, scratch) for source in sources]


def _compile_file(target: Target, compiler: str, source: Path, folder: Path, scratch: Path) -> Path:
    common = target.folder.parent / "common"
    result = scratch / f"{source.stem}.o"
    flags = [*STRICT_C99, *target.flags, "-fcallgraph-info=su", f"-I{folder}", f"-I{common}"]
    run_tool([compiler, *flags, "-c", source, "-o", result], cwd=scratch)
    return result


def _link_image(target: Target, compiler: str, objects: list[Path], scratch: Path) -> tuple[tuple[str, ...], int, int]:
    image = scratch / target.artifact
    parts = [*objects, *target.link_flags, *target.libraries]
    try:
        run_tool([compiler, *target.flags, *parts, "-o", image], cwd=target.folder)
    except ToolchainError as error:
        raise explain_overflow(target, error, [_sizes(target, part) for part in objects]) from error
    flash, ram = _sizes(target, image)
    _check_limits(target, flash, ram)
    return (target.artifact,), flash, ram


def _library_or_folder(
    target: Target, objects: list[Path], folder: Path, scratch: Path, values: Mapping[str, str] | None
) -> tuple[str, ...]:
    if target.kind == "folder":
        return write_folder(target, folder, scratch, values)
    assert target.archiver is not None
    run_tool([require_tool(target.archiver, target.packages), "rcsD", scratch / target.artifact, *objects])
    return (target.artifact,)


def _footprint(target: Target, compiler: str, folder: Path, scratch: Path) -> Footprint:
    """Link ``scratch/policy.o`` with nothing but libraries; what ``policy_step`` does not reach is left out."""
    alone = scratch / "policy_alone.elf"
    entry = ["-nostartfiles", "-Wl,--gc-sections", "-Wl,--entry=policy_step"]
    run_tool([compiler, *target.flags, scratch / "policy.o", *entry, *target.libraries, "-o", alone])
    text, library_ram = _sizes(target, alone)
    stack = bound_stack(target, scratch / "policy.ci", alone)
    return Footprint(text, library_ram + _arrays_ram(folder), stack)


def _arrays_ram(folder: Path) -> int:
    """Return the bytes of everything that ``policy_step`` is given."""
    sizes = header_constants(folder)
    return 4 * (int(sizes["POLICY_OBSERVATION_SIZE"]) + int(sizes["POLICY_ACTION_SIZE"])) + _caller_ram(folder)


def _caller_ram(folder: Path) -> int:
    """Return the bytes of state and workspace, which the caller of ``policy_step`` keeps."""
    sizes = header_constants(folder)
    return 4 * (int(sizes["POLICY_STATE_SIZE"]) + int(sizes["POLICY_WORKSPACE_SIZE"]))


def _sizes(target: Target, image: Path) -> tuple[int, int]:
    """Return flash and static RAM from the Berkeley format of ``size``: text, data, bss."""
    text, data, bss = (int(field) for field in run_tool([target.size_tool, image]).splitlines()[1].split()[:3])
    return text + data, data + bss


def _check_limits(target: Target, flash: int, ram: int) -> None:
    check_room(target, "flash", flash)
    check_room(target, "RAM", ram)
