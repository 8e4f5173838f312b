"""Say what this machine has for sim2metal, what is missing and how to install it.

The one list of system packages that pip cannot bring is here; ``make setup`` calls
``sim2metal doctor --install`` so that they are installed where apt is allowed.
"""

from __future__ import annotations

import glob
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from rich.console import Console
from rich.table import Table

from hardware.mocap.look import look_at_mocap
from hardware.usb_devices import CRAZYFLIE, CRAZYRADIO, find_devices
from sim.errors import ToolchainError

EXAMPLE = """sim2metal doctor
sim2metal doctor --install
sim2metal doctor --mocap natnet://192.168.1.5"""

PACKAGES = {
    "robot side": ("numpy", "onnxruntime", "pyserial", "cflib", "mcap", "tyro", "rich"),
    "ROS 2, humanoids": ("cyclonedds", "rosbags"),
    "training": ("torch", "mujoco", "numba", "onnx", "onnxscript", "gymnasium", "tensorboard", "matplotlib"),
}


@dataclass
class Args:
    """Options of ``sim2metal doctor``."""

    install: bool = False
    """Install missing system packages with apt (needs root or password-less sudo)."""
    quiet: bool = False
    """Print only what is missing."""
    mocap: str | None = None
    """Listen to motion capture for two seconds instead, and say which bodies it sees, where and how often."""


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package with a probe that says whether what we need of it is there."""

    name: str
    purpose: str
    present: Callable[[], bool]


def _newlib_present() -> bool:
    folders = ("/usr/include/newlib", "/usr/lib/arm-none-eabi/include", "/usr/arm-none-eabi/include")
    return any(os.path.exists(f"{folder}/math.h") for folder in folders)  # noqa: PTH110 (plain probe)


def _mesa_present() -> bool:
    return bool(glob.glob("/usr/lib/*/dri/swrast_dri.so") or glob.glob("/usr/lib/*/libgallium-*.so"))  # noqa: PTH207


SYSTEM_PACKAGES = (
    SystemPackage("gcc-arm-none-eabi", "C for the STM32F405", lambda: shutil.which("arm-none-eabi-gcc") is not None),
    SystemPackage("libnewlib-arm-none-eabi", "C library for the STM32F405", _newlib_present),
    SystemPackage("qemu-system-arm", "emulated STM32F405", lambda: shutil.which("qemu-system-arm") is not None),
    SystemPackage("libegl1", "rendering without a screen", lambda: find_library("EGL") is not None),
    SystemPackage("libgl1-mesa-dri", "rendering without a GPU", _mesa_present),
)
OPTIONAL_PACKAGES = (
    SystemPackage(
        "gcc-riscv64-unknown-elf",
        "targets riscv32, esp-idf",
        lambda: shutil.which("riscv64-unknown-elf-gcc") is not None,
    ),
    SystemPackage(
        "picolibc-riscv64-unknown-elf",
        "their C library, 1 GB",
        lambda: bool(glob.glob("/usr/lib/gcc/riscv64-unknown-elf/*/picolibc.specs")),  # noqa: PTH207
    ),
)
"""What ``--install`` leaves to the user: large, and for few."""


def missing_system_packages() -> list[SystemPackage]:
    """Return the system packages whose probes fail."""
    return [package for package in SYSTEM_PACKAGES if not package.present()]


def run(args: Args) -> dict[str, Any]:
    """Print the table; with ``--install`` mend what apt can mend.

    Raises:
        LinkError: if motion capture does not answer or sends no poses.
        ConfigError: for a URI that names none.
        ToolchainError: if a Python package of the robot side is missing.
    """
    console = Console()
    if args.mocap is not None:
        return look_at_mocap(args.mocap, console)
    missing = missing_system_packages()
    if missing and args.install:
        _install([package.name for package in missing], console)
        missing = missing_system_packages()
    versions = {name: _version(name) for group in PACKAGES.values() for name in group}
    if not args.quiet:
        _print_tables(console, versions, missing)
    for package in missing:
        console.print(
            f"[yellow]missing[/] {package.name} ({package.purpose}): apt-get install {package.name}, as root",
            highlight=False,
        )
    absent = [name for name in PACKAGES["robot side"] if versions[name] is None]
    if absent:
        raise ToolchainError(f"Python packages missing: {', '.join(absent)}; run make setup")
    return {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "packages": versions,
        "missing_system_packages": [package.name for package in missing],
        "nvidia_gpu": shutil.which("nvidia-smi") is not None,
        "crazyradios": len(find_devices(CRAZYRADIO)),
        "serial_ports": _serial_ports(),
    }


def _install(names: list[str], console: Console) -> None:
    """Try apt; on any failure the caller's list of what is missing says what to do."""
    if shutil.which("apt-get") is None:
        return
    prefix: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
            return
        prefix = ["sudo", "-n"]
    console.print(f"installing with apt: {' '.join(names)}", highlight=False)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *names]
    if subprocess.run(install, capture_output=True, env=environment).returncode:
        subprocess.run([*prefix, "apt-get", "update"], capture_output=True, env=environment)
        subprocess.run(install, capture_output=True, env=environment)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _usb(kind: tuple[str, str]) -> str:
    """Say how many there are and whether this user may use them."""
    devices = find_devices(kind)
    if not devices:
        return "none"
    if all(device.allowed for device in devices):
        return f"{len(devices)} found"
    return f"{len(devices)} found, [red]no rights[/]: udev rule in docs/crazyflie.md"


def _serial_ports() -> list[str]:
    from serial.tools import list_ports

    return [port.device for port in list_ports.comports()]


def _serial_ports_and_rights() -> str:
    words = [port if os.access(port, os.R_OK | os.W_OK) else f"{port} ([red]no rights[/])" for port in _serial_ports()]
    return ", ".join(words) or "none"


def _real_time() -> str:
    allowed = os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] != 0
    return "allowed" if allowed else "not allowed: rtprio and memlock in /etc/security/limits.conf"


def _ros() -> str:
    distribution = os.environ.get("ROS_DISTRO")
    return f"{distribution} is sourced" if distribution else "not sourced: not needed"


def _print_tables(console: Console, versions: dict[str, str | None], missing: list[SystemPackage]) -> None:
    table = Table(title="sim2metal doctor", title_justify="left")
    table.add_column("what")
    table.add_column("state")
    table.add_column("for")
    table.add_row("Python", sys.version.split()[0], f"{os.cpu_count()} cores")
    for group, names in PACKAGES.items():
        for name in names:
            table.add_row(name, versions[name] or "[red]missing[/]", group)
    for package in SYSTEM_PACKAGES:
        state = "[red]missing[/]" if package in missing else "found"
        table.add_row(package.name, state, package.purpose)
    for package in OPTIONAL_PACKAGES:
        table.add_row(package.name, "found" if package.present() else "not installed", f"{package.purpose} (optional)")
    table.add_row("Crazyradio", _usb(CRAZYRADIO), "real flights")
    table.add_row("Crazyflie on USB", _usb(CRAZYFLIE), "usb://0")
    table.add_row("serial ports", _serial_ports_and_rights(), "microcontrollers on a cable")
    table.add_row("SCHED_FIFO", _real_time(), "--real-time")
    table.add_row("ROS 2", _ros(), "nodes and launch files")
    console.print(table)
