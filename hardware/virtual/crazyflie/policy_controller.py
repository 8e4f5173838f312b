"""The policy profile's controller: the C of ``firmware_export/onboard`` fed with this robot's data."""

from __future__ import annotations

import math

from firmware_export.onboard import (
    MODES,
    SETPOINT_HOVER,
    SETPOINT_NONE,
    SETPOINT_POSITION,
    SETPOINT_STOP,
    SETPOINT_VELOCITY,
    OnboardController,
)
from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.quaternion import yaw_of
from hardware.virtual.multirotor.setpoint import Mode, Setpoint
from hardware.virtual.multirotor.stock_controller import Motors


class PolicyController:
    """Runs the on-board C once per millisecond."""

    def __init__(self, onboard: OnboardController) -> None:
        self.onboard = onboard
        self.mode = 0
        self._last: Setpoint | None = None

    @property
    def mode_name(self) -> str:
        """Name of the present mode."""
        return MODES[self.mode]

    def step(
        self, tick_ms: int, armed: bool, estimate: Estimate, setpoint: Setpoint, setpoint_ms: int | None
    ) -> Motors:
        """Return motor commands (speed fractions).

        Args:
            tick_ms: on-board time.
            armed: whether motors may turn.
            estimate: present state.
            setpoint: command in use.
            setpoint_ms: its arrival, or ``None`` before the first.
        """
        e = self.onboard.estimate
        e.position_w[:] = estimate.position_w
        e.velocity_w[:] = estimate.velocity_w
        e.attitude[:] = estimate.attitude
        e.angular_velocity_b[:] = estimate.angular_velocity_b
        if setpoint is not self._last or setpoint.velocity_in_body:
            self._translate(setpoint, estimate)
            self._last = setpoint
        s = self.onboard.setpoint
        s.tick_ms = (setpoint_ms or 0) & 0xFFFFFFFF
        if setpoint_ms is None:
            s.mode = SETPOINT_NONE
            self._last = None
        self.mode = self.onboard.step(tick_ms, armed)
        return self.onboard.motors

    def _translate(self, setpoint: Setpoint, estimate: Estimate) -> None:
        """Fill in the C set-point; attitude set-points are none that a position policy can follow."""
        s = self.onboard.setpoint
        vx, vy, vz = setpoint.velocity
        if setpoint.velocity_in_body:
            yaw = yaw_of(estimate.attitude)
            c, k = math.cos(yaw), math.sin(yaw)
            vx, vy = c * vx - k * vy, k * vx + c * vy
        s.position_w[:] = setpoint.position_w
        s.velocity_w[:] = (vx, vy, vz)
        s.mode = _mode_of(setpoint)


def _mode_of(setpoint: Setpoint) -> int:
    if setpoint.explicit_stop:
        return SETPOINT_STOP
    modes = {
        (Mode.ABSOLUTE, Mode.ABSOLUTE): SETPOINT_POSITION,
        (Mode.VELOCITY, Mode.VELOCITY): SETPOINT_VELOCITY,
        (Mode.VELOCITY, Mode.ABSOLUTE): SETPOINT_HOVER,
    }
    return modes.get((setpoint.xy, setpoint.z), SETPOINT_NONE)
