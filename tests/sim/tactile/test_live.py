"""The tour of an object over a pad: its forces, in a terminal, drawn frame by frame, and as a film."""

import io
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import pytest
from rich.console import Console

from sim.errors import ConfigError
from sim.film import encode
from sim.tactile.image import TactileCamera
from sim.tactile.live import show_in_terminal
from sim.tactile.moving_figure import MovingFigure
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.terminal import TerminalView, half_blocks
from sim.tactile.tour import PHASES, Tour
from sim.tactile.verb import Args, run

PAD = load_pad("digit")
TOUR = Tour(PAD, OBJECTS["ball"], 1.0, shear_m=(0.2e-3, 0.0))


def test_the_tour_presses_with_its_load_shears_both_ways_and_lets_go():
    wrenches, phases = [], []
    for moment in TOUR.moments(20, None):
        force, torque = moment.contact.field.wrench()
        wrenches.append([*force[0], torque[0, 2]])
        phases.append(moment.phase)
    assert list(dict.fromkeys(phases)) == [name for name, _ in PHASES]
    assert len(phases) == pytest.approx(TOUR.duration_s * 20, abs=2)
    wrenches, phases = np.array(wrenches), np.array(phases)
    assert (wrenches[0] == 0.0).all()
    assert (wrenches[-1] == 0.0).all()
    assert wrenches[phases == "press"][-1][2] == pytest.approx(-1.0, rel=0.1)  # (still moving a little)
    sheared = wrenches[phases == "shear"][-1]
    assert sheared[0] > 0.1
    circle = wrenches[phases == "circle"]
    assert circle[:, 0].min() < -0.1 < 0.1 < circle[:, 0].max()
    assert circle[:, 1].min() < -0.1 < 0.1 < circle[:, 1].max()
    twist = wrenches[phases == "twist"][:, 3]
    assert twist.min() < 0.0 < twist.max()


def test_a_load_that_the_gel_does_not_carry_is_refused():
    with pytest.raises(ConfigError, match="more than DIGIT carries"):
        next(Tour(PAD, OBJECTS["ball"], 1e6).moments(20, None))


def moments(frames_per_s=5):
    camera = TactileCamera(PAD, [OBJECTS["ball"].shape])
    return TOUR.moments(frames_per_s, camera)


def test_the_terminal_shows_the_picture_in_colour_and_arrows_along_the_shear():
    view = TerminalView("ball", 40, 30)
    for moment in moments():
        drawn = view.draw(moment)
        if moment.phase == "circle" and moment.contact.field.wrench()[0][0, 1] > 0.1:
            break
    console = Console(width=120, file=io.StringIO(), force_terminal=True, color_system="truecolor", record=True)
    console.print(drawn)
    text = console.export_text(clear=False)
    assert "ball: circle" in text
    assert text.count("▀") >= 40 * 10
    assert sum(text.count(arrow) for arrow in "↘↓↙") > 3 * max(sum(text.count(arrow) for arrow in "↗↑↖"), 1)
    assert "48;2;" in console.file.getvalue()  # background colours


def test_what_does_not_touch_presses_with_nothing():
    view, console = TerminalView("ball", 40, 30), Console(width=120, file=io.StringIO(), record=True)
    console.print(view.draw(next(moments())))
    assert "ball: approach, 0.00 N down, 0.00 N sideways" in console.export_text()


def test_half_blocks_have_the_picture_s_colours():
    picture = np.zeros((4, 2, 3), np.uint8)
    picture[0, 0], picture[1, 0] = (255, 0, 0), (0, 0, 255)
    text = half_blocks(picture, 2, 10)
    assert text.plain == "▀▀\n▀▀\n"
    style = text.spans[0].style
    assert style.color.name == "#ff0000"
    assert style.bgcolor.name == "#0000ff"


def test_without_a_terminal_live_says_what_to_do():
    with pytest.raises(ConfigError, match=r"NAME\.mp4"):
        show_in_terminal(TOUR, None, "ball", Console(file=io.StringIO()))


@pytest.mark.parametrize("pad", ["gelsight_r15", "taxel_array"])
def test_frames_change_with_the_force_and_have_even_sides(pad):
    pad = load_pad(pad)
    camera = None if pad.camera is None else TactileCamera(pad, [OBJECTS["ball"].shape])
    figure = MovingFigure(pad, "ball")
    frames = [figure.frame(moment) for moment in Tour(pad, OBJECTS["ball"], 1.0).moments(1, camera)]
    assert len({frame.shape for frame in frames}) == 1
    high, wide, _ = frames[0].shape
    assert high % 2 == 0
    assert wide % 2 == 0
    assert wide > (800 if camera else 450)
    assert (frames[0] != frames[2]).any(axis=2).sum() > 200
    assert not any(np.array_equal(a, b) for a, b in pairwise(frames))


def test_a_film_has_its_frames_and_its_size(tmp_path):
    frames = [np.full((48, 64, 3), level, np.uint8) for level in (0, 80, 160, 240)]
    (tmp_path / "film.mp4").write_bytes(encode(frames, (64, 48), 10))
    read = imageio_ffmpeg.read_frames(str(tmp_path / "film.mp4"))
    about = next(read)
    assert about["size"] == (64, 48)
    levels = [np.frombuffer(frame, np.uint8).mean() for frame in read]
    assert np.allclose(levels, [0, 80, 160, 240], atol=4)


@pytest.mark.slow
def test_the_verb_writes_a_film(tmp_path):
    out = tmp_path / "pen.mp4"
    result = run(Args(object="pen", markers=True, out=out))
    assert result["figure"] == str(out)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(out))
    assert count == pytest.approx(15 * seconds, rel=0.05)
    assert seconds == pytest.approx(TOUR.duration_s, rel=0.1)
