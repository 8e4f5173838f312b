"""The policy's commands on their way to the robot: clipped, slowed, refused when they are no numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hardware.clock import NS, Clock
from hardware.joints.holding import holding_targets
from hardware.limiter import CommandLimiter
from hardware.pilot import Guard
from hardware.states import JointState, RobotState
from policies.bundle import BundleInfo
from sim2metal_nodes.commands import command_message, read_command
from sim2metal_nodes.conversions import RejectedInputError, stamp_ns

START_S = 0.5
"""From the first reference to the first command a policy may take."""


class Gate:
    """A ``Pilot`` for the control loop whose commands come over a topic; open only while it is given references.

    Args:
        info: from the bundle.
        clock: of the loop.
        guard: further limits that depend on the newest state; ``None``: none.
    """

    observation: np.ndarray | None = None
    action: np.ndarray | None = None

    def __init__(self, info: BundleInfo, clock: Clock, guard: Guard | None = None) -> None:
        self._info, self._clock, self._guard = info, clock, guard
        self._limiter = CommandLimiter(info.action, info.timing.control_period_s)
        self._budget_s = max(info.limits.state_age_s, 3.0 * info.timing.control_period_s)
        self._rejected = 0
        self._reason = ""
        self.reset_gate()

    reset = False

    def reset_gate(self) -> None:
        """Close and forget."""
        self._open_ns: int | None = None
        self._command_ns: int | None = None
        self._stamp_ns = 0
        self._state: RobotState | None = None
        self._bad = False
        self._limiter.reset()

    @property
    def failed(self) -> bool:
        """Whether the policy answers no more, or answers with something that is no number."""
        if self._open_ns is None:
            return False
        if self._bad:
            return True
        now_ns = self._clock.now_ns()
        if self._command_ns is None:
            return (now_ns - self._open_ns) / NS > START_S
        return (now_ns - self._command_ns) / NS > self._budget_s

    @property
    def rejections(self) -> str:
        """Number of rejected commands and the last reason."""
        return f"{self._rejected} {self._reason}".strip()

    def age_s(self) -> float:
        """Age of the last command let through; infinite before the first."""
        return math.inf if self._command_ns is None else (self._clock.now_ns() - self._command_ns) / NS

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Open for a reference, close without one; the reference goes out to the policy."""
        if reference is None:
            self._open_ns = None
        elif self._open_ns is None:
            self.reset_gate()
            if isinstance(state, JointState):
                # Joints begin with what holds them as they are.
                self._limiter.applied = holding_targets(state.position, state.torque, self._info.robot.constants["kp"])
            self._open_ns = self._clock.now_ns()
        self._state = state if state is not None and state.finite else None
        return reference

    def refuse(self, reason: str) -> None:
        """Take no more commands until the next start: the supervisor sees a policy that failed."""
        self._bad = True
        self._reason = reason

    def limit(self, message: Any) -> Any | None:
        """Return the command that may go on, or ``None``: closed, out of order or unusable."""
        if self._open_ns is None:
            return None
        try:
            if stamp_ns(message) < self._stamp_ns:
                raise RejectedInputError("command_in: a stamp older than the one before")
            wanted = read_command("command_in", message, self._info)
        except RejectedInputError as error:
            self._rejected += 1
            self._reason = str(error)
            return None
        limited = self._limiter.limit(wanted)
        if limited is not None and self._guard is not None and self._state is not None:
            limited = self._limiter.applied = self._guard(limited, self._state)
        if limited is None:
            self._bad = True
            self._rejected += 1
            self._reason = "command_in: not a number"
            return None
        self._stamp_ns, self._command_ns = stamp_ns(message), self._clock.now_ns()
        return command_message(self._info, limited.tolist(), self._stamp_ns)
