"""Shadows: as long as the bulge is high over the lamp's slope, away from each lamp, and never brighter."""

import numpy as np
import pytest

from sim.tactile.image import TactileCamera
from sim.tactile.kernels.shadow import cast, rays_needed
from sim.tactile.lights import NOMINAL
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.shadows import SOFTNESS_M, darkening, lamp_rows

PIXEL = 0.1e-3


def occlusion(height, angle_deg, slope, softness=1e-9, pixel_x=PIXEL, pixel_y=PIXEL):
    height = np.ascontiguousarray(height, dtype=np.float32)
    rows, columns = height.shape
    x, y = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    out = np.zeros_like(height)
    rays = np.empty(rays_needed(rows, columns, x, y, pixel_x, pixel_y), np.float32)
    cast(height, pixel_x, pixel_y, x, y, slope, softness, out, rays, np.empty(columns + 1, np.float32))
    return out


@pytest.mark.parametrize("angle", [90.0, 270.0])
def test_a_wall_s_shadow_is_its_height_over_the_lamp_s_slope(angle):
    height = np.zeros((60, 20))
    height[30] = 1e-3
    shadow = occlusion(height, angle, slope=0.5)  # 1 mm / 0.5 = 2 mm = 20 px
    away = np.arange(29, 10, -1) if angle == 90.0 else np.arange(31, 50)
    lit = np.setdiff1d(np.arange(60), away)
    assert (shadow[away] == 1.0).all()
    assert (shadow[np.setdiff1d(lit, [10, 50])] == 0.0).all()  # (the ray just grazes the last pixel)


@pytest.mark.parametrize("angle", [50.0, 75.0, 130.0, 230.0, 310.0])
def test_a_post_s_shadow_lies_on_the_line_away_from_the_lamp(angle):
    height = np.zeros((81, 81))
    height[39:42, 39:42] = 1e-3
    shadow = occlusion(height, angle, slope=0.5, pixel_x=0.08e-3)
    rows, columns = np.nonzero(shadow[:, :] * (height == 0))
    along = np.array([-np.cos(np.radians(angle)), -np.sin(np.radians(angle))])
    places = np.stack([(columns - 40) * 0.08e-3, (rows - 40) * PIXEL], axis=1)
    reach, aside = places @ along, places @ np.array([-along[1], along[0]])
    assert reach.max() == pytest.approx(2e-3, abs=0.25e-3)
    assert reach.min() > -0.2e-3
    assert np.abs(aside).max() < 0.3e-3


def test_shadows_against_a_slow_march_along_each_ray():
    """An independent way: from every pixel towards the lamp, looking for something higher than the ray."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:48, 0:40] * PIXEL
    height = sum(
        random.uniform(0.2e-3, 0.8e-3) * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (0.3e-3) ** 2)
        for a, b in random.uniform(0.5e-3, 3.5e-3, (4, 2))
    )
    slope, softness, angle = 0.4, 0.1e-3, 70.0
    found = occlusion(height, angle, slope, softness)
    step = PIXEL / np.sin(np.radians(angle))
    deepest = np.full(height.shape, -1.0)
    for number in range(1, 48):
        px = x / PIXEL + number * np.cos(np.radians(angle)) / np.sin(np.radians(angle))
        py = y / PIXEL + number
        inside = (px >= 0) & (px <= 39) & (py <= 47)
        low = np.clip(np.floor(px).astype(int), 0, 38)
        share = px - low
        row = np.clip(py.astype(int), 0, 47)
        there = (1 - share) * height[row, low] + share * height[row, low + 1]
        deepest = np.where(inside, np.maximum(deepest, there - number * step * slope - height), deepest)
    expected = np.clip(deepest / softness, 0.0, 1.0)
    # The sweep takes heights between two pixels twice: 30 um at the steepest slope here, a third of the softness.
    assert np.abs(found - expected)[:, 4:-4].mean() < 0.02
    assert np.mean(np.abs(found - expected)[:, 4:-4] > 0.2) < 0.02
    assert 0.05 < expected.mean() < 0.9


def test_pictures_get_darker_only_in_each_lamp_s_channel_and_only_where_it_is_hidden():
    pad, held = load_pad("gelsight_mini"), OBJECTS["stamp"]
    place = (0.0, 0.0, held.clearance_m - 0.8e-3)
    bare = TactileCamera(pad, [held.shape]).render(place, held.quaternion)[0].astype(int)
    seen = TactileCamera(pad, [held.shape], shadows=NOMINAL)
    shaded = seen.render(place, held.quaternion)[0].astype(int)
    darker = bare - shaded
    assert darker.min() >= 0
    rows, columns = np.indices(darker.shape[:2])
    pixel_x, pixel_y = seen.camera.pixel_m
    for channel, angle in enumerate(NOMINAL.angles_deg):
        weight = darker[..., channel]
        assert weight.max() > 20
        middle = np.array([
            (weight * (columns - 159.5)).sum() * pixel_x,
            (weight * (rows - 119.5)).sum() * pixel_y,
        ]) / weight.sum()  # fmt: skip
        away = -np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        assert middle @ away / np.linalg.norm(middle) > 0.95
    far = np.hypot((columns - 159.5) * pixel_x, (rows - 119.5) * pixel_y) > 3e-3 + 0.8e-3 / np.tan(np.pi / 6) + 1e-3
    assert (darker[far] == 0).all()


def test_no_lamps_no_shadows():
    assert lamp_rows(None).shape == (0, 4)
    assert darkening(None) == 0.0
    assert lamp_rows(NOMINAL).shape == (3, 4)
    assert SOFTNESS_M > 0.0
    assert 0.4 < darkening(NOMINAL) < 0.8
