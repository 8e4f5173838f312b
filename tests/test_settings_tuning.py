"""Tuning of scripted controllers: settings are scaled, what counts is what is counted, and a killed run goes on."""

from dataclasses import dataclass

import numpy as np
import pytest

from sim.contact.search_settings import THICK
from tests.bench.search_tuning import steps_left
from tests.bench.settings_tuning import Score, Tuning, scaled, tune
from tests.bench.stepping_tuning import KINDS, SCALES, steps_before_falls


@dataclass(frozen=True)
class Two:
    """Settings of nothing."""

    force: float = 2.0
    sole: tuple[float, float] = (-1.0, 3.0)
    left: float = 5.0


def test_settings_are_scaled_one_by_one():
    made = scaled(Two(), {"force": 1.0, "sole": 0.5}, np.log([2.0, 1.0, 4.0]))
    assert made.force == pytest.approx(4.0)
    assert made.sole == pytest.approx((-1.0, 6.0))
    assert made.left == 5.0


def test_a_killed_run_goes_on_with_what_it_had_found(tmp_path, capsys):
    """The better, the greater the force is."""
    asked = []

    def force(settings, generation):
        asked.append(generation)
        return Score(settings.force, 0.5)

    def run(name, generations):
        return tune(Two(), {"force": 1.0, "sole": 1.0}, force, Tuning(tmp_path / name, generations, population=8))

    run("killed", 6)
    killed = run("killed", 12)
    printed = capsys.readouterr().out
    assert run("whole", 12) == killed
    assert capsys.readouterr().out == printed
    assert asked == 2 * [generation for generation in range(12) for _ in range(8)]
    assert killed.force > 1.2 * Two().force


@pytest.mark.slow
def test_time_is_left_where_thick_pegs_are_in():
    left = steps_left(THICK, "thick", 8, seed=3)
    assert ((left >= 0) & (left < 200)).all()
    assert (left > 0).mean() > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("task", KINDS)
def test_errors_throw_the_script_over(task):
    before = KINDS[task].before
    assert set(SCALES) <= set(before.__dataclass_fields__)
    (still, none_fell), (shaken, fell) = (steps_before_falls(task, before, 8, 5, error) for error in (0.0, 0.3))
    assert not none_fell.any()
    assert (still == still[0]).all() == (task == "stand"), "who walks does not always walk as asked"
    assert fell.all()
    assert (shaken < still).all()
