"""What a reader of one format found, before streams, gaps and clocks are looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.recording.record import Stream, make_stream
from sim.errors import ConfigError


@dataclass
class RawLog:
    """Filled by a reader, line by line."""

    robot: str | None = None
    """Where the log says which robot it is of."""
    serial: str | None = None
    streams: dict[str, Stream] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, time_s: np.ndarray, values: np.ndarray) -> None:
        """Add a stream unless not one row of it is whole; see ``make_stream``."""
        stream = make_stream(name, time_s, values)
        if len(stream):
            self.streams[name] = stream

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def in_order(names: Sequence[str], wanted: Sequence[str], what: str) -> list[int] | None:
    """Return the columns of ``names`` in the order of ``wanted``; ``None`` if they already have it.

    Raises:
        ConfigError: if one that is wanted is not there.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ConfigError(f"{what} lacks '{missing[0]}'; it has: {', '.join(names)}")
    columns = [list(names).index(name) for name in wanted]
    return None if columns == list(range(len(names))) else columns
