"""Sheets of pictures: rows, captions, sizes."""

import numpy as np
import pytest
from PIL import Image

from sim.errors import ConfigError
from sim.picture_sheet import captioned, require_png, resized, save_png, sheet


def test_the_last_row_is_filled_up_with_white():
    tiles = [np.zeros((4, 6, 3), np.uint8)] * 4
    whole = sheet(tiles, 3)
    assert whole.shape == (8, 18, 3)
    assert (whole[4:, 6:] == 255).all()
    assert not whole[:4].any()
    assert sheet(tiles[:1], 3).shape == (4, 6, 3)


@pytest.mark.parametrize("paper", [255, 20])
def test_a_caption_is_above_and_can_be_read(paper):
    blank = np.full((100, 200, 3), paper, np.uint8)
    written = np.abs(captioned(blank, "insertion").astype(int) - paper).max(axis=2) > 150
    assert written[:40].sum() > 100
    assert not written[40:].any()


def test_pixels_can_be_seen_or_smoothed():
    step = np.repeat(np.array([0, 255], np.uint8), 4)[None, :, None] * np.ones((4, 1, 3), np.uint8)
    assert set(np.unique(resized(step, 80, 40, smooth=False))) == {0, 255}
    assert len(np.unique(resized(step, 80, 40))) > 10


def test_it_is_written_as_png_and_nothing_else(tmp_path):
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    save_png(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture)
    with pytest.raises(ConfigError, match=r"--out .*a\.txt: expected a name that ends in \.png"):
        require_png(tmp_path / "a.txt")
