"""What goes through a managed node's transitions with it."""

from __future__ import annotations

from typing import Any

from hardware.ros2.rclpy.lifecycle.state_machine import LifecycleState, TransitionCallbackReturn


class ManagedEntity:
    """Base: each transition succeeds."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """The node is being configured."""
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """The node forgets its configuration."""
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """The node ends."""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """The node starts its work."""
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """The node stops its work."""
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """A transition raised or returned ERROR."""
        return TransitionCallbackReturn.SUCCESS


class SimpleManagedEntity(ManagedEntity):
    """An entity that works only while the node is active."""

    def __init__(self) -> None:
        self._enabled = False

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Work."""
        self._enabled = True
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Rest."""
        self._enabled = False
        return TransitionCallbackReturn.SUCCESS

    @property
    def is_activated(self) -> bool:
        """Whether the node is active."""
        return self._enabled

    @staticmethod
    def when_enabled(wrapped: Any, *, when_not_enabled: Any = None) -> Any:
        """Decorate a method so that it does nothing (or ``when_not_enabled``) while the node is not active."""

        def guarded(self: SimpleManagedEntity, *args: Any, **kwargs: Any) -> Any:
            if self._enabled:
                return wrapped(self, *args, **kwargs)
            return when_not_enabled(self, *args, **kwargs) if when_not_enabled is not None else None

        return guarded
