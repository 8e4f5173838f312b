"""The part of a log in which a multirotor is in the air: contact with a floor is no part of the model."""

from __future__ import annotations

import numpy as np

from calibration.recording.record import Recording
from sim.errors import ConfigError

LOWEST_M = 0.1
"""Above the lowest place: nearer, the ground or the legs may hold it."""
MARGIN_S = 0.3
"""Left out after take-off and before landing."""
RESTING = 0.1
"""Mean command below which no multirotor flies."""
SILENT_S = 0.2
"""Positions without commands for so long are of a robot at rest."""


def in_flight(recording: Recording) -> Recording:
    """Return the longest stretch aloft of a log in which the motors also rest; a log without rest as it is.

    Raises:
        ConfigError: if it never takes off.
    """
    command, position = recording.stream("motor_command"), recording.streams.get("position")
    if position is None or not len(position) or not len(command):
        return recording
    silent = command.time_s[0] - position.time_s[0], position.time_s[-1] - command.time_s[-1]
    if max(silent) < SILENT_S and not (command.values.mean(axis=1) < RESTING).any():
        return recording
    aloft = position.values[:, 2] > position.values[:, 2].min() + LOWEST_M
    edges = np.diff(np.concatenate([[False], aloft, [False]]).astype(int))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    if not len(begins):
        raise ConfigError(f"{recording.source}: the robot never rises {LOWEST_M:g} m: nothing to fit")
    longest = int((position.time_s[ends] - position.time_s[begins]).argmax())
    start, end = position.time_s[begins[longest]] + MARGIN_S, position.time_s[ends[longest]] - MARGIN_S
    return recording.between(float(start), float(end))
