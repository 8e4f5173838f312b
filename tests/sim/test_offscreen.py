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
    <camera name="from_ahead" pos="1.5 0 1.2" xyaxes="0 1 0 -0.6 0 0.8"/>
    <camera name="from_above" pos="0 0 3"/>
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
    """Return a screen."""
    return Offscreen(scene[0], 64, 48, **settings)


def seen(scene, screen):
    """Return what both cameras see, (2, rows, columns, 3): one after the other, so that no picture is an older one."""
    model, data = scene
    eye, everything = mujoco.MjvCamera(), mujoco.mjtCatBit.mjCAT_ALL.value
    eye.type, pictures = mujoco.mjtCamera.mjCAMERA_FIXED.value, []
    for eye.fixedcamid in range(2):
        mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, eye, everything, screen.scene)
        pictures.append(screen.draw().astype(int))
    return np.stack(pictures)


@pytest.mark.parametrize("ends", ["closed", "dropped"])
def test_one_that_goes_leaves_the_others_as_they_were(scene, ends):
    first, second, goes = opened(scene), opened(scene), opened(scene)
    before = seen(scene, first)
    np.testing.assert_array_equal(seen(scene, second), before)
    assert np.abs(before[0] - before[1]).max() > 50
    if ends == "closed":
        goes.close()
        goes.close()  # (nothing more)
    else:
        del goes
        gc.collect()
    np.testing.assert_array_equal(seen(scene, second), before)
    np.testing.assert_array_equal(seen(scene, first), before)


def test_the_map_of_shadows_is_this_pictures_alone(scene):
    usual = scene[0].vis.quality.shadowsize
    shadows, without = (seen(scene, opened(scene, **settings)).sum(-1) for settings in ({}, {"shadow_pixels": 0}))
    assert scene[0].vis.quality.shadowsize == usual != SHADOW_PIXELS
    assert 0.01 < (shadows < without - 30).mean() < 0.5  # the box's shadow on the floor
    assert (shadows > without + 30).mean() < 0.002


def test_a_picture_can_be_larger_than_the_models_own_buffer(scene):
    model = scene[0]
    usual = model.vis.global_.offheight
    screen = Offscreen(model, 96, usual + 120)
    small, large = seen(scene, Offscreen(model, 48, (usual + 120) // 2)), seen(scene, screen)
    assert model.vis.global_.offheight == usual
    halved = large.reshape(2, (usual + 120) // 2, 2, 48, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - small).mean() < 3.0
