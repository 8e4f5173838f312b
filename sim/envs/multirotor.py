"""The vectorised flight environment on MuJoCo: airframes, rotors, delays and sensors of a task.

A control period is a number of physics steps: the delayed command (clocks.py) goes to the rotors,
through the controller on board where the task does not command them itself (onboard.py), and the
airframes fly under their mean thrust (airframes.py). What comes back is delayed, estimated
(estimator.py), now and then lost (losses.py) and noisy. Policies trained in the differentiable
plants are judged here.
"""

from __future__ import annotations

import numpy as np

from sim.envs.airframes import RIGID, Airframes
from sim.envs.clocks import SHORTEST_PERIOD, Clocks
from sim.envs.delays import StateHistory, mix_commands
from sim.envs.estimator import EXTERNAL, Estimator
from sim.envs.kernel_airframes import KernelAirframes
from sim.envs.losses import PacketLoss
from sim.envs.observation import check_actor_terms, critic_observation, noise_std, observe
from sim.envs.onboard import onboard_controller
from sim.envs.references import References
from sim.envs.task import FlightTask, draw_references, draw_starts
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, Sample, sample

_EXACT_FROM = 18
"""Observation elements from here on (the applied command) carry no noise."""


class MultirotorEnv:
    """``num_envs`` independent flights; episodes begin when the caller says so.

    Deterministic given the seed, whatever the number of threads. Attributes to read:
    ``observation`` (num_envs, observation_size) float32, ``sample`` (airframes and delays),
    ``rotor_speed`` (num_envs, num_rotors), ``invalid_action`` (num_envs,) bool.
    """

    def __init__(
        self,
        task: FlightTask,
        num_envs: int,
        *,
        parameter_set: str | None = None,
        table: RandomizationTable | None = None,
        seed: int = 0,
        threads: int | None = None,
        physics_step_s: float | None = None,
        airframes: type[Airframes] | type[KernelAirframes] = Airframes,
    ) -> None:
        """Build the simulations and begin an episode in each.

        Args:
            task: task module, e.g. ``load_task("hover")``.
            num_envs: number of flights.
            parameter_set: nominal airframe; default: the robot's default set.
            table: randomization and noise; default: the task's training table.
            seed: seeds airframes, starts and noise.
            threads: MuJoCo's thread pool; ``None`` for one per CPU.
            physics_step_s: default: the task's; must divide the control period.
            airframes: who integrates: MuJoCo, or the flight kernel for searches.

        Raises:
            ConfigError: for an unknown parameter set or a task this environment cannot run.
        """
        self.task, self.spec = task, task.TASK
        self.table = task.TRAINING_TABLE if table is None else table
        self.num_envs = num_envs
        self.nominal = task.ROBOT.parameters(parameter_set)
        check_actor_terms(self.spec.actor_terms)
        step_s = physics_step_s or self.spec.timing.physics_step_s
        self.substeps = _whole_substeps(self.spec.timing.control_period_s, step_s)
        self._airframes = airframes(task.ROBOT, self.nominal, step_s, num_envs, threads)
        self._allocate()
        self.seed(seed)
        self.sample: Sample
        self.reset()

    def _allocate(self) -> None:
        n, timing, step_s = self.num_envs, self.spec.timing, self._airframes.step_s
        channels = self.spec.action.size
        self._low = np.array(self.spec.action.low, np.float32)
        self._high = np.array(self.spec.action.high, np.float32)
        self._nominal_action = np.array(self.spec.action.nominal, np.float32)
        self._noise_std = noise_std(self.spec.actor_terms, self.table)
        self._onboard = onboard_controller(self.spec, self.nominal, n, step_s)
        self._clocks = Clocks(n, timing.control_period_s, self.substeps, timing.latency_budget_s)
        self._estimator = Estimator(n, timing.control_period_s)
        self._losses = PacketLoss(n, RIGID)
        self._commands = np.zeros((n, self._clocks.slots, channels), np.float32)
        self._history = StateHistory(n, RIGID, timing.latency_budget_s / SHORTEST_PERIOD, step_s)
        self._history.split(EXTERNAL)
        self._delayed_command = np.zeros((n, channels), np.float32)
        self._delayed_state = np.zeros((n, RIGID), np.float32)
        self.applied_action = np.zeros((n, channels), np.float32)
        """Commands sent in the last control period, (num_envs, channels) float32."""
        self.references = References(self.spec, n)
        """Where to be; ``references.follow`` sets trajectories of one's own."""
        self.set_point_w = np.zeros((n, 3), np.float32)
        """The references' positions now, (num_envs, 3) m."""
        self.invalid_action = np.zeros(n, bool)
        self.observation = np.zeros((n, self.spec.observation_size), np.float32)

    @property
    def state(self) -> np.ndarray:
        """True states, (num_envs, 13 + num_rotors) float32 in ``sample_start``'s order (a copy)."""
        return np.concatenate([self._airframes.rigid, self._airframes.rotor_speed], axis=1)

    @property
    def rotor_speed(self) -> np.ndarray:
        """True speed fractions, (num_envs, num_rotors) float32 (a live view)."""
        return self._airframes.rotor_speed

    @property
    def position_w(self) -> np.ndarray:
        """True positions of the centre of mass, (num_envs, 3) float32 (a live view)."""
        return self._airframes.rigid[:, 0:3]

    @property
    def tracking_error_w(self) -> np.ndarray:
        """What a policy answers for, (num_envs, 3) m: the error of a position that shares the estimator's bias."""
        return self.position_w + self._estimator.position_error_w - self.set_point_w

    @property
    def wind_w(self) -> np.ndarray:
        """Velocity of the air, (num_envs, 3) float32 m/s (a live view)."""
        return self._airframes.wind_w

    def seed(self, seed: int | None) -> None:
        """Restart the stream of airframes, starts and noise; ``None`` for fresh entropy."""
        self._rng = np.random.default_rng(seed)
        for part in (self._losses, self._airframes, self._clocks, self._estimator):
            part.seed(self._rng)

    def reset(self, ids: np.ndarray | None = None) -> np.ndarray:
        """Begin episodes with newly drawn airframes and starts.

        Args:
            ids: environments, sorted indices or a boolean mask; ``None`` for all.

        Returns:
            ``observation`` of all environments, (num_envs, observation_size) float32.
        """
        ids = _indices(ids, self.num_envs)
        if self.references.tracks:
            self.references.replace(ids, draw_references(self.task, self._rng, len(ids)))
        drawn = sample(self.table, self.nominal, self._rng, len(ids))
        return self.begin(ids, drawn, draw_starts(self.task, self._rng, drawn.flight))

    def begin(self, ids: np.ndarray, drawn: Sample, start: np.ndarray) -> np.ndarray:
        """Begin episodes with given airframes and start states.

        Args:
            ids: environments, sorted indices.
            drawn: one row per id.
            start: (len(ids), 13 + num_rotors) as ``sample_start`` returns them.

        Returns:
            ``observation`` of all environments.

        Raises:
            ConfigError: if a delay is longer than the task's latency budget.
        """
        self._clocks.check(drawn, self.table.name)
        if len(ids) == self.num_envs:
            self.sample = drawn.take(np.arange(self.num_envs))
        else:
            self.sample.put(ids, drawn)
        self._airframes.load(ids, drawn, self.sample, start, self.spec.timing.control_period_s)
        self.references.restart(ids)
        self._commands[ids] = self.applied_action[ids] = self._nominal_action
        self.invalid_action[ids] = False
        self._clocks.restart(ids, drawn)
        delay_s = drawn.observation_delay_s / drawn.control_period
        second_delay_s = delay_s + drawn.estimator_delay_s / drawn.control_period
        self._history.restart(ids, start[:, :RIGID], delay_s, second_delay_s)
        self._estimator.restart(ids, drawn)
        self._losses.restart(ids, drawn.packet_loss)
        self._onboard.restart(ids, self.rotor_speed[ids], drawn)
        return self._observe(elapsed=False)

    def step(self, action: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
        """Advance by one control period.

        A command that is not finite switches that environment's motors off for the period and
        sets its ``invalid_action``; limits of the action are enforced by clipping.

        Args:
            action: (num_envs, channels) commands in the task's unit.
            active: (num_envs,) bool; the bodies of the others stand still. ``None`` for all.

        Returns:
            ``observation``, (num_envs, observation_size) float32, overwritten by the next call.
        """
        action = np.asarray(action, np.float32)
        if action.shape != self.applied_action.shape:
            raise ConfigError(f"action has shape {action.shape}, expected {self.applied_action.shape}")
        self.invalid_action[:] = ~np.isfinite(action).all(axis=1)
        self._commands[:, 1:] = self._commands[:, :-1].copy()
        np.clip(action, self._low, self._high, out=self.applied_action)
        self.applied_action[self.invalid_action] = self._low
        self._losses.receive(self.applied_action, self._commands[:, 0])
        self._clocks.tick()
        self._airframes.begin_period(self._clocks.period)
        rigid = self._airframes.rigid
        for substep in range(self.substeps):
            mix_commands(self._commands, self._clocks.weights, substep, self._delayed_command)
            motors = self._onboard.motors(rigid, self._delayed_command, self.set_point_w)
            self._airframes.step(motors, active)
            self._history.push(rigid)
        self.references.tick()
        return self._observe(elapsed=True)

    def critic_observation(self) -> np.ndarray:
        """Return the privileged observation, (num_envs, critic_size) float32, without noise or delay."""
        true = np.empty_like(self.observation)
        silence = np.zeros((self.num_envs, _EXACT_FROM), np.float32)
        observe(self._airframes.rigid, self.set_point_w, self.applied_action, silence, self._noise_std, true)
        return critic_observation(self.spec.critic_terms, true, self.rotor_speed, self.sample)

    def close(self) -> None:
        """Release MuJoCo's threads and memory."""
        del self._airframes

    def _observe(self, *, elapsed: bool) -> np.ndarray:
        self.set_point_w[:] = self.references.position_w()
        self._history.delayed(self._delayed_state)
        self._estimator.measure(self._delayed_state, elapsed=elapsed)
        self._losses.repeat(self._delayed_state)
        noise = self._rng.standard_normal((self.num_envs, _EXACT_FROM), np.float32)
        observe(self._delayed_state, self.set_point_w, self.applied_action, noise, self._noise_std, self.observation)
        self.observation[:, _EXACT_FROM + self.applied_action.shape[1] :] = self.references.observed()
        return self.observation


def _whole_substeps(period_s: float, step_s: float) -> int:
    substeps = round(period_s / step_s)
    if substeps < 1 or abs(substeps * step_s - period_s) > 1e-9:
        raise ConfigError(f"a physics step of {step_s} s does not divide the control period of {period_s} s")
    return substeps


def _indices(ids: np.ndarray | None, num_envs: int) -> np.ndarray:
    if ids is None:
        return np.arange(num_envs)
    ids = np.asarray(ids)
    return np.flatnonzero(ids) if ids.dtype == bool else ids
