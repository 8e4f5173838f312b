"""The Warp field against the numba field, on whatever device is there."""

import numpy as np
import pytest

pytest.importorskip("warp", reason="warp-lang is not in the test requirements: pip install 'sim2metal[gpu]'")

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.pads import load_pad
from sim.tactile.warp_field import WarpForceField
from tests.sim.tactile.plain_field import random_motion, zoo

PAD, PADS, STEPS = load_pad("gelsight_mini"), 6, 12


@pytest.mark.slow  # Warp compiles for half a minute the first time
def test_both_fields_feel_the_same():
    objects = [*zoo().values(), None]
    ours, theirs = WarpForceField(PAD, objects, PADS), ForceField(PAD, objects, PADS)
    for field in (ours, theirs):
        field.set_gel([1, 2], stiffness=1e8, friction=0.4)
        field.set_sizes([3], 0, (4e-3, 0.0, 0.0))
    sheared = 0
    for number, move in enumerate(random_motion(np.random.default_rng(1), PADS, len(objects), STEPS)):
        if number == STEPS // 2:
            for field in (ours, theirs):
                field.reset([0, 4])
        ours.step(*move, 0.005)
        theirs.step(*move, 0.005)
        largest = np.abs(theirs.force).max()
        differs = np.abs(ours.force - theirs.force).max(axis=-1) > 1e-4 * largest
        assert differs.mean() < 2e-3  # at edges rounding decides through which face a taxel is pushed out
        assert (np.abs(ours.depth - theirs.depth) > 1e-6).mean() < 2e-3
        scale = np.abs(theirs.wrenches()[0]).max()
        assert np.allclose(ours.wrenches()[0], theirs.wrenches()[0], atol=2e-3 * scale)
        assert np.allclose(ours.wrench()[1], theirs.wrench()[1], atol=2e-3 * scale * 1e-2)
        sheared += np.abs(theirs.force[..., 0]).max() > 1e-3
    assert sheared == STEPS
    ours.reset()
    assert not ours.force.any()
    assert not ours.wrench()[0].any()


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no device 'cuda:99'"):
        WarpForceField(PAD, [zoo()["sphere"]], device="cuda:99")
