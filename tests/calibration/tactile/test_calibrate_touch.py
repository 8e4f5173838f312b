"""A pad unlike the nominal one in everything is found again from pictures of a ball; mistakes are one line."""

import io

import numpy as np
import pytest
from PIL import Image

from calibration.calibrate_touch import Args, run
from calibration.tactile.synthetic import RADIUS_M, STAGE_TURN_RAD
from sim.errors import ConfigError, StorageError
from sim.tactile.calibration import read_calibration
from sim.tactile.image import TactileCamera
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape


def test_scale_and_turn_of_the_stage_come_from_the_places(recording, calibrated):
    result, out = calibrated
    truth = recording[1].truth
    assert result["scale"] == "places"
    assert read_calibration(out).pixel_m == pytest.approx(truth.pixel_m, rel=5e-3)
    assert truth.pixel_m[1] < 0.98 * load_pad("digit").camera.pixel_m[1]  # (the nominal one would not do)
    assert result["place_residual_mm"] < 0.02
    assert np.radians(result["stage_turn_deg"]) == pytest.approx(-STAGE_TURN_RAD, abs=2e-3)


def test_balls_are_found_to_a_third_of_a_pixel_and_their_depths_to_twenty_micrometres(recording, calibrated):
    made = recording[1]
    camera = made.pad.camera
    middle = 0.5 * np.array([camera.columns - 1, camera.rows - 1])
    for name, circle in calibrated[0]["circles"].items():
        place = made.places[int(name[6:9])]
        found = circle["column"], circle["row"]
        assert found == pytest.approx(place[:2] / camera.pixel_m + middle, abs=0.4), name
        assert circle["depth_m"] == pytest.approx(RADIUS_M - place[2], abs=20e-6), name


def test_weights_give_the_stiffness(recording, calibrated):
    result, out = calibrated
    assert read_calibration(out).stiffness_n_m3 == result["stiffness_n_m3"]
    assert result["stiffness_n_m3"] == pytest.approx(recording[1].truth.stiffness_n_m3, rel=0.01)
    assert result["load_error"] < 0.02


def test_what_nothing_was_fitted_to_looks_like_the_truth(calibrated):
    """Rounding to whole grey levels alone makes a third of a level."""
    result, _ = calibrated
    right, seen = result["against_truth"], result["held_out"]
    assert 0.0 < right["scale"] < 5e-3
    assert 0.0 < right["stiffness"] < 0.01
    assert right["presses"] == seen["presses"] == 3
    assert right["error"] < 0.8 < 4.0 < right["change"]
    assert seen["error"] < 1.5


def test_the_file_renders_another_object_like_the_truth(recording, calibrated):
    """A capsule, whose slopes are others than a ball's; the made-up table is a dozen times further off."""
    truth, own, pad = recording[1].truth, read_calibration(calibrated[1]), load_pad("digit")
    pen = Shape("capsule", (3e-3, 2e-3))
    pose = (0.5e-3, -0.4e-3, 2.4e-3), (np.cos(0.8), 0.0, np.sin(0.8), 0.0)

    def change(calibration):
        mine = pad if calibration is None else calibration.of(pad)
        camera = TactileCamera(mine, [pen], calibration=None if calibration is None else calibration.pictures(mine))
        return camera.render(*pose)[0].astype(float) - camera.background

    right = change(truth)
    touched = np.abs(right).sum(axis=2) > 6.0
    assert np.abs(change(own) - right)[touched].mean() < 1.0
    assert np.abs(change(None) - right)[touched].mean() > 6.0


def test_the_report_and_the_untouched_picture_lie_beside_it(calibrated):
    result, out = calibrated
    report = Image.open(result["report"])
    assert report.width > 1000
    assert len(report.convert("RGB").getcolors(1 << 20)) > 1000
    untouched = np.asarray(Image.open(io.BytesIO(out.with_suffix(".background.png").read_bytes())))
    assert np.abs(untouched - read_calibration(out).background).max() <= 0.5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"out": "own.txt"}, "--out"),
        ({"bins": 3}, "--bins"),
        ({"held_out": 1}, "--held-out"),
        ({"radius": -1.0}, "radius must be"),
        ({"rotate": 45}, "'rotate' must be"),
        ({"mm_per_px": (0.05, float("nan"))}, "'mm_per_px' must be"),
        ({"synthetic": 3}, "--synthetic"),
        ({"synthetic": 9}, "is not empty"),
        ({"seed": -1}, "--seed"),
        ({"pad": "digt"}, "did you mean 'digit'"),
        ({"pad": "taxel_array"}, "has no camera"),
        ({"pad": "gelsight_r15"}, "untouched_0.png: picture of 320 x 240, expected 240 x 320"),
        ({"truth": "nothing.npz"}, "nothing.npz cannot be read"),
        ({"folder": "nowhere"}, "nowhere cannot be read"),
    ],
)
def test_bad_options_are_refused_and_write_nothing(changed, words, recording, tmp_path):
    options = {"folder": recording[0], "out": "own.npz", **changed}
    for name in {"out", "truth", *({"folder"} & set(changed))} & set(options):
        options[name] = tmp_path / options[name]
    with pytest.raises(ConfigError) as refused:
        run(Args(**options))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_the_report_may_not_lie_among_the_pictures(recording):
    with pytest.raises(ConfigError, match="among the pictures"):
        run(Args(recording[0], out=recording[0] / "own.npz"))
    assert not (recording[0] / "own.npz").exists()


def test_an_unwritable_place_is_said_before_the_work(recording, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        run(Args(recording[0], out=tmp_path / "file" / "own.npz"))
