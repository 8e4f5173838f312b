"""The page on virtual robots shows every fault of every robot, and every robot has the faults that all must have."""

from pathlib import Path

import pytest

from hardware.virtual.fault_table import ROBOTS, fault_table

PAGE = (Path(__file__).parents[3] / "docs" / "virtual-robots.md").read_text()
EVERYWHERE = ("link-loss", "state-stall", "packet-loss", "duplication", "reordering", "bit-flips", "delay", "jitter",
              "gyro-bias", "dead-motor", "battery-sag")  # fmt: skip


def test_the_table_on_the_page_is_that_of_the_code():
    assert fault_table() in PAGE


@pytest.mark.parametrize("robot", [robot for robot in ROBOTS if not robot.startswith(("sim://", "arm"))])
def test_every_robot_behind_a_protocol_has_every_fault_that_makes_sense_for_all(robot):
    assert set(EVERYWHERE) <= set(ROBOTS[robot])
