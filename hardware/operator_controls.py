"""All the operator has in hand at once: signals, the keys of the terminal, and a gamepad if there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hardware.gamepad import Gamepad
from hardware.keyboard import Keyboard
from hardware.operator_signals import OperatorSignals, operator_signals


@contextmanager
def operator_controls(gamepad: Path | None = None) -> Iterator[OperatorSignals]:
    """Gather every stop into one pair of flags for as long as the context lasts.

    Args:
        gamepad: joystick device, or ``None``.

    Raises:
        ConfigError: if the gamepad cannot be opened.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(operator_signals())
        stack.enter_context(Keyboard(signals))
        if gamepad is not None:
            stack.enter_context(Gamepad(gamepad, signals))
        yield signals
