"""Signed distances: known values, closest points found by force, finite differences, MuJoCo's own tactile sensor."""

import mujoco
import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.kernels.distance import distances
from sim.tactile.kernels.octree import Forest
from sim.tactile.shapes import Shape, pack, rotation

SHAPES = {
    "sphere": Shape("sphere", (0.7,)),
    "box": Shape("box", (0.5, 0.8, 0.3)),
    "cylinder": Shape("cylinder", (0.6, 0.9)),
    "capsule": Shape("capsule", (0.4, 0.5)),
    "plane": Shape("plane"),
}


def signed(shape, points):
    distance, gradient, packed = np.empty(len(points)), np.empty((len(points), 3)), pack([shape])
    sizes, points = packed.sizes[0].astype(float), np.ascontiguousarray(points, dtype=float)
    distances(packed.kinds[0], sizes, Forest(*packed.forest), points, distance, gradient)
    return distance, gradient


def inside(shape, p):
    """Whether points are in the shape, said without any distance."""
    if shape.kind == "sphere":
        return (p**2).sum(1) < shape.size[0] ** 2
    if shape.kind == "box":
        return (np.abs(p) < np.array(shape.size)).all(1)
    across = p[:, 0] ** 2 + p[:, 1] ** 2
    if shape.kind == "cylinder":
        return (across < shape.size[0] ** 2) & (np.abs(p[:, 2]) < shape.size[1])
    if shape.kind == "capsule":
        beyond = np.maximum(np.abs(p[:, 2]) - shape.size[1], 0.0)
        return across + beyond**2 < shape.size[0] ** 2
    return p[:, 2] < 0.0


@pytest.mark.parametrize("kind", SHAPES)
def test_the_sign_says_whether_a_point_is_inside(kind):
    points = np.random.default_rng(1).uniform(-1.5, 1.5, (5000, 3))
    distance, _ = signed(SHAPES[kind], points)
    assert ((distance < 0.0) == inside(SHAPES[kind], points)).all()


@pytest.mark.parametrize("kind", SHAPES)
def test_the_closest_surface_point_is_there_and_nothing_is_closer(kind):
    """The point at distance along the gradient lies on the surface; the ball of that radius crosses it nowhere."""
    random = np.random.default_rng(2)
    points = random.uniform(-1.2, 1.2, (300, 3))
    distance, gradient = signed(SHAPES[kind], points)
    assert np.allclose(np.linalg.norm(gradient, axis=1), 1.0)
    assert np.allclose(signed(SHAPES[kind], points - distance[:, None] * gradient)[0], 0.0, atol=1e-9)
    directions = random.normal(size=(400, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for point, length in zip(points, distance):
        around = point + 0.999 * abs(length) * directions
        assert (inside(SHAPES[kind], around) == (length < 0.0)).all()


@pytest.mark.parametrize("kind", SHAPES)
def test_gradients_are_those_of_finite_differences(kind):
    points = np.random.default_rng(3).uniform(-1.2, 1.2, (2000, 3))
    _, gradient = signed(SHAPES[kind], points)
    step = 1e-6
    numeric = np.stack(
        [(signed(SHAPES[kind], points + step * e)[0] - signed(SHAPES[kind], points - step * e)[0]) for e in np.eye(3)],
        axis=1,
    ) / (2.0 * step)
    smooth = np.abs(np.linalg.norm(numeric, axis=1) - 1.0) < 1e-4  # not across a kink
    assert smooth.mean() > 0.98
    assert np.allclose(numeric[smooth], gradient[smooth], atol=1e-5)


@pytest.mark.parametrize("kind", ["sphere", "cylinder", "capsule"])
def test_mujoco_s_tactile_sensor_measures_the_same_depth(kind):
    """Where MuJoCo's own distance is exact; a box's is not, inside."""
    shape = {
        "sphere": Shape("sphere", (0.02,)),
        "cylinder": Shape("cylinder", (0.02, 0.03)),
        "capsule": Shape("capsule", (0.015, 0.02)),
    }[kind]
    quaternion = np.array([0.8, 0.3, -0.2, 0.4]) / np.linalg.norm([0.8, 0.3, -0.2, 0.4])
    size = " ".join(map(str, shape.size))
    model = mujoco.MjModel.from_xml_string(f"""
    <mujoco>
      <asset><mesh name="plate" builtin="plate" params="25 25" scale="0.04 0.04 0.005"/></asset>
      <worldbody>
        <body name="pad">
          <geom type="box" size="0.04 0.04 0.005"/>
          <geom name="skin" type="mesh" mesh="plate" contype="0" conaffinity="0"/>
        </body>
        <body name="object" pos="0.003 -0.002 -0.012" quat="{" ".join(map(str, quaternion))}">
          <freejoint/><geom name="object" type="{kind}" size="{size}"/>
        </body>
      </worldbody>
      <sensor><tactile geom="skin" mesh="plate"/></sensor>
    </mujoco>""")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    mesh, skin = model.mesh("plate").id, model.geom("skin").id
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    taxels = data.geom_xpos[skin] + model.mesh_vert[first : first + count] @ data.geom_xmat[skin].reshape(3, 3).T
    measured = data.sensordata[:count]
    local = (taxels - data.geom("object").xpos) @ rotation(quaternion)
    expected = np.maximum(-signed(shape, local)[0], 0.0)
    assert (measured > 1e-4).sum() > 20
    assert np.abs(measured - expected).max() < 1e-7


@pytest.mark.parametrize(
    ("kind", "size"),
    [("ball", (1.0,)), ("sphere", ()), ("sphere", (0.0,)), ("box", (1.0, 1.0)), ("capsule", (1.0, float("nan")))],
)
def test_impossible_shapes_are_refused(kind, size):
    with pytest.raises(ConfigError):
        Shape(kind, size)
