"""What writing a parameter does to the robot, besides changing its value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hardware.virtual.crazyflie.parameters import CONTROLLER_OUT_OF_TREE, CONTROLLER_PID

if TYPE_CHECKING:
    from hardware.virtual.crazyflie.robot import VirtualCrazyflie


class ParameterEffects:
    """Listens to the parameters of one robot."""

    def __init__(self, robot: VirtualCrazyflie) -> None:
        self._robot = robot
        store = robot.parameters
        store.on_write("kalman.resetEstimation", self._reset_estimation)
        store.on_write("stabilizer.controller", self._select_controller)
        store.on_write("stabilizer.stop", self._stop)
        store.on_write("system.arm", self._arm)
        store.on_write("locSrv.extPosStdDev", self._external_position_noise)
        store.on_write("commander.enHighLevel", self._enable_high_level)

    def _reset_estimation(self, value: float) -> None:
        if value:
            x, y, z = (self._robot.parameters[f"kalman.initial{axis}"].value for axis in "XYZ")
            self._robot.estimator.reset((x, y, z))
            self._robot.events.add("estimator_reset")

    def _select_controller(self, value: float) -> None:
        robot = self._robot
        valid = {CONTROLLER_PID, CONTROLLER_OUT_OF_TREE} if robot.policy else {CONTROLLER_PID}
        if value not in valid:
            # The firmware falls back to a controller it has, and says so.
            robot.parameters.change("stabilizer.controller", CONTROLLER_PID)
        robot.events.add("controller", selected=robot.parameters["stabilizer.controller"].value)

    def _arm(self, value: float) -> None:
        self._robot.supervisor.request_arming(bool(value))

    def _stop(self, value: float) -> None:
        if value:
            self._robot.supervisor.emergency_stop("stabilizer.stop")

    def _external_position_noise(self, value: float) -> None:
        if math.isfinite(value) and value > 0.0:
            self._robot.estimator.external_std_m = value

    def _enable_high_level(self, value: float) -> None:
        self._robot.high_level.enabled = self._robot.supervisor.high_level_enabled = bool(value)
