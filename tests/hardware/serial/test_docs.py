"""The page about the protocol says what the code does: its example, its codes, its tables."""

import re
from pathlib import Path

import pytest

from hardware.framing import Frame, cobs_decode, decode, encode
from hardware.serial import protocol, states
from hardware.serial.messages import Command, decode_command, encode_command
from hardware.serial.protocol import LEVELS, REASONS, SAFE_ACTIONS, MessageType, Refusal
from hardware.virtual.multirotor import autopilot
from hardware.virtual.serial import session

PAGE = (Path(__file__).parents[3] / "docs" / "serial-protocol.md").read_text()


def example(line):
    return bytes.fromhex(re.search(rf"^{line} (.*)$", PAGE, re.MULTILINE)[1].replace("(payload)", ""))


def test_the_example_is_what_the_code_makes():
    payload = encode_command(Command(0x11223344, 5, (0.5, 0.25, 0.0, 1.0)))
    assert example("payload") == payload
    assert example("encoded") == encode(Frame(MessageType.COMMAND, 5, payload))


def test_the_example_reads_as_the_page_says():
    encoded = example("encoded")
    body = cobs_decode(encoded[:-1])
    assert body[:4] + body[-4:] == example("frame")
    assert body[4:-4] == example("payload")
    frame = decode(encoded[:-1])
    assert decode_command(frame.payload) == Command(0x11223344, 5, (0.5, 0.25, 0.0, 1.0))


@pytest.mark.parametrize("kind", MessageType)
def test_every_message_is_in_the_tables(kind):
    assert re.search(rf"^\| 0x{kind:02x} \| {kind.name} \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("reason", Refusal)
def test_every_reason_is_in_the_table(reason):
    assert re.search(rf"^\| {reason:d} \| ", PAGE, re.MULTILINE)
    assert reason in REASONS


def numbered(text):
    """Read '0 off, 1 idle' as a dictionary."""
    return {int(number): name for number, name in re.findall(r"(\d+) ([a-z' ]+?)(?:,| \(|$)", text)}


def test_codes_of_modes_actions_and_levels():
    modes = numbered(re.search(r"mode: (.*?) \|", PAGE)[1])
    assert len(modes) == len(states.Mode)
    for mode in (states.Mode.OFF, states.Mode.IDLE, states.Mode.COMMANDS, states.Mode.FAILSAFE, states.Mode.LANDED):
        assert modes[mode] == mode.name.lower()
    actions = numbered(re.search(r"action: (.*?) \|", PAGE)[1])
    assert tuple(actions[i].replace(" ", "_") for i in range(len(actions))) == SAFE_ACTIONS
    levels = numbered(re.search(r"level of the commands: (.*?) \|", PAGE)[1])
    assert tuple(levels[i].replace(" and ", "_").replace(" ", "_") for i in range(len(levels))) == LEVELS
    flags = numbered(re.search(r"flags: (.*?) \|", PAGE)[1])
    assert set(flags) == {int(flag) for flag in states.Flag}


@pytest.mark.parametrize(
    "text",
    [
        f"by at most {protocol.MAX_SEQUENCE_STEP}",
        f"1 to {protocol.MAX_CHANNELS}",
        f"1 to {protocol.MAX_NAME} printable",
        f"for {autopilot.FAILSAFE_MS} ms",
        f"waits {autopilot.LANDED_MS // 1000} s",
        f"silent for {session.SILENT_MS // 1000} s",
        f"version, {protocol.VERSION}; stays first",
    ],
)
def test_numbers_on_the_page_are_those_of_the_code(text):
    assert text in PAGE.replace("\n  ", " ")
