"""From a guess to a pose that is right where it shows: head and hands in place, feet that stand kept still.

A few steps of differential inverse kinematics (mink) per frame from the pose of the frame before, within the joints'
ranges and speeds. A guess alone has hands that are centimetres off, and feet that skate.
"""

from __future__ import annotations

import mink
import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.motion.mapping import Target
from sim.motion.rest import Rest
from sim.motion.retarget import DAMPING, SOLVER, SPEED_SHARE
from sim.motion.source import along_heading
from sim.motion.sparse.pose_code import Guess, foot_targets, tracked_targets
from sim.quaternions import conjugate, from_rotation_vector, multiply

Array = NDArray[np.float64]

PLACE_COST, POSTURE_COST = 30.0, 0.3
"""Per metre, per radian: head and hands come before the angles that the network guesses."""
BASE_COST, BASE_TURN_COST = 3.0, 2.0
STANDING_COST, SWINGING_COST, FOOT_TURN_COST = 60.0, 6.0, 5.0
LIKELY, UNLIKELY = 0.6, 0.25
"""A foot begins to stand at one probability of contact and ends well below: late steps beat broken stands."""
STRAYED = 0.15
"""A standing foot is let go when the guess is further from it than this share of the base's height."""
RETURNED = 0.08
"""One that is further than this share from the guess does not begin to stand."""


class SparseSolver:
    """One character, from frame to frame.

    Args:
        robot: its name.
        fps: frames per second.
        iterations: programmes per frame; the joints' speed limits hold for their sum.
    """

    def __init__(self, robot: str, fps: float, iterations: int = 2) -> None:
        self._rest = Rest(robot)
        model, parameters = self._rest.model, self._rest.parameters
        self._step_s, self._iterations = 1.0 / (fps * iterations), iterations
        self._configuration = mink.Configuration(model, self._rest.qpos)
        self._guessed = mujoco.MjData(model)
        kinds = [self._rest.kind(target.frame) for target in tracked_targets(robot)]
        self._places = [mink.FrameTask(name, kind, PLACE_COST, 0.0) for kind, name in kinds]
        feet = foot_targets(robot)
        self._feet = [_Foot(self._rest, target) for target in feet]
        self._base = mink.FrameTask(model.body(1).name, "body", BASE_COST, BASE_TURN_COST)
        self._posture = mink.PostureTask(model, POSTURE_COST)
        self._tasks = [*self._places, *(foot.task for foot in self._feet), self._base, self._posture]
        speeds = {n: SPEED_SHARE * v for n, v in zip(parameters.joint_names, parameters.velocity_rad_s)}
        self._limits = [mink.ConfigurationLimit(model), mink.VelocityLimit(model, speeds)]
        self._started = False

    def reset(self) -> None:
        """Begin with the next guess, wherever it is."""
        self._started = False

    def step(self, guess: Guess) -> tuple[Array, NDArray[np.bool_]]:
        """Follow one frame.

        Returns:
            base, its quaternion and joints, (7 + J,), and which feet stand, (F,).
        """
        qpos = guess.qpos.copy()
        low, high = self._rest.parameters.position_low_rad, self._rest.parameters.position_high_rad
        qpos[7:] = np.clip(qpos[7:], low, high)
        if not self._started:
            self._configuration.update(qpos)
            for foot in self._feet:
                foot.stands = False
            self._started = True
        self._guessed.qpos[:] = qpos
        mujoco.mj_kinematics(self._rest.model, self._guessed)
        for foot, probability in zip(self._feet, guess.contact, strict=True):
            foot.aim(self._guessed, self._configuration.data, float(probability))
        for task, place in zip(self._places, guess.places, strict=True):
            task.set_target(mink.SE3.from_translation(place))
        self._base.set_target(mink.SE3(np.concatenate([qpos[3:7], qpos[:3]])))
        self._posture.set_target(qpos)
        for _ in range(self._iterations):
            velocity = mink.solve_ik(
                self._configuration, self._tasks, self._step_s, SOLVER, damping=DAMPING, limits=self._limits
            )
            self._configuration.integrate_inplace(velocity, self._step_s)
        return self._configuration.q.copy(), np.array([foot.stands for foot in self._feet])


class _Foot:
    """One foot, which stands where it came down or goes where the guess has it."""

    def __init__(self, rest: Rest, target: Target) -> None:
        kind, name = rest.kind(target.frame)
        self._kind, self._name = kind, name
        self._height, self._flat = rest.above_ground_m(target), rest.turn(target)
        self._strayed, self._returned = STRAYED * rest.height_m, RETURNED * rest.height_m
        self.task = mink.FrameTask(name, kind, SWINGING_COST, FOOT_TURN_COST)
        self.stands = False
        self._place, self._turn = np.zeros(3), np.zeros(4)

    def aim(self, guessed: mujoco.MjData, now: mujoco.MjData, probability: float) -> None:
        """Set what the foot shall do in this frame."""
        wanted = getattr(guessed, self._kind)(self._name)
        turn = np.zeros(4)
        mujoco.mju_mat2Quat(turn, wanted.xmat)
        here = getattr(now, self._kind)(self._name).xpos
        if self.stands:
            far = np.linalg.norm(self._place[:2] - wanted.xpos[:2])
            self.stands = bool(probability > UNLIKELY and far < self._strayed)
        elif probability > LIKELY and np.linalg.norm(here[:2] - wanted.xpos[:2]) < self._returned:
            self.stands = True
            self._place = np.array([*here[:2], self._height])
            ahead = along_heading(multiply(turn, conjugate(self._flat))[None], (1.0, 0.0))[0]
            yaw = np.arctan2(ahead[1], ahead[0])
            self._turn = multiply(from_rotation_vector(np.array([0.0, 0.0, yaw])), self._flat)
        self.task.set_position_cost(STANDING_COST if self.stands else SWINGING_COST)
        above = np.array([*wanted.xpos[:2], max(wanted.xpos[2], self._height)])  # never in the ground
        place, turn = (self._place, self._turn) if self.stands else (above, turn)
        self.task.set_target(mink.SE3(np.concatenate([turn, place])))
