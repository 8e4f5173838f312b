"""Settings of the search: thin and thick pegs each have their own, and they do what they say."""

import dataclasses

import numpy as np
import pytest

from sim.contact.felt import Felt
from sim.contact.search import SWEEP, UPRIGHT, Search
from sim.contact.search_settings import THICK, THIN, THIN_M, SearchSettings, settings_for
from sim.envs.contact_task import ContactTaskEnv

PLAIN = dataclasses.replace(
    THICK, winding=0.0, sliding_slant_rad=THICK.slant_rad, pull=0.0, yielding=0.0, face_share=0.0
)
CHANGES = {"winding": 2.0, "sliding_slant_rad": 0.0, "pull": 1.0, "yielding": 2.0, "face_share": 0.2}


def test_thin_and_thick_pegs_have_their_own():
    both = settings_for(np.array([0.5, 1.5]) * THIN_M)
    for field in dataclasses.fields(SearchSettings):
        expected = [getattr(THIN, field.name), getattr(THICK, field.name)]
        np.testing.assert_array_equal(getattr(both, field.name), expected, err_msg=field.name)


@dataclasses.dataclass
class Watched:
    """What searches would do beside the one that acts; (steps, envs, ...)."""

    phase: np.ndarray
    since: np.ndarray
    height: np.ndarray
    action: np.ndarray
    force: np.ndarray


@pytest.fixture(scope="module")
def watched():
    env = ContactTaskEnv("peg_insertion", 8, threads=1)
    env.reset()
    searches = {"plain": Search(env, PLAIN, PLAIN)}
    for name, value in CHANGES.items():
        other = dataclasses.replace(PLAIN, **{name: value})
        searches[name] = Search(env, other, other)
    told = {name: [] for name in searches}
    felt = Felt(env)
    for _ in range(175):
        force, _ = felt.wrench()
        for name, search in searches.items():
            phase, action = search.phase.copy(), search.act()
            told[name].append((phase, search.clues[:, -1], search.clues[:, 2], action, force))
        env.step(told["plain"][-1][3])
    return {name: Watched(*(np.array(values) for values in zip(*steps))) for name, steps in told.items()}


def moved(watched, name):
    """How far actions differ from the plain ones', and where both searches do the same."""
    plain, other = watched["plain"], watched[name]
    return other.action - plain.action, np.where(plain.phase == other.phase, plain.phase, -1)


def test_a_hand_is_moved_faster_while_the_edge_sticks(watched):
    more, phase = moved(watched, "winding")
    differs = np.abs(more).max(axis=2)
    assert (differs[phase != SWEEP] == 0.0).all()
    assert (differs[phase == SWEEP] > 0.1).any()
    late = (phase == SWEEP) & (watched["plain"].since > 0.5)
    assert (differs[late] == 0.0).mean() > 0.2  # (it slides)


def test_a_hand_turns_back_along_a_line_only(watched):
    more, phase = moved(watched, "sliding_slant_rad")
    turns = np.abs(more[..., 3:]).max(axis=2)
    assert (turns[phase != SWEEP] < 1e-9).all()
    assert (turns[phase == SWEEP] > 1e-3).mean() > 0.9


@pytest.mark.parametrize(("name", "where", "sign"), [("pull", SWEEP, -1.0), ("yielding", UPRIGHT, 1.0)])
def test_drag_is_made_up_for_and_what_pushes_aside_in_a_hole_is_yielded_to(watched, name, where, sign):
    more, phase = moved(watched, name)
    pushed = np.linalg.norm(more[..., :2], axis=2)
    assert (pushed[(phase >= 0) & (phase != where)] < 1e-9).all()
    there = (phase == where) & (pushed > 1e-3)
    assert there.sum() > 0.5 * (phase == where).sum()
    along = (more[..., :2] * watched["plain"].force[..., :2]).sum(axis=2)
    assert (sign * along[there] > 0.0).all()


def test_an_edge_that_slides_stays_at_the_faces_height(watched):
    drifting, set_right = watched["plain"], watched["face_share"]
    slides = (drifting.phase == SWEEP) & (set_right.phase == SWEEP) & (drifting.since > 0.4)
    assert slides.sum() > 50
    assert np.abs(set_right.height[slides]).mean() < 0.7 * np.abs(drifting.height[slides]).mean()
