"""Height maps of all shapes against their signed distances, and of meshes against the shapes they approximate."""

import numpy as np
import pytest

from sim.tactile.image import TactileCamera
from sim.tactile.kernels.distance import distances
from sim.tactile.kernels.octree import Forest
from sim.tactile.mesh import Mesh
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape, pack, rotation

PAD = load_pad("digit")
SHAPES = [
    Shape("sphere", (4e-3,)),
    Shape("box", (3e-3, 2e-3, 1.5e-3)),
    Shape("cylinder", (2e-3, 3e-3)),
    Shape("capsule", (1.5e-3, 2e-3)),
    Shape("plane"),
]
BOX_VERTICES = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * [3e-3, 2e-3, 1.5e-3]
BOX_FACES = [
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
]  # fmt: skip


def quaternions(count, seed=0):
    values = np.random.default_rng(seed).normal(size=(count, 4))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def lowest(shape, quaternion):
    return shape.extent_down(-rotation(quaternion)[2])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_the_surface_lies_where_the_signed_distance_is_zero(shape):
    """The line is empty below the surface that it finds, and inside the object just above it."""
    seen = TactileCamera(PAD, [shape], size=(60, 80))
    pixel_x, pixel_y = seen.camera.pixel_m
    for quaternion in [*quaternions(6), (1.0, 0.0, 0.0, 0.0)]:
        if shape.kind == "plane":
            quaternion = np.array([0.05, 1.0, 0.0, 0.0]) / np.sqrt(1.0025)  # looks down, a little sideways
        place = np.array([0.4e-3, -0.3e-3, lowest(shape, quaternion) - 0.7e-3])
        seen.render(place, quaternion)
        deep = seen.indentation[0].astype(np.float64)
        assert deep.max() == pytest.approx(1.3e-3 if shape.kind == "plane" else 0.7e-3, abs=0.1e-3)
        rows, columns = np.indices(deep.shape)
        x, y = (columns - 39.5) * pixel_x, (rows - 29.5) * pixel_y

        def distance(z, x=x, y=y, place=place, quaternion=quaternion):
            points = (np.stack([x, y, z], axis=-1) - place).reshape(-1, 3) @ rotation(quaternion)
            result, gradient = np.empty(len(points)), np.empty((len(points), 3))
            packed = pack([shape])
            sizes = np.array(shape.padded_size)
            distances(packed.kinds[0], sizes, Forest(*packed.forest), points, result, gradient)
            return result.reshape(x.shape)

        touched = (deep > 0.0) & (deep < PAD.gel.thickness_m)
        assert np.abs(distance(-deep))[touched].max(initial=0.0) < 1e-7  # (float32 of millimetres)
        free = -deep[..., None] - np.linspace(2e-6, PAD.gel.thickness_m, 30)  # below the surface
        for z in np.moveaxis(free, -1, 0):
            assert (distance(z)[deep < PAD.gel.thickness_m] > 0.0).all()
        assert (distance(np.zeros_like(deep))[deep == 0.0] > -1e-9).all()


def test_a_box_of_triangles_is_the_box():
    mesh = Mesh.from_triangles("box", BOX_VERTICES, BOX_FACES, depth=3)
    exact, drawn = TactileCamera(PAD, [SHAPES[1]]), TactileCamera(PAD, [mesh])
    for quaternion in quaternions(5, seed=1):
        place = (0.0, 0.0, lowest(SHAPES[1], quaternion) - 0.8e-3)
        exact.render(place, quaternion)
        drawn.render(*_in_mesh_frame(mesh, place, quaternion))
        assert np.abs(exact.indentation - drawn.indentation).max() < 1e-8


def _in_mesh_frame(mesh, place, quaternion):
    """MuJoCo turns meshes to their principal axes: the pose of its frame from that of the given one."""
    import mujoco

    position, turned = np.empty(3), np.empty(4)
    mujoco.mju_mulPose(position, turned, np.array(place, float), np.array(quaternion), mesh.position, mesh.quaternion)
    return position, turned


def test_the_deepest_of_several_objects_is_seen_and_what_is_too_deep_is_as_deep_as_the_gel():
    seen = TactileCamera(PAD, [SHAPES[0], None, SHAPES[1]])
    turned = [[1.0, 0.0, 0.0, 0.0]] * 3
    seen.render([[-4e-3, 0, 3.8e-3], [0, 0, 0], [3.5e-3, 0, 1.2e-3]], turned)
    left, right = seen.indentation[0, :, :160], seen.indentation[0, :, 160:]
    assert left.max() == pytest.approx(0.2e-3, rel=0.01)
    assert right.max() == pytest.approx(0.3e-3, rel=1e-4)
    seen.render([[0, 0, 0], [0, 0, 0], [0, 0, 1.0]], turned)
    assert seen.indentation.max() == np.float32(PAD.gel.thickness_m)


def test_each_pad_may_have_an_object_of_another_size():
    seen = TactileCamera(PAD, [SHAPES[0]], num_pads=2)
    seen.set_sizes([1], 0, (3e-3, 0.0, 0.0))
    seen.render([[[0, 0, 3.5e-3]], [[0, 0, 2.5e-3]]], [[[1.0, 0, 0, 0]]] * 2)
    widths = (seen.indentation[:, 120] > 0).sum(axis=1)
    assert widths[0] > widths[1]
    alone = TactileCamera(PAD, [Shape("sphere", (3e-3,))])
    alone.render((0, 0, 2.5e-3), (1.0, 0, 0, 0))
    assert np.allclose(alone.indentation[0], seen.indentation[1], atol=1e-8)
