"""Read flight logs, whole or cut short by a kill.

MCAP's own readers give up on a file without its end; here records are walked one by one and
everything up to the last whole chunk counts.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Header, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk
from mcap.writer import Writer

from hardware.log_schema import EVENT, FLIGHT_STEP, STEPS
from sim.errors import StorageError
from sim.files import write_atomic

_MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")
"""Opcode and length before every record (MCAP specification, "Records")."""


@dataclass
class LogContent:
    """What a log holds, in file order."""

    complete: bool
    """Whether the file ends as the format demands."""
    header: Header | None = None
    metadata: list[Metadata] = field(default_factory=list)
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


def read_content(path: Path | str) -> LogContent:
    """Parse every whole record of a log.

    Raises:
        StorageError: if the file is missing or is not MCAP.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read log {path}: {error.strerror}") from error
    if not data.startswith(_MAGIC):
        raise StorageError(f"{path} is not an MCAP log: it does not start with the MCAP magic bytes")
    content = LogContent(complete=False)
    for opcode, body in _records(data):
        if opcode == Opcode.FOOTER:
            content.complete = data.endswith(_MAGIC)
        else:
            _add(content, opcode, body)
    return content


def recover_log(path: Path | str, out: Path | str | None = None) -> int:
    """Rewrite a log so that every MCAP reader opens it; a whole one is rewritten alike.

    Args:
        path: the log, perhaps cut short.
        out: where to write; default in place. Written whole or not at all.

    Returns:
        The number of messages saved.

    Raises:
        StorageError: if it cannot be read or written, or holds no whole chunk.
    """
    content = read_content(path)
    if not content.messages:
        raise StorageError(f"{path} holds no whole chunk: the flight ended within the first 0.1 s")
    buffer = io.BytesIO()
    writer = Writer(buffer)
    writer.start(profile=content.header.profile if content.header else "", library="sim2metal recover")
    for entry in content.metadata:
        writer.add_metadata(entry.name, entry.metadata)
    schemas = {
        old: writer.register_schema(schema.name, schema.encoding, schema.data)
        for old, schema in content.schemas.items()
    }
    channels = {
        old: writer.register_channel(
            channel.topic, channel.message_encoding, schemas.get(channel.schema_id, 0), channel.metadata
        )
        for old, channel in content.channels.items()
    }
    for message in content.messages:
        writer.add_message(
            channels[message.channel_id], message.log_time, message.data, message.publish_time, message.sequence
        )
    writer.finish()
    write_atomic(out or path, buffer.getvalue())
    return len(content.messages)


def read_log(path: Path | str) -> dict[str, Any]:
    """Return a log as arrays; one cut short is recovered in memory.

    Returns:
        One entry per field of a step (``hardware/log_schema.py``): numbers (steps,) float64 or int64,
        vectors (steps, size) float64 with NaN where the log has null or nothing, texts (steps,) str;
        plus ``time_s`` (steps,) from the first step, ``topic``, ``metadata`` (dict), ``events`` (list
        of dicts) and ``complete``.

    Raises:
        StorageError: if the file is missing or is not MCAP.
    """
    content = read_content(path)
    topics = {number: channel.topic for number, channel in content.channels.items()}
    records: dict[str, list[dict[str, Any]]] = {topic: [] for topic in (*STEPS, EVENT.topic)}
    for message in content.messages:
        topic = topics.get(message.channel_id, "")
        if topic in records:
            records[topic].append(json.loads(message.data))
    schema = next((kind for topic, kind in STEPS.items() if topic in topics.values()), FLIGHT_STEP)
    steps = records[schema.topic]
    result: dict[str, Any] = {
        name: _column(kind, [step.get(name) for step in steps]) for name, (kind, _) in schema.fields.items()
    }
    result["topic"] = schema.topic
    time_ns = result["time_ns"]
    result["time_s"] = (time_ns - time_ns[0]) / 1e9 if time_ns.size else np.zeros(0)
    result["metadata"] = {key: value for entry in content.metadata for key, value in entry.metadata.items()}
    result["events"] = records[EVENT.topic]
    result["complete"] = content.complete
    return result


def _column(kind: dict[str, Any], values: list[Any]) -> np.ndarray:
    if kind["type"] == "integer":
        return np.array([value or 0 for value in values], dtype=np.int64)
    if kind["type"] == "string":
        return np.array(values, dtype=np.str_)
    if kind["type"] != "array":
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    size = kind.get("maxItems") or max((len(row) for row in values if row), default=0)
    rows = [[np.nan] * size if not row else [np.nan if v is None else v for v in row] for row in values]
    return np.array(rows, dtype=np.float64).reshape(len(values), size)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and body of every record that is wholly there."""
    position = len(_MAGIC)
    while position + _HEAD.size <= len(data):
        opcode, length = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        if position + length > len(data):
            return
        yield opcode, data[position : position + length]
        if opcode == Opcode.FOOTER:
            return
        position += length


def _add(content: LogContent, opcode: int, body: bytes) -> None:
    stream = ReadDataStream(io.BytesIO(body))
    if opcode == Opcode.HEADER:
        content.header = Header.read(stream)
    elif opcode == Opcode.METADATA:
        content.metadata.append(Metadata.read(stream))
    elif opcode == Opcode.CHUNK:
        try:
            records = breakup_chunk(Chunk.read(stream), validate_crc=True)
        except (McapError, ValueError, struct.error):
            return  # a chunk whose checksum is wrong is not a whole chunk
        for record in records:
            if isinstance(record, Schema):
                content.schemas[record.id] = record
            elif isinstance(record, Channel):
                content.channels[record.id] = record
            elif isinstance(record, Message):
                content.messages.append(record)
