"""A clip played on a robot is what simulations are told of it."""

import numpy as np
import pytest

from sim.motion.playback import Playback, phase_of
from sim.motion.reference import Reference
from sim.motion.robot_clip import robot_clip


@pytest.fixture(scope="module")
def wave():
    return robot_clip("wave", "g1")


@pytest.mark.parametrize("part", ["loop", "end"])
@pytest.mark.parametrize("period_s", [0.02, 0.0137])
def test_a_robot_plays_what_simulations_follow(wave, part, period_s):
    clip = wave if part == "loop" else wave.cut(10, 60)
    reference, playback = Reference([clip], bodies=()), Playback(clip, period_s)
    steps = round((2.3 if part == "loop" else 1.0) * clip.duration_s / period_s)
    for step in range(0, steps, 7):
        state = reference.at(np.zeros(1, int), np.array([step * period_s]))
        now = playback.now
        np.testing.assert_allclose(now.joint_position, state.joint_position[0], atol=1e-6)
        np.testing.assert_allclose(now.joint_velocity, state.joint_velocity[0], atol=1e-5)
        np.testing.assert_allclose(now.phase, phase_of(np.array(step * period_s), clip.duration_s, clip.loops))
        for _ in range(7):
            playback.advance()
    playback.rewind()
    np.testing.assert_array_equal(playback.now.joint_position, clip.joint_angles[0])


def test_a_motion_that_ends_is_held_there(wave):
    clip = wave.cut(0, 5)
    playback = Playback(clip, 0.02)
    for _ in range(50):
        playback.advance()
    np.testing.assert_allclose(playback.now.joint_position, clip.joint_angles[-1])
    np.testing.assert_allclose(playback.now.phase, [0.0, -1.0], atol=1e-9)
