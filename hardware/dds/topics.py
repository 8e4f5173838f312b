"""Names of the robot's topics, and their readers and writers.

Quality of service is that of Unitree's SDK (the library's defaults): writers reliable, readers best
effort, and no history beyond what is asked for here. So each end matches whatever the robot offers.
"""

from __future__ import annotations

from typing import Any

from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

LOW_CMD = "rt/lowcmd"
LOW_STATE = "rt/lowstate"
MOTION_REQUEST = "rt/api/motion_switcher/request"
MOTION_RESPONSE = "rt/api/motion_switcher/response"
_BLOCK_MS = 5
"""Longest time a reliable writer waits for a slow reader: a command that late is worth less than the next one."""


def writer(participant: Any, name: str, message: Any) -> DataWriter:
    """Return a writer of ``message`` (a message type or a frame class), XCDR1, newest sample only."""
    qos = Qos(
        Policy.Reliability.Reliable(duration(milliseconds=_BLOCK_MS)),
        Policy.History.KeepLast(1),
        Policy.DataRepresentation(use_cdrv0_representation=True),
    )
    return DataWriter(participant, Topic(participant, name, message), qos)


def reader(
    participant: Any, name: str, message: Any, depth: int = 8, reliable: bool = False, ignore_own: bool = False
) -> DataReader:
    """Return a reader of ``message`` that keeps the newest ``depth`` samples.

    Args:
        participant: in the robot's domain.
        name: of the topic.
        message: a message type or a frame class.
        depth: samples kept between two looks.
        reliable: ask for repetition of what was lost.
        ignore_own: leave out what this participant writes.
    """
    policies: list[Any] = [Policy.History.KeepLast(depth)]
    if reliable:
        policies.append(Policy.Reliability.Reliable(duration(milliseconds=100)))
    if ignore_own:
        policies.append(Policy.IgnoreLocal.Participant)
    return DataReader(participant, Topic(participant, name, message), Qos(*policies))


def num_readers(of_writer: DataWriter) -> int:
    """Return how many readers the writer has found."""
    return of_writer.get_publication_matched_status().current_count


def num_writers(of_reader: DataReader) -> int:
    """Return how many writers the reader has found."""
    return of_reader.get_subscription_matched_status().current_count
