"""The conditions of a link: what they do to packets, in which order, and how often."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.virtual.faults import LINK_KINDS, Fault
from hardware.virtual.link_conditions import HELD_BACK_MS, Channel, LinkConditions

PACKETS = [bytes((number, number ^ 0xFF)) for number in range(200)]
SHARES = {"packet-loss": 30.0, "duplication": 30.0, "reordering": 30.0, "bit-flips": 30.0}


def conditions(is_lossy=bool, spared_bytes=0, seed=0, **faults):
    made = LinkConditions(np.random.default_rng(seed), is_lossy, spared_bytes)
    for name, value in faults.items():
        assert made.apply(Fault(name.replace("_", "-"), value), active=True)
    return made


def sent(conditions, packets=PACKETS, spacing_ms=1.0, until_ms=5000.0):
    """What arrives, in order, of packets sent one after the other."""
    lost = []
    channel = Channel(conditions, lambda: lost.append(1))
    arrived = []
    for number, packet in enumerate(packets):
        channel.push(number * spacing_ms, packet)
        arrived += channel.pop(number * spacing_ms)
    return arrived + channel.pop(until_ms), len(lost)


def test_a_good_link_changes_nothing_and_draws_nothing():
    made = conditions()
    before = made._rng.bit_generator.state
    assert sent(made) == (PACKETS, 0)
    assert made._rng.bit_generator.state == before


def test_a_lost_link_passes_nothing():
    assert sent(conditions(link_loss=0.0)) == ([], len(PACKETS))


def test_loss_takes_its_share_and_keeps_the_order():
    arrived, lost = sent(conditions(packet_loss=30.0))
    assert lost == pytest.approx(60, abs=25)
    assert arrived == [packet for packet in PACKETS if packet in arrived]
    assert len(arrived) + lost == len(PACKETS)


def test_duplicates_follow_their_original():
    arrived, _ = sent(conditions(duplication=30.0))
    assert len(arrived) - len(PACKETS) == pytest.approx(60, abs=25)
    assert arrived == sorted(arrived)
    assert set(arrived) == set(PACKETS)


def test_packets_that_are_overtaken_come_late_but_come():
    arrived, _ = sent(conditions(reordering=10.0))
    assert sorted(arrived) == PACKETS
    assert arrived != PACKETS
    late = [place - PACKETS.index(packet) for place, packet in enumerate(arrived)]
    assert HELD_BACK_MS - 8 <= max(late) <= HELD_BACK_MS


def test_one_bit_of_a_share_of_packets_is_turned_over():
    arrived, _ = sent(conditions(bit_flips=30.0))
    flips = [bin(int.from_bytes(a) ^ int.from_bytes(p)).count("1") for a, p in zip(arrived, PACKETS)]
    assert set(flips) == {0, 1}
    assert sum(flips) == pytest.approx(60, abs=25)


def test_spared_bytes_are_spared():
    arrived, _ = sent(conditions(spared_bytes=1, bit_flips=100.0))
    assert all(a[0] == p[0] and a[1] != p[1] for a, p in zip(arrived, PACKETS))
    assert sent(conditions(spared_bytes=2, bit_flips=100.0)) == (PACKETS, 0)


def test_delay_and_jitter_hold_everything_back_in_order():
    made = conditions(delay=20.0, jitter=10.0)
    channel = Channel(made, lambda: None)
    for number, packet in enumerate(PACKETS):
        channel.push(float(number), packet)
    assert channel.pop(19.9) == []
    first = channel.pop(31.0)
    assert first
    assert first + channel.pop(5000.0) == PACKETS


def test_a_delay_that_ends_lets_nothing_overtake():
    made = conditions(delay=50.0)
    channel = Channel(made, lambda: None)
    channel.push(0.0, b"slow")
    made.apply(Fault("delay", 50.0), active=False)
    channel.push(1.0, b"fast")
    assert channel.pop(49.0) == []
    assert channel.pop(50.0) == [b"slow", b"fast"]


def test_packets_that_a_real_link_would_repeat_are_only_delayed():
    everything = {name.replace("-", "_"): 100.0 for name in SHARES}
    assert sent(conditions(is_lossy=lambda _: False, **everything, delay=5.0)) == (PACKETS, 0)


@pytest.mark.parametrize("name", LINK_KINDS)
def test_every_fault_of_the_link_ends(name):
    made = conditions(**{name.replace("-", "_"): LINK_KINDS[name].high / 2.0})
    assert sent(made)[0] != PACKETS or made.delay_ms or made.jitter_ms
    assert made.apply(Fault(name, 50.0), active=False)
    assert sent(made) == (PACKETS, 0)


def test_other_faults_are_not_the_links():
    assert not conditions().apply(Fault("dead-motor", 1.0), active=True)


@settings(max_examples=50)
@given(st.fixed_dictionaries({name.replace("-", "_"): st.floats(0.0, 100.0) for name in SHARES}), st.integers(0, 9))
def test_one_seed_one_fate(faults, seed):
    assert sent(conditions(seed=seed, **faults)) == sent(conditions(seed=seed, **faults))
