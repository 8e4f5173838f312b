"""What an arm must not do: leave its workspace, stand where it cannot have got to, or bend a joint too far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.arm.pose import Pose, angle_rad, distance_m
from hardware.arm.state import ArmState
from hardware.clock import NS
from policies.bundle import BundleInfo
from sim.errors import ConfigError
from sim.spec import JointLimits

JOINT_TOLERANCE = 0.02
"""By how much an encoder may read beyond a joint's range, rad and m: further, joints are mixed up or of another arm."""


@dataclass(frozen=True)
class Workspace:
    """A box in the frame of the arm's base, m.

    Attributes:
        low: (3,)
        high: (3,)
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != 3 or len(self.high) != 3 or not all(a < b for a, b in zip(self.low, self.high)):
            raise ConfigError(
                f"the workspace needs three numbers for its low and for its high corner, each lower than the other,"
                f" not {self.low} and {self.high}"
            )

    def holds(self, place: Sequence[float]) -> bool:
        """Whether a place is inside; one that is no number is not."""
        return all(low <= value <= high for low, value, high in zip(self.low, place, self.high))

    def nearest(self, pose: Pose) -> Pose:
        """Return a pose with its place brought inside."""
        inside = (min(max(v, low), high) for low, v, high in zip(self.low, pose[:3], self.high))
        return (*inside, *pose[3:])


class ArmGuard:
    """Looks at every state before the policy does; it remembers the last good one.

    Args:
        info: from the bundle: the largest motion of a step bounds what can be no jump, its limits the joints.
        workspace: where the tool may be.

    Raises:
        ConfigError: if the bundle is none of an arm.
    """

    def __init__(self, info: BundleInfo, workspace: Workspace) -> None:
        if not isinstance(info.limits, JointLimits):
            raise ConfigError("the bundle has no joint limits: it is not for an arm")
        self._workspace = workspace
        self._period_s = info.timing.control_period_s
        reach = np.asarray(info.action.high)
        self._step_m, self._step_rad = float(np.linalg.norm(reach[:3])), float(np.linalg.norm(reach[3:]))
        limits = info.limits
        self._joints = tuple(zip(info.robot.joint_names, limits.position_low_rad, limits.position_high_rad))
        self._last: ArmState | None = None

    def reset(self) -> None:
        """Forget where it was: a new episode begins."""
        self._last = None

    def check(self, state: ArmState) -> str | None:
        """Return what is wrong with a state, in words, or ``None``."""
        wrong = self._outside(state) or self._bent(state) or self._jumped(state)
        self._last = state if wrong is None else self._last
        return wrong

    def _outside(self, state: ArmState) -> str | None:
        if self._workspace.holds(state.tool_position):
            return None
        return f"workspace: the tool is at {_metres(state.tool_position)}, outside its box"

    def _bent(self, state: ArmState) -> str | None:
        for (name, low, high), value in zip(self._joints, state.joint_position, strict=True):
            if not low - JOINT_TOLERANCE <= value <= high + JOINT_TOLERANCE:
                return f"joint_range: '{name}' reads {value:.3f}, its range is {low:g} to {high:g}"
        return None

    def _jumped(self, state: ArmState) -> str | None:
        """No impedance moves the tool further in a period than its set-points lead; a fixture does not move at all."""
        last = self._last
        if last is None:
            return None
        periods = max(round((state.received_ns - last.received_ns) / NS / self._period_s), 1)
        for name in ("tool", "fixture"):
            places = [getattr(one, f"{name}_position") for one in (last, state)]
            turns = [getattr(one, f"{name}_wxyz") for one in (last, state)]
            way, turn = distance_m(*places), angle_rad(*turns)
            if not (way <= periods * self._step_m and turn <= periods * self._step_rad):
                return f"jump: the {name}'s pose went {1e3 * way:.0f} mm and {math.degrees(turn):.0f} degrees at once"
        return None


def _metres(place: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in place) + ") m"
