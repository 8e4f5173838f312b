"""What the generated C can be built for: one folder per target, with a ``target.toml`` and its sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ConfigError

_HERE = Path(__file__).parent


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
    compiler: str
    size_tool: str
    packages: tuple[str, ...]
    """Debian packages that bring the tools."""
    artifact: str
    """File name of the result."""
    policy_sources: tuple[str, ...]
    """Generated files to compile."""
    sources: tuple[str, ...]
    """Files of the target to compile, relative to its folder."""
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
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
        compiler=data["compiler"],
        size_tool=data["size_tool"],
        packages=tuple(data["packages"]),
        artifact=data["artifact"],
        policy_sources=tuple(data["policy_sources"]),
        sources=tuple(data["sources"]),
        flags=tuple(data["flags"]),
        link_flags=tuple(data["link_flags"]),
        flash_limit=limits.get("flash_bytes"),
        ram_limit=limits.get("ram_bytes"),
        emulator=Emulator(**{**emulator, "packages": tuple(emulator["packages"])}) if emulator else None,
    )
