"""Errors a user can act on: each is one line that names the thing, what was expected and what to do.

The command line prints the message without a traceback and exits with ``exit_code``.
"""

from __future__ import annotations


class Sim2MetalError(Exception):
    """Base of every error that is the user's to fix; the message is one line."""

    exit_code = 1


class ConfigError(Sim2MetalError):
    """An unknown task, robot, option value or URI."""

    exit_code = 2


class BundleError(Sim2MetalError):
    """A bundle that is missing, truncated, altered, of another schema, or for another robot."""

    exit_code = 3


class ToolchainError(Sim2MetalError):
    """A compiler, emulator or system package that is missing or failed."""

    exit_code = 4


class LinkError(Sim2MetalError):
    """A robot that does not answer, a port in use, a link that was lost."""

    exit_code = 5


class FlightRefusedError(Sim2MetalError):
    """A check before flight failed: nothing moved."""

    exit_code = 6


class FlightAbortedError(Sim2MetalError):
    """A fault in flight: the supervisor took its safe action."""

    exit_code = 7


class VerificationError(Sim2MetalError):
    """A back end that does not compute what was trained, or a figure below its bound."""

    exit_code = 8


class StorageError(Sim2MetalError):
    """A full disk or an unwritable folder; what was there before is untouched."""

    exit_code = 9
