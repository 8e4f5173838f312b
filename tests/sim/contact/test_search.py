"""The controller that searches by touch: what it feels, what it may not look at, and that it finds holes."""

from __future__ import annotations

import numpy as np
import pytest

from sim.contact.felt import Felt
from sim.contact.randomizable import ContactTerm
from sim.contact.search import LINES, PHASES, SWEEP, Search
from sim.contact.tables import set_term
from sim.contact.workpieces import PEG_GRIP_M, PEG_LENGTH_M
from sim.distributions import Constant, Uniform
from sim.envs.contact_task import ContactTaskEnv, load_contact_task
from sim.errors import ConfigError
from sim.quaternions import conjugate, rotate
from sim.randomization import RandomizationTable


def thick(*others):
    """The task's table, with thick pegs and what else is named."""
    named = {"diameter", *(term.parameter for term in others)}
    terms = [term for term in load_contact_task("peg_insertion").EVALUATION_TABLE.terms if term.parameter not in named]
    return RandomizationTable("thick", (*terms, set_term("diameter", Uniform(0.012, 0.016), "test"), *others))


def test_a_weight_is_felt_where_it_hangs():
    table = RandomizationTable("heavy", (set_term("mass", Constant(0.1), "test"),))
    env = ContactTaskEnv("peg_insertion", 2, table=table, threads=1)
    env.reset()
    for _ in range(20):
        env.step(np.zeros((2, 6)))
    force, torque = Felt(env).wrench()
    np.testing.assert_allclose(force, [[0.0, 0.0, -0.981]] * 2, atol=0.02)
    lever = env.world.object_position_w - env.world.arm.position_w
    np.testing.assert_allclose(torque, np.cross(lever, force), atol=2e-3)


@pytest.mark.parametrize("number", [0, 1])
def test_what_one_pad_alone_feels_turns_the_hand_about_that_finger(number):
    env = ContactTaskEnv("peg_insertion", 1, threads=1)
    env.reset()
    world = env.world
    world.gel.force[:] = 0.0
    world.gel.force[0, number, :, 1] = 1.0 / world.gel.force.shape[2]  # one newton along the pad's y: up the finger
    force, torque = Felt(env).wrench()
    finger = world.batch.bind("xpos")[0, world.model.body(f"{'left' if number == 0 else 'right'}_finger").id]
    up, lever = force[0], finger - world.arm.position_w[0]
    np.testing.assert_allclose(np.linalg.norm(up), 1.0, atol=1e-5)
    across = rotate(world.arm.quaternion_w, np.array([1.0, 0.0, 0.0]))[0]  # neither up nor the finger's way
    assert (across @ torque[0]) * (across @ np.cross(lever, up)) > 0.0


def test_pads_tell_how_far_a_peg_reaches():
    env = ContactTaskEnv("peg_insertion", 24, table=thick(), seed=2, threads=1)
    env.reset()
    env.step(np.zeros((24, 6)))
    reach = Felt(env).reach(PEG_LENGTH_M)
    place, _ = env.world.object_in_tool()
    true = place[:, 2] + PEG_LENGTH_M / 2.0
    within = place[:, 2] - PEG_GRIP_M > 0.0  # (its upper end lies on the pad)
    assert within.sum() > 5
    np.testing.assert_allclose(reach[within], true[within], atol=2e-3)
    assert np.all(true < reach + 2e-3)


def leans(env):
    """How pegs lean in the tool's frame, as it is and as it is felt, (n, 3) each."""
    world = env.world
    true = rotate(conjugate(world.arm.quaternion_w), rotate(world.object_quaternion_w, (0.0, 0.0, 1.0)))
    return true, Felt(env).axis()


def test_pads_tell_how_a_peg_leans_across_the_fingers_way():
    tilted = ContactTerm("grasp_tilt", Uniform(-0.15, 0.15), "add", "test")
    env = ContactTaskEnv("peg_insertion", 24, table=thick(tilted), threads=1)
    env.reset()
    env.step(np.zeros((24, 6)))
    true, felt = leans(env)
    assert np.ptp(true[:, 0]) > 0.2
    np.testing.assert_allclose(felt[:, 0], true[:, 0], atol=0.05)
    assert np.corrcoef(felt[:, 0], true[:, 0])[0, 1] > 0.95


def test_pads_tell_how_a_peg_leans_along_the_fingers_way():
    """A peg that is slid over a face leans back."""
    env = ContactTaskEnv("peg_insertion", 24, table=thick(), threads=1)
    env.reset()
    search, pairs = Search(env), []
    for step in range(140):
        env.step(search.act())
        if step > 100:
            pairs.append(leans(env))
    true, felt = (np.concatenate(values)[:, 1] for values in zip(*pairs))
    assert true.std() > 0.01
    assert np.corrcoef(true, felt)[0, 1] > 0.8
    assert 0.5 < np.polyfit(true, felt, 1)[0] < 1.2


def test_it_looks_at_nothing_that_a_policy_may_not_see(monkeypatch):
    env = ContactTaskEnv("peg_insertion", 3, threads=1)
    env.reset()
    search = Search(env)
    for name in ("object_position_w", "object_quaternion_w", "fixture_force", "goal", "object_in_tool"):
        monkeypatch.setattr(env.world, name, None)
    action = search.act()
    assert action.shape == (3, 6)
    assert np.isfinite(action).all()


def test_it_tells_where_the_edge_is_and_on_which_line():
    env = ContactTaskEnv("peg_insertion", 24, table=thick(), threads=1)
    env.reset()
    search, told, stages = Search(env), [], []
    for _ in range(256):
        env.step(search.act())
        told.append(search.clues)
        stages.append(search.stage)
    told, stages = np.array(told), np.array(stages)
    phases, lines = stages % len(PHASES), stages // len(PHASES)
    assert set(np.unique(phases)) == set(range(len(PHASES)))
    assert 0 <= lines.min() < lines.max() < LINES
    assert np.abs(told[:, :, 2][phases == SWEEP]).mean() < 0.4  # along a face the edge is at its height
    first = (phases == SWEEP) & (lines == 0)
    assert np.ptp(told[:, :, 0][first]) > 1.5  # from one end of a line to the other


def test_there_is_nothing_to_search_for_on_a_plate():
    with pytest.raises(ConfigError, match="nothing to search for in 'peg_placement'"):
        Search(ContactTaskEnv("peg_placement", 1, threads=1))


@pytest.mark.slow
def test_it_finds_most_holes_of_thick_pegs():
    env = ContactTaskEnv("peg_insertion", 32, table=thick(), seed=0, threads=1)
    env.reset()
    search, success, done = Search(env), np.zeros(32, bool), np.zeros(32, bool)
    while not done.all():
        transition = env.step(search.act())
        success |= transition.success & transition.ended & ~done
        done |= transition.ended
    assert success.mean() > 0.75
