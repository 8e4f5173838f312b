from dataclasses import replace

import numpy as np
import pytest

from sim.envs.kernel_airframes import KernelAirframes
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import load_flight_task
from sim.errors import ConfigError
from sim.identified_airframe import IdentifiedAirframe, around
from sim.inertia import second_moments
from sim.randomization import sample
from sim.registry import load_robot
from tests.support.identified import identified

NOMINAL = load_robot("crazyflie").parameters()
FULL = 4.0 * sum(NOMINAL.thrust_curve)
VALUES = {
    "mass": 0.033, "thrust_over_mass": 17.0, "thrust_linear_share": 0.2,
    "inertia_over_mass_x": 1.6e-4, "inertia_over_mass_y": 1.5e-4, "inertia_over_mass_z": 2.4e-4,
    "torque_constant_mass_over_yaw_inertia": 28.0, "motor_rise_s": 0.06, "motor_fall_s": 0.09, "latency_s": 0.022,
    "centre_of_mass_x": 1e-3, "centre_of_mass_y": -2e-3, "centre_of_mass_z": 3e-3,
    "motor_imbalance_1": 0.02, "motor_imbalance_2": -0.01, "motor_imbalance_3": 0.03,
    "battery_sag": 0.08, "drag_over_mass_x": 0.3, "drag_over_mass_y": 0.3, "drag_over_mass_z": 0.2,
    "gyro_bias_x": 0.01,
}  # fmt: skip


@pytest.fixture(scope="module")
def hover():
    return load_flight_task("hover")


def drawn(task, n=4000, table="TRAINING_TABLE"):
    return sample(getattr(task, table), task.NOMINAL, np.random.default_rng(3), n)


def test_the_model_is_centred_on_the_file(hover):
    task = around(hover, identified(**VALUES))
    nominal = task.NOMINAL
    assert nominal.name == NOMINAL.name
    assert nominal.mass == pytest.approx(0.033)
    assert sum(nominal.thrust_curve) == pytest.approx(17.0 * 0.033 / 4.0)
    assert nominal.thrust_curve[1] == pytest.approx(0.2 * sum(nominal.thrust_curve))
    assert nominal.inertia == pytest.approx((1.6e-4 * 0.033, 1.5e-4 * 0.033, 2.4e-4 * 0.033))
    assert nominal.torque_per_thrust == pytest.approx(28.0 * 2.4e-4)
    assert (nominal.motor_rise_s, nominal.motor_fall_s) == pytest.approx((0.06, 0.09))
    assert task.TASK.action.nominal == pytest.approx((nominal.hover_command,) * 4)
    assert task.ROBOT.parameters() is nominal
    assert hover.NOMINAL is NOMINAL
    assert task.IDENTIFIED["serial"] == "cf07"


def test_draws_have_the_files_values_and_covariance(hover):
    file = identified(relative=0.02, **VALUES)
    drawings = drawn(around(hover, file)).flight
    over_mass = drawings.thrust_curve.sum(axis=1) * 4.0 / drawings.mass
    assert over_mass.mean() == pytest.approx(17.0, rel=2e-3)
    assert over_mass.std() == pytest.approx(0.02 * 17.0, rel=0.1)
    assert drawings.mass.std() == pytest.approx(0.02 * 0.033, rel=0.1)
    ratio = drawings.inertia / drawings.mass[:, None]
    assert ratio.mean(axis=0) == pytest.approx([1.6e-4, 1.5e-4, 2.4e-4], rel=5e-3)
    assert drawings.motor_gain.mean(axis=1) == pytest.approx(np.ones(4000), abs=1e-5)
    assert drawings.centre_of_mass_b.mean(axis=0) == pytest.approx([1e-3, -2e-3, 3e-3], rel=1e-2)
    assert drawings.rotor_drag.mean(axis=0) == pytest.approx(np.array([0.3, 0.3, 0.2]) * 0.033, rel=1e-2)
    assert np.all(second_moments(drawings.inertia) > 0.0)


def test_what_is_correlated_in_the_file_is_correlated_in_the_draws(hover):
    file = identified(relative=0.05, correlation=0.95, motor_rise_s=0.06, motor_fall_s=0.09)
    drawings = drawn(around(hover, file)).flight
    assert np.corrcoef(drawings.motor_rise_s, drawings.motor_fall_s)[0, 1] == pytest.approx(0.95, abs=0.01)


def test_without_a_weighed_mass_ratios_are_kept_and_no_mass_is_guessed(hover):
    task = around(hover, identified(relative=0.01, thrust_over_mass=17.0))
    drawings = drawn(task).flight
    assert np.ptp(drawings.mass) == 0.0
    assert drawings.mass[0] == pytest.approx(NOMINAL.mass)
    assert (drawings.thrust_curve.sum(axis=1) * 4.0 / drawings.mass).std() == pytest.approx(0.17, rel=0.1)
    table = task.TRAINING_TABLE
    assert table.term("mass") is None
    assert table.term("motor_rise_s") == hover.TRAINING_TABLE.term("motor_rise_s"), "what is not known stays a guess"
    assert table.hash() != hover.TRAINING_TABLE.hash()
    other = around(hover, identified(relative=0.01, thrust_over_mass=17.1))
    assert table.hash() != other.TRAINING_TABLE.hash()


def test_an_unknown_yaw_inertia_scales_with_the_others():
    values = {"inertia_over_mass_x": 2.0, "inertia_over_mass_y": 2.0}
    usual = np.array(NOMINAL.inertia) / NOMINAL.mass
    file = identified(**{name: factor * usual[0] for name, factor in values.items()})
    assert IdentifiedAirframe(file, NOMINAL).parameters.inertia == pytest.approx(np.array(NOMINAL.inertia) * 2.0)


def test_an_inertia_that_no_body_has_is_brought_to_the_nearest_that_one_has(hover):
    usual = NOMINAL.inertia[0] / NOMINAL.mass
    file = identified(inertia_over_mass_x=usual, inertia_over_mass_y=usual, inertia_over_mass_z=2.2 * usual)
    task = around(hover, file)
    assert np.all(second_moments(np.array(task.NOMINAL.inertia)) > 0.0)
    assert np.array(task.NOMINAL.inertia) / NOMINAL.mass == pytest.approx([usual, usual, 2.2 * usual], rel=0.15)
    assert np.all(second_moments(drawn(task).flight.inertia) > 0.0)


def test_the_latency_has_room_in_the_budget(hover):
    task = around(hover, identified(relative=0.05, latency_s=0.035))
    assert task.TASK.timing.latency_budget_s > 0.035
    assert task.TASK.timing.latency_assumed_s > hover.TASK.timing.latency_assumed_s
    env = MultirotorEnv(task, 8, airframes=KernelAirframes)
    assert env.sample.action_delay_s.mean() == pytest.approx(0.035, rel=0.05)
    env.step(np.full((8, 4), task.NOMINAL.hover_command, np.float32))


def test_files_that_do_not_fit_are_refused(hover):
    with pytest.raises(ConfigError, match="is of a x500, task 'hover' flies a crazyflie: say --robot x500"):
        around(hover, identified(robot="x500", thrust_over_mass=20.0))
    with pytest.raises(ConfigError, match="holds nothing of an airframe; it holds: damping"):
        around(hover, identified(damping=1.0))
    with pytest.raises(ConfigError, match="cannot hover"):
        around(hover, identified(thrust_over_mass=5.0))
    with pytest.raises(ConfigError, match="which cannot be"):
        around(hover, identified(motor_rise_s=-0.1))
    with pytest.raises(ConfigError, match="airframes of every size"):
        around(load_flight_task("any_airframe"), replace(identified(thrust_over_mass=20.0), parameter_set="any"))
    with pytest.raises(ConfigError, match="was identified from parameter set 'l2f_v2', not 'l2f_paper'"):
        around(hover, replace(identified(thrust_over_mass=20.0), parameter_set="l2f_v2"))
