"""Pictures of a tactile camera: what is refused, folders, the untouched pad, devices that are not there."""

import importlib.util
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from hardware.tactile.camera import CameraDevice
from hardware.tactile.difference import Nominal, as_picture
from hardware.tactile.folder import picture_files, read_picture
from hardware.tactile.frames import FrameCheck, FrameRefusedError, fitted
from sim.errors import ConfigError, LinkError, ToolchainError

NO_OPENCV = "opencv-python-headless is not in the test requirements: pip install 'sim2metal[touch]'"


def picture(seed=0, rows=24, columns=32):
    return np.random.default_rng(seed).integers(60, 200, (rows, columns, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((24, 32, 3), np.uint8), "black"),
        (picture(rows=23), "32 x 23, expected 32 x 24"),
        (picture().transpose(1, 0, 2), "24 x 32, expected 32 x 24: turn it"),
        (picture()[..., :1], "1 channels"),
        (picture()[..., 0], "1 channels"),
        (picture().astype(np.float32), "8-bit"),
        (None, "8-bit"),
        (np.zeros((), np.uint8), "0 dimensions"),
    ],
)
def test_what_is_no_picture_of_this_sensor_is_refused(bad, words):
    with pytest.raises(FrameRefusedError, match=words):
        FrameCheck(24, 32, 0.5).require_good(bad, 0.0)


def test_a_picture_that_never_changes_is_frozen_until_it_does():
    check = FrameCheck(24, 32, frozen_s=0.5)
    same = picture()
    for time_s in (0.0, 0.2, 0.5):
        check.require_good(same.copy(), time_s)
    with pytest.raises(FrameRefusedError, match=r"frozen picture: the same for 0\.6 s"):
        check.require_good(same.copy(), 0.6)
    check.require_good(picture(1), 0.7)
    check.require_good(picture(1), 1.1)
    recorded = FrameCheck(24, 32, frozen_s=0.0)
    for time_s in (0.0, 10.0):
        recorded.require_good(same, time_s)


def test_pictures_are_turned_and_averaged_down():
    large = np.kron(picture(), np.ones((2, 2, 1), np.uint8))
    assert np.array_equal(fitted(large, 24, 32, 0), picture())
    turned = np.rot90(picture(), -1)
    assert np.array_equal(fitted(turned, 24, 32, 1), picture())
    assert fitted(picture(rows=30), 24, 32, 0).shape == (30, 32, 3)  # left for the check to refuse


def test_the_untouched_pad_is_averaged_and_subtracted():
    nominal = Nominal(frames=2)
    dark, light = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), 110, np.uint8)
    assert nominal.difference(dark) is None
    assert nominal.difference(light) is None
    assert (nominal.difference(light) == 5.0).all()
    assert (as_picture(nominal.difference(dark)) == 123).all()
    assert (as_picture(np.full((1, 1, 3), 400.0, np.float32)) == 255).all()
    known = Nominal(frames=5, picture=dark)
    assert (known.difference(light) == 10.0).all()


def test_a_folder_plays_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1):
        Image.fromarray(picture(number)).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("")
    assert [path.name for path in picture_files(tmp_path)] == ["frame1.png", "frame9.png", "frame10.png"]
    assert np.array_equal(read_picture(tmp_path / "frame9.png"), picture(9))


def test_a_folder_without_pictures_and_a_file_that_is_none_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no pictures"):
        picture_files(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        picture_files(tmp_path / "nothing")
    Image.fromarray(picture()).save(tmp_path / "good.png")
    content = (tmp_path / "good.png").read_bytes()
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = content[:12] + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + content[33:]
    broken = {"text.png": b"hello", "cut.png": content[:-300], "empty.png": b"", "bomb.png": bomb}
    for name, bad in broken.items():
        (tmp_path / name).write_bytes(bad)
        with pytest.raises(FrameRefusedError, match=name):
            read_picture(tmp_path / name)


def test_a_camera_that_is_not_there_is_one_line():
    if importlib.util.find_spec("cv2") is None:
        with pytest.raises(ToolchainError, match="pip install opencv-python-headless"):
            CameraDevice("/dev/video0", 240, 320, 25.0)
    else:
        with pytest.raises(LinkError, match="no such device"):
            CameraDevice("/dev/video_that_is_not_there", 240, 320, 25.0)


def test_a_camera_gives_each_picture_once_in_red_green_blue_and_is_opened_again_when_it_ends(tmp_path):
    """A film in place of a device: OpenCV opens both by name."""
    cv2 = pytest.importorskip("cv2", reason=NO_OPENCV)
    film = cv2.VideoWriter(str(tmp_path / "pad.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (320, 240))
    for _ in range(5):
        film.write(np.full((240, 320, 3), (20, 60, 200), np.uint8))  # OpenCV's blue green red
    film.release()
    camera = CameraDevice(str(tmp_path / "pad.avi"), 240, 320, 25.0)
    taken, ended = [], time.monotonic() + 20.0
    while len(taken) < 2 and time.monotonic() < ended:
        seen = camera.take()
        if seen is not None and (not taken or seen[1] - taken[-1][1] > 0.5):  # it is opened again after a second
            taken.append(seen)
        time.sleep(1e-3)
    camera.close()
    assert len(taken) == 2
    for seen, _ in taken:
        assert seen.shape == (240, 320, 3)
        np.testing.assert_allclose(seen[120, 160], (200, 60, 20), atol=8)
    (tmp_path / "no.avi").write_bytes(b"no film")
    with pytest.raises(LinkError, match="cannot be opened"):
        CameraDevice(str(tmp_path / "no.avi"), 240, 320, 25.0)
