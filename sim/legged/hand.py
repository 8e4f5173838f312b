"""A motion that is asked of a hand while its robot walks: a twist that leads it along a moving pose.

After arXiv 2507.08656: the policy is told a twist of the end effector in a frame that goes with the robot, never a
pose. A pose reference moves with the wanted twist, and a feedback of the pose's error corrects the twist, so that
poses and trajectories alike are followed without drift. Not the paper's: targets of the arm are counted from a step of
inverse kinematics for that twist.

The frame is the heading frame (``_h``): origin at the base, x where the robot heads, z up. What a robot needs to
know of it are its encoders and the direction of gravity.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.legged.counter_random import CounterRandom, step_counts
from sim.legged.hand_kinematics import (
    heading_of,
    heading_rates,
    joint_velocities,
    joints_to,
    reachable_poses,
    tilt_of,
)
from sim.legged.state import Array
from sim.legged.world import LeggedWorld
from sim.quaternions import conjugate, cross, difference, from_rotation_vector, multiply, rotate
from sim.spec import JointParameters, ObservationTerm

CENTRE = "target_centre"
"""Observation that targets are counted from: of joints that carry the hand, where a step of inverse kinematics for the
corrected twist brings their last targets; else the default pose. The policy adds to it."""


@dataclass(frozen=True)
class HandCommand:
    """Poses to go to, one after the other, and how a twist is made of the way there."""

    reach_rad: float
    """Goals are where the hand is with its joints up to this far from the default pose: all can be reached."""
    period_s: float
    """A new goal is drawn after this time."""
    travel_s: tuple[float, float]
    """How long the way to a goal takes; then the hand is to stay there."""
    gain_per_s: float
    """Of the feedback: how much twist an error of the pose asks for."""
    most_m_s: float
    most_rad_s: float
    """Largest corrected twist."""
    source_note: str
    centre_term: ClassVar[str | None] = CENTRE

    def sites(self, parameters: JointParameters) -> tuple[str, ...]:
        """Return the hand.

        Raises:
            ConfigError: if the robot has none.
        """
        if not parameters.hands:
            raise ConfigError(f"parameter set '{parameters.name}' names no hand: choose a robot with one, as go1_arm")
        return parameters.hands[:1]

    def actor_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return the corrected twist."""
        self.sites(parameters)
        return (
            ObservationTerm("twist_command", 6, "m/s, rad/s", "heading", "operator, encoders"),
            ObservationTerm(CENTRE, parameters.num_joints, "rad", "joint", "supervisor"),
        )

    def critic_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return by how much the hand is where and as fast as it should be."""
        return (
            ObservationTerm("hand_error", 6, "m, rad", "heading", "simulation"),
            ObservationTerm("hand_twist", 6, "m/s, rad/s", "heading", "simulation"),
        )

    def error_weights(self) -> Mapping[str, float]:
        """Return the costs of errors: 0.1 for each centimetre and for each 5 degrees, as 0.1 m/s of velocity costs."""
        return {"position_error_m": 10.0, "orientation_error_deg": 0.02}

    def source(self, world: LeggedWorld, seed: int) -> HandSource:
        """Return what leads the hands of a world.

        Raises:
            ConfigError: if the robot has no hand, or one that no joint moves.
        """
        return HandSource(self, world, seed)


@dataclass
class HandState:
    """Motion of n hands and what is asked of them, in the heading frame."""

    carrying: Array
    """(J,) 1 for joints between base and hand, else 0."""
    position_h: Array
    """(n, 3) m, from the base."""
    quaternion_h: Array
    """(n, 4) wxyz"""
    twist_h: Array
    """(n, 6) m/s, rad/s: of the hand, as seen from the heading frame."""
    error_h: Array
    """(n, 6) m, rad: what is missing to the reference; a turn as rotation vector."""
    command_h: Array
    """(n, 6) m/s, rad/s: the corrected twist."""


class HandSource:
    """Leads the hands of many simulations; writes ``BodyState.hand`` and ``BodyState.centre``."""

    def __init__(self, command: HandCommand, world: LeggedWorld, seed: int) -> None:
        self._command, self._world, self._random = command, world, CounterRandom(seed, zlib.crc32(b"hand_command"))
        n = len(world.state.command)
        (self._site,) = command.sites(world.scene.parameters)
        carrying = joints_to(world.scene.model, self._site)
        self._arm = np.flatnonzero(carrying)
        model, batch = world.scene.model, world.batch
        self._moving, self._number = model.actuator_trnid[self._arm, 0], model.site(self._site).id
        self._axis, self._anchor, self._place = (batch.bind(name) for name in ("xaxis", "xanchor", "site_xpos"))
        if not carrying.any():
            raise ConfigError(f"no joint moves '{self._site}': choose a robot with an arm, as go1_arm")
        self._goals = reachable_poses(world.scene.model, world.scene.parameters, self._site, command.reach_rad)
        self._every = max(1, round(command.period_s / world.state.robot.period_s))
        self._from, self._way = np.zeros((n, 7)), np.zeros((n, 6))
        self._began, self._travel_s = np.zeros(n), np.ones(n)
        self.reference = np.zeros((n, 7))
        """(n, 7) pose that is asked for now: m, and a quaternion."""
        self.state = HandState(carrying.astype(np.float32), *(np.zeros((n, k), np.float32) for k in (3, 4, 6, 6, 6)))
        world.state.hand = self.state

    def begin(self, ids: NDArray, episodes: NDArray) -> None:
        """Ask for a way from where the hand is to a first goal."""
        self._look()
        self.reference[ids, :3], self.reference[ids, 3:] = self.state.position_h[ids], self.state.quaternion_h[ids]
        self._draw(ids, np.zeros(len(ids), np.int64), episodes)
        self._lead(np.zeros(len(self.reference)), ids)
        self._step()

    def follow(self, age: NDArray, episodes: NDArray) -> None:
        """Go on along the way, or begin the next one."""
        self._look()
        due = np.flatnonzero(age % self._every == 0)
        everything = np.arange(len(age))
        if len(due):
            self._lead(age, due)  # the reference is at the end of its way
            self._draw(due, age[due], episodes[due])
        self._lead(age, everything)
        self._step()

    def errors(self) -> Mapping[str, NDArray]:
        """Return how far hands are from their references, and how much they are turned from them."""
        error = self.state.error_h
        return {
            "position_error_m": np.linalg.norm(error[:, :3], axis=1),
            "orientation_error_deg": np.degrees(np.linalg.norm(error[:, 3:], axis=1)),
        }

    def _look(self) -> None:
        """Read where the hands are, in the heading frame, and how they move as seen from it."""
        world, hand = self._world.state, self.state
        site = self._world.site(self._site)
        tilt = tilt_of(world.quaternion_w)
        turning = rotate(tilt, world.angular_velocity_b)
        hand.position_h[:] = rotate(tilt, site.position_b)
        hand.quaternion_h[:] = multiply(tilt, site.quaternion_b)
        turning[:, 2] -= heading_rates(tilt, turning)
        hand.twist_h[:, :3] = rotate(tilt, site.velocity_b) + cross(turning, hand.position_h)
        hand.twist_h[:, 3:] = rotate(tilt, site.angular_velocity_b) + turning

    def _step(self) -> None:
        """Count the next targets of the arm from where this step of inverse kinematics brings them."""
        world, arm = self._world.state, self._arm
        velocity = joint_velocities(self._jacobian(), self.state.command_h)
        most = world.robot.velocity[arm]
        world.centre[:, arm] = world.target[:, arm] + world.robot.period_s * velocity.clip(-most, most)

    def _jacobian(self) -> NDArray:
        """Return how the arm's joints move the hand, against the heading frame; (n, 6, arm) m, rad."""
        back = conjugate(heading_of(self._world.state.quaternion_w))[:, None]
        axis = rotate(back, self._axis[:, self._moving])
        away = rotate(back, self._place[:, self._number][:, None] - self._anchor[:, self._moving])
        return np.concatenate([cross(axis, away), axis], axis=2).transpose(0, 2, 1)

    def _draw(self, ids: NDArray, age: NDArray, episodes: NDArray) -> None:
        """Begin ways from the present references to goals of the table."""
        command, share = self._command, self._random.uniform(ids, step_counts(episodes, age), 2)
        goal = self._goals[(share[:, 0] * len(self._goals)).astype(np.intp)]
        self._from[ids] = self.reference[ids]
        self._way[ids, :3] = goal[:, :3] - self.reference[ids, :3]
        self._way[ids, 3:] = difference(goal[:, 3:], self.reference[ids, 3:])
        shortest, longest = command.travel_s
        self._travel_s[ids] = shortest + (longest - shortest) * share[:, 1]
        self._began[ids] = age

    def _lead(self, age: NDArray, ids: NDArray) -> None:
        """Move references of these simulations along their ways, and correct their twists by the errors."""
        command, hand = self._command, self.state
        passed = (age[ids] - self._began[ids]) * self._world.state.robot.period_s / self._travel_s[ids]
        share, rate = minimum_jerk(passed)
        way = self._way[ids]
        self.reference[ids, :3] = self._from[ids, :3] + share[:, None] * way[:, :3]
        turned = from_rotation_vector(share[:, None] * way[:, 3:])
        self.reference[ids, 3:] = multiply(turned, self._from[ids, 3:])
        hand.error_h[ids, :3] = self.reference[ids, :3] - hand.position_h[ids]
        hand.error_h[ids, 3:] = difference(self.reference[ids, 3:], hand.quaternion_h[ids])
        twist = way * (rate / self._travel_s[ids])[:, None] + command.gain_per_s * hand.error_h[ids]
        hand.command_h[ids, :3] = shortened(twist[:, :3], command.most_m_s)
        hand.command_h[ids, 3:] = shortened(twist[:, 3:], command.most_rad_s)


def minimum_jerk(share: NDArray) -> tuple[NDArray, NDArray]:
    """Return the part of a way that is done after this share of its time, and its derivative.

    10 s^3 - 15 s^4 + 6 s^5: as people reach (Flash and Hogan, J. Neurosci. 5, 1985), at rest at both ends.
    """
    s = share.clip(0.0, 1.0)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s * s), 30.0 * s * s * (1.0 - s) ** 2


def shortened(vector: NDArray, most: float) -> NDArray:
    """Return vectors, (n, 3), no longer than ``most``."""
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    return vector * (most / np.maximum(length, most))
