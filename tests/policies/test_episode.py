"""How a bundle says that an episode ends: as its task ends it, and refused where its times contradict each other."""

import dataclasses

import pytest

from policies.bundle import load_bundle, save_bundle
from policies.contact_bundle import episode_of
from policies.limit_checks import is_ordered
from sim.contact.spec import EPISODE_STEPS
from sim.envs.contact_task import load_contact_task
from sim.errors import BundleError
from sim.spec import Episode
from tests.support.reach_policy import build_reach_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_reach_bundle(tmp_path_factory.mktemp("reach") / "bundle")


def test_a_hand_opens_where_the_task_opens_it(bundle):
    placed = episode_of(load_contact_task("peg_placement").TASK)
    assert (placed.steps, placed.opens_at, placed.rises_at) == (EPISODE_STEPS, 232, 241)
    assert episode_of(load_contact_task("peg_insertion").TASK) == Episode(EPISODE_STEPS)
    assert load_bundle(bundle.path).info.episode == placed


@pytest.mark.parametrize(
    ("episode", "good"),
    [
        (Episode(), True),
        (Episode(10), True),
        (Episode(10, 4), True),
        (Episode(10, 4, 4, 0.1), True),
        (Episode(10, 11), False),
        (Episode(10, 4, 3, 0.1), False),
        (Episode(10, None, 3, 0.1), False),
        (Episode(-1), False),
        (Episode(10, 4, 5, float("nan")), False),
        (Episode(10, 4, 5, -0.1), False),
    ],
)
def test_times_that_contradict_each_other_are_none(episode, good):
    assert is_ordered(episode) is good


def test_a_bundle_with_such_times_is_refused(bundle, tmp_path):
    info = dataclasses.replace(bundle.info, episode=Episode(10, 20))
    with pytest.raises(BundleError, match="the episode's times contradict each other"):
        save_bundle(tmp_path / "wrong", info, bundle.read_policy(), bundle.golden())
    assert not (tmp_path / "wrong").exists()
