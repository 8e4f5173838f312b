"""Every multirotor's compiled MJCF against the constants beside it, for every parameter set."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from sim.errors import ConfigError
from sim.flight.model import build_model, build_spec, standing_height
from sim.flight.scene import FLOOR
from sim.registry import load_robot, robot_names
from sim.spec import GRAVITY, MultirotorParameters

MULTIROTORS = [name for name in robot_names() if isinstance(load_robot(name).parameters(), MultirotorParameters)]
SETS = [(name, which) for name in MULTIROTORS for which in load_robot(name).parameter_sets]


def check_against_constants(model: mujoco.MjModel, robot, constants) -> None:
    body = model.body(robot.name)
    assert body.mass[0] == pytest.approx(constants.mass, rel=1e-12)
    np.testing.assert_allclose(body.inertia, constants.inertia, rtol=1e-12)
    np.testing.assert_array_equal(body.ipos, 0.0)
    np.testing.assert_array_equal(body.iquat, [1.0, 0.0, 0.0, 0.0])
    assert model.body_subtreemass[0] == pytest.approx(constants.mass, rel=1e-12)
    assert model.joint("root").type[0] == mujoco.mjtJoint.mjJNT_FREE
    assert (model.nq, model.nv, model.na) == (7, 6, 0)
    assert [model.actuator(k).name for k in range(model.nu)] == list(robot.motor_names)
    for name, position, sign in zip(robot.motor_names, constants.rotor_position_b, constants.yaw_sign):
        actuator, site = model.actuator(name), model.site(name)
        assert actuator.trntype[0] == mujoco.mjtTrn.mjTRN_SITE
        assert actuator.trnid[0] == site.id
        np.testing.assert_allclose(actuator.gear, [0, 0, 1, 0, 0, sign * constants.torque_per_thrust], rtol=1e-7)
        np.testing.assert_allclose(site.pos, position, rtol=1e-12)
        np.testing.assert_array_equal(site.quat, [1.0, 0.0, 0.0, 0.0])
        assert model.site_bodyid[site.id] == body.id
        assert not model.actuator_ctrllimited[actuator.id]
    np.testing.assert_array_equal(model.opt.gravity, [0.0, 0.0, -GRAVITY])
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4
    assert model.opt.density == 0.0


@pytest.mark.parametrize("name", MULTIROTORS)
def test_mjcf_as_it_stands_is_the_default_parameter_set(name):
    robot = load_robot(name)
    check_against_constants(mujoco.MjModel.from_xml_path(str(robot.mjcf)), robot, robot.parameters())


@pytest.mark.parametrize(("name", "which"), SETS)
def test_airframe_is_one_that_flies(name, which):
    """Bounds that every multirotor keeps: thrust for its weight, a real body, torque about each axis."""
    constants = load_robot(name).parameters(which)
    assert 1.4 < constants.thrust_to_weight < 6.0
    assert 0.3 < constants.hover_command < 0.9
    x, y, z = constants.inertia
    assert max(x, y, z) < x + y + z - max(x, y, z)  # the triangle inequality of principal moments
    assert sum(constants.yaw_sign) == 0.0
    np.testing.assert_allclose(np.sum(constants.rotor_position_b, axis=0)[:2], 0.0, atol=0.005)
    assert 0.0 < constants.motor_rise_s < 0.3
    assert 0.0 < constants.motor_fall_s < 0.3


@pytest.mark.parametrize("name", MULTIROTORS)
def test_rotors_do_not_touch_each_other(name):
    constants = load_robot(name).parameters()
    hubs = np.array(constants.rotor_position_b)
    apart = np.linalg.norm(hubs[:, None] - hubs[None], axis=2) + np.eye(len(hubs))
    assert apart.min() > 2.0 * constants.rotor_radius_m


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize(("name", "which"), SETS)
def test_built_model_is_the_named_parameter_set(name, which, floor):
    robot = load_robot(name)
    model = build_model(name, which, timestep=0.004, floor=floor)
    check_against_constants(model, robot, robot.parameters(which))
    assert model.opt.timestep == 0.004


@pytest.mark.parametrize(("name", "which"), SETS)
def test_hover_thrust_holds_the_robot_and_full_thrust_lifts_it(name, which):
    robot = load_robot(name)
    constants = robot.parameters(which)
    model = build_model(robot, constants)
    data = mujoco.MjData(model)
    data.ctrl[:] = constants.mass * GRAVITY / constants.num_rotors
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(data.qacc, 0.0, atol=1e-6)
    np.testing.assert_allclose(data.sensor("accelerometer").data, [0.0, 0.0, GRAVITY], atol=1e-9)
    data.ctrl[:] = sum(constants.thrust_curve)
    mujoco.mj_forward(model, data)
    assert data.qacc[2] == pytest.approx((constants.thrust_to_weight - 1.0) * GRAVITY)


@pytest.mark.parametrize(("name", "which"), SETS)
def test_robot_rests_on_the_floor(name, which):
    model = build_model(name, which, floor=True)
    data = mujoco.MjData(model)
    height = standing_height(model)
    data.qpos[2] = height + 0.03
    mujoco.mj_step(model, data, nstep=600)
    assert data.ncon >= 3
    assert data.qpos[2] == pytest.approx(height, abs=2e-3)
    assert data.qpos[3] == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(data.qvel, 0.0, atol=1e-3)


@pytest.mark.parametrize("name", MULTIROTORS)
def test_without_floor_nothing_collides(name):
    model = build_model(name)
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, nstep=10)
    assert data.ncon == 0
    assert mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, FLOOR) == -1


@pytest.mark.parametrize("name", MULTIROTORS)
def test_sensors_are_there(name):
    model = build_model(name)
    for sensor, size in (("gyro", 3), ("accelerometer", 3), ("attitude", 4), ("position", 3), ("velocity", 3)):
        assert model.sensor(sensor).dim[0] == size


@pytest.mark.parametrize("name", MULTIROTORS)
def test_centre_of_mass_can_be_moved_at_run_time(name):
    model = build_model(name)
    data = mujoco.MjData(model)
    model.body(name).ipos[:] = [1e-3, 0.0, 0.0]
    mujoco.mj_setConst(model, data)
    mujoco.mj_resetData(model, data)
    mujoco.mj_forward(model, data)
    assert data.xipos[1, 0] == pytest.approx(1e-3)


@pytest.mark.parametrize("name", robot_names())
def test_model_hash_follows_the_file(name):
    robot = load_robot(name)
    assert len(robot.model_hash()) == 64


def test_bad_requests_are_named_in_one_line():
    with pytest.raises(ConfigError, match=r"unknown robot 'crazyfly' \(did you mean 'crazyflie'\?\)"):
        build_model("crazyfly")
    with pytest.raises(ConfigError, match="no parameter set 'l3f'; choose one of: l2f_paper, l2f_v2"):
        build_model("crazyflie", "l3f")
    with pytest.raises(ConfigError, match="time step must be positive"):
        build_model("crazyflie", timestep=0.0)
    with pytest.raises(ConfigError, match="robot 'g1' is not a multirotor"):
        build_model("g1")


def test_mjcf_that_lacks_a_part_is_named(tmp_path):
    from dataclasses import replace

    robot = load_robot("crazyflie")
    text = robot.mjcf.read_text()

    def broken(name: str, content: str):
        path = tmp_path / name
        path.write_text(content)
        return replace(robot, mjcf=path)

    with pytest.raises(ConfigError, match=r"cannot read truncated\.xml"):
        build_spec(broken("truncated.xml", text[:2000]))
    with pytest.raises(ConfigError, match="no body named 'crazyflie'"):
        build_spec(broken("body.xml", text.replace('body name="crazyflie"', 'body name="drone"')))
    with pytest.raises(ConfigError, match="no actuator named 'm3'"):
        build_spec(broken("motor.xml", text.replace('motor name="m3"', 'motor name="x"')))
    with pytest.raises(ConfigError, match=r"cannot read missing\.xml"):
        build_spec(replace(robot, mjcf=tmp_path / "missing.xml"))
