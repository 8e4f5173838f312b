"""What every source of poses offers, and which module serves which URI: a source is one module and one line here."""

from __future__ import annotations

import importlib
from collections import Counter
from types import TracebackType
from typing import Protocol, Self

from hardware.mocap.frame import MocapFrame
from hardware.mocap.uri import LIBRARY_SYSTEMS, MocapUri

SOURCES = {
    "natnet": ("hardware.mocap.natnet_source", "NatNetSource"),
    "json": ("hardware.mocap.json_source", "JsonSource"),
    **dict.fromkeys(LIBRARY_SYSTEMS, ("hardware.mocap.library_source", "LibrarySource")),
}
"""Scheme -> module and class, imported only when asked for."""


class PoseSource(Protocol):
    """A connection to a motion capture system; a context manager that opens on entry and closes on exit."""

    refused: Counter[str]
    """Why what arrived was no frame, and how often."""

    def open(self) -> None:
        """Begin to listen.

        Raises:
            LinkError: if the system does not answer in bounded time.
            ConfigError: if a package that it needs is missing.
        """
        ...

    def receive(self, timeout_s: float) -> MocapFrame | None:
        """Return the next frame, or ``None`` if none came in time or what came was none.

        Raises:
            LinkError: if the source is gone for good.
        """
        ...

    def close(self) -> None:
        """Stop listening; never raises."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def create_source(uri: MocapUri) -> PoseSource:
    """Return the unopened source of a URI."""
    module, name = SOURCES[uri.scheme]
    return getattr(importlib.import_module(module), name)(uri)


class OpenOnEntry:
    """The context manager of every source."""

    def open(self) -> None:
        """See ``PoseSource``."""
        raise NotImplementedError

    def close(self) -> None:
        """See ``PoseSource``."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
