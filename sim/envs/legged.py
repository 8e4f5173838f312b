"""Vectorised environment of bodies on legs in MuJoCo: joint targets 50 times a second, position loops at 200 Hz."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.distributions import Uniform
from sim.errors import ConfigError
from sim.legged import ends, rewards
from sim.legged.command import VelocityCommands
from sim.legged.counter_random import STEPS_PER_EPISODE, CounterRandom, step_counts
from sim.legged.motion import MotionSource, following
from sim.legged.observations import OBSERVATIONS
from sim.legged.progress import TrackingProgress
from sim.legged.randomizable import OBSERVATION_DELAY, EpisodeDraws, LeggedTerm
from sim.legged.reward_sum import RewardSum
from sim.legged.spec import ACTION_REACH, LARGEST_DELAY_S, LeggedTaskSpec
from sim.legged.terms import noise_row, term_function, term_slice
from sim.legged.world import Engine, LeggedWorld
from sim.motion.clip import Clip
from sim.randomization import RandomizationTable
from sim.registry import load_task, require_known

Observation = dict[str, np.ndarray]
SETTLED_S = 1.0
"""A new velocity is not tracked at once: errors count from this long after it was asked for."""


@dataclass(frozen=True)
class LeggedTask:
    """A task with its randomization; ``load_legged_task`` makes it of a module such as ``sim.tasks.velocity``."""

    spec: LeggedTaskSpec
    training_table: RandomizationTable
    evaluation_table: RandomizationTable
    harder_table: RandomizationTable | None = None
    """To train by whoever can do the task already: beyond what is judged by."""
    identified: Mapping[str, str] | None = None
    """Which robot it is around, as ``IdentifiedRobot.reference`` says it; ``None``: any of its kind."""
    observation_delay_s: tuple[float, float] | None = None
    """Between which the age of what is measured is drawn (``made_late``); ``None``: it is what is."""


def made_harder(task: LeggedTask) -> LeggedTask:
    """Return the task with the table that is beyond what it is judged by for training.

    Raises:
        ConfigError: if it has none.
    """
    if task.harder_table is None:
        raise ConfigError(f"--harder: task '{task.spec.name}' has no table that is harder than the one it is judged by")
    return replace(task, training_table=task.harder_table)


def made_late(task: LeggedTask, observation_delay_s: tuple[float, float]) -> LeggedTask:
    """Return the task with sensors whose measurements are late, in training and judging.

    Args:
        task: without late sensors.
        observation_delay_s: between which their age is drawn, for each episode anew.

    Raises:
        ConfigError: for ages that cannot be, or are more than is remembered.
    """
    low, high = observation_delay_s
    if not 0.0 <= low <= high <= LARGEST_DELAY_S:
        raise ConfigError(
            f"--observation-delay {low:g} {high:g}: expected two ages, the smaller one first, of 0 to"
            f" {LARGEST_DELAY_S:g} s"
        )
    term = LeggedTerm(OBSERVATION_DELAY, Uniform(low, high), "set", "asked for: --observation-delay")
    tables = (
        replace(table, name=f"{table.name}, observed late", terms=(*table.terms, term))
        for table in (task.training_table, task.evaluation_table)
    )
    training, evaluation = tables
    return replace(task, training_table=training, evaluation_table=evaluation, observation_delay_s=observation_delay_s)


def made_privileged(task: LeggedTask) -> LeggedTask:
    """Return the task with an actor that sees what the critic sees; all else is as it is, the same draws included."""
    return replace(task, spec=task.spec.told_all())


@dataclass(frozen=True)
class LeggedTransition:
    """What a step brought; of episodes that ended, the observation is the first of the next one.

    Attributes:
        observation: ``"actor"`` and ``"critic"``, float32.
        reward: (n,) float32.
        terminated: (n,) bool: fallen, too far from a motion, or no longer made of numbers.
        truncated: (n,) bool: the time is up, or the motion over.
        command: (n, 3) that was asked for: m/s ahead and to the left, rad/s.
        velocity: (n, 3) of the base, in its frame, likewise.
        settled: (n,) bool: the command is not so new that its error does not count.
        group_rewards: (n, groups) float32: what ``reward`` is the sum of, in the order of the task's ``reward_groups``.
        asked_errors: (n,) each: of what else the task asks for, by names with units.
        asked_counts: (n,) bool: errors of what else is asked count: where a velocity is asked for, and not just now, or
            everywhere if the task asks for none.
        final_observation: what was seen at the end of episodes that ended by time, in their rows; ``None`` if none did,
            or nobody asked for it.
    """

    observation: Observation
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    command: np.ndarray
    velocity: np.ndarray
    settled: np.ndarray
    group_rewards: np.ndarray
    asked_errors: Mapping[str, np.ndarray]
    asked_counts: np.ndarray
    final_observation: Observation | None = None

    @property
    def velocity_error(self) -> np.ndarray:
        """(n,) m/s: horizontal."""
        return np.linalg.norm((self.command - self.velocity)[:, :2], axis=1)

    @property
    def yaw_rate_error(self) -> np.ndarray:
        """(n,) rad/s."""
        return np.abs((self.command - self.velocity)[:, 2])

    @property
    def success(self) -> np.ndarray:
        """(n,) bool: the episode ended, and the robot still stood."""
        return self.truncated


class LeggedEnv:
    """Episodes of a task; an ended one begins anew by itself.

    Attributes:
        spec: what the policy sees and commands.
        num_envs: simulations.
        num_actions: joints.
        reward_names: of the terms of this robot, in order.
        age: steps since each episode began, (n,); may be written to, which ends an episode earlier.
        world: the physics.
    """

    def __init__(
        self,
        task: LeggedTask,
        num_envs: int,
        *,
        table: RandomizationTable | None = None,
        seed: int = 0,
        threads: int | None = None,
        engine: Engine = "mujoco",
        progress: TrackingProgress | None = None,
        final_observations: bool = False,
    ) -> None:
        """Build; call ``reset`` before the first step.

        Args:
            task: for the robot that is wanted.
            num_envs: simulations.
            table: randomization; default: the task's for training.
            seed: of all draws. A simulation's episodes depend on the seed and its number alone.
            threads: of the physics; default: all processors. Results do not depend on it.
            engine: what steps the physics.
            progress: of a training that follows a motion, which it goes on with: where in it episodes begin, and
                tolerances. Without it they begin with the motion, and tolerances are the task's.
            final_observations: whether transitions say what was seen last in episodes that time ended.

        Raises:
            ConfigError: for an empty batch, a term of the task that there is not, or a robot that does not fit it.
        """
        if num_envs < 1:
            raise ConfigError(f"an environment needs at least one simulation, not {num_envs}")
        self.spec, table = task.spec, table or task.training_table
        spec, self.num_envs, self.num_actions = task.spec, num_envs, task.spec.action.size
        self._reward = RewardSum(spec, None if progress is None else progress.tolerances)
        self.reward_names = self._reward.names
        self._end_functions = [term_function(ends, term, "end") for term in spec.ends]
        measured = spec.measured_terms or spec.actor_terms
        self._layouts = {"actor": measured, "critic": spec.critic_terms}
        for term in (*measured, *spec.critic_terms):
            require_known(term.name, OBSERVATIONS, "observation")
        self.world = LeggedWorld(spec, num_envs, threads or 0, engine, table.term(OBSERVATION_DELAY) is not None)
        self._draws = EpisodeDraws(table, self.num_actions, seed)
        self._asked = [what.source(self.world, seed) for what in spec.asked]
        self._motion = next((source for source in self._asked if isinstance(source, MotionSource)), None)
        if self._motion is not None and progress is not None:
            self._motion.starts = progress.starts
        self._commands = VelocityCommands(spec.command, spec.timing.control_period_s, seed)
        self._noise, self._shaking = (CounterRandom(seed, zlib.crc32(name)) for name in (b"noise", b"torque"))
        self._push_ways = CounterRandom(seed, zlib.crc32(b"push"))
        self._noise_std = noise_row(measured, dict(table.noise_std))
        self._offset = term_slice(measured, "joint_position_offset")
        self._speed = term_slice(measured, "joint_velocity")
        self._gyro = term_slice(measured, "angular_velocity_b")
        self._measured = np.zeros((num_envs, len(self._noise_std)), np.float32)
        self._limits = _limits(spec)
        self._ids = np.arange(num_envs)
        self._final_observations = final_observations
        self.age = np.zeros(num_envs, np.int64)
        self._episode = np.full(num_envs, -1)
        self._push_speed = np.zeros(num_envs)
        self._push_every = np.ones(num_envs, np.int64)

    @property
    def centre(self) -> NDArray[np.float32]:
        """What the next actions are counted from, rad; (n, J)."""
        return self.world.state.centre

    @property
    def motion(self) -> MotionSource | None:
        """Where each simulation is in the motion that is followed; ``None`` without one."""
        return self._motion

    @property
    def obeys(self) -> NDArray[np.bool_]:
        """Where the next action will be obeyed, (n,): everywhere."""
        return np.ones(self.num_envs, bool)

    def reset(self, ids: ArrayLike | None = None) -> Observation:
        """Begin episodes.

        Args:
            ids: indices or a mask; default: all.

        Returns:
            The observation of all simulations.
        """
        which = self._ids if ids is None else self._ids[np.asarray(ids)]
        if len(which):
            self._begin(np.sort(which))
        return self.observe()

    def step(self, action: ArrayLike) -> LeggedTransition:
        """Advance by one control period.

        Args:
            action: (n, J) in [-1, 1], clipped; 1 is ``ACTION_REACH`` action scales from the state's ``centre``, NaN
                counts as 0.

        Raises:
            ConfigError: for actions of another shape.
        """
        wanted = np.asarray(action, np.float32)
        if wanted.shape != (self.num_envs, self.num_actions):
            raise ConfigError(f"actions must have the shape {(self.num_envs, self.num_actions)}, not {wanted.shape}")
        if not np.isfinite(wanted.sum()):
            wanted = np.nan_to_num(wanted, posinf=1.0, neginf=-1.0)
        self._take(wanted.clip(-1.0, 1.0))
        self._push()
        count = step_counts(self._episode, self.age)
        self.world.advance(2.0 * self._shaking.uniform(self._ids, count, self.num_actions) - 1.0)
        diverged = self.world.diverged()
        self.world.count_contacts()
        self.world.read()
        self.age += 1
        return self._after(diverged)

    def observe(self) -> Observation:
        """Return what there is to see now: arrays of their own."""
        states, out = {"actor": self.world.measured(), "critic": self.world.state}, {}
        for group, terms in self._layouts.items():
            out[group] = np.concatenate([OBSERVATIONS[term.name](states[group]) for term in terms], axis=1)
        measured = out["actor"]
        count = step_counts(self._episode, self.age)
        measured += self._noise.normal(self._ids, count, measured.shape[1]) * self._noise_std
        measured[:, self._offset] += self.world.joint_offset
        measured[:, self._gyro] += self.world.gyro_bias
        self._measured = measured
        if self.spec.privileged:
            out["actor"] = out["critic"].copy()
        return out

    def mean_rewards(self) -> dict[str, float]:
        """Return what each term gave per second since the last call, weighted."""
        return self._reward.means()

    def _take(self, action: NDArray[np.float32]) -> None:
        """Make joint targets of actions, limited as ``hardware.joints.pilot`` limits them, by what is measured."""
        s, limits = self.world.state, self._limits
        s.last_action[:] = s.action
        np.multiply(action, ACTION_REACH, out=s.action)
        target = s.centre + s.robot.action_scale * s.action
        seen = self._measured
        centre = seen[:, self._offset] + s.robot.default_pose + limits.damping_s * seen[:, self._speed]
        target = target.clip(centre - limits.reach, centre + limits.reach)
        np.clip(target, s.robot.position_low, s.robot.position_high, out=s.target)

    def _push(self) -> None:
        """Push those whose time has come; each at a time of its own."""
        due = np.flatnonzero((self.age % self._push_every == 0) & (self.age > 0) & (self._push_speed > 0.0))
        if len(due):
            count = step_counts(self._episode[due], self.age[due])
            way = 2.0 * np.pi * self._push_ways.uniform(due, count, 1)
            self.world.push(due, self._push_speed[due, None] * np.hstack([np.cos(way), np.sin(way)]))

    def _after(self, diverged: NDArray[np.integer]) -> LeggedTransition:
        """Judge the step, begin what ended anew, and look."""
        state = self.world.state
        for source in self._asked:
            source.follow(self.age, self._episode)
        terminated = np.zeros(self.num_envs, bool)
        terminated[diverged] = True
        for function in self._end_functions:
            terminated |= function(state)
        truncated = self.age >= self.spec.control_steps
        if self._motion is not None:
            self._motion.note_failures(terminated)
            truncated |= self._motion.ended()
        truncated &= ~terminated
        gained = self._reward(state)
        errors = {name: values for source in self._asked for name, values in source.errors().items()}
        command = state.command.copy()
        velocity = np.concatenate([state.velocity_b[:, :2], state.angular_velocity_b[:, 2:]], axis=1)
        settled, walking = self._commands.age_s(self.age) > SETTLED_S, rewards.moving(state) > 0.0
        self._renew_commands()
        final = self.observe() if self._final_observations and truncated.any() else None
        ended = np.flatnonzero(terminated | truncated)
        if len(ended):
            self._begin(ended)
        return LeggedTransition(
            observation=self.observe(),
            reward=gained.sum(1),
            terminated=terminated,
            truncated=truncated,
            command=command,
            velocity=velocity,
            settled=settled,
            group_rewards=gained,
            asked_errors=errors,
            asked_counts=settled & walking | (self.spec.command is None),
            final_observation=final,
        )

    def _renew_commands(self) -> None:
        due = self._commands.due(self.age)
        if len(due):
            self.world.state.command[due] = self._commands.draw(due, self._episode[due], self.age[due])

    def _begin(self, which: NDArray[np.intp]) -> None:
        """Draw and set up episodes."""
        self._episode[which] += 1
        self.age[which] = 0
        draws = self._draws.draw(which, self._episode[which])
        start = None if self._motion is None else self._motion.start(which, self._episode[which])
        self.world.reset(which, draws, start)
        self._push_speed[which] = draws["push_speed"][:, 0]
        steps = draws["push_period_s"][:, 0] / self.spec.timing.control_period_s
        self._push_every[which] = steps.clip(1, STEPS_PER_EPISODE).round()
        self.world.state.command[which] = self._commands.draw(which, self._episode[which], self.age[which])
        for source in self._asked:
            source.begin(which, self._episode[which])


def load_legged_task(name: str, robot: str | None = None, clip: Clip | None = None) -> LeggedTask:
    """Return a task by name, for another robot if asked for; of a motion with its clip, for the robot of that.

    Raises:
        ConfigError: for an unknown task or robot, a task of another kind, a robot without legs, or a clip for a task
            that follows none.
    """
    module = load_task(name)
    spec = getattr(module, "TASK", None)
    if not isinstance(spec, LeggedTaskSpec):
        raise ConfigError(f"task '{name}' is not for a robot on legs")
    spec = spec.on(robot) if robot else spec
    spec = following(spec, clip) if clip is not None else spec
    return LeggedTask(spec, module.TRAINING_TABLE, module.EVALUATION_TABLE, getattr(module, "HARDER_TABLE", None))


@dataclass(frozen=True)
class _Limits:
    reach: NDArray[np.float32]
    """(J,) rad from the joint at which the position loop asks for the largest torque, effort / kp."""
    damping_s: NDArray[np.float32]
    """(J,) s, kd / kp: how far ahead of a moving joint the middle of that reach is, over its speed."""


def _limits(spec: LeggedTaskSpec) -> _Limits:
    p = spec.parameters
    kp, kd, effort = (np.array(values) for values in (p.kp, p.kd, p.effort_n_m))
    return _Limits((effort / kp).astype(np.float32), (kd / kp).astype(np.float32))
