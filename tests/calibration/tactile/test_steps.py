"""The steps of a calibration one by one, each against what it must give."""

import numpy as np
import pytest

from calibration.tactile.ball import Circle, find_ball
from calibration.tactile.colours import ColourLaw, Pixels
from calibration.tactile.depth import circle_depth, fit_weights
from calibration.tactile.fit import judging
from calibration.tactile.placing import moved, normals
from calibration.tactile.scale import fit_scale
from sim.errors import ConfigError
from sim.tactile.pads import load_pad
from sim.tactile.stiffness import Press

PAD = load_pad("gelsight_mini")
CAMERA = PAD.camera
RADIUS_M = 4e-3


def picture(column, row, radius, aspect, noise, seed=0):
    """A bowl lit from three sides, flat around, with noise."""
    rows, columns = np.indices((CAMERA.rows, CAMERA.columns))
    x, y = columns - column, (rows - row) * aspect
    inside = np.hypot(x, y) < radius
    light = [x, -0.5 * x + 0.8 * y, -0.5 * x - 0.8 * y]
    shown = np.where(inside[..., None], np.stack(light, axis=-1), 0.0)
    return (shown + np.random.default_rng(seed).normal(0.0, noise, shown.shape)).astype(np.float32)


@pytest.mark.parametrize(("column", "row", "radius"), [(150.3, 120.8, 30.0), (40.0, 200.5, 20.0), (290.7, 30.2, 12.0)])
def test_a_ball_is_found_wherever_it_is(column, row, radius):
    found = find_ball(picture(column, row, radius, 1.1, noise=2.0), 2.0, 1.1)
    assert (found.column, found.row) == pytest.approx((column, row), abs=0.5)
    assert found.radius == pytest.approx(radius, abs=2.5)


@pytest.mark.parametrize("radius", [0.0, 4.0])
def test_noise_and_dust_are_no_ball(radius):
    assert find_ball(picture(150.0, 120.0, radius, 1.0, noise=2.0), 2.0, 1.0) is None


def pixels(seed=0, count=6000):
    """Pixels of a law that the fit can take on: low orders in the normal, second order in the place."""
    random = np.random.default_rng(seed)
    place = random.uniform(0.0, (CAMERA.columns - 1, CAMERA.rows - 1), (count, 2))
    radius, angle = 0.7 * np.sqrt(random.uniform(size=count)), random.uniform(0.0, 2.0 * np.pi, count)
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return Pixels(place, normal, law(place, normal))


def law(place, normal):
    x, y = (place / (CAMERA.columns, CAMERA.rows)).T
    u, v = normal.T
    return np.stack([80 * u * (1 + x * y), 60 * v * (1 + x * x) + 20 * u * u, -50 * u - 30 * v * (1 - y)], axis=-1)


def test_the_law_is_found_and_the_table_says_the_same_in_pixels():
    known = pixels()
    found = ColourLaw(CAMERA, known)
    assert found.residual < 0.02
    table = found.table(125, known)
    assert (table.coefficients[0] == 0.0).all()  # flat is flat
    random = np.random.default_rng(5)
    for _ in range(50):
        i, j = random.integers(1, 60), random.integers(0, 124)
        x, y = random.uniform(0.0, (CAMERA.columns - 1, CAMERA.rows - 1))
        m, theta = (i + 0.5) * np.pi / 2 / 124, (j + 0.5) * 2 * np.pi / 124 - np.pi
        normal = np.array([[-np.sin(m) * np.cos(theta), -np.sin(m) * np.sin(theta)]])
        shown = table.coefficients[i, j] @ [x * x, y * y, x * y, x, y, 1.0]
        assert shown == pytest.approx(law(np.array([[x, y]]), normal)[0], abs=0.3)


def test_bins_say_what_the_law_cannot():
    """A highlight a few degrees wide, as of a skin that shines."""
    known = pixels(count=40000)
    steepness = np.degrees(np.arcsin(np.linalg.norm(known.normal, axis=1)))
    shine = 30.0 * np.exp(-0.5 * ((steepness - 20.0) / 4.0) ** 2)[:, None]
    shiny = Pixels(known.place, known.normal, known.colour + shine)
    table = ColourLaw(CAMERA, shiny).table(125, shiny)
    plain = ColourLaw(CAMERA, known).table(125, known)
    gained = (table.coefficients - plain.coefficients) @ np.array(
        [160.0**2, 120.0**2, 160.0 * 120.0, 160.0, 120.0, 1.0]
    )
    assert gained[27, :124].mean() == pytest.approx(30.0, abs=4.0)  # 27.5 bins are 20 degrees
    assert abs(gained[43, :124].mean()) < 4.0


def test_markers_have_no_say():
    known = pixels()
    marked = known.colour.copy()
    marked[::10] = -60.0
    found = ColourLaw(CAMERA, Pixels(known.place, known.normal, marked))
    assert np.abs(found.at(known.place)(known.normal) - known.colour).max() < 0.5


@pytest.mark.parametrize("marked", [False, True])
def test_a_ball_is_moved_to_where_its_colours_are(marked):
    found, true = ColourLaw(CAMERA, pixels()), Circle(140.0, 110.0, 30.0)
    random = np.random.default_rng(2)
    place = random.uniform(-20.0, 20.0, (800, 2)) + np.array([true.column, true.row])
    colour = law(place, normals(place, true, RADIUS_M, CAMERA.pixel_m)) + random.normal(0.0, 0.5, (800, 3))
    if marked:
        colour[place[:, 0] > true.column + 12.0] = -60.0
    start = Circle(142.5, 108.0, 30.0)
    at = moved(found, Pixels(place, np.zeros((0, 2)), colour), start, RADIUS_M, CAMERA.pixel_m, steps=6)
    assert (at.column, at.row) == pytest.approx((140.0, 110.0), abs=0.15)


@pytest.mark.parametrize("mirrored", [1.0, -1.0])
def test_a_scale_is_that_of_a_turned_shifted_stage_with_y_up_or_down(mirrored):
    random = np.random.default_rng(0)
    places = random.uniform(-8e-3, 8e-3, (9, 2))
    turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    on_pad = (places + np.array([3e-3, 1e-3])) * (1.0, mirrored) @ turn.T
    middles = on_pad / (8e-5, 9e-5) + (160.0, 120.0)
    places[4] = np.nan
    found = fit_scale(middles, places)
    assert found.pixel_m == pytest.approx((8e-5, 9e-5), rel=1e-9)
    assert found.turn_rad == pytest.approx(mirrored * 0.2, abs=1e-9)
    assert found.skew_rad == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.residual_m[4])
    assert np.nanmax(found.residual_m) < 1e-12


def test_too_few_places_are_refused():
    with pytest.raises(ConfigError, match="too few for a scale"):
        fit_scale(np.zeros((5, 2)), np.full((5, 2), np.nan))


def test_the_edge_of_a_cap_says_its_depth():
    assert circle_depth(Circle(0.0, 0.0, 30.0), 4e-3, 8e-5) == pytest.approx(4e-3 - np.sqrt(4e-3**2 - 2.4e-3**2))


@pytest.mark.parametrize(("count", "every"), [(6, 5), (40, 5), (7, 1000), (7, 1), (6, 2)])
def test_some_presses_judge_and_more_are_fitted_to(count, every):
    held_out = judging(count, every)
    assert 1 <= len(held_out) <= count / 2
    assert set(held_out) < set(range(count))


def test_weights_off_the_taxels_are_not_used():
    on, off = Press(1.0, 0.8e-3, RADIUS_M), Press(1.0, 0.8e-3, RADIUS_M, (8e-3, 0.0))
    found = fit_weights(PAD, {3: on, 5: off})
    assert found.numbers == [3]
    assert found.forces_n == pytest.approx(found.loads_n)
    assert fit_weights(PAD, {5: off}) is None
