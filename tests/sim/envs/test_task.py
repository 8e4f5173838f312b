"""Tasks by action level."""

import pytest

from sim.envs.task import SHORT_LEVELS, load_flight_task, task_at_level
from sim.errors import ConfigError


@pytest.mark.parametrize("short", SHORT_LEVELS)
def test_hover_is_a_task_at_every_level_by_short_and_full_name(short):
    for name in (short, SHORT_LEVELS[short]):
        assert load_flight_task(task_at_level("hover", name)).TASK.action.level == SHORT_LEVELS[short]


def test_a_task_that_is_at_the_level_already_stays():
    assert task_at_level("hover_rates", "rates") == task_at_level("hover_rates", "motor") == "hover_rates"


def test_an_unknown_level_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"unknown action level 'rate' \(did you mean 'rates'\?\).*velocity"):
        task_at_level("hover", "rate")
