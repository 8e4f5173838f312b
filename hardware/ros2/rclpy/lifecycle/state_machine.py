"""The states of a managed node and the ways between them.

Source: https://design.ros2.org/articles/node_lifecycle.html and the constants of lifecycle_msgs/msg/State
and lifecycle_msgs/msg/Transition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from hardware.ros2.rclpy.exceptions import RCLError


class LifecycleState(NamedTuple):
    """A state: its number in lifecycle_msgs/msg/State and its name."""

    state_id: int
    label: str


class TransitionCallbackReturn(Enum):
    """What a transition's callback says; the numbers are those of lifecycle_msgs/msg/Transition."""

    SUCCESS = 97
    FAILURE = 98
    ERROR = 99

    def to_label(self) -> str:
        """The name of the transition that follows."""
        return f"transition_{self.name.lower()}"


class Transition(NamedTuple):
    """A way from one state to another."""

    transition_id: int
    label: str
    start: LifecycleState
    goal: LifecycleState


UNCONFIGURED = LifecycleState(1, "unconfigured")
INACTIVE = LifecycleState(2, "inactive")
ACTIVE = LifecycleState(3, "active")
FINALIZED = LifecycleState(4, "finalized")
ERROR_PROCESSING = LifecycleState(15, "errorprocessing")


@dataclass(frozen=True)
class _Step:
    """A transition state: entered by a command, left by what its callback returns."""

    number: int
    state: LifecycleState
    success: LifecycleState
    failure: LifecycleState
    starts: tuple[tuple[int, str, LifecycleState], ...]


_STEPS = (
    _Step(10, LifecycleState(10, "configuring"), INACTIVE, UNCONFIGURED, ((1, "configure", UNCONFIGURED),)),
    _Step(20, LifecycleState(11, "cleaningup"), UNCONFIGURED, INACTIVE, ((2, "cleanup", INACTIVE),)),
    _Step(30, LifecycleState(13, "activating"), ACTIVE, INACTIVE, ((3, "activate", INACTIVE),)),
    _Step(40, LifecycleState(14, "deactivating"), INACTIVE, ACTIVE, ((4, "deactivate", ACTIVE),)),
    _Step(
        50,
        LifecycleState(12, "shuttingdown"),
        FINALIZED,
        FINALIZED,
        ((5, "shutdown", UNCONFIGURED), (6, "shutdown", INACTIVE), (7, "shutdown", ACTIVE)),
    ),
)
CALLBACKS: dict[LifecycleState, str] = {
    LifecycleState(10, "configuring"): "on_configure",
    LifecycleState(11, "cleaningup"): "on_cleanup",
    LifecycleState(13, "activating"): "on_activate",
    LifecycleState(14, "deactivating"): "on_deactivate",
    LifecycleState(12, "shuttingdown"): "on_shutdown",
    ERROR_PROCESSING: "on_error",
}
"""Which method of the node runs in a transition state."""


def _transitions() -> tuple[Transition, ...]:
    table: list[Transition] = []
    for step in _STEPS:
        table += [Transition(number, label, start, step.state) for number, label, start in step.starts]
        goals = (step.success, step.failure, ERROR_PROCESSING)
        for offset, (result, goal) in enumerate(zip(TransitionCallbackReturn, goals)):
            table.append(Transition(step.number + offset, result.to_label(), step.state, goal))
    for offset, (result, goal) in enumerate(zip(TransitionCallbackReturn, (UNCONFIGURED, FINALIZED, FINALIZED))):
        table.append(Transition(60 + offset, result.to_label(), ERROR_PROCESSING, goal))
    return tuple(table)


TRANSITIONS = _transitions()
STATES = (
    LifecycleState(0, "unknown"),
    UNCONFIGURED,
    INACTIVE,
    ACTIVE,
    FINALIZED,
    *sorted(CALLBACKS),
)


class StateMachine:
    """Where a node is and where it may go.

    Args:
        passed: called with each transition made.
    """

    def __init__(self, passed: Callable[[Transition], None]) -> None:
        self.current_state = UNCONFIGURED
        self.initialized = True
        self._passed = passed

    @property
    def available_transitions(self) -> list[Transition]:
        """What is allowed now."""
        return [transition for transition in TRANSITIONS if transition.start == self.current_state]

    def by_label(self, label: str) -> Transition | None:
        """The allowed transition of a name."""
        return next((transition for transition in self.available_transitions if transition.label == label), None)

    def by_id(self, transition_id: int) -> Transition | None:
        """The allowed transition of a number."""
        return next((one for one in self.available_transitions if one.transition_id == transition_id), None)

    def take(self, transition: Transition | None, wanted: object) -> None:
        """Make a transition.

        Raises:
            RCLError: if it is not allowed now.
        """
        if transition is None or transition.start != self.current_state:
            allowed = ", ".join(one.label for one in self.available_transitions) or "none"
            where = f"in state '{self.current_state.label}'"
            raise RCLError(f"transition {wanted} is not allowed {where}; allowed: {allowed}")
        self.current_state = transition.goal
        self._passed(transition)
