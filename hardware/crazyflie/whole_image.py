"""Write a whole firmware image by radio, through cflib's own boot loader class.

It is what Bitcraze's ``cfloader flash IMAGE stm32-fw -w URI`` runs: restart into the boot loader, write
the pages of the STM32, restart into the firmware.
"""

from __future__ import annotations

import contextlib
import io
import mmap
from collections.abc import Callable
from pathlib import Path

from cflib.bootloader import Bootloader, Target

from hardware.crazyflie import names
from hardware.crazyflie.connection import HINTS, connect, disconnect
from hardware.crazyflie.read_back import IS_AUTO_ARMED, IS_FLYING, OnBoard, read_on_board, read_supervisor
from policies.bundle import Bundle
from sim.errors import BundleError, FlightRefusedError, LinkError

LARGEST_FIRMWARE = 1_032_192
"""Bytes of flash behind the boot loader of a Crazyflie (crazyflie-firmware, ``FLASH_SIZE``)."""
STM32 = Target("cf2", "stm32", "fw", [], [])

Progress = Callable[[str, int], None]
"""Called with what happens and how far it is, percent."""


def require_image_of(image: Path, bundle: Bundle) -> None:
    """Refuse an image that was not built from this bundle, or is none.

    Raises:
        BundleError: saying what is wrong.
    """
    cure = f"run 'sim2metal export {bundle.path} --target crazyflie --firmware CHECKOUT'"
    try:
        size = image.stat().st_size
        if not 0 < size <= LARGEST_FIRMWARE:
            raise BundleError(f"{image}: {size:,} B is no firmware, a Crazyflie has {LARGEST_FIRMWARE:,} B; {cure}")
        with image.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content[:4] == b"\x7fELF":
                raise BundleError(f"{image} is an ELF file; name the .bin beside it")
            found = content.find(bytes.fromhex(bundle.id))
    except OSError as error:
        raise BundleError(f"cannot read {image}: {error.strerror or error}; {cure}") from error
    if found < 0:
        raise BundleError(f"{image} does not carry the policy of bundle {bundle.id[:12]}; {cure}")


def require_standing(uri: str) -> None:
    """Refuse a robot that flies or is armed: a restart would let it fall.

    Raises:
        FlightRefusedError: if it does; nothing was sent that moves.
        LinkError: if it does not answer.
    """
    crazyflie = connect(uri)
    try:
        info = read_supervisor(crazyflie)
    finally:
        disconnect(crazyflie)
    by_hand = info & names.IS_ARMED and not info & IS_AUTO_ARMED
    if info & IS_FLYING or by_hand:
        raise FlightRefusedError("the robot flies or is armed: land and disarm it before flashing")


def write_image(uri: str, image: Path, progress: Progress, cold: bool = False) -> None:
    """Write the image and restart into it.

    Args:
        uri: of the robot, ``radio://``.
        image: checked by ``require_image_of``.
        progress: told how far it is.
        cold: the robot is in its boot loader already.

    Raises:
        LinkError: if the boot loader does not answer or a page is not confirmed. The robot is then still in its
            boot loader, from which flashing can be tried again.
    """
    loader = Bootloader(uri)
    words = io.StringIO()  # the library prints; what it says goes into the error
    try:
        with contextlib.redirect_stdout(words):
            loader.flash_full(cf=None, filename=str(image), warm=not cold, targets=(STM32,), progress_cb=progress)  # type: ignore[arg-type] (its annotations say strings, its code takes targets)
    except Exception as error:  # the library raises no other
        said = str(error) or (words.getvalue().strip().splitlines() or ["no reason given"])[-1]
        raise LinkError(
            f"flashing {uri} failed ({said}); {HINTS['radio']}. If both its blue lights blink, it waits in its boot "
            "loader: try again with --cold"
        ) from error
    finally:
        with contextlib.suppress(Exception):  # whatever state its driver is in
            loader.close()


def read_back(uri: str) -> OnBoard:
    """Connect to the restarted robot and ask what it carries.

    Raises:
        LinkError: if it does not answer.
    """
    crazyflie = connect(uri)
    try:
        return read_on_board(crazyflie)
    finally:
        disconnect(crazyflie)
