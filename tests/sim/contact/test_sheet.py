"""The sheet of contact tasks: three pictures of each, at the step that was asked for, or one line that says why not."""

import numpy as np
import pytest
from PIL import Image

from sim.contact.sheet import HEIGHT_PX, Args, run
from sim.errors import ConfigError


def drawn(out, **options):
    run(Args(("peg_insertion",), out, **options))
    return np.asarray(Image.open(out)).astype(int)


def test_a_hand_at_work_its_wrists_camera_and_a_pad(tmp_path):
    begun, later = drawn(tmp_path / "0.png", at=0), drawn(tmp_path / "60.png", at=60)
    assert begun.shape == later.shape == (HEIGHT_PX, HEIGHT_PX * 2 + HEIGHT_PX * 60 // 80, 3)
    hand, wrist, pad = np.split(later, (HEIGHT_PX, 2 * HEIGHT_PX), axis=1)
    assert (hand[40:].max(axis=2) < 60).mean() > 0.01, "dark fingers"
    red, _, blue = np.moveaxis(wrist, -1, 0)
    assert (red > blue + 15).sum() > 100, "the peg between them"
    assert np.abs(pad - pad.mean(axis=(0, 1))).max() > 40, "lights and the peg's print"
    moved = np.abs(begun - later).max(axis=2) > 30
    assert moved[:, :HEIGHT_PX].mean() > 0.02


def test_what_cannot_be_drawn_is_said_in_one_line(tmp_path):
    out = tmp_path / "tasks.png"
    for options, message in (
        ({"tasks": ("hover",)}, "task 'hover' is no contact task"),
        ({"tasks": ("bolt",)}, "unknown task 'bolt'"),
        ({"tasks": ()}, "name a task: peg_placement"),
        ({"at": 256}, "--at 256: an episode of peg_placement has the steps 0 to 255"),
        ({"seed": -1}, "--seed must not be negative, got -1"),
        ({"out": tmp_path / "tasks.txt"}, r"expected a name that ends in \.png"),
    ):
        with pytest.raises(ConfigError, match=message):
            run(Args(**{"out": out, **options}))
    assert not list(tmp_path.iterdir())
