"""The force field against MuJoCo's own tactile sensor on the same taxels, where that one is exact.

It measures depths and, in the pad's plane, slide speeds without a sign; it has no forces and no memory. Its tangents
are those of the skin: for an upright cylinder's cap they are the contact's, too.
"""

import mujoco
import numpy as np
import pytest

from sim.tactile.field import ForceField
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape, rotation
from sim.tactile.stiffness import SHEAR_RATIO
from tests.sim.tactile.plain_field import signed

PAD = load_pad("gelsight_mini")
KINDS = {
    "sphere": Shape("sphere", (5e-3,)),
    "cylinder": Shape("cylinder", (4e-3, 6e-3)),
    "capsule": Shape("capsule", (3e-3, 5e-3)),
}


def sensor_over(shape):
    """The pad's taxels as a sensor in MuJoCo, and a free object of a shape."""
    taxels, columns = PAD.taxels.positions.astype(float), PAD.taxels.columns
    corners = [row * columns + column for row in range(PAD.taxels.rows - 1) for column in range(columns - 1)]
    spec = mujoco.MjSpec()
    skin = spec.add_mesh(name="skin", inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    skin.uservert = taxels.ravel()
    skin.userface = np.ravel([[[a, a + 1, a + columns], [a + 1, a + columns + 1, a + columns]] for a in corners])
    skin.usernormal = np.tile([0, 0, 1, 1, 0, 0, 0, 1, 0], len(taxels))  # normal and both tangents of every taxel
    pad = spec.worldbody.add_body()
    half = [*(0.5 * size for size in PAD.size_m), 0.002]
    pad.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=half, pos=(0, 0, -half[2]))
    pad.add_geom(name="skin", type=mujoco.mjtGeom.mjGEOM_MESH, meshname="skin", contype=0, conaffinity=0)
    body = spec.worldbody.add_body(name="object")
    body.add_freejoint()
    kind = getattr(mujoco.mjtGeom, f"mjGEOM_{shape.kind.upper()}")
    body.add_geom(type=kind, size=shape.padded_size)
    spec.add_sensor(
        type=mujoco.mjtSensor.mjSENS_TACTILE, objtype=mujoco.mjtObj.mjOBJ_MESH, objname="skin",
        reftype=mujoco.mjtObj.mjOBJ_GEOM, refname="skin",
    )  # fmt: skip
    model = spec.compile()
    return model, mujoco.MjData(model)


def measure(model, data, place, turn, velocity=(0, 0, 0), spin=(0, 0, 0)):
    """Depths, and slide speeds along x and y; (3, taxels). ``spin`` is about the object's own axes."""
    data.qpos[:], data.qvel[:] = [*place, *turn], [*velocity, *spin]
    mujoco.mj_forward(model, data)
    return data.sensordata.reshape(3, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_distances_and_which_taxels_touch(kind):
    """It reads the shortest way out of the object; the same taxels feel it."""
    shape, random = KINDS[kind], np.random.default_rng(4)
    (model, data), field, touched = sensor_over(shape), ForceField(PAD, [shape]), 0
    for _ in range(20):
        turn = random.normal(size=4)
        turn /= np.linalg.norm(turn)
        place = random.uniform((-6e-3, -4e-3, 1e-3), (6e-3, 4e-3, 4e-3))
        depth = measure(model, data, place, turn)[0]
        distance, _ = signed(shape, (PAD.taxels.positions - place) @ rotation(turn))
        assert np.abs(np.maximum(-distance, 0.0) - depth).max() < 1e-8
        field.reset()
        field.step(place, turn, np.zeros(3), np.zeros(3), 0.01)
        clear = np.abs(distance) > 1e-8  # (float32 against float64)
        assert ((field.depth[0] > 0.0) == (depth > 0.0))[clear].all()
        touched += (depth > 0.0).sum()
    assert touched > 500


def test_depths_and_slide_speeds_under_a_cap():
    """In the first step of a touch the shear is its viscous part alone: stiffness x relaxation x slide speed."""
    shape = KINDS["cylinder"]
    model, data = sensor_over(shape)
    place, upright, velocity, spin = (1e-3, 5e-4, 5.8e-3), (1.0, 0, 0, 0), (0.02, -0.01, 0.0), (0.0, 0.0, 2.0)
    depth, along_x, along_y = measure(model, data, place, upright, velocity, spin)
    field = ForceField(PAD, [shape])
    field.set_gel(friction=100.0)
    field.step(place, upright, velocity, spin, 0.01)
    viscosity = SHEAR_RATIO * field.normal_stiffness[0] * PAD.gel.relaxation_s
    from_axis = np.linalg.norm(PAD.taxels.positions[:, :2] - place[:2], axis=1)
    touched = (depth > 0.0) & (from_axis < 3.7e-3)  # nearer to its rim the side is the nearest face
    assert touched.sum() > 50
    assert np.allclose(field.depth[0, touched], depth[touched], atol=1e-8)
    assert np.allclose(np.abs(field.force[0, touched, 0]) / viscosity, along_x[touched], atol=1e-6)
    assert np.allclose(np.abs(field.force[0, touched, 1]) / viscosity, along_y[touched], atol=1e-6)
    assert not np.allclose(along_x[touched], along_x[touched][0])  # it turns
