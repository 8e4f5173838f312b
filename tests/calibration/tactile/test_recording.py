"""Folders of pictures: what cannot be used is refused in one line that names file, line and cure."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from calibration.tactile.fit import calibrate
from calibration.tactile.lighting import gain
from calibration.tactile.recording import read_recording
from calibration.tactile.settings import Settings
from calibration.tactile.synthetic import drift, render
from sim.errors import ConfigError


@pytest.fixture
def folder(recording, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(recording[0], tmp_path / "recording")


def rows(folder, change):
    """Rewrite presses.csv, line by line."""
    path = folder / "presses.csv"
    path.write_text("\n".join(change(number, line) for number, line in enumerate(path.read_text().splitlines())) + "\n")


def swap(number, old, new):
    return lambda folder: rows(folder, lambda n, line: line.replace(old, new) if n == number else line)


def keep(count):
    return lambda folder: (folder / "presses.csv").write_text(
        "\n".join((folder / "presses.csv").read_text().splitlines()[: count + 1])
    )


def picture(name, make):
    def spoil(folder):
        there = np.asarray(Image.open(folder / name))
        Image.fromarray(make(there).astype(np.uint8)).save(folder / name)

    return spoil


def settings(**values):
    return lambda folder: (folder / "recording.json").write_text(json.dumps(values))


def no_untouched(folder):
    for path in folder.glob("untouched_*.png"):
        path.unlink()


def column(name, value):
    return lambda folder: rows(folder, lambda n, line: f"{line},{name if n == 0 else value}")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_untouched, "no picture of the untouched pad"),
        (keep(4), "has 4 presses, expected at least 6"),
        (picture("press_003.png", lambda p: p[::2]), "press_003.png: picture of 320 x 120, expected 320 x 240"),
        (picture("press_003.png", lambda p: 0 * p), "press_003.png: black picture"),
        (picture("press_003.png", lambda p: 0.4 * p), "press_003.png: 0.40 times as bright"),
        (lambda folder: (folder / "press_003.png").write_bytes(b"no"), "press_003.png: no picture"),
        (swap(0, "image", "picture"), "unknown column 'picture'"),
        (swap(0, "load_n", "weight"), "unknown column 'weight'"),
        (swap(4, "press_003.png", "press_999.png"), "line 5: there is no picture of a press called 'press_999.png'"),
        (swap(4, "press_003.png", "untouched_0.png"), "no picture of a press called 'untouched_0.png'"),
        (swap(4, "press_003.png", "../press_003.png"), "no picture of a press called"),
        (swap(4, "press_003.png", "press_002.png"), "'press_002.png' is listed twice"),
        (swap(4, ",-", ",x"), "must be a number from"),
        (swap(4, ".", "e999."), "there is no picture"),
        (column("depth_mm", "inf"), "'depth_mm' must be a number from 0.001 to 10, not 'inf'"),
        (column("radius_mm", "nan"), "'radius_mm' must be"),
        (swap(4, "\n", ""), None),
        (
            lambda folder: rows(folder, lambda n, line: line + ",7" if n == 2 else line),
            "line 3: more values than columns",
        ),
        (lambda folder: (folder / "presses.csv").write_bytes(b"\xff\xfe\x00"), "presses.csv cannot be read"),
        (lambda folder: (folder / "presses.csv").write_text('image\n"press'), "presses.csv: "),
        (settings(pad="digit"), "the ball's radius is not known"),
        (settings(pad="digit", ball_radius_mm="4"), "radius must be 0.1 to 100 mm, not '4'"),
        (settings(pad=7), "'pad' must be a name"),
        (settings(ball=4), "unknown 'ball'"),
        (settings(pad="digit", mm_per_px=0.05), "'mm_per_px' must be two numbers"),
        (lambda folder: (folder / "recording.json").write_text("[" * 100000), "recording.json"),
        (lambda folder: (folder / "recording.json").write_text("[]"), "expected an object"),
    ],
)
def test_a_bad_folder_is_refused(spoil, words, folder):
    spoil(folder)
    if words is None:
        assert read_recording(folder, Settings()).pad.name == "digit"
        return
    with pytest.raises(ConfigError) as refused:
        read_recording(folder, Settings())
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def untouched_press(folder):
    shutil.copy(folder / "untouched_0.png", folder / "press_003.png")


def elsewhere(folder):
    def move(number, line):
        parts = line.split(",")
        return line if number != 4 else ",".join([parts[0], f"{float(parts[1]) + 2.0}", *parts[2:]])

    rows(folder, move)


def on_a_line(folder):
    rows(folder, lambda n, line: line if n == 0 else f"{line.split(',')[0]},{n},{2 * n},")


def another_ball(folder):
    """One of six presses says that its ball was a small one."""
    keep(6)(folder)
    column("radius_mm", "")(folder)
    rows(folder, lambda n, line: line + "1.0" if n == 4 else line)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (untouched_press, "press_003.png: no contact in the picture"),
        (elsewhere, "press_003.png: the ball is"),
        (on_a_line, "nearly on a line"),
        (settings(pad="digit", ball_radius_mm=1.0), "12 of 12 contacts are wider than their balls can be"),
        (another_ball, "5 presses can be used, expected at least 6 (press_003.png: the contact is wider"),
    ],
)
def test_pictures_that_do_not_fit_the_list_are_refused(spoil, words, folder):
    spoil(folder)
    with pytest.raises(ConfigError) as refused:
        calibrate(read_recording(folder, Settings()))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_a_list_all_pictures_are_presses_and_the_command_line_goes_first(folder):
    (folder / "presses.csv").unlink()
    read = read_recording(folder, Settings(ball_radius_mm=3.0, mm_per_px=(0.05, 0.06)))
    assert len(read.presses) == 12
    assert {press.radius_m for press in read.presses} == {3e-3}
    assert all(press.place_m is press.load_n is None for press in read.presses)
    assert read.pixel_m == pytest.approx((5e-5, 6e-5))


def test_drift_of_the_lamps_is_measured_roughly_first_and_well_where_nothing_touches(recording):
    folder, made = recording
    read = read_recording(folder, Settings())
    truth = np.repeat([[drift(number)] for number in range(12)], 3, axis=1)
    assert read.gains == pytest.approx(truth, abs=5e-3)
    assert read.noise == pytest.approx(1.0, abs=0.1)
    for number in (2, 5):
        untouched = (render(made, made.places[number]) == render(made, None)).all(axis=2)
        found = gain(read.pictures[number], read.background, read.noise, untouched)
        assert found == pytest.approx(truth[number], abs=5e-4)
