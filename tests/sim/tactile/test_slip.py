"""Slip, seen in the field before the object has moved a millimetre, and not while it is held."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.slip import SlipDetector
from tests.sim.tactile.held import MINI, Hand


def test_a_loosened_grip_is_seen_before_the_object_has_moved_a_millimetre():
    hand, detector, grip = Hand(0.2), SlipDetector(MINI.gel.friction), 6.0
    hand.run(0.3, grip_n=grip)
    assert not detector.slips(hand.contact.force).any()
    start = hand.height_m()
    while not detector.slips(hand.contact.force).any():
        grip -= 0.05
        hand.run(0.01, grip_n=grip)
    assert 0.0 < grip < 1.2  # friction carries the weight, 1.96 N, down to 0.98 N
    assert start - hand.height_m() < 1e-3


def test_the_share_is_that_of_the_load_on_slipping_taxels():
    force = np.zeros((2, 4, 3))
    force[0] = [(0.0, 0.0, -1.0), (0.95, 0.0, -1.0), (0.0, -1.0, -1.0), (0.5, 0.5, -1.0)]
    assert SlipDetector(1.0).share(force) == pytest.approx([0.5, 0.0])
    assert list(SlipDetector(1.0, most=0.4).slips(force)) == [True, False]
    assert SlipDetector(2.0).share(force)[0] == 0.0


def test_faint_taxels_and_pulling_ones_say_nothing():
    force = np.array([[(0.0, 0.0, -1.0), (0.01, 0.0, -0.01), (1.0, 0.0, 1.0)]])
    assert SlipDetector(1.0).share(force) == pytest.approx([0.0])


@pytest.mark.parametrize("options", [{"friction": 0.0}, {"friction": 1.0, "most": 1.0}, {"friction": 1.0, "nearly": 0}])
def test_impossible_settings_are_refused(options):
    with pytest.raises(ConfigError):
        SlipDetector(**options)
