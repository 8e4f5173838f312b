"""The remote's 40 bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.dds.remote import BUTTONS, SIZE, encode, pressed, stop_requested


@given(st.sets(st.sampled_from(BUTTONS)))
def test_buttons_survive_the_bytes(buttons):
    assert len(encode(buttons)) == SIZE
    assert pressed(encode(buttons)) == buttons


def test_bits_are_where_the_sdk_reads_them():
    """unitree_rl_gym's reader: a 16-bit word in bytes 2 and 3, L2 is bit 5 and B bit 9."""
    data = encode({"L2", "B"})
    assert struct.unpack("<H", data[2:4])[0] == 1 << 5 | 1 << 9


@pytest.mark.parametrize(
    ("buttons", "stops"),
    [((), False), (("L2",), False), (("B",), False), (("L2", "B"), True), (("L2", "B", "up"), True),
     (("select",), True), (("L2", "R2"), False), (("start", "A"), False)],
)  # fmt: skip
def test_what_stops(buttons, stops):
    assert stop_requested(encode(buttons)) is stops


@given(st.binary(max_size=60))
def test_no_bytes_upset_it(data):
    assert pressed(data) <= set(BUTTONS)
