"""Meshes by MuJoCo's octree: against MuJoCo's own evaluation of it, exact shapes, and MuJoCo's convex collision."""

import mujoco
import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.geoms import geom_surface
from sim.tactile.mesh import Mesh
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape, rotation
from tests.sim.tactile.plain_field import prism, signed

PAD = load_pad("gelsight_mini")
TURN = np.array([0.8, 0.3, -0.2, 0.4]) / np.linalg.norm([0.8, 0.3, -0.2, 0.4])


def add_mesh(spec, name, vertices, faces, depth=5, needsdf=True):
    mesh = spec.add_mesh(name=name, needsdf=needsdf, octree_maxdepth=depth)
    mesh.uservert, mesh.userface = np.ravel(vertices), np.ravel(faces)


def cup():
    """A cube of 20 mm with a square hole of 10 mm from the top: not convex."""
    outer = [[x, y, z] for z in (0, 0.02) for x, y in ((-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01))]
    inner = [
        [x, y, z] for z in (0.005, 0.02) for x, y in ((-0.005,) * 2, (0.005, -0.005), (0.005,) * 2, (-0.005, 0.005))
    ]
    quads = [(3, 2, 1, 0)] + [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)]
    quads += [(8, 9, 10, 11)] + [(8 + (i + 1) % 4, 8 + i, 12 + i, 12 + (i + 1) % 4) for i in range(4)]
    quads += [(4 + i, 4 + (i + 1) % 4, 12 + (i + 1) % 4, 12 + i) for i in range(4)]
    return np.array(outer + inner), np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])


def test_mujoco_s_tactile_sensor_reads_the_same_depths_from_its_octree():
    spec = mujoco.MjSpec.from_string("""
    <mujoco>
      <asset><mesh name="plate" builtin="plate" params="25 25" scale="0.03 0.03 0.005"/></asset>
      <worldbody>
        <body name="pad">
          <geom type="box" size="0.03 0.03 0.005"/>
          <geom name="skin" type="mesh" mesh="plate" contype="0" conaffinity="0"/>
        </body>
      </worldbody>
      <sensor><tactile geom="skin" mesh="plate"/></sensor>
    </mujoco>""")
    add_mesh(spec, "other", *prism(5, 0.01, 0.01))  # so that the octree is not the model's first
    add_mesh(spec, "cup", *cup())
    far = spec.worldbody.add_body(pos=(1, 0, 0))
    far.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="other")
    body = spec.worldbody.add_body(name="cup", pos=(0.003, -0.002, -0.009), quat=TURN)
    body.add_freejoint()
    body.add_geom(name="cup", type=mujoco.mjtGeom.mjGEOM_MESH, meshname="cup")
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    mesh, skin, geom = model.mesh("plate").id, model.geom("skin").id, data.geom("cup")
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    taxels = data.geom_xpos[skin] + model.mesh_vert[first : first + count] @ data.geom_xmat[skin].reshape(3, 3).T
    surface = geom_surface(model, "cup")
    distance, _ = signed(surface, (taxels - geom.xpos) @ geom.xmat.reshape(3, 3))
    measured = data.sensordata[:count]
    assert (measured > 1e-4).sum() > 20
    assert np.abs(measured - np.maximum(-distance, 0.0)).max() < 1e-8


@pytest.mark.parametrize(
    ("shape", "solid"),
    [
        (Shape("cylinder", (4e-3, 8e-3)), prism(96, 4e-3, 8e-3)),
        (Shape("box", (4e-3, 4e-3, 5e-3)), prism(4, 4e-3 * 2**0.5, 5e-3)),
    ],
    ids=["cylinder", "box"],
)
def test_a_mesh_of_an_exact_shape_has_nearly_its_distances(shape, solid):
    """A cell of the octree is 0.14 to 0.28 mm; the error is where a face turns within one."""
    vertices, faces = solid
    if shape.kind == "box":
        vertices = vertices @ rotation([np.cos(np.pi / 8), 0, 0, np.sin(np.pi / 8)]).T
    mesh = Mesh.from_triangles("solid", vertices, faces)
    points = np.random.default_rng(1).uniform(-9e-3, 9e-3, (20_000, 3))
    exact, direction = signed(shape, points)
    turn = rotation(mesh.quaternion)
    ours, gradient = signed(mesh, (points - mesh.position) @ turn)
    near = np.abs(exact) < 1.5e-3
    error = np.abs(ours - exact)[near]
    assert np.median(error) < 1e-5
    assert np.percentile(error, 95) < 8e-5
    assert np.median(np.sum(gradient @ turn.T * direction, axis=1)[near]) > 0.999
    assert ((ours < 0.0) == (exact < 0.0)).mean() > 0.998


def test_outside_and_just_inside_a_convex_mesh_mujoco_s_collision_says_the_same():
    spec = mujoco.MjSpec()
    add_mesh(spec, "stone", *prism(6, 6e-3, 5e-3), depth=6)
    spec.worldbody.add_geom(name="stone", type=mujoco.mjtGeom.mjGEOM_MESH, meshname="stone")
    probe = spec.worldbody.add_body(name="probe", mocap=True)
    probe.add_geom(name="probe", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(1e-3, 0, 0))
    model = spec.compile()
    data, random = mujoco.MjData(model), np.random.default_rng(2)
    surface, errors = geom_surface(model, "stone"), []
    mujoco.mj_forward(model, data)
    stone = data.geom("stone")
    for point in random.uniform(-8e-3, 8e-3, (400, 3)):
        data.mocap_pos[0] = point
        mujoco.mj_kinematics(model, data)
        theirs = mujoco.mj_geomDistance(model, data, 0, 1, 1.0, None) + 1e-3  # from the ball's middle
        ours = signed(surface, ((point - stone.xpos) @ stone.xmat.reshape(3, 3))[None])[0][0]
        if theirs > -1e-3:
            errors.append(abs(ours - theirs))
    assert len(errors) > 100
    assert np.median(errors) < 2e-5
    # Beyond the octree's box the way to the box is added: too far by at most its margin, a tenth of the mesh.
    assert np.max(errors) < 2e-3


def test_a_hole_is_a_hole():
    """Convex hulls, which MuJoCo collides meshes by, have none."""
    mesh = Mesh.from_triangles("cup", *cup())
    points = np.array([[0, 0, 0.015], [0, 0, 0.001], [0.006, 0, 0.015], [0, 0, 0.0045]])
    distance, _ = signed(mesh, (points - mesh.position) @ rotation(mesh.quaternion))
    assert distance == pytest.approx([0.005, -0.001, -0.001, -0.0005], abs=1e-4)


def test_a_mesh_presses_like_the_shape_it_is_of():
    shape, mesh = Shape("cylinder", (4e-3, 15e-3)), Mesh.from_triangles("peg", *prism(96, 4e-3, 15e-3))
    lying, still = np.array([0.5**0.5, 0.0, 0.5**0.5, 0.0]), np.zeros(3)
    forces = []
    for surface in (shape, mesh):
        turned = np.empty(4)
        mujoco.mju_mulQuat(turned, lying, surface.quaternion if isinstance(surface, Mesh) else np.array([1.0, 0, 0, 0]))
        field = ForceField(PAD, [surface])
        place = np.array([1e-3, -5e-4, 3.4e-3])
        field.step(place, turned, still, still, 0.01)
        field.step(place, turned, (2e-3, 1e-3, 0.0), still, 0.01)
        forces.append(field.wrench()[0][0])
    load = -forces[0][2]
    assert 0.02 * load < forces[0][0]  # sheared along its axis, which the octree's slopes do not spoil
    assert forces[1][0] == pytest.approx(forces[0][0], rel=1e-3)
    assert forces[1] == pytest.approx(forces[0], abs=0.025 * load)


def test_two_meshes_and_a_shape_add_up():
    one, two = Mesh.from_triangles("prism", *prism(6, 3e-3, 4e-3)), Mesh.from_triangles("cup", *cup())
    objects = [one, Shape("sphere", (4e-3,)), two, one]
    places = np.array([[-6e-3, 0, 3.6e-3], [0, 5e-3, 3.5e-3], [2e-3, -1e-3, 9e-3], [6e-3, 4e-3, 3.5e-3]])
    still, upright = np.zeros((1, 3)), np.array([[1.0, 0, 0, 0]])
    together = ForceField(PAD, objects)
    together.step(places, np.tile(upright, (4, 1)), np.zeros((4, 3)), np.zeros((4, 3)), 0.01)
    for number, surface in enumerate(objects):
        alone = ForceField(PAD, [surface])
        alone.step(places[number], upright, still, still, 0.01)
        assert np.array_equal(together.wrenches()[0][:, number], alone.wrench()[0])
        assert alone.wrench()[0][0, 2] < -0.01


def test_a_mesh_without_a_distance_field_is_refused_by_name():
    """MuJoCo's own tactile sensor silently reads zero."""
    spec = mujoco.MjSpec()
    add_mesh(spec, "key", *prism(6, 6e-3, 5e-3), needsdf=False)
    spec.worldbody.add_geom(name="handle", type=mujoco.mjtGeom.mjGEOM_MESH, meshname="key")
    model = spec.compile()
    with pytest.raises(ConfigError, match=r"(?s)'handle'.*'key'.*needsdf"):
        geom_surface(model, "handle")
    with pytest.raises(ConfigError, match="'key'"):
        Mesh.from_model(model, "key")
    with pytest.raises(ConfigError, match="no mesh 'lock'"):
        Mesh.from_model(model, "lock")


def test_a_plugin_s_geom_is_refused_by_name():
    model = mujoco.MjModel.from_xml_string("""
    <mujoco>
      <extension><plugin plugin="mujoco.sdf.nut"><instance name="nut"/></plugin></extension>
      <asset><mesh name="nut"><plugin instance="nut"/></mesh></asset>
      <worldbody><geom name="turned" type="sdf" mesh="nut"><plugin instance="nut"/></geom></worldbody>
    </mujoco>""")
    with pytest.raises(ConfigError, match=r"'turned'.*plugin"):
        geom_surface(model, "turned")


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), (np.zeros((4, 3)), [[0, 1, 2], [1, 2, 3]]), ([], [])],
)
def test_what_encloses_no_volume_is_refused(vertices, faces):
    with pytest.raises(ConfigError, match="'flat' is no solid"):
        Mesh.from_triangles("flat", vertices, faces)


def test_a_field_that_has_no_inside_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"'sheet' has no inside.*octree_maxdepth"):
        Mesh.from_triangles("sheet", *prism(6, 6e-3, 5e-5), depth=0)


BOX = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * 8e-3
SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def halves(sides):
    return np.concatenate([sides[:, [0, 1, 2]], sides[:, [0, 2, 3]]])


@pytest.mark.parametrize(
    "faces",
    [halves(SIDES)[:, ::-1], halves(SIDES[:5]), np.concatenate([halves(SIDES[:3]), halves(SIDES[3:])[:, ::-1]])],
    ids=["inside out", "open", "partly inside out"],
)
def test_a_surface_that_does_not_say_what_is_inside_is_refused_by_name(faces):
    """MuJoCo takes it, and a press of 0.5 N felt 2.8."""
    assert Mesh.from_triangles("crate", BOX, halves(SIDES)).corners.min() == pytest.approx(-4e-3, rel=1e-3)
    with pytest.raises(ConfigError, match="'crate' is negative outside of it: close its surface, and turn"):
        Mesh.from_triangles("crate", BOX, faces)
