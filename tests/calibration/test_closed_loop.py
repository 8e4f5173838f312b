"""From a robot that nobody knows to a policy that flies it: excitation, identification, fine-tuning, flight."""

import pytest

from tests.bench.closed_loop import measure


@pytest.mark.slow
def test_a_hidden_robot_at_the_edge_is_flown_after_a_short_fine_tuning():
    figures = measure(robots=2, iterations=600)
    assert figures["loop.crashes"] == 0
    assert figures["loop.crashes_before"] > 0
    assert figures["loop.improvement"] > 0.4
