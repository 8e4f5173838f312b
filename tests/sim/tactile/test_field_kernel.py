"""The fast field against the plain one: no taxel overlooked, nothing remembered that should be forgotten."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.pads import load_pad
from tests.sim.tactile.plain_field import PlainField, random_motion, zoo

ZOO = zoo()
PADS, STEPS, STIFFNESS = 4, 10, 2e8


@pytest.mark.parametrize(
    ("pad", "names"),
    [
        *(("gelsight_mini", (name,)) for name in ZOO),
        *((name, tuple(ZOO)) for name in ("gelsight_r15", "digit", "taxel_array")),
    ],
)
def test_the_fast_field_is_the_plain_one(pad, names):
    pad, objects = load_pad(pad), [ZOO[name] for name in names]
    fast, plain = ForceField(pad, objects, PADS, STIFFNESS), PlainField(pad, objects, PADS, STIFFNESS)
    sheared = 0
    for move in random_motion(np.random.default_rng(len(names)), PADS, len(objects), STEPS):
        fast.step(*move, 0.005)
        plain.step(*move, 0.005)
        largest = np.abs(plain.force).max()
        differs = np.abs(fast.force - plain.force).max(axis=-1) > 1e-4 * largest
        # At edges rounding decides through which face a taxel is pushed out.
        few = 2 + 0.004 * differs.size
        assert differs.sum() <= few
        assert (np.abs(fast.depth - plain.depth) > 1e-6).sum() <= few
        force, torque = fast.wrench()
        assert np.allclose(force, fast.force.sum(axis=1), rtol=1e-4, atol=1e-5)
        same = ~differs.any(axis=1)
        assert np.allclose(torque[same], plain.torque[same], rtol=1e-3, atol=1e-4 * largest + 1e-9)
        assert same.any()
        sheared += np.abs(plain.force[..., 0]).max() > 1e-3
    assert sheared > STEPS // 2


def test_each_object_s_wrench_is_that_of_it_alone():
    objects = [ZOO["sphere"], ZOO["box"]]
    both = ForceField(load_pad("gelsight_mini"), objects, PADS, STIFFNESS)
    alone = [ForceField(load_pad("gelsight_mini"), [one], PADS, STIFFNESS) for one in objects]
    for positions, quaternions, velocities, spins in random_motion(np.random.default_rng(3), PADS, 2, STEPS):
        both.step(positions, quaternions, velocities, spins, 0.005)
        for o, field in enumerate(alone):
            field.step(positions[:, o], quaternions[:, o], velocities[:, o], spins[:, o], 0.005)
            for part, own in zip(both.wrenches(), field.wrench(), strict=True):
                assert np.array_equal(part[:, o], own)
    assert both.wrenches()[0].any(axis=(0, 2)).all()


def test_an_object_that_jumps_leaves_nothing_behind():
    field = ForceField(load_pad("gelsight_mini"), [ZOO["sphere"]], 1, STIFFNESS)
    still, upright = np.zeros(3), (1.0, 0.0, 0.0, 0.0)
    for x in (-5e-3, 5e-3, 1.0):
        field.step((x, 0.0, 4e-3), upright, still, still, 0.01)
        there = np.abs(field.pad.taxels.positions[:, 0] - x) < 5e-3
        assert (field.depth[0, ~there] == 0.0).all()
        assert (field.force[0, ~there] == 0.0).all()
    assert not field.force.any()


def test_a_pose_that_is_not_a_number_shows_and_is_forgotten():
    field = ForceField(load_pad("gelsight_mini"), [ZOO["box"]], 2, STIFFNESS)
    still, upright = np.zeros((2, 3)), np.tile((1.0, 0, 0, 0), (2, 1))
    there = np.tile((0.0, 0.0, 2e-3), (2, 1))
    field.step(there, upright, still, still, 0.01)
    before = field.wrench()[0]
    assert (before[:, 2] < 0.0).all()
    field.step(np.where([[False], [True]], np.nan, there), upright, still, still, 0.01)
    assert np.array_equal(field.wrench()[0][0], before[0])
    assert np.isnan(field.wrench()[0][1]).all()
    assert not field.force[1].any()
    field.step(there, upright, still, still, 0.01)
    assert np.array_equal(field.wrench()[0], before)


def test_poses_of_another_batch_are_refused():
    field = ForceField(load_pad("gelsight_mini"), [ZOO["box"]], 2, STIFFNESS)
    with pytest.raises(ConfigError, match=r"1 objects over 2 pads need \(2, 1, 3\), not \(3, 3\)"):
        field.step(np.zeros((3, 3)), np.zeros((2, 4)), np.zeros((2, 3)), np.zeros((2, 3)), 0.01)
