"""``sim2metal compare``: table, JSON and overlay of what was really flown, and its refusals."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from calibration.compare import Args, run
from calibration.comparison import Comparison
from calibration.reporting.tracking_plots import FlownPath, overlay
from sim.errors import ConfigError
from tests.support.refusal import refusal

SHORT = {"trajectory": ("circle:period=1,radius=0.05,ramp=0.3",), "flights": 2, "threads": 1}


def colours_of(picture):
    pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    return {(p >> 16, p >> 8 & 255, p & 255) for p in np.unique(pixels @ (1 << 16, 1 << 8, 1)).tolist()}


def test_table_json_and_overlay(tmp_path, capsys):
    result = run(Args(controllers=("lee", "indi"), out=tmp_path, **SHORT))
    rows = {(row["controller"], row["gains"]): row for row in result["compare.figures"]}
    assert set(rows) == {(law, gains) for law in ("Lee", "INDI") for gains in ("tuned", "published")}
    assert rows["INDI", "tuned"]["rmse_m"] < 0.05
    assert rows["INDI", "tuned"]["peak_error_m"] >= rows["INDI", "tuned"]["rmse_m"]
    assert {row["seed"] for row in rows.values()} == {1000}
    assert json.loads((tmp_path / "compare.json").read_text())["compare.figures"] == result["compare.figures"]
    with Image.open(tmp_path / "compare.png") as picture:
        assert len(colours_of(picture)) > 50
    printed = capsys.readouterr().out
    for word in ("INDI, tuned", "Lee, published", "circle:period=1", f"{100 * rows['INDI', 'tuned']['rmse_m']:.1f}"):
        assert word in printed


def rmse(**options):
    comparison = Comparison(Args(controllers=("indi",), tuned=True, **options, **SHORT))
    comparison.fly(lambda _text: None)
    return [row["rmse_m"] for row in comparison.result()["compare.figures"]]


def test_the_same_seed_gives_the_same_figures_and_another_others():
    assert rmse(seed=1000) == rmse(seed=1000) != rmse(seed=1001)


def test_randomised_airframes_are_harder():
    assert rmse(randomised=True) > rmse(randomised=False)


def test_only_the_gains_asked_for_fly():
    def kinds(**options):
        return {contestant.gains for contestant in Comparison(Args(controllers=("pid",), **options)).contestants}

    assert kinds() == kinds(tuned=True, published=True) == {"tuned", "published"}
    assert kinds(tuned=True) == {"tuned"}
    assert kinds(published=True) == {"published"}


def test_missing_tuned_gains_are_noted_or_refused():
    comparison = Comparison(Args(controllers=("lee", "pid"), robot="hexarotor"))
    assert {contestant.gains for contestant in comparison.contestants} == {"published"}
    assert "sim2metal tune lee pid --robot hexarotor" in comparison.notes[0]
    with pytest.raises(ConfigError, match="sim2metal tune lee --robot hexarotor"):
        Comparison(Args(controllers=("lee",), robot="hexarotor", tuned=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--controllers", "lqr"], "unknown controller 'lqr'; choose from: pid, mellinger, lee, indi"),
        (["--trajectory", "spiral"], "unknown trajectory 'spiral'"),
        (["--robot", "g1"], "does not fly"),
        (["--parameter-set", "heavy"], "no parameter set 'heavy'"),
        (["--flights", "0"], "--flights must be at least 1"),
        (["--seed", "-1"], "--seed must not be negative"),
        (["no-such-bundle"], "no-such-bundle"),
        (["policies/zoo/hover_attitude"], "follows no trajectory"),
    ],
)
def test_refusals(options, words, tmp_path, capsys):
    out = tmp_path / "out"
    assert words in refusal(capsys, ["compare", "--out", str(out), *options])
    assert not out.exists()


def test_folder_that_cannot_be_written_is_refused_before_anything_flies(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert "file" in refusal(capsys, ["compare", "--controllers", "lee", "--out", str(tmp_path / "file")])


def test_nothing_to_compare_is_refused():
    with pytest.raises(ConfigError, match="nothing to compare"):
        Comparison(Args(controllers=()))


def test_overlay_draws_each_controller_in_its_colour_and_lost_flights_as_gaps():
    time = np.linspace(0.0, 1.0, 50)
    reference = np.stack([np.cos(time), np.sin(time), 0 * time], axis=1)
    lost = reference.copy()
    lost[20:] = np.nan
    blue, orange = (36, 104, 200), (221, 107, 32)

    def colours(*paths):
        return colours_of(Image.open(io.BytesIO(overlay([("one", paths)]))))

    both = colours(
        FlownPath("a", "a", False, time, reference, reference), FlownPath("b", "b", False, time, lost, reference)
    )
    assert {blue, orange} <= both
    assert orange not in colours(FlownPath("a", "a", False, time, reference, reference))
