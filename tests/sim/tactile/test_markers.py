"""Marker dots: at rest, moved with a static grasp's shear and twist, pushed aside by a press; drawn where they are."""

import math

import numpy as np
import pytest

from sim.tactile.image import TactileCamera
from sim.tactile.kernels.markers import draw_dots
from sim.tactile.markers import Markers, moved
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.press import press
from sim.tactile.sensor import Pad

PAD: Pad = load_pad("gelsight_mini")
MARKERS = Markers.fitted(PAD.camera)


def motion(name, load=2.0, **way):
    contact = press(PAD, OBJECTS[name], load, **way)
    return moved(MARKERS, PAD, contact.field)[0] - MARKERS.positions, contact


def touched(name, contact):
    """Dots that are at least a millimetre inside the contact."""
    seen = TactileCamera(PAD, [OBJECTS[name].shape])
    seen.render(contact.position, contact.quaternion)
    pixel_x, pixel_y = seen.camera.pixel_m
    columns = np.round(MARKERS.positions[:, 0] / pixel_x + 159.5).astype(int)
    rows = np.round(MARKERS.positions[:, 1] / pixel_y + 119.5).astype(int)
    return np.all(
        [seen.indentation[0, np.clip(rows + dy, 0, 239), np.clip(columns + dx, 0, 319)] > 0.0
         for dy in (-12, 0, 12) for dx in (-13, 0, 13)], axis=0,
    )  # fmt: skip


def test_the_grid_is_fots_and_fits_every_pad():
    assert (MARKERS.rows, MARKERS.columns) == (9, 11)
    upright = Markers.fitted(load_pad("gelsight_r15").camera)
    assert (upright.rows, upright.columns) == (11, 9)
    assert np.allclose(MARKERS.positions.mean(axis=0), 0.0, atol=1e-8)
    assert (np.abs(MARKERS.positions).max(axis=0) < np.array(PAD.size_m) / 2).all()


def test_untouched_dots_stay():
    contact = press(PAD, OBJECTS["ball"], 1.0)
    contact.field.reset()
    assert np.array_equal(moved(MARKERS, PAD, contact.field)[0], MARKERS.positions)


def test_dots_that_stick_to_a_flat_object_go_as_far_as_it_does():
    """Static shear: nothing moves any more, and the dots stay displaced; before it slips by the object's own way."""
    pressed, _ = motion("brick", load=3.0)
    sheared, contact = motion("brick", load=3.0, shear_m=(0.1e-3, -0.05e-3))
    inside = touched("brick", contact)
    assert inside.sum() >= 4
    assert np.allclose((sheared - pressed)[inside], [0.1e-3, -0.05e-3], rtol=0.1, atol=5e-6)
    far = np.hypot(*MARKERS.positions.T) > 11e-3
    assert np.abs(sheared - pressed)[far].max() < 0.025e-3


def test_dots_turn_with_a_twisted_object():
    pressed, contact = motion("brick", load=3.0)
    twisted, _ = motion("brick", load=3.0, twist_rad=math.radians(1.0))
    inside = touched("brick", contact)
    x, y = MARKERS.positions[inside].T
    expected = math.radians(1.0) * np.stack([-y, x], axis=1)
    assert np.allclose((twisted - pressed)[inside], expected, rtol=0.1, atol=8e-6)


def test_a_press_pushes_dots_away_from_it():
    offset, _ = motion("ball", load=3.0)
    x, y = MARKERS.positions.T
    radius = np.hypot(x, y)
    near = (radius > 1e-3) & (radius < 5e-3)
    outwards = (offset[:, 0] * x + offset[:, 1] * y)[near] / radius[near]
    assert (outwards > 0.0).all()
    assert 0.05e-3 < outwards.max() < 0.6e-3
    assert np.abs(offset[radius > 9e-3]).max() < 0.02e-3


def test_a_dot_is_drawn_at_its_place_with_its_area():
    image = np.full((1, 60, 80, 3), 200, np.uint8)
    pixel, radius, level = 0.1e-3, 0.35e-3, 0.2
    draw_dots(np.array([[[0.83e-3, -0.46e-3], [9e-3, 9e-3]]]), radius, level, pixel, pixel, image)
    missing = (200.0 - image[0, ..., 0]) / (200.0 * (1.0 - level))
    rows, columns = np.indices(missing.shape)
    assert missing.sum() * pixel**2 == pytest.approx(math.pi * radius**2, rel=0.03)
    assert (missing * columns).sum() / missing.sum() == pytest.approx(39.5 + 8.3, abs=0.05)
    assert (missing * rows).sum() / missing.sum() == pytest.approx(29.5 - 4.6, abs=0.05)
    assert image.min() == pytest.approx(200 * level, abs=1)


def test_pictures_show_the_dots_where_they_are_now():
    contact = press(PAD, OBJECTS["stamp"], 3.0, shear_m=(0.3e-3, 0.0))
    seen = TactileCamera(PAD, [OBJECTS["stamp"].shape], markers=MARKERS)
    still = seen.render(contact.position, contact.quaternion)[0].copy()
    picture = seen.render(contact.position, contact.quaternion, contact.field)[0]
    pixel_x, pixel_y = seen.camera.pixel_m
    for places, drawn in ((MARKERS.positions, still), (moved(MARKERS, PAD, contact.field)[0], picture)):
        columns = np.round(places[:, 0] / pixel_x + 159.5).astype(int)
        rows = np.round(places[:, 1] / pixel_y + 119.5).astype(int)
        bare = TactileCamera(PAD, [OBJECTS["stamp"].shape]).render(contact.position, contact.quaternion)[0]
        ratio = drawn[rows, columns].astype(float) / bare[rows, columns]
        assert np.abs(ratio - MARKERS.level).max() < 0.02
    assert (seen.untouched[..., 0] < 40).sum() > 99 * 20  # the untouched picture has them too
