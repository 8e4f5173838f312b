"""Tactile pictures: exact heights, the table's own bins, the default lights, and back from pictures to depth."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d, uniform_filter

from sim.errors import ConfigError
from sim.tactile.image import TactileCamera
from sim.tactile.inversion import DepthFromColour
from sim.tactile.kernels.picture import paint
from sim.tactile.kernels.smoothing import blur, bridge
from sim.tactile.lights import BINS, brightness, default_calibration
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape
from sim.tactile.table import Table

UPRIGHT = (1.0, 0.0, 0.0, 0.0)
CAMERA_PADS = ("gelsight_r15", "gelsight_mini", "digit")


def places(camera):
    pixel_x, pixel_y = camera.pixel_m
    x = (np.arange(camera.columns) - (camera.columns - 1) / 2) * pixel_x
    y = (np.arange(camera.rows) - (camera.rows - 1) / 2) * pixel_y
    return np.meshgrid(x, y)


@pytest.mark.parametrize("pad", CAMERA_PADS)
def test_a_ball_s_height_map_is_the_ball_in_millimetres(pad):
    pad = load_pad(pad)
    seen = TactileCamera(pad, [Shape("sphere", (4e-3,))])
    seen.render((1e-3, -2e-3, 3.3e-3), UPRIGHT)
    x, y = places(pad.camera)
    across = (x - 1e-3) ** 2 + (y + 2e-3) ** 2
    expected = np.maximum(np.sqrt(np.maximum(4e-3**2 - across, 0.0)) - 3.3e-3, 0.0)
    assert np.abs(seen.indentation[0] - expected).max() < 2e-6


def test_a_lying_cylinder_and_a_standing_one():
    pad = load_pad("gelsight_mini")
    x, y = places(pad.camera)
    lying = TactileCamera(pad, [OBJECTS["peg"].shape])
    lying.render((0, 0, 3.6e-3), OBJECTS["peg"].quaternion)
    expected = np.maximum(np.sqrt(np.maximum(4e-3**2 - y**2, 0.0)) - 3.6e-3, 0.0)
    assert np.abs(lying.indentation[0] - expected).max() < 2e-6
    standing = TactileCamera(pad, [OBJECTS["stamp"].shape])
    standing.render((0, 0, 9.5e-3), UPRIGHT)
    inside = x**2 + y**2 < 2.95e-3**2
    outside = x**2 + y**2 > 3.05e-3**2
    assert np.allclose(standing.indentation[0][inside], 0.5e-3, atol=2e-6)
    assert (standing.indentation[0][outside] == 0.0).all()


def test_the_skin_bridges_the_edge_and_keeps_the_touched_part():
    seen = TactileCamera(load_pad("gelsight_mini"), [OBJECTS["stamp"].shape])
    seen.render((0, 0, 9.5e-3), UPRIGHT)
    middle = seen.camera.rows // 2
    row = seen.skin[0, middle]
    assert row[seen.camera.columns // 2] == pytest.approx(0.5e-3, rel=1e-4)
    edge = int(seen.camera.columns / 2 + 3.4e-3 / seen.camera.pixel_m[0])
    assert seen.indentation[0, middle, edge] == 0.0
    assert 0.02e-3 < row[edge] < 0.45e-3
    assert row[5] < 1e-6


@pytest.mark.parametrize("shape", [(50, 64), (7, 90)])
def test_the_skin_is_taxim_s_scheme_of_box_filters_up_to_the_border(shape):
    """Against scipy's box filters, for something that reaches over the picture's borders."""
    random = np.random.default_rng(0)
    touched = np.zeros(shape, np.float32)
    touched[:4, 20:] = random.uniform(0.1, 1.0, (4, shape[1] - 20))
    touched[:, -3:] = 0.5
    halves = np.array([9, 4, 2, 1])
    expected = touched.astype(np.float64)
    for half in halves:
        for _ in range(2):
            expected = uniform_filter(expected, 2 * half + 1, mode="nearest")
        expected = np.where(touched > 0.0, touched, expected)
    rows, columns = shape
    height, room = touched.copy(), np.empty((2, rows, columns), np.float32)
    bridge(height, halves, room[0], np.empty((3, columns, rows), np.float32), np.empty(100, np.float32), room[1])
    assert np.allclose(height, expected, atol=1e-5)
    blur(height, room[0])
    kernel = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
    blurred = correlate1d(correlate1d(expected, kernel, 0, mode="nearest"), kernel, 1, mode="nearest")
    assert np.allclose(height, blurred, atol=1e-5)


def test_an_untouched_pad_shows_its_background():
    seen = TactileCamera(load_pad("digit"), [OBJECTS["ball"].shape])
    picture = seen.render((0, 0, 1.0), UPRIGHT)[0]
    assert (picture == seen.background.astype(np.uint8)).all()


def test_pixels_take_the_bin_of_their_slope_in_the_table_s_own_number_of_bins():
    """A table that says its own indices shows which bin each slope falls into."""
    bins, rows, columns = 7, 5, 6
    table = np.zeros((bins, bins, 3, 6), np.float32)
    i, j = np.indices((bins, bins))
    table[..., 0, 5], table[..., 1, 5], table[..., 2, 3] = i, j, 1.0  # blue says the column
    black = np.zeros((rows, columns, 3), np.float32)
    lit, skin = np.zeros((1, rows, columns, 3), np.uint8), np.zeros((1, rows, columns), np.float32)
    no_boxes, no_lamps = np.zeros(0, np.int64), np.zeros((0, 4))
    for angle in (-3.0, -1.0, 0.3, 1.2, 2.9):
        for steepness in (0.2, 0.7, 1.3):
            y, x = np.mgrid[0:rows, 0:columns] * 1e-4
            slope = np.tan(steepness)
            height = (1.0 + slope * (np.cos(angle) * x + np.sin(angle) * y)).astype(np.float32)[None]
            paint(height, 1e-4, 1e-4, 9, no_boxes, table, black, no_lamps, black, skin, lit)
            expected = (
                int(steepness / (np.pi / 2 / (bins - 1))),
                int((angle + np.pi) / (2 * np.pi / (bins - 1))),
            )
            # The blur takes values outside from the border: slopes are the plane's only away from it.
            assert (lit[0, 2, 2:4, :2] == expected).all()
            assert (lit[0, 2, 2:4, 2] == [2, 3]).all()
            assert (lit[0, 0] == 0).all()  # the border counts as flat and stays the untouched pad's


def test_the_default_table_is_the_three_lights_it_was_made_of():
    camera = load_pad("gelsight_mini").camera
    table, background = default_calibration(camera)
    assert table.bins == BINS
    assert 40.0 < background.min() < background.max() < 255.0
    random = np.random.default_rng(0)
    worst = 0.0
    for _ in range(200):
        i, j = random.integers(1, 60), random.integers(0, BINS - 1)
        x, y = random.uniform(0, camera.columns - 1), random.uniform(0, camera.rows - 1)
        m, theta = (i + 0.5) * np.pi / 2 / (BINS - 1), (j + 0.5) * 2 * np.pi / (BINS - 1) - np.pi
        normal = np.array([-np.sin(m) * np.cos(theta), -np.sin(m) * np.sin(theta), -np.cos(m)])
        lit = brightness(camera, x, y, normal) - brightness(camera, x, y, np.array([0.0, 0.0, -1.0]))
        worst = max(worst, np.abs(table.coefficients[i, j] @ [x * x, y * y, x * y, x, y, 1.0] - lit).max())
    assert worst < 8.0  # grey levels: what a polynomial of second order leaves of the lights' falling off


@pytest.mark.parametrize("pad", CAMERA_PADS)
def test_depth_comes_back_from_a_noisy_picture(pad):
    pad = load_pad(pad)
    seen = TactileCamera(pad, [Shape("sphere", (5e-3,))])
    untouched = seen.render((0, 0, 1.0), UPRIGHT)[0].astype(np.float32)
    picture = seen.render((1e-3, -1e-3, 4.4e-3), UPRIGHT)[0]
    noise = np.random.default_rng(1).normal(0.0, 1.0, picture.shape)
    depth = DepthFromColour(pad.camera, seen.table).depth((picture + noise - untouched).astype(np.float32))
    assert depth.max() == pytest.approx(seen.skin.max(), rel=0.15)
    assert np.sqrt(np.mean((depth - seen.skin[0]) ** 2)) < 0.06 * seen.skin.max()
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    x, y = places(pad.camera)
    assert np.hypot(x[row, column] - 1e-3, y[row, column] + 1e-3) < 0.5e-3


def test_no_difference_is_no_depth():
    camera = load_pad("digit").camera
    table, _ = default_calibration(camera)
    noise = np.random.default_rng(2).normal(0.0, 1.0, (camera.rows, camera.columns, 3)).astype(np.float32)
    assert DepthFromColour(camera, table).depth(noise).max() < 0.02e-3


def test_a_pad_without_a_camera_or_a_background_of_another_size_is_refused():
    with pytest.raises(ConfigError, match="has no camera"):
        TactileCamera(load_pad("taxel_array"), [None])
    table = Table(np.zeros((5, 5, 3, 6), np.float32))
    with pytest.raises(ConfigError, match="background"):
        TactileCamera(load_pad("digit"), [None], calibration=(table, np.zeros((10, 10, 3), np.float32)))


def test_poses_and_heights_of_another_size_are_refused():
    seen = TactileCamera(load_pad("digit"), [OBJECTS["ball"].shape], num_pads=2)
    with pytest.raises(ConfigError, match=r"1 objects over 2 pads need \(2, 1, 3\), not \(3,\)"):
        seen.render((0, 0, 1), UPRIGHT)
    with pytest.raises(ConfigError, match=r"height maps are \(2, 120, 160\), the camera's are \(2, 240, 320\)"):
        seen.shade(np.zeros((2, 120, 160), np.float32))
    with pytest.raises(ConfigError, match="lengths of an object"):
        seen.set_sizes([0], 0, (np.nan, 0.0, 0.0))
    with pytest.raises(ConfigError, match="at least one pad"):
        TactileCamera(load_pad("digit"), [None], num_pads=0)
