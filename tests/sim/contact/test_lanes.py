"""Lines of the search: where they are, how they end, who turns and who is lifted."""

import numpy as np

from sim.contact.lanes import NOISE_M, THIN_M, Lanes

EVERY = np.ones(2, bool)
NONE = np.zeros(2, bool)


def lanes():
    made = Lanes(2)
    made.begin(EVERY, np.array([0.5 * THIN_M, 2.0 * THIN_M]))
    return made


def test_lines_are_in_the_middle_then_on_either_side_within_what_the_hole_may_be_off():
    made, beside = lanes(), []
    for _ in range(5):
        beside.append(made.beside_m.copy())
        made.next(EVERY, NONE)
    beside = np.array(beside)
    np.testing.assert_array_equal(beside[0], 0.0)
    np.testing.assert_allclose(beside[1::2], -beside[2::2])
    assert np.all(np.diff(beside[1::2], axis=0) >= 0.0)
    assert np.all(np.abs(beside) <= NOISE_M)


def test_thin_pegs_come_back_on_the_next_line_and_thick_ones_are_lifted():
    made = lanes()
    assert made.next(EVERY, NONE).tolist() == [False, True]
    assert made.way.tolist() == [-1.0, 1.0]


def test_a_failed_attempt_is_lifted_however_thick():
    made = lanes()
    made.next(EVERY, NONE)
    assert made.next(NONE, EVERY).tolist() == [True, True]
    assert made.way.tolist() == [1.0, 1.0]


def test_what_is_found_on_the_way_back_is_pushed_forwards_once_a_line():
    made, along = lanes(), np.zeros(2)
    made.next(EVERY, NONE)
    made.turn_back(EVERY, along)
    assert made.way[0] == 1.0
    made.way[0] = -1.0
    made.turn_back(EVERY, along)
    assert made.way[0] == -1.0


def test_lines_go_on_over_what_was_found():
    made = lanes()
    beyond = np.full(2, NOISE_M + 1e-3)
    assert made.ended(NONE, beyond).all()
    assert not made.ended(EVERY, beyond).any()
