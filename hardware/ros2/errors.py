"""Errors of the runtime that have no name in rclpy."""

from __future__ import annotations

from sim.errors import Sim2MetalError


class MessageError(Sim2MetalError, AssertionError):
    """A field got a value that its type does not allow; rclpy's generated classes raise AssertionError there."""


class CdrError(Sim2MetalError, ValueError):
    """Bytes that are no sample of the type: too short, a length beyond the end, text that is not UTF-8."""


class DdsError(Sim2MetalError, RuntimeError):
    """The DDS library refused: a domain in use with other settings, an entity that is gone."""
