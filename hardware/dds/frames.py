"""Low-level messages as frames: a C struct to read and write by field, sealed with Unitree's checksum.

A frame class stands in for its message type at cyclonedds' readers and writers: same name and same
wire format, but a decoded state costs microseconds, where the generic decoder needs a millisecond.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from cyclonedds.idl import IdlStruct
from numpy.typing import NDArray

from hardware.dds.crc import crc32_words
from hardware.dds.layout import WireLayout, struct_dtype, wire_layout
from hardware.dds.messages import go, hg

_VERSIONS = {b"\x00\x01\x00\x00": 1, b"\x00\x07\x00\x00": 2}
"""Encapsulation headers: little-endian plain CDR of XCDR1 and of XCDR2."""
_HEADER_1 = b"\x00\x01\x00\x00"


class Frame:
    """A message of fixed size whose last four bytes are its checksum.

    Attributes:
        message: the published type.
        image: (size,) bytes of the C struct.
        record: the same bytes by field name, e.g. ``frame.record["motor_cmd"]["q"]`` is (35,).
        sample_info: what DDS says about a received sample.
    """

    message: ClassVar[type[IdlStruct]]
    dtype: ClassVar[np.dtype]
    wire: ClassVar[dict[int, WireLayout]]

    def __init_subclass__(cls, message: type[IdlStruct]) -> None:
        cls.message = message
        cls.dtype = struct_dtype(message)
        cls.wire = {version: wire_layout(cls.dtype, version) for version in (1, 2)}
        # What cyclonedds asks of a data type.
        cls.__idl__ = message.__idl__  # pyright: ignore[reportAttributeAccessIssue]
        cls.__idl_typename__ = message.__idl_typename__  # pyright: ignore[reportAttributeAccessIssue]

    def __init__(self, image: NDArray[np.uint8] | None = None) -> None:
        self.image = np.zeros(self.dtype.itemsize, np.uint8) if image is None else image
        self.record = self.image.view(self.dtype)[0]
        self.sample_info: Any = None

    def copy(self) -> Self:
        """Return a frame of its own with the same content."""
        return type(self)(self.image.copy())

    def seal(self) -> None:
        """Write the checksum."""
        self.record["crc"] = crc32_words(self.image[:-4])

    @property
    def intact(self) -> bool:
        """Whether the checksum fits the content."""
        return int(self.record["crc"]) == crc32_words(self.image[:-4])

    def serialize(self, buffer: Any = None, endianness: Any = None, use_version_2: bool | None = None) -> bytes:
        """Return the frame as DDS sends it (XCDR1); cyclonedds calls it."""
        layout = self.wire[1]
        padded = np.append(self.image, np.uint8(0))
        return _HEADER_1 + padded[layout.source].tobytes()

    @classmethod
    def deserialize(cls, data: bytes, has_header: bool = True, use_version_2: bool | None = None) -> Self:
        """Return the frame in ``data``; cyclonedds calls it.

        Bytes in another encoding or of another length give a frame of zeros, which is not ``intact``:
        a reader must never be thrown off by what a stranger sends.
        """
        frame = cls()
        version = _VERSIONS.get(bytes(data[:2]) + b"\x00\x00")
        if version is None:
            return frame
        layout = cls.wire[version]
        payload = np.frombuffer(data, np.uint8, offset=4)
        if not layout.size <= len(payload) < layout.size + 4:
            return frame
        frame.image[layout.struct] = payload[layout.position]
        return frame

    @classmethod
    def deserialize_key(cls, data: bytes, has_header: bool = True, use_version_2: bool | None = None) -> Self:
        """Return what stands for a writer that has gone; cyclonedds calls it. These messages have no keys."""
        return cls()


class HgLowCmd(Frame, message=hg.LowCmd):
    """Commands to a humanoid."""


class HgLowState(Frame, message=hg.LowState):
    """State of a humanoid."""


class GoLowCmd(Frame, message=go.LowCmd):
    """Commands to a quadruped."""


class GoLowState(Frame, message=go.LowState):
    """State of a quadruped."""
