"""A callback that any thread can trigger (rclpy.guard_condition)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class GuardCondition:
    """Runs its callback in the executor after ``trigger``."""

    def __init__(self, callback: Callable[[], Any] | None, callback_group: Any, context: Any = None) -> None:
        self.callback = callback
        self.callback_group = callback_group
        self._triggered = False
        self._destroyed = False
        self._wake: Callable[[], None] = lambda: None

    def trigger(self) -> None:
        """Have the callback run."""
        self._triggered = True
        self._wake()

    def destroy(self) -> None:
        """Run no more."""
        self._destroyed = True

    def _ready(self) -> bool:
        return self._triggered and not self._destroyed

    def _work(self) -> Callable[[], Any] | None:
        if not self._ready():
            return None
        self._triggered = False
        return self.callback
