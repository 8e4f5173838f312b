"""Pictures without a screen: several at once, which do not disturb each other when one goes."""

import gc

import mujoco
import numpy as np
import pytest

from sim.offscreen import SHADOW_PIXELS, Offscreen

SCENE = """
<mujoco>
  <worldbody>
    <light pos="0.5 0.5 2" dir="-0.2 -0.2 -1"/>
    <geom type="plane" size="2 2 0.1" rgba="0.8 0.8 0.8 1"/>
    <geom type="box" size="0.2 0.2 0.2" pos="0 0 0.4" rgba="0.8 0.2 0.2 1"/>
    <camera name="eye" pos="1.5 0 1.2" xyaxes="0 1 0 -0.6 0 0.8"/>
  </worldbody>
</mujoco>
"""


@pytest.fixture(scope="module")
def scene():
    model = mujoco.MjModel.from_xml_string(SCENE)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def opened(scene, **settings):
    """Return a screen that looks at the scene."""
    model, data = scene
    screen, eye = Offscreen(model, 64, 48, **settings), mujoco.MjvCamera()
    eye.type, eye.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED.value, 0
    everything = mujoco.mjtCatBit.mjCAT_ALL.value
    mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, eye, everything, screen.scene)
    return screen


@pytest.mark.parametrize("ends", ["closed", "dropped"])
def test_one_that_goes_leaves_the_others_as_they_were(scene, ends):
    stays = opened(scene)
    before, others = stays.draw(), [opened(scene), opened(scene)]
    np.testing.assert_array_equal(others[1].draw(), before)
    if ends == "closed":
        others[0].close()
        others[0].close()  # (nothing more)
    else:
        del others[0]
        gc.collect()
    np.testing.assert_array_equal(stays.draw(), before)
    np.testing.assert_array_equal(others[-1].draw(), before)


def test_the_map_of_shadows_is_this_pictures_alone(scene):
    usual = scene[0].vis.quality.shadowsize
    with_shadows, without = opened(scene).draw().astype(int), opened(scene, shadow_pixels=0).draw().astype(int)
    assert scene[0].vis.quality.shadowsize == usual != SHADOW_PIXELS
    darker = with_shadows.sum(2) < without.sum(2) - 30
    assert 0.02 < darker.mean() < 0.5  # the box's shadow on the floor
    assert not (with_shadows.sum(2) > without.sum(2) + 30).any()
