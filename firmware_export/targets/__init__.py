"""What the generated C can be built for: one folder per target, with a ``target.toml`` and its sources.

A target is of one of three kinds. An ``image`` is linked with the target's own sources and runs; a
``library`` is the policy alone, compiled for a processor; a ``folder`` holds files for another build
system, made from templates, and the policy is compiled once to check and to size it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from sim.errors import ConfigError

_HERE = Path(__file__).parent

Kind = Literal["image", "library", "folder"]


@dataclass(frozen=True)
class Emulator:
    """How to run a target's image without the hardware."""

    program: str
    packages: tuple[str, ...]
    machine: str
    clock_hz: int
    """Processor clock of the emulated machine, Hz, in virtual time."""


@dataclass(frozen=True)
class Target:
    """One build target."""

    name: str
    folder: Path
    description: str
    kind: Kind
    compiler: str
    size_tool: str
    archiver: str | None
    """Makes the static library of a ``library``."""
    packages: tuple[str, ...]
    """Debian packages that bring the tools."""
    artifact: str
    """Name of the result: a file, or the folder of a ``folder``."""
    policy_sources: tuple[str, ...]
    """Generated files to compile."""
    sources: tuple[str, ...]
    """Files of the target to compile into an ``image``, relative to its folder."""
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    """For an ``image`` only: how its parts are placed."""
    libraries: tuple[str, ...]
    """Link flags that bring the mathematical library, for the whole image and for the policy alone."""
    files: dict[str, str]
    """Of a ``folder``: file -> file of the target's folder, whose ``@NAMES@`` are filled in (``folder_target``)."""
    generated_files: dict[str, str]
    """Of a ``folder``: file -> generated file."""
    flash_limit: int | None
    """Bytes of flash on the chip; ``None`` where there is no such limit."""
    ram_limit: int | None
    emulator: Emulator | None


def target_names() -> list[str]:
    """Return the names of all targets: the folders that hold a ``target.toml``."""
    return sorted(path.parent.name for path in _HERE.glob("*/target.toml"))


def load_target(name: str) -> Target:
    """Read a target's manifest.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    if name not in target_names():
        raise ConfigError(f"unknown target '{name}'; choose one of: {', '.join(target_names())}")
    folder = _HERE / name
    data = tomllib.loads((folder / "target.toml").read_text())
    limits = data.get("limits", {})
    emulator = data.get("emulator")
    return Target(
        name=name,
        folder=folder,
        description=data["description"],
        kind=_kind(name, data),
        compiler=data["compiler"],
        size_tool=data["size_tool"],
        archiver=data.get("archiver"),
        packages=tuple(data["packages"]),
        artifact=data["artifact"],
        policy_sources=tuple(data["policy_sources"]),
        sources=tuple(data.get("sources", ())),
        flags=tuple(data["flags"]),
        link_flags=tuple(data.get("link_flags", ())),
        libraries=tuple(data["libraries"]),
        files=data.get("files", {}),
        generated_files=data.get("generated_files", {}),
        flash_limit=limits.get("flash_bytes"),
        ram_limit=limits.get("ram_bytes"),
        emulator=Emulator(**{**emulator, "packages": tuple(emulator["packages"])}) if emulator else None,
    )


def _kind(name: str, data: dict[str, Any]) -> Kind:
    kind = data["kind"]
    if kind not in get_args(Kind):
        raise ConfigError(f"target '{name}': unknown kind '{kind}'; choose one of: {', '.join(get_args(Kind))}")
    return kind
