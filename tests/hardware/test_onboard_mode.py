"""What the modes of the controller on board mean to the supervisor."""

import pytest
from cflib.crazyflie import Crazyflie

from hardware.crazyflie import names
from hardware.crazyflie.telemetry import Telemetry
from hardware.faults import Fault, _robot_faults
from sim.tasks.hover import ROBOT


def state_in(mode):
    """The state of a robot that reports this mode, through the callbacks of the log blocks."""
    telemetry = Telemetry(Crazyflie())
    attitude = dict.fromkeys((*names.ATTITUDE_BLOCK, *names.GYRO_BLOCK), 0.0)
    telemetry._on_pose(0, dict.fromkeys(names.POSE_BLOCK, 0.0), None)
    attitude.update({"stateEstimate.qw": 1.0, names.SUPERVISOR_LOG: names.IS_ARMED, names.MODE_LOG: mode})
    telemetry._on_attitude(0, attitude, None)
    return telemetry.sample


@pytest.mark.parametrize(
    ("mode", "fault"),
    [
        (names.MODE_DEAD_MAN, Fault.COMMANDS_LOST),
        (names.MODE_FAULT, Fault.POLICY_NAN),
        (names.MODE_HANDED_OVER, Fault.COMMANDS_LOST),
    ],
)
def test_a_policy_that_no_longer_follows_is_a_fault(mode, fault):
    faults = _robot_faults(state_in(mode), ROBOT.limits, armed=True)
    assert {Fault.COMMANDS_LOST, Fault.POLICY_NAN} & set(faults) == {fault}


def test_a_policy_that_follows_is_none():
    assert not {Fault.COMMANDS_LOST, Fault.POLICY_NAN} & set(_robot_faults(state_in(2), ROBOT.limits, armed=True))
