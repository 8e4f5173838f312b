"""What an arm with tactile pads reports: its joints, its tool's pose, where the fixture is, and what the pads feel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hardware.states import Vector


@dataclass(frozen=True, slots=True)
class ArmState:
    """The newest sample of everything a policy of a contact task sees; poses are in the frame of the arm's base."""

    received_ns: int
    """Arrival of the oldest part."""
    robot_ms: int
    joint_position: Vector
    """(n,) hinges, rad, then fingers, m, in the bundle's order."""
    tool_position: Vector
    """(3,) m"""
    tool_wxyz: Vector
    """(4,) unit quaternion, base<-tool."""
    fixture_position: Vector
    """(3,) m, as it is known."""
    fixture_wxyz: Vector
    """(4,) unit quaternion, base<-fixture."""
    images: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Float32 by name, in the shapes of the bundle."""
    battery_v: float = math.nan
    armed: bool = True
    crashed: bool = False
    policy_fault: bool = False
    dead_man: bool = False
    operator_stop: bool = False

    @property
    def orientation_wxyz(self) -> Vector:
        """Of the tool."""
        return self.tool_wxyz

    @property
    def angular_velocity_b(self) -> Vector:
        """Not measured: an arm bolted to its table does not tumble."""
        return (0.0, 0.0, 0.0)

    @property
    def tilt_rad(self) -> float:
        """That of the base: none."""
        return 0.0

    @property
    def finite(self) -> bool:
        """Whether every number that the policy sees is finite."""
        poses = (*self.tool_position, *self.tool_wxyz, *self.fixture_position, *self.fixture_wxyz)
        return all(map(math.isfinite, (*self.joint_position, *poses))) and all(
            bool(np.isfinite(image).all()) for image in self.images.values()
        )
