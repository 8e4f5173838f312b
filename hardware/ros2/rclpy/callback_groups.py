"""Which callbacks may run at the same time (rclpy.callback_groups)."""

from __future__ import annotations

import threading
import weakref
from typing import Any


class CallbackGroup:
    """Base of the groups; an executor asks it before it runs a callback."""

    def __init__(self) -> None:
        self.entities: weakref.WeakSet[Any] = weakref.WeakSet()

    def add_entity(self, entity: Any) -> None:
        """Make ``entity`` one of this group."""
        self.entities.add(entity)

    def has_entity(self, entity: Any) -> bool:
        """Whether ``entity`` is one of this group."""
        return entity in self.entities

    def can_execute(self, entity: Any) -> bool:
        """Whether the entity's callback may run now."""
        raise NotImplementedError

    def beginning_execution(self, entity: Any) -> bool:
        """Note the start of a callback; False if it may not run now."""
        raise NotImplementedError

    def ending_execution(self, entity: Any) -> None:
        """Note the end of a callback."""
        raise NotImplementedError


class ReentrantCallbackGroup(CallbackGroup):
    """Callbacks run side by side."""

    def can_execute(self, entity: Any) -> bool:
        """Always."""
        return True

    def beginning_execution(self, entity: Any) -> bool:
        """Always allowed."""
        return True

    def ending_execution(self, entity: Any) -> None:
        """Nothing to note."""


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """One callback of the group at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._active: Any = None
        self._lock = threading.Lock()

    def can_execute(self, entity: Any) -> bool:
        """Whether none runs now."""
        return self._active is None

    def beginning_execution(self, entity: Any) -> bool:
        """Take the group; False if another has it."""
        with self._lock:
            if self._active is not None:
                return False
            self._active = entity
            return True

    def ending_execution(self, entity: Any) -> None:
        """Give the group back."""
        with self._lock:
            if self._active is entity:
                self._active = None
