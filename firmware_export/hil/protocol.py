"""Messages between a computer and the policy server on a microcontroller (``targets/common/server.c``).

All little-endian inside ``hardware.framing`` frames; an answer has its request's type plus 0x80.

    INFO       request: -
               answer: bundle id (32 bytes), u16 sizes of observation, state, action, workspace,
                       u32 capacity of a frame, u32 stack used so far, u32 version of these messages,
                       u32 slots, u32 rate of the cycle counter (0: an emulator's, which counts instructions)
    STEP       request: u8 count, u8 flags, u16 0, u32 reset mask (bit i: step i is a first step),
                        f32 state, count x f32 observation
               answer: count x (f32 action [, f32 state]), u32 clock ticks of all steps together;
                       the state follows the last action, or every one with flag EVERY_STATE
    SELF_TEST  request: -
               answer: i32 wrong values, f32 largest relative error
    FLY        request: u32 session, u32 number, u8 first slot, u8 count, u16 0, count x f32 observation
               answer: count x f32 action, u32 clock ticks of the longest step
    ERROR      answer only: u8 reason

STEP carries the state both ways and can be repeated at will. FLY leaves it on the microcontroller, one
flight per slot: ``session`` is the host's, drawn anew for each flight and never 0; ``number`` counts its
steps from 0, the first, which builds the state anew. The request that comes twice is answered twice and
steps once; any other number than the next one is refused, so a microcontroller that restarted is noticed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from hardware.framing import OVERHEAD
from sim.errors import LinkError


class Message(IntEnum):
    """Message types."""

    INFO = 1
    STEP = 2
    SELF_TEST = 3
    FLY = 4
    ERROR = 0xFF


ANSWER = 0x80
EVERY_STATE = 1
LARGEST_COUNT = 32
"""Steps in one request: one bit each in the reset mask."""
VERSION = 2
"""Of these messages; a server of another version is flashed again."""
LARGEST_FLIGHTS = 255
"""Flights in one request: their number is a byte."""
REASONS = {
    1: "the request arrived damaged",
    2: "the request does not fit the policy on board",
    3: "it lost its place in the flight: it restarted, or another program talks to it",
}
DAMAGED = 1
"""The reason for which a request is worth repeating."""

_INFO = struct.Struct("<32s4H5I")
_INFO_1 = struct.Struct("<32s4HII")
"""What version 1 answered."""
_STEP = struct.Struct("<BBHI")
_FLY = struct.Struct("<IIBBH")
_SELF_TEST = struct.Struct("<if")


@dataclass(frozen=True)
class DeviceInfo:
    """What a microcontroller says about itself."""

    bundle_id: str
    observation_size: int
    state_size: int
    action_size: int
    workspace_size: int
    capacity: int
    """Bytes of a decoded request frame."""
    stack_used: int
    """Most stack used since reset, bytes."""
    version: int
    """Of the messages it speaks."""
    slots: int
    """Flights whose state it can hold."""
    counter_hz: int
    """Rate of its cycle counter; 0: an emulator's."""

    @classmethod
    def unpack(cls, payload: bytes) -> DeviceInfo:
        """Decode an INFO answer.

        Raises:
            LinkError: if its length or version is another.
        """
        if len(payload) == _INFO_1.size:
            raise LinkError(_other_version(1))
        identity, *numbers = _unpack(_INFO, payload)
        info = cls(identity.hex(), *numbers)
        if info.version != VERSION:
            raise LinkError(_other_version(info.version))
        return info

    def steps_per_frame(self) -> int:
        """Return how many steps fit one request."""
        room = self.capacity - OVERHEAD - _STEP.size - 4 * self.state_size
        return max(1, min(LARGEST_COUNT, room // (4 * self.observation_size)))

    def flights_per_frame(self) -> int:
        """Return how many flights' steps fit one request."""
        room = self.capacity - OVERHEAD - _FLY.size
        return max(1, min(LARGEST_FLIGHTS, room // (4 * self.observation_size)))


@dataclass(frozen=True)
class StepAnswer:
    """A decoded STEP answer; ``action`` (count, k), ``state`` (count or 1, m), ``ticks`` of all steps."""

    action: np.ndarray
    state: np.ndarray
    ticks: int


def pack_steps(observation: np.ndarray, state: np.ndarray, reset: np.ndarray, *, every_state: bool) -> bytes:
    """Encode a STEP request; ``observation`` (count, o), ``state`` (m,), ``reset`` (count,) bool."""
    mask = sum(1 << i for i, first in enumerate(reset) if first)
    header = _STEP.pack(len(observation), EVERY_STATE if every_state else 0, 0, mask)
    return header + state.astype("<f4").tobytes() + observation.astype("<f4").tobytes()


def unpack_steps(payload: bytes, info: DeviceInfo, count: int, *, every_state: bool) -> StepAnswer:
    """Decode a STEP answer of ``count`` steps.

    Raises:
        LinkError: if its length is wrong.
    """
    k, m = info.action_size, info.state_size
    _require_length(payload, 4 * (count * k + m * (count if every_state else 1) + 1))
    values = np.frombuffer(payload[:-4], "<f4").astype(np.float32)
    (ticks,) = struct.unpack("<I", payload[-4:])
    if every_state:
        rows = values.reshape(count, k + m)
        return StepAnswer(rows[:, :k].copy(), rows[:, k:].copy(), ticks)
    return StepAnswer(values[: count * k].reshape(count, k), values[count * k :].reshape(1, m), ticks)


def pack_flights(session: int, number: int, first_slot: int, observation: np.ndarray) -> bytes:
    """Encode a FLY request of consecutive slots; ``observation`` (count, o)."""
    header = _FLY.pack(session, number, first_slot, len(observation), 0)
    return header + observation.astype("<f4").tobytes()


def unpack_flights(payload: bytes, info: DeviceInfo, count: int) -> tuple[np.ndarray, int]:
    """Decode a FLY answer: actions (count, action_size) and the clock ticks of the longest step.

    Raises:
        LinkError: if its length is wrong.
    """
    _require_length(payload, 4 * (count * info.action_size + 1))
    action = np.frombuffer(payload[:-4], "<f4").astype(np.float32).reshape(count, info.action_size)
    (ticks,) = struct.unpack("<I", payload[-4:])
    return action, ticks


def unpack_self_test(payload: bytes) -> tuple[int, float]:
    """Decode a SELF_TEST answer: number of wrong values and largest relative error."""
    wrong, error = _unpack(_SELF_TEST, payload)
    return wrong, error


def _unpack(layout: struct.Struct, payload: bytes) -> tuple:
    _require_length(payload, layout.size)
    return layout.unpack(payload)


def _require_length(payload: bytes, expected: int) -> None:
    if len(payload) != expected:
        raise LinkError(f"the board answered {len(payload)} bytes, expected {expected}; flash its firmware again")


def _other_version(version: int) -> str:
    return f"its policy server speaks version {version}, this program {VERSION}; flash its firmware again"
