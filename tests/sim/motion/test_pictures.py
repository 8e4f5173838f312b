"""Pictures of motions show the character, moving; films have as many frames as the motion lasts."""

import io

import imageio_ffmpeg
import mujoco
import numpy as np
import pytest
from PIL import Image

from sim.errors import ConfigError
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.pictures import FILM_FRAMES_PER_S, Camera, film, sheet
from sim.motion.retarget import retarget
from sim.motion.stage import make_stage
from sim.motion.viewer import play

SMALL = (96, 120)
WAVE = generate("wave", Settings(duration_s=2.0))


def test_sheet_has_a_row_for_each_clip():
    clips = [WAVE, retarget(WAVE, "mouse")]
    picture = np.array(Image.open(io.BytesIO(sheet(clips, columns=3, size=SMALL))))
    assert picture.shape == (2 * 120, 3 * 96, 3)
    tiles = picture.reshape(2, 120, 3, 96, 3).swapaxes(1, 2).astype(int)
    for row in tiles:
        assert np.abs(row[0] - row[1]).max() > 60  # the arm went up
    assert np.abs(tiles[0, 0] - tiles[1, 0]).max() > 60


def test_film_is_as_long_as_the_motion(tmp_path):
    path = tmp_path / "wave.mp4"
    path.write_bytes(film(generate("wave", Settings(duration_s=1.0)), size=SMALL))
    frames = imageio_ffmpeg.read_frames(str(path))
    assert next(frames)["fps"] == FILM_FRAMES_PER_S
    assert len(list(frames)) == FILM_FRAMES_PER_S


def test_camera_follows_who_walks_away():
    clip = generate("walk", Settings(duration_s=4.0))
    with Camera(clip, SMALL) as camera:
        near, far = camera.draw(0), camera.draw(clip.num_frames - 1)
    assert np.abs(near.astype(int) - far).mean() < 25  # still in the middle of the picture


def test_capsules_of_a_person_end_at_its_joints():
    stage = make_stage(WAVE)
    stage.show(40)
    model, data = stage.model, stage.data
    for body, other in (("right_elbow", "right_shoulder"), ("left_knee", "left_hip"), ("neck", "spine3")):
        geom = int(model.body(f"person_{body}").geomadr[0])
        half = model.geom_size[geom, 1] * data.geom_xmat[geom].reshape(3, 3)[:, 2]
        ends = data.geom_xpos[geom] + np.array([-half, half])
        expected = WAVE.body_position_w[40, [WAVE.body(other), WAVE.body(body)]]
        np.testing.assert_allclose(ends, expected, atol=1e-6)


def test_stage_of_a_robot_has_its_pose():
    clip = retarget(WAVE, "mouse")
    stage = make_stage(clip)
    stage.show(30)
    np.testing.assert_allclose(stage.data.qpos[7:], clip.joint_angles[30])
    assert stage.model.geom("floor").type[0] == mujoco.mjtGeom.mjGEOM_PLANE


def test_window_needs_a_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ConfigError, match=r"no display.*--video"):
        play(WAVE)
