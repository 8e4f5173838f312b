"""Is a policy too large for a chip? Said before anything is compiled, in bytes, not by the linker's last words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.targets import Target
from sim.errors import ToolchainError

ARRAYS = "for observation, state, workspace and action alone"
_CURES = {
    "flash": "make its layers narrower or quantize it",
    "RAM": "make its widest layers or its memory narrower",
}


class TooLargeError(ToolchainError):
    """A policy that does not fit a chip; the message says the bytes needed and the bytes there."""


def require_room(target: Target, generated: GeneratedPolicy) -> None:
    """Refuse a policy whose weights alone exceed the flash, or whose state and workspace alone exceed the RAM.

    Raises:
        TooLargeError: with both numbers.
    """
    sizes = generated.sizes
    arrays = sizes.observation + sizes.state + sizes.action + sizes.workspace
    check_room(target, "flash", generated.constant_bytes, "for its weights alone")
    check_room(target, "RAM", 4 * arrays, ARRAYS)


def check_room(target: Target, kind: str, needed: int, why: str = "") -> None:
    """Refuse what does not fit.

    Args:
        target: what to build for; one without a limit has room for everything.
        kind: ``"flash"`` or ``"RAM"``.
        needed: bytes.
        why: what they are needed for.

    Raises:
        TooLargeError: with both numbers.
    """
    limit = target.flash_limit if kind == "flash" else target.ram_limit
    if limit is not None and needed > limit:
        reason = f" {why}" if why else ""
        raise TooLargeError(
            f"{target.name}: the policy needs {needed:,} B of {kind}{reason}, the chip has {limit:,} B: {_CURES[kind]}"
        )


def explain_overflow(target: Target, error: ToolchainError, parts: Sequence[tuple[int, int]]) -> ToolchainError:
    """Return what to say when linking failed: the bytes, if the linker ran out of flash or RAM.

    Args:
        target: what was linked.
        error: the linker's.
        parts: flash and RAM of each object file.
    """
    needed = {"flash": sum(flash for flash, _ in parts), "RAM": sum(ram for _, ram in parts)}
    for kind, limit in (("flash", target.flash_limit), ("RAM", target.ram_limit)):
        if limit is not None and re.search(rf"\b{kind}\b", str(error), re.IGNORECASE):
            besides = " besides its stack" if kind == "RAM" else ""
            return TooLargeError(
                f"{target.name}: the policy needs {needed[kind]:,} B of {kind}{besides}, the chip has {limit:,} B: "
                f"{_CURES[kind]}"
            )
    return error
