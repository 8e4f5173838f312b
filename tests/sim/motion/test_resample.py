"""Other frame rates: the same motion, to within what straight lines between frames miss."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.loops import opened, seam_of
from sim.motion.resample import resample
from sim.motion.skeleton import forward_kinematics


@pytest.mark.parametrize("fps", [25.0, 60.0, 120.0])
def test_same_motion_at_another_rate(fps):
    fine = generate("dance", Settings(duration_s=2.0, fps=200.0))
    clip = resample(fine, fps)
    again = generate("dance", Settings(duration_s=2.0, fps=fps))
    assert (clip.num_frames, clip.fps, clip.loops) == (again.num_frames, pytest.approx(fps), True)
    assert clip.duration_s == pytest.approx(fine.duration_s)
    time = np.arange(clip.num_frames) / fps
    nearest = np.round(time * 200.0).astype(int)
    np.testing.assert_allclose(clip.body_position_w, fine.body_position_w[nearest % 400], atol=0.01)
    # Joint angles and bodies agree with each other.
    position, _ = forward_kinematics(clip.root_position_w, clip.root_quaternion_w, clip.joint_angles)
    np.testing.assert_allclose(position, clip.body_position_w, atol=1e-3)


@pytest.mark.parametrize("fps", [60.0, 45.0, 20.0])
def test_loops_go_on_across_their_seam(fps):
    """No frame comes twice: the walk goes as far in each step, and a round as far as before."""
    clip = generate("walk", Settings(duration_s=2.0))
    slow = resample(clip, 30.0)
    fast = resample(slow, fps)
    assert (slow.loops, fast.loops) == (True, True)
    speed = np.linalg.norm(np.diff(opened(fast).root_position_w, axis=0), axis=1) * fast.fps
    np.testing.assert_allclose(speed[-2:], speed[0], rtol=0.15)
    assert seam_of(fast).shift == pytest.approx(seam_of(clip).shift, abs=0.005)
    moved = np.linalg.norm(np.diff(opened(fast).body_position_w, axis=0), axis=2).max(axis=1)
    assert moved[-1] > 0.5 * moved[-2]


def test_ends_stay_where_they_are():
    clip = generate("wave", Settings(duration_s=2.0)).cut(0, 61)
    other = resample(clip, 30.0)
    assert (other.num_frames, other.fps) == (37, 30.0)
    np.testing.assert_allclose(other.root_position_w[[0, -1]], clip.root_position_w[[0, -1]])
    np.testing.assert_allclose(other.joint_angles[[0, -1]], clip.joint_angles[[0, -1]], atol=1e-12)


def test_impossible_rates_are_refused():
    clip = generate("stand", Settings(duration_s=1.0))
    for fps in (0.0, -30.0, np.nan, np.inf, 1e6):
        with pytest.raises(ConfigError, match=r"--fps .*expected 1 to 1000"):
            resample(clip, fps)
    with pytest.raises(ConfigError, match="no two frames"):
        resample(clip.cut(0, 3), 5.0)
