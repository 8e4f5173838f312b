"""Tuning of the search: settings are scaled, what is counted is time that is left, and a killed run goes on."""

import numpy as np
import pytest

from sim.contact.search_settings import THICK, THIN, SearchSettings
from tests.bench import search_tuning
from tests.bench.search_tuning import Args, main, scaled, steps_left


def test_settings_are_scaled_one_by_one():
    fields = list(SearchSettings.__dataclass_fields__)
    logarithms = np.zeros(len(fields))
    logarithms[fields.index("force_n")] = np.log(2.0)
    made = scaled(THIN, logarithms)
    assert made.force_n == pytest.approx(2.0 * THIN.force_n)
    assert made.hover_m == THIN.hover_m


@pytest.mark.slow
def test_time_is_left_where_thick_pegs_are_in():
    left = steps_left(THICK, "thick", 8, seed=3)
    assert ((left >= 0) & (left < 200)).all()
    assert (left > 0).mean() > 0.5


def test_a_killed_run_goes_on_with_what_it_had_found(tmp_path, monkeypatch, capsys):
    """The better, the harder it is pressed."""
    asked = []

    def pressed(settings, pegs, starts, seed):
        asked.append(seed)
        return np.full(starts, settings.force_n)

    monkeypatch.setattr(search_tuning, "steps_left", pressed)
    main(Args("thin", tmp_path / "killed", generations=6, population=8, starts=2))
    main(Args("thin", tmp_path / "killed", generations=12, population=8, starts=2))
    killed = capsys.readouterr().out.splitlines()
    main(Args("thin", tmp_path / "whole", generations=12, population=8, starts=2))
    whole = capsys.readouterr().out.splitlines()
    assert [line for line in killed if line.startswith("generation")] == [
        line for line in whole if line.startswith("generation")
    ]
    assert len(set(asked)) == 12, "every generation has starts of its own"
    found = next(line for line in reversed(whole) if "force_n" in line)
    assert float(found.split("=")[1].strip(",")) > 1.2 * THIN.force_n
