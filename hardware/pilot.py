"""Who turns the supervised reference into the command on the link: the policy on the host, or nobody.

Where the policy runs on board, the reference itself is the command. Where it runs on the host,
it is stepped exactly once per control period, and what it returns is limited before it leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from hardware.limiter import CommandLimiter
from hardware.states import RobotState
from policies.runtime import OnnxPolicy

Observe = Callable[..., np.ndarray]
"""Builds the flat observation from state, reference and the command applied last."""
Guard = Callable[[np.ndarray, Any], np.ndarray]
"""Limits a command by the state it is given in."""
Convert = Callable[..., Sequence[float]]
"""Turns a limited command, with the reference and the state, into what the link takes."""


class Pilot(Protocol):
    """Turns references into commands."""

    @property
    def failed(self) -> bool:
        """The last step gave no usable command, although it had a usable state."""
        ...

    @property
    def observation(self) -> np.ndarray | None:
        """(observation_size,) float32: what the policy saw in the last step; ``None`` if it was not stepped here."""
        ...

    @property
    def action(self) -> np.ndarray | None:
        """(action_size,) float32: what it returned, before limits."""
        ...

    @property
    def reset(self) -> bool:
        """Whether that step began a new episode."""
        ...

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return the command of this period, or ``None``: send none.

        Args:
            reference: from the supervisor; ``None`` when nothing may be commanded.
            state: newest state of the robot.
        """
        ...


class OnboardPilot:
    """The policy is on board: the reference goes to it as it is."""

    failed: bool = False
    observation: np.ndarray | None = None
    action: np.ndarray | None = None
    reset: bool = False

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return the reference."""
        return reference


class HostPilot:
    """The policy runs here.

    Args:
        policy: checked against its golden sequences.
        observe: for the robot's kind of state.
        guard: further limits that depend on the state; what it returns is what counts as applied.
        convert: last of all; what counts as applied is what it was given.
        start: (action_size,) what counts as applied before the first command; default: the nominal one.
    """

    def __init__(
        self, policy: OnnxPolicy, observe: Observe, guard: Guard | None = None, convert: Convert | None = None,
        start: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        info = policy.bundle.info
        self._policy = policy.single()
        self._observe = observe
        self._guard, self._convert = guard, convert
        self._limiter = CommandLimiter(info.action, info.timing.control_period_s, start)
        self._active = False
        self.failed = False
        self.reset = False
        self.observation: np.ndarray | None = None
        self.action: np.ndarray | None = None

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Step the policy; its memory starts anew whenever commanding begins anew."""
        self.failed = False
        self.observation = self.action = None
        if reference is None or state is None or not state.finite:
            self._active = False
            return None
        self.reset, self._active = not self._active, True
        if self.reset:
            self._policy.reset()
            self._limiter.reset()
        self.observation = np.asarray(self._observe(state, reference, self._limiter.applied), np.float32)
        self.action = self._policy.step(self.observation)
        command = self._limiter.limit(self.action)
        self.failed = command is None
        if command is None:
            return None
        if self._guard is not None:
            command = self._limiter.applied = self._guard(command, state)
        applied = command.tolist()
        return applied if self._convert is None else self._convert(applied, reference, state)


class AroundHostPilot:
    """A pilot that makes more of what a ``HostPilot`` returns, and tells what its policy saw and said."""

    _policy: HostPilot

    @property
    def observation(self) -> np.ndarray | None:
        """What the policy saw in the last step; ``None`` if it was not stepped."""
        return self._policy.observation

    @property
    def action(self) -> np.ndarray | None:
        """What it returned, before limits."""
        return self._policy.action

    @property
    def reset(self) -> bool:
        """Whether that step began a new episode."""
        return self._policy.reset
