"""A robot at rest in its default pose: how high it stands, how its frames are turned, how long its arms are."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.bodies.model import reset_to_default_pose
from sim.bodies.parameters import joint_parameters
from sim.errors import ConfigError
from sim.motion.mapping import Target
from sim.motion.robot_poses import GEOM, robot_model

Array = NDArray[np.float64]


class Rest:
    """A robot's proportions."""

    def __init__(self, robot: str) -> None:
        """Compute the default pose.

        Raises:
            ConfigError: for an unknown robot, or one without joints.
        """
        self.robot, self.model, self.parameters = robot, robot_model(robot), joint_parameters(robot)
        self._data = mujoco.MjData(self.model)
        reset_to_default_pose(self.model, self._data, self.parameters)

    @property
    def qpos(self) -> Array:
        """Of the default pose; (7 + joints,)."""
        return self._data.qpos.copy()

    @property
    def height_m(self) -> float:
        """Of the base above the ground."""
        return self.parameters.base_height_m

    def kind(self, frame: str) -> tuple[str, str]:
        """Return whether a frame is a ``site``, a ``body`` or a ``geom``, and its name without the prefix.

        Raises:
            ConfigError: if it is none of them.
        """
        kinds = (("geom", mujoco.mjtObj.mjOBJ_GEOM),)
        if not frame.startswith(GEOM):
            kinds = (("site", mujoco.mjtObj.mjOBJ_SITE), ("body", mujoco.mjtObj.mjOBJ_BODY))
        name = frame.removeprefix(GEOM)
        for kind, what in kinds:
            if mujoco.mj_name2id(self.model, what, name) >= 0:
                return kind, name
        raise ConfigError(f"robot '{self.robot}' has no frame '{frame}' (its retarget.py names it)")

    def above_ground_m(self, target: Target) -> float:
        """Return the height of a target's frame."""
        kind, name = self.kind(target.frame)
        return float(getattr(self._data, kind)(name).xpos[2])

    def turn(self, target: Target) -> Array:
        """Return the turn of the robot's frame against the person's body, wxyz; (4,)."""
        if target.turn is not None:
            return np.array(target.turn)
        kind, name = self.kind(target.frame)
        turn = np.zeros(4)
        mujoco.mju_mat2Quat(turn, getattr(self._data, kind)(name).xmat)
        return turn

    def reach_m(self, target: Target) -> float:
        """Return the length of the straight chain from a target's anchor to its frame."""
        assert target.anchor is not None
        model, anchor = self.model, self.model.body(target.anchor[0]).id
        kind, name = self.kind(target.frame)
        if kind == "body":
            body, length = model.body(name).id, 0.0
        else:
            end = getattr(model, kind)(name)
            body, length = int(end.bodyid[0]), float(np.linalg.norm(end.pos))
        while body != anchor:
            if body == 0:
                raise ConfigError(f"robot '{self.robot}': '{target.frame}' is not beyond '{target.anchor[0]}'")
            length += float(np.linalg.norm(model.body_pos[body]))
            body = int(model.body_parentid[body])
        return length
