"""The truth about a body as a file: every number as it was, whole or not at all."""

import csv

import numpy as np
import pytest

from hardware.virtual.serial.build import build_virtual_joint_robot, build_virtual_serial_robot
from hardware.virtual.truth import TruthLog
from sim.errors import StorageError


def test_every_line_reads_back_as_the_very_numbers(tmp_path):
    robots = [build_virtual_serial_robot(), build_virtual_joint_robot("g1")]
    log, expected = TruthLog(tmp_path / "truth.csv", [robot.body for robot in robots], 10), []
    for now_ms in range(0, 60, 2):
        log.note(now_ms)
        if now_ms % 10 == 0:
            bodies = [robot.body for robot in robots]
            expected.append([now_ms, *(x for body in bodies for x in (*body.qpos, *body.qvel))])
        for robot in robots:
            robot.advance(2)
    assert list(tmp_path.glob("truth.csv")) == [], "not there by half"
    log.close()
    head, *lines = csv.reader((tmp_path / "truth.csv").open())
    assert head[:3] == ["t_ms", "robot0.q0", "robot0.q1"]
    assert len(head) == len(lines[0])
    np.testing.assert_array_equal(np.array(lines, float), np.array(expected))


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(StorageError, match=r"cannot write .*choose another file"):
        TruthLog(tmp_path / "nowhere" / "truth.csv", [build_virtual_serial_robot().body], 10)
