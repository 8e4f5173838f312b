"""Settings of the search: thin and thick pegs each have their own, and they do what they say."""

import dataclasses

import numpy as np
import pytest

from sim.contact.search import PHASES, SWEEP, Search
from sim.contact.search_settings import THICK, THIN, THIN_M, SearchSettings, settings_for
from sim.envs.contact_task import ContactTaskEnv

ENVS = 8


def test_thin_and_thick_pegs_have_their_own():
    both = settings_for(np.array([0.5, 1.5]) * THIN_M)
    for field in dataclasses.fields(SearchSettings):
        expected = [getattr(THIN, field.name), getattr(THICK, field.name)]
        np.testing.assert_array_equal(getattr(both, field.name), expected, err_msg=field.name)


@pytest.fixture(scope="module")
def other_ways():
    """Phases and what two other searches would do, less what the one does that acts; (steps, envs, ...)."""
    settings = dataclasses.replace(THICK, winding=0.0, sliding_slant_rad=THICK.slant_rad)
    env = ContactTaskEnv("peg_insertion", ENVS, threads=1)
    env.reset()
    usual = Search(env, settings, settings)
    others = [dataclasses.replace(settings, **change) for change in ({"winding": 2.0}, {"sliding_slant_rad": 0.0})]
    searches = [Search(env, other, other) for other in others]
    phases, moved, age = [], [], []
    for _ in range(160):
        phases.append(usual.phase.copy())
        age.append(usual.clues[:, -1].copy())
        action = usual.act()
        moved.append([search.act() - action for search in searches])
        env.step(action)
    return np.array(phases), np.array(moved).swapaxes(0, 1), np.array(age)


def test_a_hand_is_moved_faster_while_the_edge_sticks(other_ways):
    phases, (faster, _), age = other_ways
    differs = np.abs(faster).max(axis=2)
    assert (differs[phases != SWEEP] == 0.0).all()
    moving = (phases == SWEEP) & (differs > 0.0)
    assert moving.any()
    late = (phases == SWEEP) & (age > 0.5)
    assert (differs[late] == 0.0).mean() > 0.3  # (it slides)


def test_a_hand_turns_back_along_a_line_only(other_ways):
    phases, (_, back), _ = other_ways
    turns = np.abs(back[..., 3:]).max(axis=2)
    assert (turns[phases != SWEEP] < 1e-9).all()
    assert (turns[phases == SWEEP] > 1e-3).mean() > 0.9
    assert set(np.unique(phases)) <= set(range(len(PHASES)))
