"""Augmentation: each change against an independent formula, the same for the nominal picture, and as on the device."""

import colorsys
from dataclasses import replace

import numpy as np
import pytest

from hardware.tactile.difference import NO_CHANGE, Nominal, as_picture
from sim.errors import ConfigError
from sim.tactile.augmentation import Augmentation, Ranges, about_grey

NOTHING = Ranges(False, (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), 0.0)
RANDOM = np.random.default_rng(3)
UNTOUCHED = RANDOM.integers(60, 160, (2, 12, 16, 3), np.uint8)
PICTURES = RANDOM.integers(0, 255, (5, 2, 12, 16, 3), np.uint8)


def test_no_change_leaves_pictures_as_they_are():
    augmentation = Augmentation(5, UNTOUCHED, NOTHING)
    assert np.array_equal(augmentation(PICTURES), PICTURES)
    assert np.array_equal(augmentation.nominal[3], UNTOUCHED)


def test_swapped_channels_hold_the_same_numbers_in_one_of_six_orders():
    changed = Augmentation(200, UNTOUCHED, replace(NOTHING, permute=True)).nominal
    orders = set()
    for picture in changed[:, 0]:
        order = tuple(
            next(c for c in range(3) if np.array_equal(picture[..., k], UNTOUCHED[0, ..., c])) for k in range(3)
        )
        assert sorted(order) == [0, 1, 2]
        orders.add(order)
    assert len(orders) == 6


def test_a_crop_of_a_ramp_is_a_ramp_of_the_crop_s_size():
    """On a picture whose grey level is its column, what is seen says where it comes from."""
    columns = np.arange(0, 240, 3, dtype=np.uint8)
    ramp = np.broadcast_to(columns[None, None, :, None], (1, 60, 80, 3)).astype(np.uint8)
    ranges = replace(NOTHING, crop=(0.75, 1.0), aspect=(0.9, 1.1))
    seen = Augmentation(300, ramp, ranges, seed=1).nominal[:, 0, 30, :, 0].astype(float) / 3.0
    widths = (seen[:, 70] - seen[:, 10]) / 60.0
    assert np.sqrt(0.75 / 1.1) - 0.02 < widths.min() < 0.87
    assert 0.99 < widths.max() < 1.01
    assert seen.min() >= 0.0
    assert seen.max() <= 79.0
    assert np.allclose(np.diff(seen[:, 10:70], axis=1), widths[:, None], atol=0.7)  # whole grey levels


def test_an_aspect_makes_the_part_wider_or_higher_and_leaves_its_area():
    """Red says the column and green the row that is seen."""
    rows, columns = np.mgrid[0:60, 0:80]
    ramps = np.stack([3 * columns, 4 * rows, 0 * rows], axis=-1)[None].astype(np.uint8)
    ranges = replace(NOTHING, crop=(0.81, 0.81), aspect=(0.9, 1.1))
    seen = Augmentation(300, ramps, ranges, seed=1).nominal[:, 0].astype(float)
    wide = (seen[:, 30, 70, 0] - seen[:, 30, 10, 0]) / 3.0 / 60.0
    high = (seen[:, 50, 40, 1] - seen[:, 10, 40, 1]) / 4.0 / 40.0
    np.testing.assert_allclose(wide * high, 0.81, atol=0.02)
    assert 0.9 - 0.02 < (wide / high).min() < 0.92
    assert 1.08 < (wide / high).max() < 1.1 + 0.02


def test_brightness_contrast_and_saturation_are_what_they_say():
    grey = (UNTOUCHED[1] @ [0.299, 0.587, 0.114]).mean()
    rgb = UNTOUCHED[1].astype(float)
    brightness = rgb @ np.array([0.299, 0.587, 0.114])
    for name, expected in (
        ("brightness", 0.8 * rgb),
        ("contrast", 0.8 * (rgb - grey) + grey),
        ("saturation", 0.8 * rgb + 0.2 * brightness[..., None]),
    ):
        changed = Augmentation(1, UNTOUCHED, replace(NOTHING, **{name: (0.8, 0.8)})).nominal[0, 1]
        assert np.abs(changed - expected).max() < 0.51, name


def test_a_turn_of_hue_turns_colorsys_hue_and_leaves_grey():
    turn = about_grey(np.array(2.0 * np.pi / 3.0))
    assert np.allclose(turn @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])  # red becomes green
    small = about_grey(np.array(0.2))
    assert np.allclose(small @ np.ones(3), 1.0)
    assert np.allclose(small @ small.T, np.eye(3))
    turned = Augmentation(200, UNTOUCHED, replace(NOTHING, hue_rad=0.3), seed=2).nominal[:, 0].astype(float)
    sums = UNTOUCHED[0].astype(float).sum(axis=-1)
    np.testing.assert_allclose(turned.sum(axis=-1), np.broadcast_to(sums, turned.shape[:-1]), atol=1.6)  # (rounded)
    plane = np.array([[1.0, -0.5, -0.5], [0.0, np.sqrt(0.75), -np.sqrt(0.75)]])  # across the grey axis
    colour, was = (part.reshape(*part.shape[:-3], -1, 3) @ plane.T @ (1.0, 1.0j) for part in (turned, UNTOUCHED[0]))
    angles = np.angle((colour * was.conj()).sum(axis=-1))
    assert -0.301 < angles.min() < -0.28
    assert 0.28 < angles.max() < 0.301
    before, after = np.array([0.6, 0.4, 0.4]), small @ [0.6, 0.4, 0.4]
    assert 0.0 < colorsys.rgb_to_hsv(*after)[0] - colorsys.rgb_to_hsv(*before)[0] < 0.05


def test_the_difference_is_the_device_s_to_the_last_bit_and_nothing_where_nothing_touches():
    augmentation = Augmentation(5, UNTOUCHED, seed=7)
    difference = augmentation.difference(PICTURES)
    seen = augmentation(PICTURES)
    for episode in range(5):
        for pad in range(2):
            device = Nominal(1, picture=augmentation.nominal[episode, pad])
            sent = as_picture(device.difference(seen[episode, pad])) - NO_CHANGE
            assert np.array_equal(sent, difference[episode, pad])
    assert (difference.min(), difference.max()) == (-128.0, 127.0)  # cut off, as they are
    untouched = np.broadcast_to(UNTOUCHED, PICTURES.shape)
    assert (augmentation.difference(untouched) == 0.0).all()


def test_changes_stay_for_an_episode_and_are_drawn_anew_for_the_next():
    augmentation = Augmentation(5, UNTOUCHED, seed=7)
    first = augmentation(PICTURES)
    assert np.array_equal(augmentation(PICTURES), first)
    augmentation.reset([1, 3])
    second = augmentation(PICTURES)
    same = [np.array_equal(a, b) for a, b in zip(first, second)]
    assert same == [True, False, True, False, True]
    assert np.array_equal(Augmentation(5, UNTOUCHED, seed=7)(PICTURES), first)
    assert not np.array_equal(Augmentation(5, UNTOUCHED, seed=8)(PICTURES), first)


def test_wrong_pictures_and_ranges_are_refused():
    with pytest.raises(ConfigError, match="untouched"):
        Augmentation(1, UNTOUCHED[0])
    with pytest.raises(ConfigError, match="the augmentation is for"):
        Augmentation(4, UNTOUCHED)(PICTURES)
    with pytest.raises(ConfigError, match="more than the picture"):
        Ranges(crop=(0.5, 1.5))
    with pytest.raises(ConfigError, match="aspect"):
        Ranges(aspect=(1.1, 0.9))
