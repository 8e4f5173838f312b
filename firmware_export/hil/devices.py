"""Boards that hold a bundle's policy, checked before the first flight: emulated ones or the one on a port."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from firmware_export.backends import require_bundle_id
from firmware_export.build import build_target
from firmware_export.c_folder import c_folder
from firmware_export.hil.board import Board, NoServerError
from firmware_export.hil.emulator import Emulator
from firmware_export.targets import load_target
from policies.bundle import Bundle
from sim.errors import VerificationError

QEMU = "qemu"
"""The port that starts emulators."""
TARGET = "stm32f405"
FLASH_ADDRESS = 0x08000000
"""Where the STM32F405's flash begins (RM0090)."""


@contextlib.contextmanager
def open_boards(bundle: Bundle, port: str, emulators: int, *, count_instructions: bool = True) -> Iterator[list[Board]]:
    """Open the boards for a ``with`` block.

    Args:
        bundle: whose policy they must hold.
        port: ``qemu``, or what ``firmware_export.hil.port`` opens.
        emulators: to start, for ``qemu``.
        count_instructions: for ``qemu``: let the board's counter count instructions; a little slower.

    Raises:
        ConfigError: for a malformed port.
        LinkError: if the port cannot be opened, or no policy server answers; says how to flash one.
        ToolchainError: if the compiler or QEMU is missing.
        UnsupportedModelError: if the policy cannot be translated.
        VerificationError: if the board holds another bundle; says how to flash this one.
    """
    with contextlib.ExitStack() as stack:
        if port == QEMU:
            boards = _emulated(bundle, emulators, count_instructions, stack)
        else:
            try:
                boards = [stack.enter_context(Board(port))]
            except NoServerError as error:
                raise NoServerError(f"{error}; to flash it: {flash_command(bundle)}") from None
            _require_bundle(boards[0], bundle)
        yield boards


def flash_command(bundle: Bundle) -> str:
    """Return the commands that put a bundle's policy server on a real board."""
    c = bundle.path / "c"
    return (
        f"sim2metal export {bundle.path} --target {TARGET}"
        f" && arm-none-eabi-objcopy -O binary {c}/policy.elf policy.bin"
        f" && st-flash --reset write policy.bin {FLASH_ADDRESS:#x}"
    )


def self_test(board: Board) -> float:
    """Run the golden self-test and return its largest error, relative to each value's range.

    Raises:
        VerificationError: if a value is wrong.
    """
    wrong, error = board.self_test()
    if wrong:
        raise VerificationError(
            f"the board on {board.port}: {wrong} values of the golden self-test are wrong, by up to {error:.1e} of"
            " their range; do not run this policy there, export and flash it again"
        )
    return error


def _emulated(bundle: Bundle, emulators: int, count: bool, stack: contextlib.ExitStack) -> list[Board]:
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sim2metal-hil-")))
    target = load_target(TARGET)
    image = build_target(target, c_folder(bundle, scratch), scratch / TARGET).artifact
    running = [stack.enter_context(Emulator(target, image, count_instructions=count)) for _ in range(emulators)]
    boards = [stack.enter_context(Board(emulator.port)) for emulator in running]
    require_bundle_id(boards[0].info.bundle_id, bundle, "the microcontroller's image")
    return boards


def _require_bundle(board: Board, bundle: Bundle) -> None:
    if board.info.bundle_id != bundle.id:
        raise VerificationError(
            f"the board on {board.port} holds bundle {board.info.bundle_id[:12]}, not {bundle.id[:12]}; flash it:"
            f" {flash_command(bundle)}"
        )
    info, sizes = bundle.info, (board.info.observation_size, board.info.state_size, board.info.action_size)
    if sizes != (info.observation_size, info.state_size, info.action.size):
        raise VerificationError(
            f"the board on {board.port} claims bundle {bundle.id[:12]} and has other sizes of observation, state and"
            f" action, {sizes}; flash it: {flash_command(bundle)}"
        )
