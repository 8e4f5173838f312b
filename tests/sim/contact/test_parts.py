"""Fixtures, grips and rewards of contact tasks against geometry and formulas."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from sim.contact.fixtures import wall_name, wall_places
from sim.contact.grip import GripDepth
from sim.contact.keypoints import keypoint_distance, reward
from sim.contact.pads import policy_pad
from sim.contact.scene import build_scene
from sim.contact.thread import PLUGIN_RADIUS, _surface, bolt_length
from sim.contact.workpieces import BOLT_M, HOLE_DEPTH_M, THREAD_M
from sim.quaternions import from_rotation_vector
from sim.registry import load_task
from sim.tactile.field import ForceField
from sim.tactile.shapes import Shape

UP = np.array([[1.0, 0.0, 0.0, 0.0]])


@pytest.mark.parametrize("hole", [4.5e-3, 16.5e-3])
def test_walls_leave_a_hole_of_the_diameter_and_nothing_else(hole):
    """A probe ball of the hole's size less a hair touches nothing; a hair more and it touches every wall."""
    spec = mujoco.MjSpec()
    places, turns = wall_places(np.array([hole]))
    for place, turn in zip(places[0], turns):
        size = build_scene(load_task("peg_insertion").TASK).model.geom(wall_name(0)).size
        quaternion = (np.cos(turn / 2), 0.0, 0.0, np.sin(turn / 2))
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=size, pos=place, quat=quaternion)
    ball = spec.worldbody.add_body(name="ball", pos=(0.0, 0.0, -HOLE_DEPTH_M / 2))
    ball.add_freejoint()
    ball.add_geom(name="ball", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(1e-3, 0, 0))
    model = spec.compile()
    data = mujoco.MjData(model)
    for change, walls in ((-1e-5, 0), (1e-5, len(turns))):
        model.geom("ball").size[0] = model.geom_rbound[model.geom("ball").id] = (hole + change) / 2
        model.geom_aabb[model.geom("ball").id, 3:] = hole
        mujoco.mj_forward(model, data)
        assert data.ncon == walls


def test_grip_depth_presses_back_with_the_force_asked_for():
    pad = policy_pad("gelsight_r15")
    diameter, force = np.array([4e-3, 8e-3, 16e-3]), np.array([3.0, 5.0, 5.0])
    depth, held = GripDepth(pad).hold(diameter, force)
    np.testing.assert_allclose(held, force, rtol=1e-3)
    field = ForceField(pad, [Shape("cylinder", (4e-3, 0.025))], 3)
    field.set_sizes(np.arange(3), 0, np.stack([diameter / 2, np.full(3, 0.025), np.zeros(3)], axis=1))
    place = np.stack([np.zeros(3), np.zeros(3), diameter / 2 - depth], axis=1)
    half, still = np.sqrt(0.5), np.zeros((3, 3))
    field.step(place, np.tile([half, half, 0.0, 0.0], (3, 1)), still, still, 1e-3)
    np.testing.assert_allclose(-field.wrench()[0][:, 2], force, rtol=0.05)


def test_thin_things_are_held_with_less():
    depth, force = GripDepth(policy_pad("gelsight_r15")).hold(np.array([2e-3]), np.array([50.0]))
    assert depth[0] == pytest.approx(0.5e-3)
    assert 0.1 < force[0] < 5.0


def test_keypoints_measure_shift_and_tilt_and_not_turns_about_the_axis():
    at = np.zeros((1, 3))
    assert keypoint_distance(at, from_rotation_vector([[0, 0, 1.0]]), at, UP, 0.5)[0] == pytest.approx(0.0, abs=1e-12)
    assert keypoint_distance(at + np.array([0.003, 0.0, 0.004]), UP, at, UP, 0.5)[0] == pytest.approx(0.005)
    tilt = 0.02  # heights are -1/2, -1/6, 1/6, 1/2 of the line
    expected = 0.5 * (0.5 + 1 / 6) / 2 * 2.0 * np.sin(tilt / 2)
    assert keypoint_distance(at, from_rotation_vector([[tilt, 0, 0]]), at, UP, 0.5)[0] == pytest.approx(expected)


def test_reward_is_the_published_one():
    distance, change, contact = np.array([0.0, 0.01, 0.2]), np.zeros((3, 6)), np.zeros(3)
    change[1, 0] = 2.0
    expected = (
        -0.1 * distance + 0.1 / (np.exp(50 * distance) + 1e-4 + np.exp(-50 * distance)) - 0.001 * np.array([0, 2, 0])
    )
    np.testing.assert_allclose(reward(distance, change, contact, 0.0), expected, rtol=1e-12)
    np.testing.assert_allclose(reward(distance, change, contact + 3.0, 0.1), expected - 0.3, rtol=1e-12)
    assert np.isfinite(reward(np.array([1e9]), change[:1], contact[:1], 0.0)).all()


def test_bolt_and_nut_are_mujocos_shapes_made_small():
    """The thread's rise over a turn is a twelfth of the bolt; the outermost points lie on the plugin's own surface."""
    assert bolt_length(THREAD_M) == pytest.approx(BOLT_M)
    vertices = _surface("bolt")[0].astype(float)
    assert vertices[:, 2].min() == pytest.approx(-1.0, abs=0.03)
    assert vertices[:, 2].max() == pytest.approx(0.0, abs=0.03)
    shank = vertices[(vertices[:, 2] < -0.56) & (vertices[:, 2] > -0.7)]
    radius, azimuth = np.hypot(shank[:, 0], shank[:, 1]), np.arctan2(shank[:, 1], shank[:, 0])
    wave = np.abs((12.0 * shank[:, 2] - azimuth / (2 * np.pi)) % 1.0 - 0.5) / 12.0
    assert np.quantile(np.abs(radius - PLUGIN_RADIUS - wave), 0.99) < 0.006  # (the mesh cuts the sharp edges)
    assert np.ptp(radius) > 0.03
