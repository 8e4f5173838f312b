"""USB devices and what this user may do with them, asked of Linux itself: no USB library, nothing is opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CRAZYRADIO = ("1915", "7777")
"""Vendor and product of a Crazyradio PA and of a Crazyradio 2.0 (Bitcraze, "USB permissions" of cflib)."""
CRAZYFLIE = ("0483", "5740")
"""Vendor and product of a Crazyflie 2 on its own USB cable (the same page)."""

SYSFS = Path("/sys/bus/usb/devices")
NODES = Path("/dev/bus/usb")


@dataclass(frozen=True)
class UsbDevice:
    """A device that is plugged in."""

    node: Path
    """Its device file."""

    @property
    def allowed(self) -> bool:
        """Whether this user may read and write it."""
        return os.access(self.node, os.R_OK | os.W_OK)


def find_devices(kind: tuple[str, str], sysfs: Path = SYSFS, nodes: Path = NODES) -> list[UsbDevice]:
    """Return the devices of a vendor and product, in hexadecimal digits; none where there is no sysfs."""
    found = []
    for folder in sorted(sysfs.glob("*")):
        try:
            words = [(folder / name).read_text().strip() for name in ("idVendor", "idProduct", "busnum", "devnum")]
        except OSError:
            continue  # an interface, or a device that has just gone
        if tuple(words[:2]) == kind:
            found.append(UsbDevice(nodes / f"{int(words[2]):03d}" / f"{int(words[3]):03d}"))
    return found
