"""What a kind of robot brings to the supervisor: its faults, its safe actions, how its references move.

The supervisor (``hardware/supervisor.py``) knows modes and severities and nothing of propellers
or joints; a behaviour knows those and nothing of modes' order. Both are free of clocks and I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

from hardware.faults import Fault, Observed
from hardware.states import RobotState
from sim.spec import SafeAction


class Mode(Enum):
    """Where a run stands."""

    IDLE = "idle"
    CHECKING = "checking"
    ARMING = "arming"
    RAMP = "ramp"
    RUNNING = "running"
    HOLDING = "holding"
    LANDING = "landing"
    DESCENDING = "descending"
    DAMPING = "damping"
    OFF = "off"
    EMERGENCY_STOP = "emergency_stop"


MODE_OF: dict[SafeAction, Mode] = {
    "hold": Mode.HOLDING,
    "land": Mode.LANDING,
    "level_and_descend": Mode.DESCENDING,
    "damp": Mode.DAMPING,
    "off": Mode.OFF,
}
"""The mode that carries out each safe action."""

ACTION_OF: dict[Mode, SafeAction] = {**{mode: action for action, mode in MODE_OF.items()}, Mode.EMERGENCY_STOP: "off"}
"""The safe action that a mode carries out; other modes carry out none."""


class Behaviour(Protocol):
    """One kind of robot, asked by the supervisor in every step."""

    safe_actions: Mapping[Fault, SafeAction]
    """What is done about each fault this robot can have."""
    ending: SafeAction
    """How a mission ends without a fault."""
    before_start: SafeAction
    """How an arming ends that comes to nothing: the robot may be held already."""
    warm_up_s: float
    """From the robot's word that it is armed to the first reference."""

    def reset(self) -> None:
        """Forget everything."""
        ...

    def note_start(self, state: RobotState) -> None:
        """Remember where the robot stands before anything moves; called again while it waits."""
        ...

    def faults(self, seen: Observed, armed: bool) -> list[Fault]:
        """Return the faults ``seen`` shows; ``armed``: the robot was armed before."""
        ...

    def begin(self) -> None:
        """Start the ramp from where the robot stands."""
        ...

    def enter(self, mode: Mode, seen: Observed) -> None:
        """Note that ``mode`` begins."""
        ...

    def reference(self, mode: Mode, wish: Sequence[float], dt_s: float) -> tuple[float, ...]:
        """Move the reference in a commanding mode towards what is wished, within every limit; return it.

        Args:
            mode: ramp, running, holding or landing.
            wish: from the mission; may be anything, NaN included.
            dt_s: time since the last step.
        """
        ...

    def ramped(self, wish: Sequence[float]) -> bool:
        """Whether the ramp has reached what the mission wishes."""
        ...

    def at_rest(self, mode: Mode, seen: Observed, now_s: float, since_s: float) -> bool:
        """Whether a safe action has come to its end, so that the motors may go off.

        Args:
            mode: landing, descending or damping.
            seen: inputs of this step.
            now_s: time of this step.
            since_s: when ``mode`` began.
        """
        ...
