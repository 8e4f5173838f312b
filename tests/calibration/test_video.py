"""The film: as many frames as promised, moving, and a page without it where OpenGL is missing."""

import base64
import re
import shutil

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from calibration.report import Args, run
from calibration.reporting import video
from calibration.reporting.record import load_record
from calibration.reporting.settings import VideoSettings
from sim import offscreen
from sim.errors import ToolchainError

SMALL = VideoSettings(width=320, height=180, frames_per_s=5, speed=2.0)


def decode(path):
    frames = imageio_ffmpeg.read_frames(str(path))
    width, height = next(frames)["size"]
    return np.array([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in frames])


def test_film_has_the_promised_frames_and_they_move(tmp_path, flight_log):
    record = load_record(flight_log)
    path = tmp_path / "film.mp4"
    path.write_bytes(video.render_video(record, SMALL))
    frames = decode(path)
    assert frames.shape == (len(video.frame_times(record, SMALL)), 180, 320, 3)
    assert len(frames) == int(record.duration_s / 0.4) + 1
    # Below the caption, neighbours differ: the robot moves, the trail grows, the camera turns.
    change = np.abs(np.diff(frames[:, 40:].astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert change.min() > 0.05


def test_picture_shows_the_pose_of_the_log(flight_log):
    record = load_record(flight_log)
    low, high = (video.draw_still(record, time, SMALL) for time in (0.2, 3.0))
    assert low.shape == (180, 320, 3)
    assert np.abs(low.astype(int) - high).max() > 50


def test_page_carries_the_film_inside(tmp_path, flight_log):
    log = shutil.copy(flight_log, tmp_path / "one.mcap")
    run(Args(log, width=160, speed=20.0, picture=tmp_path / "still.png"))
    page = (tmp_path / "one.html").read_text()
    data = re.search(r'src="data:video/mp4;base64,([^"]+)"', page)
    assert base64.b64decode(data.group(1))[4:8] == b"ftyp"
    assert Image.open(tmp_path / "still.png").size == (1120, 810)


def test_without_opengl_the_page_says_what_to_install(tmp_path, flight_log, monkeypatch):
    def refuse(width, height):
        raise ToolchainError(f"no video: OpenGL is not available here; {offscreen.INSTALL_HINT}")

    monkeypatch.setattr(offscreen, "_open_context", refuse)
    log = shutil.copy(flight_log, tmp_path / "one.mcap")
    result = run(Args(log))
    page = (tmp_path / "one.html").read_text()
    assert "libegl1" in result["notes"][0]
    assert "libegl1" in page
    assert "<video" not in page
    with pytest.raises(ToolchainError, match="libegl1"):
        video.draw_still(load_record(log), 1.0, SMALL)
