"""A short run of the fuzzer, and proof that it would notice: three ways to break the robot, each found."""

import pytest

import hardware.framing
from hardware.serial.messages import Command
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.session import Sessions
from tests.bench.fuzz_serial import fuzz


def test_fifty_thousand_hostile_frames_do_no_harm():
    result = fuzz(50_000, seed=1)
    assert result.failures == []
    assert result.frames == 50_000
    assert result.accepted > 2000, "the robot was alive and took what was sent to it"
    assert min(result.kinds.values()) > 1000
    assert result.outcomes["damaged"] > 20_000
    refusals = {name for name in result.outcomes if name.startswith("refused_")}
    assert len(refusals) >= 11


def test_two_runs_of_one_seed_are_equal():
    first, second = fuzz(4000, seed=3), fuzz(4000, seed=3)
    assert (first.kinds, first.outcomes, first.accepted) == (second.kinds, second.outcomes, second.accepted)


def broken_check_value(monkeypatch):
    monkeypatch.setattr(hardware.framing.zlib, "crc32", lambda _: 0)


def broken_gate(monkeypatch):
    def check(self, command: Command) -> None:
        self.sequence = command.sequence

    monkeypatch.setattr(CommandGate, "check", check)


def broken_session(monkeypatch):
    monkeypatch.setattr(Sessions, "require", lambda *_: None)


@pytest.mark.parametrize("breakage", [broken_gate, broken_session])
def test_a_robot_without_its_checks_is_found_out(monkeypatch, breakage):
    breakage(monkeypatch)
    assert any("command taken" in failure for failure in fuzz(6000).failures)


def test_a_decoder_that_does_not_look_at_the_check_value_is_found_out(monkeypatch):
    broken_check_value(monkeypatch)
    # With every check value zero on both sides, frames still pass; only those damaged in the check value do not.
    assert any("not as it was sent" in failure for failure in fuzz(6000).failures)


def test_a_decoder_that_raises_something_else_is_found_out(monkeypatch):
    monkeypatch.setattr(hardware.framing, "cobs_decode", lambda data: [data][1])
    assert any("IndexError" in failure for failure in fuzz(2000).failures)
