"""What was measured of one's own sensor: written, read back, laid on a pad; what cannot be is refused by name."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sim.errors import ConfigError
from sim.tactile.calibration import Calibration, read_calibration, write_calibration
from sim.tactile.image import TactileCamera
from sim.tactile.lights import Lamps, default_calibration
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.table import CHANNELS, Table, read_table
from sim.tactile.untouched import with_untouched

PAD, BALL = load_pad("gelsight_mini"), OBJECTS["ball"]
TABLE = Table(np.random.default_rng(1).normal(size=(7, 7, 3, 6)).astype(np.float32))
BACKGROUND = np.random.default_rng(2).uniform(0.0, 255.0, (240, 320, 3)).astype(np.float32)
WHOLE = Calibration(TABLE, BACKGROUND, (8e-5, 8.5e-5), 3e8, "gelsight_mini")


def test_what_is_written_is_read_back_and_is_a_file_of_the_published_format(tmp_path):
    write_calibration(tmp_path / "mine.npz", WHOLE)
    found = read_calibration(tmp_path / "mine.npz")
    assert np.array_equal(found.table.coefficients, TABLE.coefficients)
    assert np.array_equal(found.background, BACKGROUND)
    assert (found.pixel_m, found.stiffness_n_m3, found.pad) == (WHOLE.pixel_m, WHOLE.stiffness_n_m3, WHOLE.pad)
    assert np.array_equal(read_table(tmp_path / "mine.npz").coefficients, TABLE.coefficients)


def test_what_a_published_file_lacks_is_the_nominal_pad_s(tmp_path):
    write_calibration(tmp_path / "t.npz", Calibration(TABLE))
    found = read_calibration(tmp_path / "t.npz")
    assert (found.background, found.pixel_m, found.stiffness_n_m3) == (None, None, None)
    assert found.of(PAD) == PAD
    assert np.array_equal(found.pictures(PAD)[1], default_calibration(PAD.camera)[1])


def test_a_measured_scale_is_the_footprint_of_the_pad_s_pictures():
    mine = WHOLE.of(PAD)
    assert mine.camera.pixel_m == pytest.approx((8e-5, 8.5e-5))
    assert mine.size_m == pytest.approx((320 * 8e-5, 240 * 8.5e-5))
    assert mine.taxels == PAD.taxels
    shown = TactileCamera(mine, [None], calibration=WHOLE.pictures(mine)).render((0, 0, 1), (1, 0, 0, 0))[0]
    assert shown.shape == (240, 320, 3)


def test_pictures_of_another_size_and_pads_without_any_are_refused():
    with pytest.raises(ConfigError, match=r"of pictures of 320 x 240, GelSight R1\.5 has 240 x 320"):
        replace(WHOLE, pad=None).pictures(load_pad("gelsight_r15"))
    with pytest.raises(ConfigError, match="of a gelsight_mini, not of a digit"):  # (its pictures are as large)
        WHOLE.of(load_pad("digit"))
    with pytest.raises(ConfigError, match="taxel array has no camera"):
        WHOLE.of(load_pad("taxel_array"))


@pytest.mark.parametrize("factor", [1, 2])
def test_a_published_table_with_its_untouched_picture_shows_that_picture_and_its_own_colours(factor, tmp_path):
    """Measured with as many pixels as the pad has, or twice as many each way: the same lamps, the same pictures."""
    finer = replace(PAD.camera, rows=factor * 240, columns=factor * 320)
    table, background = default_calibration(finer, Lamps((60.0, 190.0, 310.0)))
    Image.fromarray(np.round(background).astype(np.uint8)).save(tmp_path / "bg.png")
    found = with_untouched(Calibration(table), tmp_path / "bg.png", PAD)
    seen = TactileCamera(PAD, [BALL.shape], calibration=found.pictures(PAD))
    truth = TactileCamera(PAD, [BALL.shape], calibration=default_calibration(PAD.camera, Lamps((60.0, 190.0, 310.0))))
    place = (2e-3, -3e-3, BALL.clearance_m - 0.6e-3)
    pictures = [camera.render(place, BALL.quaternion)[0].astype(int) for camera in (seen, truth)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 2
    assert np.abs(pictures[1] - truth.untouched.astype(int)).max() > 40


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"hello", "no picture"),
        ((320, 239), "320 x 239 pixels, GelSight Mini's pictures have 320 x 240"),
        ((480, 360), "480 x 360 pixels"),
        ((640, 240), "640 x 240 pixels"),
    ],
)
def test_what_is_no_untouched_picture_is_refused_in_one_line_with_its_name(content, words, tmp_path):
    path = tmp_path / "bg.png"
    if isinstance(content, tuple):
        Image.new("RGB", content).save(path)
    elif content:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as refused:
        with_untouched(Calibration(TABLE), path, PAD)
    assert "bg.png" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"background": np.zeros((240, 320))}, "'background' is"),
        ({"background": np.zeros((0, 320, 3))}, "'background' is"),
        ({"background": np.full((2, 2, 3), np.nan)}, "no numbers"),
        ({"background": np.full((2, 2, 3), 256.0)}, "within 0 and 255"),
        ({"pixel_m": np.array([0.08, 0.08])}, "within 1e-07"),
        ({"pixel_m": np.array(8e-5)}, "'pixel_m' is"),
        ({"stiffness_n_m3": np.array(-1.0)}, "'stiffness_n_m3' must lie"),
        ({"stiffness_n_m3": np.array(["a"])}, "no numbers"),
        ({"stiffness_n_m3": np.array([1e8, 1e8])}, "one number"),
        ({"pad": np.array(7)}, "'pad' must be"),
        ({"pad": np.array(["a", "b"])}, "'pad' must be"),
        ({"pad": np.array("a\nb")}, "'pad' must be"),
    ],
)
def test_a_bad_extra_is_refused_in_one_line_with_the_file_s_name(extra, words, tmp_path):
    channels = {name: TABLE.coefficients[:, :, number] for number, name in enumerate(CHANNELS)}
    np.savez(tmp_path / "bad.npz", bins=7, **channels, **extra)
    with pytest.raises(ConfigError) as refused:
        read_calibration(tmp_path / "bad.npz")
    assert words in str(refused.value)
    assert "bad.npz" in str(refused.value)
    assert "\n" not in str(refused.value)
