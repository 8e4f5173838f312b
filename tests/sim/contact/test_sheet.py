"""The sheet of contact tasks: three pictures of each, at the step that was asked for, or one line that says why not."""

import numpy as np
import pytest
from PIL import Image

from sim.contact.sheet import HEIGHT_PX, Args, run
from sim.envs.contact_task import ContactTaskEnv
from sim.errors import ConfigError
from sim.picture_sheet import resized


def drawn(out, **options):
    run(Args(("peg_insertion",), out, **options))
    return np.asarray(Image.open(out)).astype(int)


def test_a_hand_at_work_its_wrists_camera_and_a_pad(tmp_path):
    begun, later = drawn(tmp_path / "0.png", at=0), drawn(tmp_path / "60.png", at=60)
    assert begun.shape == later.shape == (HEIGHT_PX, HEIGHT_PX * 2 + HEIGHT_PX * 60 // 80, 3)
    hand, wrist, pad = np.split(later, (HEIGHT_PX, 2 * HEIGHT_PX), axis=1)
    assert 0.05 < (hand[100:200, 100:200].max(axis=2) < 60).mean() < 0.9, "dark fingers in the middle"
    red, _, blue = np.moveaxis(wrist, -1, 0)
    assert (red > blue + 15).sum() > 100, "the peg between them"
    env = ContactTaskEnv("peg_insertion", 1, sensors=("image",), threads=1)
    untouched = resized(env.untouched[0], pad.shape[1], pad.shape[0], smooth=False)
    assert 0.03 < (np.abs(pad - untouched).max(axis=2) > 20).mean() < 0.6, "the peg's print"
    moved = np.abs(begun - later).max(axis=2) > 30
    assert moved[:, :HEIGHT_PX].mean() > 0.02


def test_what_cannot_be_drawn_is_said_in_one_line(tmp_path):
    out = tmp_path / "tasks.png"
    for options, message in (
        ({"tasks": ("hover",)}, "task 'hover' is no contact task"),
        ({"tasks": ("bolt",)}, "unknown task 'bolt'"),
        ({"at": 256, "tasks": ("peg_insertion",)}, "--at 256: an episode of peg_insertion has the steps 0 to 255"),
        ({"seed": -1}, "--seed must not be negative, got -1"),
        ({"out": tmp_path / "tasks.txt"}, r"expected a name that ends in \.png"),
    ):
        with pytest.raises(ConfigError, match=message):
            run(Args(**{"out": out, **options}))
    assert not list(tmp_path.iterdir())
