"""Small pictures for policies: of the same footprint, like whole ones averaged down as a device does it."""

import numpy as np
import pytest

from hardware.tactile.frames import fitted
from sim.errors import ConfigError
from sim.tactile.image import TactileCamera
from sim.tactile.lights import NOMINAL
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.table import Table


@pytest.mark.parametrize("name", ["ball", "peg", "brick"])
def test_they_are_what_averaging_whole_pictures_gives(name):
    pad, held = load_pad("gelsight_r15"), OBJECTS[name]
    place = (1e-3, -2e-3, held.clearance_m - 0.7e-3)
    whole = TactileCamera(pad, [held.shape], shadows=NOMINAL)
    small = TactileCamera(pad, [held.shape], shadows=NOMINAL, size=(80, 60))
    picture = small.render(place, held.quaternion)[0]
    averaged = fitted(whole.render(place, held.quaternion)[0], 80, 60, 0)
    assert picture.shape == averaged.shape == (80, 60, 3)
    away = np.abs(picture.astype(int) - averaged)
    touched = np.abs(averaged.astype(int) - fitted(whole.untouched, 80, 60, 0)).max(axis=2) > 6
    assert touched.any()
    assert np.median(away[touched]) <= 3  # slopes over four pixels are not the mean of four slopes
    assert away.mean() < 1.5
    assert np.abs(small.untouched.astype(int) - fitted(whole.untouched, 80, 60, 0)).max() <= 1


def test_the_coarser_table_is_the_table_at_the_middle_of_its_pixels():
    random = np.random.default_rng(0)
    table = Table(random.normal(size=(3, 3, 3, 6)).astype(np.float32))
    x, y, across, down = 7, 5, 4, 3
    wide, high = across * x + (across - 1) / 2, down * y + (down - 1) / 2
    whole = table.coefficients @ np.array([wide**2, high**2, wide * high, wide, high, 1.0])
    coarse = table.coarser(across, down).coefficients @ np.array([x**2, y**2, x * y, x, y, 1.0])
    assert np.allclose(coarse, whole, rtol=1e-5, atol=1e-3)


def test_sizes_that_are_no_fraction_are_refused():
    for size in ((81, 60), (0, 60), (-80, 60), (640, 480)):
        with pytest.raises(ConfigError, match="whole fractions"):
            TactileCamera(load_pad("gelsight_r15"), [None], size=size)
