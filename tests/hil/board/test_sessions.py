"""Flights whose state stays on the microcontroller: steps are numbered, repeated ones are made once."""

import struct

import numpy as np
import pytest

from firmware_export.hil.board import Board
from firmware_export.hil.flights import Flights, LinkRecord
from firmware_export.hil.policy import Stm32Policy
from firmware_export.hil.protocol import Message
from sim.errors import LinkError
from tests.hil.board.conftest import emulated, reference
from tests.support.line import BadLine

pytestmark = pytest.mark.toolchain


def fly(board, session, number, observation, first_slot=0):
    request = board.send_flights(session, number, first_slot, observation)
    return board.read_flights(board.answer_to(request, 2.0), len(observation))[0]


def test_board_says_how_many_flights_it_holds(board):
    assert board.info.slots >= 100
    assert board.info.counter_hz in (0, 16_000_000)


def test_flights_equal_onnxruntime_step_by_step(board, onnx, observations):
    observation = observations[::2, :30]
    flights = Flights(board, len(observation), LinkRecord())
    ours = np.stack([flights.step(observation[:, step]) for step in range(30)], axis=1)
    span = np.subtract(onnx.bundle.info.action.high, onnx.bundle.info.action.low)
    assert (np.abs(ours - reference(onnx, observation)) / span).max() < 1e-5


def test_flights_equal_single_steps_that_carry_their_state_bit_for_bit(board, observations):
    observation = observations[0, :12]
    state = np.zeros(board.info.state_size, np.float32)
    for number, row in enumerate(observation):
        single = board.steps(row[None], state, np.array([number == 0]))
        state = single.state[0]
        np.testing.assert_array_equal(fly(board, 11, number, row[None]), single.action)


def test_slots_do_not_disturb_each_other(board, observations):
    together = np.stack([fly(board, 21, n, observations[:3, n]) for n in range(8)])
    for slot, flight in enumerate(observations[:3, :8]):
        alone = np.stack([fly(board, 22 + slot, n, flight[n : n + 1], first_slot=7) for n in range(8)])
        np.testing.assert_array_equal(together[:, slot], alone[:, 0])


def test_a_repeated_request_is_answered_alike_and_steps_once(board, observations):
    flight = observations[0, :6, None]
    straight = [fly(board, 31, n, row) for n, row in enumerate(flight)]
    repeated = [[fly(board, 32, n, row) for _ in range(3)] for n, row in enumerate(flight)]
    for once, thrice in zip(straight, repeated):
        for answer in thrice:
            np.testing.assert_array_equal(answer, once)


def test_a_new_flight_forgets_the_one_before_even_at_its_first_step(board, observations):
    first, other = observations[0, 0][None], observations[3, 0][None]
    fly(board, 41, 0, first)
    alone = fly(board, 42, 0, other)
    assert not np.array_equal(alone, fly(board, 43, 0, first))
    np.testing.assert_array_equal(alone, fly(board, 44, 0, other))


@pytest.mark.parametrize(("session", "number"), [(51, 2), (51, 5), (52, 1), (0, 0), (0, 1)])
def test_a_step_that_is_not_the_next_one_is_refused(board, observations, session, number):
    row = observations[0, :1]
    before = fly(board, 51, 0, row)
    with pytest.raises(LinkError, match="lost its place"):
        fly(board, session, number, row)
    np.testing.assert_array_equal(fly(board, 51, 0, row), before)


def test_a_request_is_served_whole_or_not_at_all(board, observations):
    """Slots 0 and 1 are at step 0, slot 2 flies something else: none of the three may step."""
    straight = [fly(board, 60, n, observations[:2, n]) for n in range(2)]
    fly(board, 61, 0, observations[:2, 0])
    fly(board, 62, 0, observations[2:3, 0], first_slot=2)
    with pytest.raises(LinkError, match="lost its place"):
        fly(board, 61, 1, observations[:3, 1])
    np.testing.assert_array_equal(fly(board, 61, 1, observations[:2, 1]), straight[1])


HOSTILE = {
    "no flights": struct.pack("<IIBBH", 1, 0, 0, 0, 0),
    "a slot that is not there": struct.pack("<IIBBH", 1, 0, 255, 1, 0) + bytes(88),
    "more flights than observations": struct.pack("<IIBBH", 1, 0, 0, 3, 0) + bytes(88),
    "half an observation": struct.pack("<IIBBH", 1, 0, 0, 1, 0) + bytes(50),
    "half a header": bytes(7),
    "nothing": b"",
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_a_request_that_does_not_fit_is_refused_and_the_next_one_served(board, observations, payload):
    with pytest.raises(LinkError, match="does not fit"):
        board.answer_to(board.send(Message.FLY, payload), 2.0)
    assert np.isfinite(fly(board, 71, 0, observations[0, :1])).all()


def test_nan_comes_out_as_nan_and_a_new_flight_clears_it(board, observations):
    poisoned = np.full_like(observations[0, :1], np.nan)
    assert np.isnan(fly(board, 81, 0, poisoned)).all()
    assert np.isfinite(fly(board, 82, 0, observations[0, :1])).all()


def test_a_server_of_another_version_is_told_to_be_flashed(board, monkeypatch):
    monkeypatch.setattr("firmware_export.hil.protocol.VERSION", 3)
    with pytest.raises(LinkError, match="speaks version 2, this program 3; flash"):
        board.read_info()


def test_the_port_may_be_a_socket(image):
    with emulated(image) as running, BadLine(running.port) as line, Stm32Policy(port=line.port) as policy:
        assert policy.board.self_test()[0] == 0
    with pytest.raises(LinkError, match="nobody answers"):
        Board(line.port)
