"""A bundle that was trained for one robot moves no other: alone, in a swarm, and under ROS 2."""

import dataclasses
from types import SimpleNamespace

import pytest

from hardware import deploy, swarm
from hardware.identity import check_robot, serials_of
from hardware.swarm import Args
from policies.bundle import load_bundle
from sim.errors import ConfigError
from sim.identified import write_identified
from tests.support.identified import identified

UNIT = identified(serial="cf07", mass=0.03)


def bundle(pd_bundle, unit=None):
    """The bundle, as if trained for an identified robot."""
    loaded = load_bundle(pd_bundle.path)
    known = {} if unit is None else {"identified": unit.reference()}
    return dataclasses.replace(loaded, info=dataclasses.replace(loaded.info, provenance=known))


def test_a_bundle_for_another_robot_is_refused(pd_bundle, tmp_path):
    trained = bundle(pd_bundle, UNIT)
    assert check_robot(trained, "cf07", "radio://0", tmp_path) == ""
    assert check_robot(trained, None, "udp://127.0.0.1:1", tmp_path) == ""
    with pytest.raises(ConfigError, match="trained for the robot with serial number cf07, not for cf08"):
        check_robot(trained, "cf08", "udp://127.0.0.1:1", tmp_path)
    with pytest.raises(ConfigError, match="say that it is the one at radio://0/80/2M/E7 with --serials cf07"):
        check_robot(trained, None, "radio://0/80/2M/E7", tmp_path, "--serials ")
    assert check_robot(bundle(pd_bundle), None, "radio://0/80/2M/E7", tmp_path) == ""
    alone = deploy.Args(pd_bundle.path, "radio://0/80/2M/E7", units=tmp_path)
    with pytest.raises(ConfigError, match="say that it is the one at radio://0/80/2M/E7 with --serial cf07"):
        deploy.check_serial(alone, trained)
    assert deploy.check_serial(dataclasses.replace(alone, serial="cf07"), trained) == ""


def test_a_robots_file_is_of_that_robot_and_its_kind(pd_bundle, tmp_path):
    plain, trained = bundle(pd_bundle), bundle(pd_bundle, UNIT)
    write_identified(tmp_path / "cf07.json", UNIT)
    assert check_robot(trained, "cf07", None, tmp_path) == ""
    assert "this bundle was not trained for it" in check_robot(plain, "cf07", None, tmp_path)
    write_identified(tmp_path / "cf07.json", dataclasses.replace(UNIT, values=1.1 * UNIT.values))
    assert "the bundle was trained with another one" in check_robot(trained, "cf07", None, tmp_path)
    write_identified(tmp_path / "cf08.json", UNIT)
    with pytest.raises(ConfigError, match="is the file of cf07: do not rename it"):
        check_robot(plain, "cf08", None, tmp_path)
    write_identified(tmp_path / "dog.json", identified(serial="dog", robot="x500", mass=2.0))
    with pytest.raises(ConfigError, match=r"is of a x500; .* moves a crazyflie"):
        check_robot(plain, "dog", None, tmp_path)


def test_serial_numbers_go_with_the_robots():
    assert serials_of((), 2, "--serials") == [None, None]
    assert serials_of(("a", "b"), 2, "--serials") == ["a", "b"]
    for wrong, said in ((("a",), "1 robots: expected one"), (("a", "a"), "a twice"), (("a", "../b"), "serial")):
        with pytest.raises(ConfigError, match=said):
            serials_of(wrong, 2, "--serials")


def test_each_robot_of_a_swarm_flies_its_own_bundle_or_none(pd_bundle, tmp_path, monkeypatch):
    asked = []

    def load(path):
        asked.append(path.name)
        return dataclasses.replace(bundle(pd_bundle, UNIT), path=path), SimpleNamespace()

    monkeypatch.setattr(swarm, "load_policy", load)
    uris = ("udp://127.0.0.1:1-2",)
    with pytest.raises(ConfigError, match="cf08 was trained for the robot with serial number cf07, not for cf08"):
        swarm.run(Args(tmp_path / "{serial}", uris, ("cf07", "cf08")))
    assert asked == ["cf07", "cf08"]
    with pytest.raises(ConfigError, match="say which robots fly with --serials"):
        swarm.run(Args(tmp_path / "{serial}", uris))
    with pytest.raises(ConfigError, match="--serials names 1 robots"):
        swarm.run(Args(tmp_path, uris, ("cf07",)))
