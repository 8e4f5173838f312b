"""The sheet of robots, and published meshes over our shapes, from a folder laid out as MuJoCo Menagerie's."""

import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest
from PIL import Image

from sim.bodies.menagerie import dress, published_model
from sim.bodies.model import build_joint_model, build_joint_spec
from sim.bodies.parameters import joint_robots
from sim.bodies.picture import TILE_PX, Args, run
from sim.errors import ConfigError, ToolchainError

WEDGE = "0 0 0  0.1 0 0  0 0.2 0  0 0 0.3"
PUBLISHED = f"""<mujoco>
  <asset><mesh name="wedge" vertex="{WEDGE}"/><material name="red" rgba="0.9 0.1 0.1 1"/></asset>
  <worldbody>
    <body name="trunk" pos="0 0 0.4">
      <freejoint/>
      <geom type="mesh" mesh="wedge" pos="0.1 0.2 0.3" contype="0" conaffinity="0" material="red"/>
      <geom type="box" size="0.1 0.1 0.1"/>
      <body name="elsewhere"><geom type="mesh" mesh="wedge" contype="0" conaffinity="0"/></body>
    </body>
  </worldbody>
</mujoco>"""


@pytest.fixture
def menagerie(tmp_path, monkeypatch):
    """The real package, told of a checkout that holds one robot with one mesh."""
    (tmp_path / "unitree_go1").mkdir()
    (tmp_path / "unitree_go1" / "go1.xml").write_text(PUBLISHED)
    monkeypatch.setenv("MENAGERIE_ROOT", str(tmp_path))
    return tmp_path


def corners(model, data):
    """World positions of all corners of the first mesh on a geom, sorted."""
    geom = int(np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_MESH)[0])
    mesh = model.geom_dataid[geom]
    points = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]]
    places = points @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]
    return places[np.lexsort(np.round(places, 6).T)]


def test_meshes_hang_where_they_were_published_and_change_no_physics(menagerie):
    spec = build_joint_spec("go1")
    assert dress(spec, published_model("go1")) == 1
    dressed, plain = spec.compile(), build_joint_model("go1")
    np.testing.assert_array_equal(dressed.body_mass, plain.body_mass)
    np.testing.assert_array_equal(dressed.body_inertia, plain.body_inertia)
    data = mujoco.MjData(dressed)
    mujoco.mj_kinematics(dressed, data)
    wanted = np.fromstring(WEDGE, sep=" ").reshape(4, 3) + np.array((0.1, 0.2, 0.3)) + data.body("trunk").xpos
    np.testing.assert_allclose(corners(dressed, data), wanted[np.lexsort(np.round(wanted, 6).T)], atol=1e-6)
    trunk = dressed.geom_bodyid == dressed.body("trunk").id
    meshes = dressed.geom_type == mujoco.mjtGeom.mjGEOM_MESH
    assert not dressed.geom_contype[meshes].any()
    assert set(dressed.geom_group[trunk & ~meshes]) == {5}, "our shapes there are hidden"
    assert set(dressed.geom_group[~trunk & (dressed.geom_bodyid > 0)]) == {2}, "where no mesh came, they stay"


def test_without_meshes_there_is_one_line_that_says_why(menagerie, monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match="has no meshes of robot 'mouse'; choose one of: g1, go1, go1_arm"):
        published_model("mouse")
    with pytest.raises(ToolchainError, match="no meshes of 'unitree_g1'"):
        published_model("g1")
    monkeypatch.setitem(sys.modules, "mujoco_menagerie", None)
    with pytest.raises(ToolchainError, match=r"mujoco-menagerie is missing; pip install 'sim2metal\[menagerie\]'"):
        run(Args(("go1",), tmp_path / "none.png", meshes=True))
    assert not (tmp_path / "none.png").exists()


def test_the_sheet_has_a_tile_for_each_robot(tmp_path):
    out = tmp_path / "two.png"
    result = run(Args(("go1", "mouse"), out))
    assert result["robots"]["go1"] == {"mass_kg": 13.1, "joints": 12}
    picture = np.asarray(Image.open(out))
    assert picture.shape == (TILE_PX[1], 2 * TILE_PX[0], 3)
    below_the_caption = picture[100:].astype(int)
    left, right = np.hsplit(below_the_caption, 2)
    for tile in (left, right):
        assert ((tile.sum(axis=2) < 300).mean(axis=None)) > 0.01, "dark parts of a robot in front of a light floor"
    assert np.abs(left - right).max() > 100


def test_robots_with_joints_are_found_and_what_cannot_be_drawn_is_refused():
    assert {"g1", "go1", "go1_arm", "biped", "dinosaur", "mouse"} <= set(joint_robots())
    with pytest.raises(ConfigError, match="unknown robot"):
        run(Args(("horse",)))
    with pytest.raises(ConfigError, match="has no joints"):
        run(Args(("crazyflie",)))
    with pytest.raises(ConfigError, match=r"--out robots\.txt: expected a name that ends in \.png"):
        run(Args(("go1",), Path("robots.txt")))
