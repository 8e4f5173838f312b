"""Begins and ends faults at their times, and does to the robot what each of them means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hardware.virtual.crazyflie.faults import Fault
from hardware.virtual.multirotor.battery import LOW_BATTERY_FAULT_CHARGE
from sim.errors import ConfigError

if TYPE_CHECKING:
    from hardware.virtual.crazyflie.robot import VirtualCrazyflie


class FaultSchedule:
    """The faults of one robot, waiting and active."""

    def __init__(self, robot: VirtualCrazyflie, faults: Sequence[Fault]) -> None:
        self._robot = robot
        for fault in faults:
            self._check(fault)
        self._waiting = list(faults)
        self._ends: list[tuple[int, Fault]] = []

    def add(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once.

        Raises:
            ConfigError: if it breaks something that this robot does not have.
        """
        self._check(fault)
        self._waiting.append(fault)
        self.update()

    def update(self) -> None:
        """Begin and end what is due at the robot's present time."""
        if not self._waiting and not self._ends:
            return
        now_ms = self._robot.now_ms
        for fault in [fault for fault in self._waiting if self._is_due(fault)]:
            self._waiting.remove(fault)
            self._apply(fault, active=True)
            if fault.duration_s is not None:
                self._ends.append((now_ms + round(1000 * fault.duration_s), fault))
        for end in [end for end in self._ends if end[0] <= now_ms]:
            self._ends.remove(end)
            self._apply(end[1], active=False)

    def _check(self, fault: Fault) -> None:
        if fault.name == "nan-policy" and self._robot.policy is None:
            raise ConfigError("fault 'nan-policy' needs a policy on board: add --bundle")

    def _is_due(self, fault: Fault) -> bool:
        origin_s = 0.0
        if fault.after is not None:
            event = self._robot.events.first(fault.after)
            if event is None:
                return False
            origin_s = event["t_s"]
        return self._robot.now_ms >= 1000.0 * (origin_s + fault.start_s)

    def _apply(self, fault: Fault, active: bool) -> None:
        robot = self._robot
        robot.events.add("fault_injected" if active else "fault_over", fault=fault.name, value=fault.value)
        value = fault.value if active else 0.0
        if fault.name == "link-loss":
            robot.link.lost = active
        elif fault.name == "log-stall":
            robot.log.stalled = active
        elif fault.name == "packet-loss":
            robot.link.loss = value / 100.0
        elif fault.name == "delay":
            robot.link.delay_ms = value
        elif fault.name == "jitter":
            robot.link.jitter_ms = value
        elif fault.name == "dead-motor":
            robot.body.set_motor(round(fault.value) - 1, alive=not active)
        elif fault.name == "nan-estimate":
            robot.estimator.broken = active
        elif active:
            self._apply_once(fault)

    def _apply_once(self, fault: Fault) -> None:
        robot = self._robot
        if fault.name == "low-battery":
            robot.battery.charge = LOW_BATTERY_FAULT_CHARGE
        elif fault.name == "nan-policy" and robot.policy is not None:
            robot.policy.onboard.corrupt_policy()
        elif fault.name == "kick":
            robot.body.tilt(math.radians(fault.value))
