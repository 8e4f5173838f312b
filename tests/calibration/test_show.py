"""What is said of an identification beside its table."""

import numpy as np
from rich.console import Console

from calibration.estimate import Estimate
from calibration.show import show_rest


def said(**options):
    estimate = Estimate(
        (), (), np.zeros(0), np.zeros((0, 0)),
        unknown={"a": "too short: leg 1", "b": "too short: leg 2", "c": "no weight"},
        holdout={"position_m.0.5s": 0.012, "nominal.position_m.0.5s": 0.34},
        notes=("a term is missing",),
    )  # fmt: skip
    console = Console(width=200)
    with console.capture() as text:
        show_rest(estimate, console, ("position_m", "mm", ".1f"), (0.1, 0.5), **options)
    return text.get()


def test_what_is_not_known_is_said_once_for_each_reason():
    lines = said(shorten=lambda name, reason: reason.partition(":")[0]).splitlines()
    assert lines[:3] == ["not known a, b: too short", "not known c: no weight", "note a term is missing"]
    assert "not known a: too short: leg 1" in said()


def test_predictions_are_shown_for_the_horizons_that_there_are():
    assert said().splitlines()[-1] == "predicts what was not fitted to 12.0 mm over 0.5 s (nominal 340.0)"
