"""Vectorised environment of contact tasks: an arm with two tactile pads, in MuJoCo, sixty times a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.contact.keypoints import REWARD_LINE_M, keypoint_distance, reward
from sim.contact.pictures import Pictures, WristCamera
from sim.contact.randomizable import draw_contacts
from sim.contact.spec import ContactTaskSpec
from sim.contact.world import ContactWorld
from sim.errors import ConfigError
from sim.quaternions import conjugate, multiply, to_rotation_vector
from sim.randomization import RandomizationTable
from sim.registry import load_task, require_known, task_names

Observation = dict[str, np.ndarray]
SENSORS = ("state", "privileged", "field", "image", "wrist")
RELEASE_STEPS, RISE_AFTER, RISE_M = 24, 9, 4e-3
"""A hand that lets go: it opens, and after some steps it rises by this per step."""


class ContactTask(Protocol):
    """A module such as ``sim.tasks.peg_placement``; ``load_contact_task`` returns it by name."""

    TASK: ContactTaskSpec
    TRAINING_TABLE: RandomizationTable
    EVALUATION_TABLE: RandomizationTable


@dataclass(frozen=True)
class Transition:
    """What a step brought.

    Attributes:
        observation: after it; of episodes that ended, the first of the next one.
        reward: (n,) float32.
        terminated: (n,) bool: the object was dropped.
        truncated: (n,) bool: the time is up.
        success: (n,) bool: the object was at its goal after this step; of an episode, what its last step says.
        distance_m: (n,) mean distance of keypoints on the object from their goals.
        final: the observation that ended an episode, rows of ``ended``; None if none ended.
    """

    observation: Observation
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    success: np.ndarray
    distance_m: np.ndarray
    final: Observation | None

    @property
    def ended(self) -> np.ndarray:
        """(n,) bool."""
        return self.terminated | self.truncated


class ContactTaskEnv:
    """Episodes of a contact task; an ended one begins anew by itself.

    Attributes:
        task: its module.
        spec: what the policy sees and commands.
        num_envs: simulations.
        sensors: what observations hold; ``"state"`` and ``"privileged"`` always do.
        world: the physics.
    """

    def __init__(
        self,
        task: ContactTask | str,
        num_envs: int,
        *,
        sensors: Sequence[str] = ("state",),
        table: RandomizationTable | None = None,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        """Build; call ``reset`` before the first step.

        Args:
            task: module or name.
            num_envs: simulations.
            sensors: of ``"field"``, ``"image"``, ``"wrist"`` beside ``"state"``.
            table: randomization; default: the task's for training.
            seed: of all draws. A simulation's episodes depend on the seed and its number alone.
            threads: of the physics; default: all processors.

        Raises:
            ConfigError: for an unknown task or sensor, an empty batch, or a pad without a camera where images are
                asked for.
        """
        for name in sensors:
            require_known(name, SENSORS, "sensor")
        if num_envs < 1:
            raise ConfigError(f"an environment needs at least one simulation, not {num_envs}")
        self.task = load_contact_task(task) if isinstance(task, str) else task
        self.spec, self.num_envs = self.task.TASK, num_envs
        self.sensors = tuple(dict.fromkeys(("state", "privileged", *sensors)))
        self.world = ContactWorld(self.spec, num_envs, threads or 0)
        self._table = table or self.task.TRAINING_TABLE
        self._rngs = [np.random.default_rng((seed, number)) for number in range(num_envs)]
        self._images = Pictures(self.world) if "image" in self.sensors else None
        self._wrist = WristCamera(self.world) if "wrist" in self.sensors else None
        self._substeps = round(self.spec.timing.control_period_s / self.spec.timing.physics_step_s)
        self._scale = np.array(self.spec.action.high)
        self._age = np.zeros(num_envs, np.int64)
        self._noise = np.zeros((num_envs, 3))
        self._last_action = np.zeros((num_envs, 6))
        self._grasp_position, self._grasp_turn = np.zeros((num_envs, 3)), np.zeros((num_envs, 4))

    @property
    def age(self) -> NDArray[np.int64]:
        """Steps since each episode began; (n,)."""
        return self._age

    @property
    def obeys(self) -> NDArray[np.bool_]:
        """Where the next action will be obeyed, (n,): in the end of some tasks the hand lets go by itself."""
        if self.spec.judgement.ending == "release":
            return self._age < self.spec.control_steps - RELEASE_STEPS
        return np.ones(self.num_envs, bool)

    @property
    def untouched(self) -> NDArray[np.uint8]:
        """Pictures of the pads that nothing touches, (2, rows, columns, 3).

        Raises:
            ConfigError: without the sensor ``"image"``.
        """
        if self._images is None:
            raise ConfigError("pads without the sensor 'image' show nothing")
        return self._images.untouched

    def reset(self, ids: ArrayLike | None = None) -> Observation:
        """Begin episodes.

        Args:
            ids: indices or a mask; default: all.

        Returns:
            The observation of all simulations.
        """
        which = np.arange(self.num_envs) if ids is None else np.arange(self.num_envs)[np.asarray(ids)]
        if len(which):
            self._begin(which)
        return self.observe()

    def step(self, action: ArrayLike) -> Transition:
        """Advance by one control period.

        Args:
            action: (n, 6) in [-1, 1], clipped; what is not finite counts as 0.

        Raises:
            ConfigError: for actions of another shape.
        """
        command = np.clip(np.nan_to_num(np.asarray(action, float), posinf=1.0, neginf=-1.0), -1.0, 1.0)
        if command.shape != (self.num_envs, 6):
            raise ConfigError(f"actions must have the shape {(self.num_envs, 6)}, not {command.shape}")
        self.world.move(self._ending(command * self._scale))
        self.world.advance(self._substeps)
        self._age += 1
        change, self._last_action = command - self._last_action, command
        distance = self.distance(self.spec.workpiece.length_m)
        force = np.linalg.norm(self.world.fixture_force, axis=1)
        gained = reward(self.distance(REWARD_LINE_M), change, force, self.spec.contact_weight)
        terminated = self._dropped()
        truncated = (self._age >= self.spec.control_steps) & ~terminated
        success = (distance < self.spec.judgement.close_m) & ~terminated
        observation, final = self.observe(), None
        ended = np.flatnonzero(terminated | truncated)
        if len(ended):
            final = {name: value[ended] for name, value in observation.items()}
            self._begin(ended)
            observation = self._observe(self._drawn_again(observation, ended))
        return Transition(observation, gained.astype(np.float32), terminated, truncated, success, distance, final)

    def distance(self, line_m: float) -> NDArray[np.float64]:
        """Return the mean distance of keypoints on the object's axis from their goals, m; (n,)."""
        world = self.world
        return keypoint_distance(world.object_position_w, world.object_quaternion_w, *world.goal(), line_m)

    def observe(self) -> Observation:
        """Return what there is to see now."""
        return self._observe(None if self._wrist is None else self._wrist.render())

    def _drawn_again(self, observation: Observation, which: NDArray[np.intp]) -> NDArray[np.uint8] | None:
        """Return the pictures of the cameras at the hands, of which only those of some simulations are others."""
        if self._wrist is None:
            return None
        pictures = observation["wrist"]
        pictures[which] = self._wrist.render(which)
        return pictures

    def _observe(self, wrist: NDArray[np.uint8] | None) -> Observation:
        world, arm = self.world, self.world.arm
        state = self.observe_state()
        known = state[:, :-7]
        socket = _pose(world.socket_position_w, world.socket_quaternion_w)
        thing = _pose(world.object_position_w, _canonical(world.object_quaternion_w, 0))
        force = np.linalg.norm(world.gel.wrench()[0], axis=2)
        fixture = np.linalg.norm(world.fixture_force, axis=1, keepdims=True)
        observation: Observation = {
            "state": state.astype(np.float32),
            "privileged": np.hstack([known, socket, *arm.velocity(), thing, force, fixture]).astype(np.float32),
        }
        if "field" in self.sensors:
            taxels = world.pad.taxels
            field = world.gel.force.reshape(self.num_envs, 2, taxels.rows, taxels.columns, 3)
            observation["field"] = field.astype(np.float32)
        if self._images is not None:
            observation["image"] = self._images.render()
        if wrist is not None:
            observation["wrist"] = wrist
        return observation

    def observe_state(self) -> NDArray[np.float64]:
        """Return the observation ``"state"`` alone, in full precision; (n, 23)."""
        world, arm = self.world, self.world.arm
        tool = _pose(arm.position_w, _canonical(arm.quaternion_w, 1))
        seen = _pose(world.socket_position_w + self._noise, world.socket_quaternion_w)
        return np.hstack([arm.joint_position, tool, seen])

    def _begin(self, which: NDArray[np.intp]) -> None:
        """Draw and set up episodes, each from its simulation's own stream."""
        drawn = [draw_contacts(self._table, self._rngs[number], 1) for number in which]
        draws = {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
        self.world.reset(which, draws)
        self._noise[which] = draws["socket_noise"]
        self._age[which], self._last_action[which] = 0, 0.0
        position, turn = self.world.object_in_tool()
        self._grasp_position[which], self._grasp_turn[which] = position[which], turn[which]

    def _ending(self, change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Let hands that shall let go open, wait and rise, whatever the policy says."""
        if self.spec.judgement.ending == "release":
            since = self._age - (self.spec.control_steps - RELEASE_STEPS)
            letting = since >= 0
            self.world.open_hand(np.flatnonzero(letting))
            change[letting] = 0.0
            change[since >= RISE_AFTER, 2] = RISE_M
        return change

    def _dropped(self) -> NDArray[np.bool_]:
        """Return which objects have left the grasp, or the numbers; those let go on purpose have not."""
        position, turn = self.world.object_in_tool()
        moved = np.linalg.norm(position - self._grasp_position, axis=1)
        turned = np.linalg.norm(to_rotation_vector(multiply(turn, conjugate(self._grasp_turn))), axis=1)
        judgement = self.spec.judgement
        kept = (moved < judgement.dropped_m) & (turned < judgement.dropped_rad)  # (false for NaN)
        if judgement.ending == "release":
            kept |= (self._age > self.spec.control_steps - RELEASE_STEPS) & np.isfinite(moved)
        return ~kept


def contact_task_names() -> tuple[str, ...]:
    """Return the names of all contact tasks."""
    return tuple(name for name in task_names() if isinstance(load_task(name).TASK, ContactTaskSpec))


def load_contact_task(name: str) -> ContactTask:
    """Return a contact task by name.

    Raises:
        ConfigError: for an unknown task, or one of another kind.
    """
    module = load_task(name)
    if not isinstance(getattr(module, "TASK", None), ContactTaskSpec):
        raise ConfigError(f"task '{name}' is no contact task: nothing is held in it")
    return cast(ContactTask, module)


def _pose(position: NDArray[np.float64], quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([position, quaternion])


def _canonical(quaternion: NDArray[np.float64], part: int) -> NDArray[np.float64]:
    """Choose the sign of quaternions by a part that stays away from zero, so that observations do not jump."""
    return np.where(quaternion[:, part : part + 1] < 0.0, -quaternion, quaternion)
