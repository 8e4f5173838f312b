"""The crane from which a robot hangs at its first start: a rope that only pulls, paid out on request.

It lets a robot down in two stages, as people do with a real one: first until its feet touch, the rope still holding it
up, so that a policy can take over from a robot that stands; then further, until the rope is slack.
"""

from __future__ import annotations

import mujoco

BEAM_M = 2.4
"""Height of the crane's beam."""
HOOK_M = 0.38
"""Height of the hook above the torso's origin: behind the neck."""
CLEARANCE_M = 0.08
"""Feet above the ground while the robot hangs."""
SLACK_M = 0.15
"""Rope to spare when the robot has been let down; it still cannot fall to the ground."""
LOWER_M_S = 0.1
_ROPE = "rope"


class Crane:
    """A rope from the beam to the robot's torso.

    Args:
        model: with the rope in it.
        hook_height_m: of the robot that stands in its default pose.
    """

    def __init__(self, model: mujoco.MjModel, hook_height_m: float) -> None:
        self._range = model.tendon_range[model.tendon(_ROPE).id]
        standing_m = BEAM_M - hook_height_m
        self._goal_m = self._range[1] = standing_m - CLEARANCE_M
        self._standing_m, self._down_m = standing_m, standing_m + SLACK_M

    def set_down(self) -> None:
        """Begin to let the robot down until it stands in its default pose; the rope still carries it."""
        self._goal_m = max(self._goal_m, self._standing_m)

    def lower(self) -> None:
        """Begin to let the robot down and the rope hang loose."""
        self._goal_m = self._down_m

    def step(self, dt_s: float) -> None:
        """Pay out rope for ``dt_s``."""
        self._range[1] = min(self._range[1] + LOWER_M_S * dt_s, max(self._goal_m, self._range[1]))


def add_rope(spec: mujoco.MjSpec, body: str) -> None:
    """Add beam and rope to a robot's model, in place."""
    spec.worldbody.add_site(name="beam", pos=[0.0, 0.0, BEAM_M])
    spec.body(body).add_site(name="hook", pos=[0.0, 0.0, HOOK_M])
    rope = spec.add_tendon(name=_ROPE, limited=True, range=[0.0, BEAM_M], width=0.006)
    rope.wrap_site("beam")
    rope.wrap_site("hook")
