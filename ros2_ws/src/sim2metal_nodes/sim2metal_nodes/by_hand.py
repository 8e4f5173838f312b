"""Flights of ``crazyflie_node`` by ``cmd_vel_legacy``: when one begins, and who may not steer meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hardware.checks import Check
from hardware.crazyflie.by_hand import HandLink
from hardware.crazyflie.link import CrazyflieLink
from hardware.crazyflie.preflight import run_checks
from hardware.flight import PERIOD_S, Flight
from hardware.flying.by_hand import Attitude, HandBehaviour, HandMission, Stick
from hardware.flying.operator_mission import OperatorMission
from hardware.log import RunLog
from hardware.supervisor import Supervisor
from policies.bundle import Bundle
from sim.errors import ConfigError, FlightRefusedError, LinkError
from sim.spec import FlightLimits


class HandFlights:
    """Decides at the start of every flight who flies: a policy, or a hand that streams already.

    Args:
        link: open.
        bundle: whose limits hold for both.
        busy: whether a flight is under way.
        external_position: as the link's.
    """

    def __init__(self, link: CrazyflieLink, bundle: Bundle, busy: Callable[[], bool], external_position: bool) -> None:
        self._link, self._bundle, self._busy, self._external = link, bundle, busy, external_position
        self._stick = Stick(link.clock)
        self._hand_link = HandLink(link)
        self.flying = False
        """Whether the present or last flight is one by hand."""

    def take(self, command: Attitude) -> None:
        """Take one command of the stream.

        Raises:
            ConfigError: if it is none, or a policy flies.
        """
        if self._busy() and not self.flying:
            raise ConfigError("a policy flies: land first")
        self._stick.push(command)

    def refusal(self) -> str | None:
        """Return why the policy takes no wishes now, or ``None``."""
        return "the robot is flown by cmd_vel_legacy" if self.flying and self._busy() else None

    def begin(self, mission: OperatorMission) -> list[Check]:
        """Decide who flies, select the controller for it, and return the checks.

        Args:
            mission: of this flight; one that wants to take off is the policy's.

        Raises:
            FlightRefusedError: if the stream already asks for thrust.
            LinkError: if the robot does not change its controller.
        """
        command = self._stick.read()
        self.flying = command is not None and not mission.climbing
        if not self.flying:
            self._hand_link.give_back()
            return self._link.checks(self._bundle)
        if command is not None and command.thrust > 0.0:
            raise FlightRefusedError(
                "cmd_vel_legacy asks for thrust while the robot is armed: stream a thrust of 0 first"
            )
        self._hand_link.take_over()
        return run_checks(self._hand_link, self._bundle, self._external)

    def flight(self, mission: OperatorMission, log: RunLog, wishes: Any) -> Flight:
        """Return the flight."""
        limits = self._bundle.info.limits
        assert isinstance(limits, FlightLimits)
        supervisor = Supervisor(HandBehaviour(limits))
        return Flight(self._hand_link, HandMission(mission, self._stick), supervisor, log, wishes, None, PERIOD_S)

    def close(self) -> None:
        """Leave the robot with the controller it had."""
        with suppress(LinkError):
            self._hand_link.give_back()
