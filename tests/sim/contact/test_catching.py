"""What is told by touch: a wall that holds up, an edge that falls, and what is neither."""

import dataclasses

import numpy as np
import pytest

from sim.contact.catching import FRICTION, HELD_AFTER, HELD_STEPS, Catching, lies, slides, stands_in
from sim.contact.search_settings import THICK

SETTINGS = dataclasses.replace(THICK, held_n=0.5, held_depth_m=0.1e-3, fallen_share=0.1, fallen_m=0.6e-3)
RADIUS_M = 4e-3


def caught(catching, *, steps=20, depth=0.0, drag=0.0, force=1.0):
    values = (np.full(1, value, float) for value in (steps, depth, drag, force, RADIUS_M))
    return bool(catching.caught(*values, SETTINGS)[0])


def test_a_wall_holds_up_an_edge_that_is_a_little_way_in_for_some_steps():
    catching, wall = Catching(1), {"depth": 0.2e-3, "drag": FRICTION + 0.6}
    assert [caught(catching, **wall) for _ in range(HELD_STEPS + 1)] == [False] * (HELD_STEPS - 1) + [True] * 2
    catching.begin(np.ones(1, bool))
    assert not caught(catching, **wall)


@pytest.mark.parametrize(
    "otherwise", [{"depth": 0.05e-3}, {"drag": FRICTION + 0.4}, {"steps": HELD_AFTER}, {"force": 1.2}]
)
def test_friction_and_what_pulls_on_the_face_are_no_walls(otherwise):
    catching = Catching(1)
    felt = {"depth": 0.2e-3, "drag": FRICTION + 0.6} | otherwise
    assert not any(caught(catching, **felt) for _ in range(5))


@pytest.mark.parametrize("felt", [{"force": 0.1}, {"force": 1.0, "drag": 1.0}])
def test_an_edge_that_falls_is_in_the_hole_at_once_but_not_before_it_slides(felt):
    """In the air, or held by a wall already."""
    assert caught(Catching(1), steps=1, depth=0.7e-3, **felt)
    assert not caught(Catching(1), steps=1, depth=0.5e-3, **felt)
    assert not caught(Catching(1), steps=-1, depth=2e-3, **felt)


def test_what_is_carried_and_dragged_as_on_the_face_has_not_fallen_however_deep_it_seems():
    catching = Catching(1)
    assert not any(caught(catching, steps=20, depth=3e-3, drag=0.8, force=1.0) for _ in range(5))
    np.testing.assert_array_equal(slides(np.array([0.8, 1.0, 0.1]), np.array([1.0, 1.0, 0.4])), [True, False, False])


def test_only_what_stands_deep_enough_is_pressed_in():
    tilt, leaning, depth = np.array([0.0, 0.1, 0.0, 0.0]), np.array([0.1, 0.1, 0.4, 0.1]), np.array([5, 5, 5, 1]) * 1e-3
    np.testing.assert_array_equal(stands_in(tilt, leaning, depth), [True, False, False, False])


def test_what_leans_for_long_lies():
    np.testing.assert_array_equal(lies(np.array([0.5, 0.5, 0.3]), np.array([20, 5, 20])), [True, False, False])
