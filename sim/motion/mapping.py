"""How a robot follows a person: which of its frames go where which body goes, how far and how firmly.

A robot's ``MAPPING`` is data in ``sim/robots/<name>/retarget.py``; the code compares lengths, so it holds no scales.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import ConfigError
from sim.registry import require_known, robot_names

Turn = tuple[float, float, float, float]
"""A unit quaternion, wxyz."""


@dataclass(frozen=True)
class Target:
    """One frame of the robot that follows one body of a person.

    Attributes:
        frame: a site or a body of the robot, or ``geom:`` and the name of a shape, for feet that are spheres.
        source: a body of the person, or ``left_sole`` and ``right_sole``, the middles of the soles.
        position_cost: per metre, one number or x, y and z; 0 leaves the position free.
        orientation_cost: per radian; 0 leaves it free.
        anchor: body of the robot and body of the person from which places are measured, as an arm's from the shoulder,
            scaled by the ratio of the straight lengths; ``None`` for the world's origin, scaled by that of the heights.
        offset_m: added to the place, x and y in the heading of the source: constant for a foot that stands.
        turn: of the robot's frame against the person's (wxyz), who stands with the arms out; ``None`` for that of the
            robot's default pose, which is right for all but arms.
    """

    frame: str
    source: str
    position_cost: float | tuple[float, float, float] = 0.0
    orientation_cost: float = 0.0
    anchor: tuple[str, str] | None = None
    offset_m: tuple[float, float] = (0.0, 0.0)
    turn: Turn | None = None


@dataclass(frozen=True)
class Mapping:
    """All targets of a robot.

    Attributes:
        targets: what follows what.
        center_cost: per metre, of the centre of mass following the person's along the world's x and y, which is what
            keeps balance.
        posture_cost: per radian, of joints staying at the default pose: decides what the targets leave open.
    """

    targets: Sequence[Target]
    center_cost: tuple[float, float] = (10.0, 10.0)
    posture_cost: float = 0.05


def mapped_robots() -> list[str]:
    """Return the names of all robots that can follow a person."""
    return [name for name in robot_names() if importlib.util.find_spec(f"sim.robots.{name}.retarget") is not None]


def load_mapping(robot: str) -> Mapping:
    """Return the ``MAPPING`` of ``sim/robots/<robot>/retarget.py``.

    Raises:
        ConfigError: for an unknown robot, or one that has none.
    """
    require_known(robot, robot_names(), "robot")
    if robot not in mapped_robots():
        able = ", ".join(mapped_robots())
        raise ConfigError(f"robot '{robot}' has no retarget.py that says how it follows a person; these have: {able}")
    return importlib.import_module(f"sim.robots.{robot}.retarget").MAPPING


def two_legs_two_arms(shoulder: str, hand_turn: dict[str, Turn] | None = None) -> list[Target]:
    """Return the targets that every character with two legs and two arms has in common.

    Args:
        shoulder: body at the shoulder, without its side, such as ``shoulder_roll_link``.
        hand_turn: of each side's hand, for robots with wrists; without it hands turn as they will.
    """
    targets = []
    for side in ("left", "right"):
        targets.append(Target(f"{side}_foot", f"{side}_sole", position_cost=30.0, orientation_cost=5.0))
        targets.append(
            Target(
                f"{side}_hand", f"{side}_hand", position_cost=5.0, anchor=(f"{side}_{shoulder}", f"{side}_shoulder"),
                orientation_cost=0.3 if hand_turn else 0.0, turn=hand_turn[side] if hand_turn else None,
            )
        )  # fmt: skip
    return targets
