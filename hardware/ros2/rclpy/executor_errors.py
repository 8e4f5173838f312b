"""What ends a wait of an executor."""

# ruff: noqa: N818  (the names are rclpy's)
from __future__ import annotations

from sim.errors import Sim2MetalError


class TimeoutException(Sim2MetalError):
    """Nothing was ready in time."""


class ShutdownException(Sim2MetalError):
    """The executor was shut down."""


class ExternalShutdownException(Sim2MetalError):
    """The context was shut down (Ctrl-C, SIGTERM, ``rclpy.shutdown``) while an executor waited."""

    def __init__(self) -> None:
        super().__init__("the context was shut down")


class ConditionReachedException(Sim2MetalError):
    """What was waited for is there."""
