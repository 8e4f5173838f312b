"""Lines of the search: where they are and how they end."""

import dataclasses

import numpy as np

from sim.contact.lanes import NOISE_M, Lanes, within_square
from sim.contact.search_settings import THICK

EVERY = np.ones(2, bool)
NONE = np.zeros(2, bool)
AHEAD = np.array([[1.0, 0.0], [0.0, -1.0]])


def lanes(first=0.0):
    made = Lanes(2)
    made.begin(EVERY, np.array([2e-3, 7e-3]), AHEAD, dataclasses.replace(THICK, first=first, apart_m=4e-3))
    return made


def test_lines_are_in_the_middle_then_on_either_side_within_what_the_hole_may_be_off():
    made, beside = lanes(), []
    for _ in range(5):
        beside.append(made.beside_m.copy())
        made.next(EVERY)
    beside = np.array(beside)
    np.testing.assert_array_equal(beside[0], 0.0)
    np.testing.assert_allclose(beside[1::2], -beside[2::2])
    assert np.all(np.diff(beside[1::2], axis=0) <= 0.0)
    assert np.all(np.abs(beside) <= NOISE_M)


def test_only_who_is_asked_goes_on_to_the_next_line():
    made = lanes()
    made.next(np.array([True, False]))
    np.testing.assert_allclose(made.beside_m, [-4e-3, 0.0])
    made.next(EVERY)
    np.testing.assert_allclose(made.beside_m, [4e-3, -4e-3])


def test_the_first_two_lines_may_be_on_either_side_of_the_middle():
    made = lanes(first=0.5)
    np.testing.assert_allclose(made.beside_m, 2e-3)
    made.next(EVERY)
    np.testing.assert_allclose(made.beside_m, -2e-3)


def test_a_new_episode_begins_in_the_middle_again():
    made = lanes()
    made.next(EVERY)
    made.begin(EVERY, np.full(2, 3e-3), AHEAD, THICK)
    np.testing.assert_array_equal(made.beside_m, 0.0)


def test_lines_go_on_over_what_was_found():
    made = lanes()
    beyond = np.full(2, NOISE_M + 1e-3)
    assert made.ended(NONE, beyond).all()
    assert not made.ended(EVERY, beyond).any()


def test_lines_are_as_long_as_the_square_in_which_the_hole_is():
    beside, heading = np.array([0.0, 0.0, 3e-3, 3e-3]), np.array([0.0, np.pi / 4, np.pi / 4, -0.4])
    ends = within_square(beside, heading)
    for along in ends:  # on the square's border, as far as it goes
        x = along * np.cos(heading) - beside * np.sin(heading)
        y = along * np.sin(heading) + beside * np.cos(heading)
        np.testing.assert_allclose(np.maximum(np.abs(x), np.abs(y)), NOISE_M)
    assert (ends[0] < ends[1]).all()
    np.testing.assert_allclose(
        (ends[1] - ends[0])[:3], [2 * NOISE_M, 2 * NOISE_M * 2**0.5, 2 * (NOISE_M * 2**0.5 - 3e-3)]
    )


def test_an_edge_begins_in_the_first_hole_that_there_may_be_but_not_beyond_the_middle():
    made = lanes()
    np.testing.assert_allclose(made.start_m, [-NOISE_M + 2e-3 - THICK.begin_m, 0.0], atol=1e-12)
