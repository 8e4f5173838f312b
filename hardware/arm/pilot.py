"""From a contact policy's motions to set-points of the tool, and how an episode ends: open, rise, stay."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from hardware.arm.guard import Workspace
from hardware.arm.observation import ArmObservation
from hardware.arm.pose import Pose, moved
from hardware.arm.state import ArmState
from hardware.pilot import AroundHostPilot, HostPilot
from hardware.states import RobotState
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError

LEVEL = "end_effector_delta"
"""Of the actions: where the tool shall be less where it is."""


class Phase(Enum):
    """What the hand is about; the value is what ``mode`` says."""

    WAITING = "waiting"
    ACTING = "acting"
    RELEASING = "releasing"
    """The hand is open, and rises after a while; the policy's motions do not count."""
    DONE = "done"
    """The episode is over: the last set-point holds."""


class ArmPilot(AroundHostPilot):
    """Turns states into set-points, once per control period, for one episode after the other.

    An episode begins when commanding begins; one that is over begins anew only after a pause.

    Args:
        policy: checked against its golden sequences.
        workspace: set-points are brought into it.

    Raises:
        ConfigError: if the bundle is none of an arm, or sees what no arm can deliver.
    """

    def __init__(self, policy: OnnxPolicy, workspace: Workspace) -> None:
        info = policy.bundle.info
        if info.action.level != LEVEL:
            raise ConfigError(f"this policy commands '{info.action.level}', an arm takes '{LEVEL}'")
        self._policy = HostPilot(policy, ArmObservation(info))
        self._workspace, self._episode = workspace, info.episode
        self._steps = 0
        self._setpoint: Pose | None = None
        self.phase = Phase.WAITING
        self.failed = False

    @property
    def setpoint(self) -> Pose | None:
        """The last one that left, (7,); ``None`` before the first. It outlives its episode: it is what to hold."""
        return self._setpoint

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return the set-point of this period, (7,) position, m, and quaternion, wxyz, or ``None``: send none.

        Args:
            reference: anything, while the operator lets it act; else ``None``.
            state: newest state.
        """
        self.failed = False
        if reference is None or not isinstance(state, ArmState) or not state.finite:
            self._policy.command(None, None)
            self._steps, self.phase = 0, Phase.WAITING
            return None
        self.phase = self._phase()
        if self.phase is Phase.DONE:
            return self._setpoint
        change = self._policy.command(reference, state)
        self.failed = self._policy.failed
        if change is None:
            return None
        if self.phase is Phase.RELEASING:
            change = (0.0, 0.0, self._rise(), 0.0, 0.0, 0.0)
        self._steps += 1
        self._setpoint = self._workspace.nearest(moved(state.tool_position, state.tool_wxyz, change))
        return self._setpoint

    def _phase(self) -> Phase:
        episode, step = self._episode, self._steps
        if 0 < episode.steps <= step:
            return Phase.DONE
        return Phase.RELEASING if episode.opens_at is not None and step >= episode.opens_at else Phase.ACTING

    def _rise(self) -> float:
        rises_at = self._episode.rises_at
        return self._episode.rise_m if rises_at is not None and self._steps >= rises_at else 0.0
