"""The boot loader of a virtual Crazyflie: takes pages into a flash of its own, as cflib's loader sends them.

What is written is kept and told in the events, but not run: the code is for another processor. After the
restart the robot flies what it was started with. Protocol: cflib 0.1.34, ``bootloader/cloader.py``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HEADER = 0xFF
"""Of every packet to and from the boot loader; alone it is the null packet of a scan."""
STM32, NRF51 = 0xFF, 0xFE
_INFO, _MAPPING, _LOAD, _WRITE, _READ, _RESET, _RESET_INIT = 0x10, 0x12, 0x14, 0x18, 0x1C, 0xF0, 0xFF
_TO_FIRMWARE = 1
_VERSION = 0x10
"""Protocol of a Crazyflie 2.x."""
_ADDRESS = bytes((0xE7, 0xE7, 0xE7, 0xE7))
"""Of the radio in the boot loader; sent by its lowest bytes."""
_CPU_ID = bytes(12)
_DONE, _FAILED = 1, 0
_OUT_OF_FLASH = 1
_PIECE = 25


@dataclass
class Chip:
    """Flash and page buffers of one processor.

    Attributes:
        page_size: bytes.
        flash_pages: of the whole chip.
        start_page: first of the firmware, behind what the boot loader keeps.
        buffers: pages loaded, not yet written.
        flash: pages written, by number.
    """

    page_size: int
    flash_pages: int
    start_page: int
    buffers: list[bytearray]
    flash: dict[int, bytes] = field(default_factory=dict)

    def info(self) -> bytes:
        """Return page size, numbers of pages and identity, as ``GET_INFO`` answers."""
        sizes = struct.pack("<HHHH", self.page_size, len(self.buffers), self.flash_pages, self.start_page)
        return sizes + _CPU_ID + bytes((_VERSION,))

    def load(self, page: int, address: int, data: bytes) -> None:
        """Put bytes into a page buffer; what lies outside is ignored."""
        if page < len(self.buffers) and address + len(data) <= self.page_size:
            self.buffers[page][address : address + len(data)] = data

    def write(self, buffer: int, page: int, count: int) -> bool:
        """Write buffered pages to flash; returns whether there are such pages."""
        if buffer + count > len(self.buffers) or not self.start_page <= page <= self.flash_pages - count:
            return False
        for number in range(count):
            self.flash[page + number] = bytes(self.buffers[buffer + number])
        return True


def _stm32() -> Chip:
    return Chip(1024, 1024, 16, [bytearray(b"\xff" * 1024) for _ in range(10)])


def _nrf51() -> Chip:
    return Chip(1024, 232, 88, [bytearray(b"\xff" * 1024)])


class BootLoader:
    """Both processors' loader.

    Args:
        restarted: called with ``True`` when the robot left its firmware, ``False`` when it is back.
        tell: adds an event to the robot's log.
    """

    def __init__(self, restarted: Callable[[bool], None], tell: Callable[..., Any]) -> None:
        self.running = False
        """The firmware is not."""
        self._restarted, self._tell = restarted, tell
        self._chips = {STM32: _stm32(), NRF51: _nrf51()}

    def handle(self, datagram: bytes) -> bytes | None:
        """Take one packet with ``HEADER``; returns the answer, if there is one."""
        if len(datagram) < 3 or datagram[1] not in self._chips:
            return None
        target, command, body = datagram[1], datagram[2], datagram[3:]
        answer = self._obey(self._chips[target], command, body)
        return None if answer is None else bytes((HEADER, target, command)) + answer

    def _obey(self, chip: Chip, command: int, body: bytes) -> bytes | None:
        if command == _RESET_INIT:
            return _ADDRESS
        if command == _RESET and body:
            self._reset(body[0] == _TO_FIRMWARE)
            return None
        if not self.running:
            return None
        if command == _INFO:
            return chip.info()
        if command == _MAPPING:
            return bytes((4, 16, 1, 64, 7, 128))  # sectors of the STM32F405, in pages
        if command == _LOAD and len(body) >= 4:
            chip.load(*struct.unpack_from("<HH", body), body[4:])
        elif command == _WRITE and len(body) >= 6:
            done = chip.write(*struct.unpack_from("<HHH", body))
            return bytes((_DONE, 0)) if done else bytes((_FAILED, _OUT_OF_FLASH))
        elif command == _READ and len(body) >= 4:
            page, address = struct.unpack_from("<HH", body)
            return body[:4] + chip.flash.get(page, b"\xff" * chip.page_size)[address : address + _PIECE]
        return None

    def _reset(self, to_firmware: bool) -> None:
        if to_firmware and self.running:
            content = b"".join(page for _, page in sorted(self._chips[STM32].flash.items()))
            self._tell("flashed", bytes=len(content), crc32=f"{zlib.crc32(content):08x}")
        self.running = not to_firmware
        self._restarted(self.running)
