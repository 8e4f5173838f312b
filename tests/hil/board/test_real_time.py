"""At the control rate: late answers are overruns, the last command is held, and a silent board ends the flight."""

import dataclasses
import os
import signal
import time

import numpy as np
import pytest

from firmware_export.hil.board import Board
from firmware_export.hil.campaign import Campaign
from firmware_export.hil.flights import LinkRecord
from firmware_export.hil.outcome import Outcome, complaint
from firmware_export.hil.parity import ParityWatch
from firmware_export.hil.real_time import Punctuality, RealTimeFlight
from policies.runtime import OnnxPolicy
from sim.envs.task import load_flight_task
from sim.errors import LinkError
from tests.hil.board.conftest import emulated

pytestmark = pytest.mark.toolchain
PERIOD_S = 0.15


def slow(info, held_periods):
    """The bundle's contract at a rate that a busy computer keeps."""
    timing = dataclasses.replace(info.timing, control_period_s=PERIOD_S)
    limits = dataclasses.replace(info.limits, link_silence_s=(held_periods + 0.5) * PERIOD_S)
    return dataclasses.replace(info, timing=timing, limits=limits)


@pytest.fixture
def flight(image, onnx):
    """A flight in real time on an emulator that can be stopped: step, signal, records."""
    with emulated(image) as running, Board(running.port) as board:
        watch, punctuality, record = ParityWatch(onnx), Punctuality(), LinkRecord()
        watch.begin(1, 0)
        flight = RealTimeFlight(board, slow(onnx.bundle.info, 8), record, punctuality, watch.compare)
        yield flight, lambda number: os.kill(running._process.pid, number), watch, punctuality, record


@pytest.mark.emulator
def test_late_answers_are_counted_compared_and_never_flown(flight, observations):
    step, send, watch, punctuality, record = flight[0].step, *flight[1:]
    rows = iter(observations[0, :, None])
    before = [step(next(rows)) for _ in range(3)]
    send(signal.SIGSTOP)
    overruns = punctuality.overruns
    held = [step(next(rows)) for _ in range(2)]
    for action in held:
        np.testing.assert_array_equal(action, before[-1])
    assert punctuality.overruns == overruns + 2
    assert punctuality.longest_hold >= 2
    send(signal.SIGCONT)
    after = [step(next(rows)) for _ in range(6)]
    assert any((action != held[-1]).any() for action in after), "it flies on"
    assert record.steps == watch.steps > 3
    assert watch.worst.relative < 1e-5, "whatever was repeated, the board stepped once for each request"
    assert punctuality.periods == 11


@pytest.mark.emulator
def test_before_the_first_answer_the_nominal_command_is_held(flight, observations, onnx):
    step, send = flight[0].step, flight[1]
    send(signal.SIGSTOP)
    np.testing.assert_array_equal(step(observations[0, :1])[0], np.float32(onnx.bundle.info.action.nominal))
    send(signal.SIGCONT)


@pytest.mark.emulator
def test_a_board_that_stays_silent_ends_the_flight(flight, observations):
    step, send, punctuality = flight[0].step, flight[1], flight[3]
    step(observations[0, :1])
    send(signal.SIGSTOP)
    words = r"no answer in time for 9 control periods of 150 ms.*without --real-time"
    with pytest.raises(LinkError, match=words):
        [step(row) for row in observations[0, 1:, None]]
    assert punctuality.longest_hold == 9


def test_an_episode_in_real_time(board, zoo, monkeypatch):
    """The task's own loop at a seventh of its rate, which a busy computer and an emulator keep."""
    task = load_flight_task(zoo.info.task)
    monkeypatch.setattr(type(task.TASK), "control_steps", 20)
    policy = OnnxPolicy(dataclasses.replace(zoo, info=slow(zoo.info, 8)))
    started = time.monotonic()
    findings = Campaign([board], policy, task, real_time=True).fly(1, seed=0)
    assert time.monotonic() - started >= 19 * PERIOD_S
    assert (findings.episodes, findings.punctuality.periods) == (1, 20)
    assert 20 - findings.punctuality.overruns <= findings.watch.steps <= 20, "a late answer is compared, too"
    assert findings.watch.worst.relative < 1e-5


def test_the_share_of_late_answers_has_a_bound(result_of):
    assert complaint(result_of(periods=1000, overruns=10), bound=1e-5, late=0.01) is None
    assert "11 of 1000 control periods" in complaint(result_of(periods=1000, overruns=11), bound=1e-5, late=0.01)
    assert complaint(result_of(periods=0, overruns=0), bound=1e-5, late=0.0) is None


@pytest.fixture
def result_of():
    def outcome(**figures):
        everything = {field.name: 0 for field in dataclasses.fields(Outcome)}
        return Outcome(**everything | figures)

    return outcome
