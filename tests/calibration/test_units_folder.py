import json

import numpy as np
import pytest

from calibration.estimate import Estimate
from calibration.recording.record import Recording
from calibration.units_folder import identified, list_units, read_unit, unit_path, write_unit
from sim.errors import ConfigError, StorageError
from sim.identified import IdentifiedRobot, require_same_robot, serial_of

COVARIANCE = np.array([[4e-8, 1e-12], [1e-12, 1e-14]])


def estimate():
    return Estimate(
        ("mass", "motor_rise_s"), ("kg", "s"), np.array([0.031, 0.07]), COVARIANCE,
        unknown={"battery_sag": "the battery was full all the time"}, holdout={"position_m.0.5s": 0.01},
    )  # fmt: skip


def recording(robot="crazyflie", serial=None):
    return Recording(robot, serial, {}, (), "flight.mcap", "ab" * 32)


def test_a_robots_file_comes_back_as_it_was(tmp_path):
    unit = identified(estimate(), [recording()], "cf07")
    path = write_unit(tmp_path / "units", unit)
    assert path == tmp_path / "units" / "cf07.json"
    again = read_unit(path)
    assert again.as_data() == unit.as_data()
    assert (again.serial, again.robot, again.parameter_set) == ("cf07", "crazyflie", "l2f_paper")
    assert again.data_sha256 == ("ab" * 32,)
    assert set(again.software) >= {"python", "numpy", "mujoco"}
    assert np.array_equal(again.covariance, COVARIANCE)
    assert [found.serial for found in list_units(tmp_path / "units")] == ["cf07"]
    assert list_units(tmp_path / "nothing") == []


def test_draws_have_the_covariance():
    unit = identified(estimate(), [recording()], "cf07")
    draws = unit.draw(np.random.default_rng(0), 20000)
    assert draws.mean(axis=0) == pytest.approx(unit.values, rel=1e-3)
    assert np.cov(draws.T)[0, 0] == pytest.approx(COVARIANCE[0, 0], rel=0.05)
    assert np.cov(draws.T)[1, 1] == pytest.approx(COVARIANCE[1, 1], rel=0.05)


def test_a_file_of_another_robot_is_refused(tmp_path):
    unit = identified(estimate(), [recording()], "cf07")
    path = write_unit(tmp_path, unit)
    with pytest.raises(ConfigError, match="is a log of cf01, not of cf07"):
        identified(estimate(), [recording(serial="cf01")], "cf07")
    path.rename(tmp_path / "cf08.json")
    with pytest.raises(ConfigError, match="is the file of cf07: do not rename it"):
        read_unit(tmp_path / "cf08.json")
    with pytest.raises(ConfigError, match="two robots, one serial number"):
        write_unit(tmp_path / "b", unit) and write_unit(
            tmp_path / "b", identified(estimate(), [recording("x500")], "cf07")
        )
    with pytest.raises(ConfigError, match=r"serial number '\.\./up'"):
        unit_path(tmp_path, "../up")


def test_a_bundle_remembers_whose_it_is():
    unit = identified(estimate(), [recording()], "cf07")
    provenance = {"identified": unit.reference()}
    assert serial_of(provenance) == "cf07"
    assert serial_of({"identified": None}) is None
    require_same_robot(provenance, "cf07", "bundle")
    require_same_robot(provenance, None, "bundle")
    require_same_robot({}, "cf01", "bundle")
    with pytest.raises(ConfigError, match="bundle was trained for the robot with serial number cf07, not for cf01"):
        require_same_robot(provenance, "cf01", "bundle")


def broken(change):
    data = identified(estimate(), [recording()], "cf07").as_data()
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("serial"), "no serial number"),
        (lambda d: d.update(schema=99), "it has schema 99, this program reads 1"),
        (lambda d: d.pop("covariance"), "not a file of an identified robot"),
        (lambda d: d["covariance"][0].__setitem__(0, -1.0), "positive semi-definite"),
        (lambda d: d["covariance"][0].__setitem__(1, 1.0), "symmetric"),
        (lambda d: d["parameters"]["mass"].update(value="heavy"), "not a file of an identified robot"),
        (lambda d: d["parameters"].pop("mass"), "not a file of an identified robot"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, change, message):
    path = tmp_path / "cf07.json"
    path.write_text(json.dumps(broken(change)))
    with pytest.raises(ConfigError, match=message) as caught:
        read_unit(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_json_is_refused(tmp_path):
    path = tmp_path / "cf07.json"
    with pytest.raises(StorageError, match="cannot read"):
        read_unit(path)
    for text in ("{", "[]", '{"serial": NaN}'):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"cf07\.json"):
            read_unit(path)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ConfigError, match="not finite"):
        IdentifiedRobot("cf07", "crazyflie", "l2f_paper", ("mass",), ("kg",), np.array([np.nan]), np.eye(1))
