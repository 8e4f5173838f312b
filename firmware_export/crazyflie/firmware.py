"""Build the app inside a user's checkout of the Crazyflie's firmware, beside the stock firmware for comparison.

Nothing is written into the checkout: both builds go to folders of their own.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from firmware_export.toolchain import require_tool, run_tool
from sim.errors import ToolchainError

TOOLS = {
    "make": ("make",),
    "arm-none-eabi-gcc": ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi"),
    "gcc": ("gcc", "libc6-dev"),
    "flex": ("flex",),
    "bison": ("bison",),
    "python3": ("python3",),
}
"""What its build needs, and the Debian packages that bring it (flex and bison: for its configuration tool)."""
CLONE = "git clone --recursive https://github.com/bitcraze/crazyflie-firmware"
BINARY, IMAGE = "cf2.bin", "cf2.elf"
BUILD_TIMEOUT_S = 900.0
FLASH_LIMIT, RAM_LIMIT, CCM_LIMIT = 1008 * 1024, 128 * 1024, 64 * 1024
"""Bytes for the firmware behind its bootloader, and of the STM32F405's two memories (the firmware's Makefile)."""
_RAM, _CCM = 0x20000000, 0x10000000
"""Where they begin (RM0090, memory map)."""
_INTERFACE = {
    "src/modules/interface/stabilizer_types.h": ("stabilizerStep_t", "controlModeForce", "velocity_body"),
    "src/modules/interface/controller/controller.h": ("controllerOutOfTreeInit",),
    "src/modules/interface/supervisor.h": ("supervisorCanFly", "supervisorIsFlying"),
    "src/platform/interface/platform_defaults.h": ("VMOTOR2THRUST3",),
}
"""What the app uses, by the header that must declare it."""
_SUBMODULES = ("vendor/FreeRTOS/tasks.c", "vendor/CMSIS/CMSIS")


@dataclass(frozen=True)
class Memory:
    """What an image takes of the chip, bytes."""

    flash: int
    ram: int
    ccm: int


@dataclass(frozen=True)
class FirmwareBuild:
    """The firmware with the app, and without."""

    binary: Path
    memory: Memory
    stock: Memory

    def to_json(self) -> dict[str, dict[str, int]]:
        """Return both sizes, bytes by memory."""
        return {"with_policy": asdict(self.memory), "stock": asdict(self.stock)}


def require_checkout(path: Path) -> Path:
    """Return the absolute path of a checkout that the app can be built in.

    Raises:
        ToolchainError: if it is none, lacks its submodules, or is too old, or a tool is missing that its build needs.
    """
    root = path.expanduser().resolve()
    if not (root / "tools" / "make" / "oot.mk").is_file():
        raise ToolchainError(f"{path} is no checkout of crazyflie-firmware: '{CLONE}', or give its folder")
    missing = [name for name in _SUBMODULES if not (root / name).exists()]
    if missing:
        raise ToolchainError(f"{path} lacks {missing[0]}: run 'git submodule update --init --recursive' in it")
    for name, words in _INTERFACE.items():
        text = (root / name).read_text(errors="replace") if (root / name).is_file() else ""
        unknown = [word for word in words if word not in text]
        if unknown:
            raise ToolchainError(f"{path} has no {unknown[0]} in {name}: the app needs release 2025.09 or later")
    for tool, packages in TOOLS.items():
        require_tool(tool, packages)
    return root


def build_firmware(checkout: Path, app: Path, scratch: Path) -> FirmwareBuild:
    """Build the firmware with the app in ``app``, and the stock firmware.

    Args:
        checkout: from ``require_checkout``.
        app: the app's folder; its ``build`` folder receives the result.
        scratch: an existing folder for the stock firmware.

    Raises:
        ToolchainError: if the build fails; the message carries its first error line.
    """
    jobs = f"-j{os.cpu_count() or 1}"
    stock = scratch / "stock"
    stock.mkdir()
    make = ["make", "--no-print-directory", "-C", str(checkout), f"KBUILD_OUTPUT={stock}"]
    run_tool([*make, "cf2_defconfig"], timeout_s=BUILD_TIMEOUT_S)
    run_tool([*make, jobs], timeout_s=BUILD_TIMEOUT_S)
    run_tool(["make", "--no-print-directory", jobs, f"CRAZYFLIE_BASE={checkout}"], cwd=app, timeout_s=BUILD_TIMEOUT_S)
    built = app / "build"
    return FirmwareBuild(built / BINARY, _memory(built), _memory(stock))


def _memory(folder: Path) -> Memory:
    """Read sizes by address; the binary is what is written to flash, initial values of variables included."""
    rows = [line.split() for line in run_tool(["arm-none-eabi-size", "-A", folder / IMAGE]).splitlines()]
    sections = [(int(row[1]), int(row[2])) for row in rows if len(row) == 3 and row[1].isdigit() and row[2].isdigit()]
    ram = sum(size for size, address in sections if _RAM <= address < _RAM + RAM_LIMIT)
    ccm = sum(size for size, address in sections if _CCM <= address < _CCM + CCM_LIMIT)
    return Memory((folder / BINARY).stat().st_size, ram, ccm)


def memory_table(build: FirmwareBuild) -> Table:
    """Return what the firmware takes with and without the app, and what there is."""
    table = Table(title="Crazyflie firmware", title_justify="left")
    table.add_column("memory")
    for heading in ("with the policy, B", "stock, B", "the app, B", "there is, B"):
        table.add_column(heading, justify="right")
    rows = (
        ("flash", build.memory.flash, build.stock.flash, FLASH_LIMIT),
        ("RAM", build.memory.ram, build.stock.ram, RAM_LIMIT),
        ("CCM", build.memory.ccm, build.stock.ccm, CCM_LIMIT),
    )
    for name, ours, stock, limit in rows:
        table.add_row(name, f"{ours:,}", f"{stock:,}", f"{ours - stock:+,}", f"{limit:,}")
    return table
