"""Pictures in Warp against those of numba, on whatever device is there."""

import numpy as np
import pytest

pytest.importorskip("warp", reason="warp-lang is not in the test requirements: pip install 'sim2metal[gpu]'")

from sim.errors import ConfigError
from sim.tactile.image import TactileCamera
from sim.tactile.lights import NOMINAL
from sim.tactile.markers import Markers
from sim.tactile.mesh import Mesh
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import load_pad
from sim.tactile.press import press
from sim.tactile.warp_image import WarpTactileCamera
from tests.sim.tactile.test_heights import BOX_FACES, BOX_VERTICES


@pytest.mark.slow  # Warp compiles for half a minute the first time
@pytest.mark.parametrize("pad", ["gelsight_mini", "gelsight_r15"])
def test_both_cameras_see_the_same(pad):
    pad = load_pad(pad)
    mesh = Mesh.from_triangles("box", BOX_VERTICES, BOX_FACES, depth=3)
    objects = [*(held.shape for held in OBJECTS.values()), mesh, None]
    count = len(objects)
    poses = [*OBJECTS.values()]
    # Pad n is under object n alone; the others are far away.
    positions = np.tile([0.0, 0.0, 1.0], (count, count, 1))
    quaternions = np.tile([1.0, 0.0, 0.0, 0.0], (count, count, 1))
    for n, held in enumerate(poses):
        positions[n, n] = 1e-3, -2e-3, held.clearance_m - 0.7e-3
        quaternions[n, n] = held.quaternion
    quaternions[:, 6] = OBJECTS["table"].quaternion
    positions[-2, -2], quaternions[-2, -2] = (0.0, 0.0, 2.2e-3), (0.8, 0.0, 0.6, 0.0)
    options = {"shadows": NOMINAL, "size": (pad.camera.rows // 2, pad.camera.columns // 2)}
    theirs = TactileCamera(pad, objects, count, **options)
    ours = WarpTactileCamera(pad, objects, count, **options)
    for camera in (ours, theirs):
        camera.set_sizes([0], 0, (4.2e-3, 0.0, 0.0))
    expected, seen = theirs.render(positions, quaternions), ours.render(positions, quaternions)
    away = np.abs(ours.indentation - theirs.indentation)
    assert np.mean(away > 1e-6) < 1e-4  # a rim may fall to the one or the other side of a pixel
    assert np.median(theirs.indentation.reshape(count, -1).max(axis=1)) > 0.5e-3
    assert np.mean(np.abs(ours.skin - theirs.skin) > 2e-6) < 1e-3
    difference = np.abs(seen.astype(int) - expected)
    assert np.mean(difference > 1) < 2e-3  # rounding decides into which bin a slope falls
    assert difference.mean() < 0.02
    assert (expected != theirs.untouched).any(axis=(1, 2, 3)).sum() == count - 2  # all but plane and none


@pytest.mark.slow
def test_both_draw_the_same_dots():
    pad, held = load_pad("gelsight_mini"), OBJECTS["stamp"]
    contact = press(pad, held, 2.0, shear_m=(0.3e-3, 0.1e-3))
    options = {"markers": Markers.fitted(pad.camera)}
    seen = WarpTactileCamera(pad, [held.shape], **options).render(contact.position, contact.quaternion, contact.field)
    expected = TactileCamera(pad, [held.shape], **options).render(contact.position, contact.quaternion, contact.field)
    assert np.mean(np.abs(seen.astype(int) - expected) > 1) < 2e-3
    assert (expected < 40).all(axis=3).sum() > 99 * 15


def test_an_unknown_device_is_refused():
    with pytest.raises(ConfigError, match="no device 'tpu'"):
        WarpTactileCamera(load_pad("digit"), [None], device="tpu")
