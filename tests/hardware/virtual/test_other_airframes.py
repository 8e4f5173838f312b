"""Every multirotor behind ``sim://``: it stands on its own feet, has its own battery and takes its own motors."""

from __future__ import annotations

import pytest

from hardware.virtual.multirotor.free_robot import FreeMultirotor
from hardware.virtual.sim_link import SimLink
from policies.bundle import load_bundle
from sim.flight.model import build_model, standing_height
from sim.registry import load_robot
from tests.policies.test_zoo import ZOO

ROBOTS = ("hexarotor", "micro35", "racer5", "x500")


@pytest.mark.parametrize("name", ROBOTS)
def test_stands_on_its_feet_with_a_battery_that_may_start(name):
    robot = load_robot(name)
    flown = FreeMultirotor(robot.parameters(), robot=robot)
    flown.advance(200)
    height = standing_height(build_model(name))
    assert flown.body.position_w[2] == pytest.approx(height, abs=2e-3)
    assert flown.body.on_ground
    assert flown.battery.voltage > robot.limits.battery_takeoff_v


def test_takes_one_command_per_motor():
    robot = load_robot("hexarotor")
    flown = FreeMultirotor(robot.parameters(), robot=robot)
    flown.advance(1500)
    flown.request_arm(True)
    flown.advance(1500)
    flown.command([0.3] * 4)
    flown.advance(20)
    assert not any(flown.motors)
    flown.command([0.3] * 6)
    flown.advance(20)
    assert flown.motors == (0.3,) * 6


@pytest.mark.parametrize(("name", "passes"), [("x500", True), ("hexarotor", False)])
def test_one_policy_for_all_flies_robots_with_as_many_motors(name, passes):
    bundle = load_bundle(ZOO / "any_airframe")
    with SimLink(f"sim://{name}") as link:
        assert {check.name: check.passed for check in link.checks(bundle)}["robot"] is passes
