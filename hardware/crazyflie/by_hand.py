"""A Crazyflie's link for a flight by hand: attitude and thrust for the firmware's own controller, policy or not."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hardware.crazyflie import names
from hardware.crazyflie.setpoints import legacy_setpoint
from sim.spec import ActionLevel

if TYPE_CHECKING:
    from hardware.crazyflie.link import CrazyflieLink


class HandLink:
    """The link's view of such a flight; everything else is the link's own.

    Args:
        link: open.
    """

    level: ActionLevel = "attitude_thrust"

    def __init__(self, link: CrazyflieLink) -> None:
        self._link = link
        self._controller: float | None = None
        self.command_names = ("roll_rad", "pitch_rad", "yaw_rate_rad_s", "thrust_fraction")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    def take_over(self) -> None:
        """Select the firmware's PID, which takes attitudes; nothing moves.

        Raises:
            LinkError: if the robot does not confirm.
        """
        if self._controller is None:
            self._controller = self._link.parameter(names.CONTROLLER_PARAM)
            self._link.set_parameter(names.CONTROLLER_PARAM, names.CONTROLLER_PID)

    def give_back(self) -> None:
        """Select the controller that was there before.

        Raises:
            LinkError: if the robot does not confirm.
        """
        if self._controller is not None:
            self._link.set_parameter(names.CONTROLLER_PARAM, self._controller)
            self._controller = None

    def write(self, command: Sequence[float]) -> None:
        """Hand over roll, pitch, yaw rate (rad, rad/s) and thrust (fraction)."""
        roll, pitch, yaw_rate, thrust = command
        send = self._link.crazyflie.commander.send_setpoint
        self._link.sender.setpoint(functools.partial(send, *legacy_setpoint(roll, pitch, yaw_rate, thrust)))

    def request_arm(self, armed: bool) -> None:
        """Ask the robot to arm or disarm; the firmware locks the thrust until it has seen a set-point without any."""
        cf = self._link.crazyflie
        self._link.sender.urgent(functools.partial(cf.supervisor.send_arming_request, armed))
        if armed:
            self._link.sender.urgent(functools.partial(cf.commander.send_setpoint, 0.0, 0.0, 0.0, 0))
