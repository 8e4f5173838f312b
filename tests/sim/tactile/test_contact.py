"""The gel as the contact: a held weight, what the object feels, light objects, many simulations, bad scenes."""

import mujoco
import numpy as np
import pytest
from mujoco.batch import Batch

from sim.errors import ConfigError
from sim.tactile.contact import GelContact
from sim.tactile.mount import Mount
from sim.tactile.pads import load_pad
from tests.sim.tactile.held import MOUNTS, Hand, scene


@pytest.mark.parametrize("integrator", ["discrete", "implicitfast", "Euler"])
@pytest.mark.parametrize("mass", [0.05, 0.5])
def test_two_pads_hold_a_weight_and_show_it_as_shear(mass, integrator):
    hand = Hand(mass, integrator=integrator)
    hand.run(0.5)
    left, _ = hand.contact.wrench()[0][0]
    assert left[2] == pytest.approx(-8.0, rel=1e-3)
    assert hand.shown_weight_n() == pytest.approx(hand.weight_n, rel=1e-3)
    assert np.abs(hand.batch.bind("qvel")).max() < 1e-4


@pytest.mark.parametrize("step", [0.001, 0.002])
def test_a_light_peg_comes_to_rest_at_usual_steps(step):
    """5 g under 16 N on springs of some 10^4 N/m: explicit forces would throw it away."""
    hand = Hand(0.005, kind="cylinder", size=".004 .025", step=step)
    hand.run(1.0)
    assert np.abs(hand.batch.bind("qvel")).max() < 1e-2
    assert hand.height_m() > -1e-3
    assert hand.shown_weight_n() == pytest.approx(hand.weight_n, rel=0.05)


def test_what_the_pads_lose_the_object_gets():
    """All forces that the gel applies add up to none, and their torques about any point, too."""
    hand = Hand(0.1, simulations=2)
    hand.run(0.1)
    hand.contact.apply()
    applied, places = hand.batch.bind("xfrc_applied"), hand.batch.bind("xipos")
    force = applied[:, :, :3]
    assert np.abs(force).max() > 1.0
    assert np.allclose(force.sum(axis=1), 0.0, atol=1e-9)
    assert np.allclose((applied[:, :, 3:] + np.cross(places, force)).sum(axis=1), 0.0, atol=1e-9)


def test_a_weak_grip_lets_the_object_slide():
    hand = Hand(0.5)
    hand.run(0.3, grip_n=1.0)  # friction carries 2 N of 4.9 N
    assert hand.height_m() < -0.05
    assert hand.shown_weight_n() <= 2.0 + 1e-3


def test_every_simulation_has_its_own_gel_and_size():
    hand = Hand(0.1, simulations=3)
    sizes = hand.batch.expand("geom_size")
    sizes[1, :, 0] = 0.0098
    hand.contact.reset([1])
    hand.contact.set_gel([2], stiffness=5e7, friction=0.5)
    hand.run(0.5)
    depth = hand.contact.depth.max(axis=(1, 2))
    assert depth[2] > 2.0 * depth[0]
    pads = hand.batch.bind("qpos")[:, :2]
    assert np.allclose(pads[1] - pads[0], 0.2e-3, atol=2e-5)
    assert hand.shown_weight_n(2) == pytest.approx(hand.weight_n, rel=1e-2)


def test_reset_forgets_one_simulation_only():
    hand = Hand(0.1, simulations=2)
    hand.run(0.1)
    hand.contact.reset([0])
    assert not hand.contact.force[0].any()
    assert hand.contact.force[1].any()


def test_the_same_again_and_alone():
    both, alone = Hand(0.1, simulations=2), Hand(0.1)
    for hand in (both, alone):
        hand.run(0.2)
    assert np.array_equal(both.contact.force[0], both.contact.force[1])
    assert np.array_equal(both.contact.force[0], alone.contact.force[0])


@pytest.mark.parametrize(
    ("mounts", "objects", "said"),
    [
        ((Mount("elbow"),), ["thing"], "mounted on nothing.*'elbow'"),
        (MOUNTS, ["thin"], "unknown geom 'thin'.*'thing'"),
        ((), ["thing"], "at least one mount"),
        ((Mount("left", quaternion=(0.0, 0.0, 0.0, 0.0)),), ["thing"], "no orientation"),
    ],
)
def test_bad_scenes_are_refused_by_name(mounts, objects, said):
    model = scene()
    batch = Batch(model, nsim=1, nthread=1, persistent=True)
    with pytest.raises(ConfigError, match=said):
        GelContact(batch, model, load_pad("gelsight_mini"), mounts, objects)


def test_an_explicit_integrator_and_an_ellipsoid_are_refused():
    for model, said in (
        (scene(integrator="RK4"), "RK4"),
        (scene(kind="ellipsoid", size=".01 .01 .02"), "thing"),
    ):
        batch = Batch(model, nsim=1, nthread=1, persistent=True)
        with pytest.raises(ConfigError, match=said):
            GelContact(batch, model, load_pad("gelsight_mini"), MOUNTS, ["thing"])


def test_mujoco_moves_the_pads_by_the_same_forces():
    """The load on a pad at rest is what its motor pushes with: MuJoCo's equation, not the field's."""
    hand = Hand(0.2)
    hand.run(0.5, grip_n=5.0)
    assert np.allclose(hand.contact.wrench()[0][0, :, 2], -5.0, rtol=1e-3)
    mujoco.mj_forward(hand.model, data := hand.batch.get_data(0))
    assert np.abs(data.qacc).max() < 0.1
