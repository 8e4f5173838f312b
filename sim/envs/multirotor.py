"""The vectorised flight environment on MuJoCo: airframes, rotors, delays and sensors of a task.

Rotors and the delayed command are advanced here, at the physics step; MuJoCo integrates the
rigid body (RK4) under their mean thrust. Where the task does not command the rotors themselves,
the controller on board does, step by step (onboard.py). Policies trained in the differentiable
plants are judged here.
"""

from __future__ import annotations

import numpy as np

from sim.envs.body import MultirotorBatch
from sim.envs.delays import StateHistory, command_slots, hold_weights, mix_commands
from sim.envs.losses import PacketLoss
from sim.envs.observation import check_actor_terms, critic_observation, noise_std, observe
from sim.envs.onboard import onboard_controller
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.flight.rotor_bank import RotorBank
from sim.randomization import RandomizationTable, Sample, sample

_RIGID = 13
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
        self._body = MultirotorBatch(task.ROBOT, self.nominal, step_s, num_envs, threads=threads)
        self._allocate()
        self.seed(seed)
        self.sample: Sample
        self.reset()

    def _allocate(self) -> None:
        n, rotors, timing = self.num_envs, self.nominal.num_rotors, self.spec.timing
        channels, slots = self.spec.action.size, command_slots(timing.latency_budget_s, timing.control_period_s)
        self._low = np.array(self.spec.action.low, np.float32)
        self._high = np.array(self.spec.action.high, np.float32)
        self._nominal_action = np.array(self.spec.action.nominal, np.float32)
        self._noise_std = noise_std(self.spec.actor_terms, self.table)
        self._onboard = onboard_controller(self.spec, self.nominal, n, self._body.step_s)
        self._losses = PacketLoss(n, _RIGID)
        self._commands = np.zeros((n, slots, channels), np.float32)
        self._weights = np.zeros((n, self.substeps, slots), np.float32)
        self._history = StateHistory(n, _RIGID, timing.latency_budget_s, self._body.step_s)
        self._delayed_command = np.zeros((n, channels), np.float32)
        self._delayed_state = np.zeros((n, _RIGID), np.float32)
        self._rigid = np.zeros((n, _RIGID), np.float32)
        self.applied_action = np.zeros((n, channels), np.float32)
        """Commands sent in the last control period, (num_envs, channels) float32."""
        self.rotor_speed = np.zeros((n, rotors), np.float32)
        self.set_point_w = np.zeros((n, 3), np.float32)
        self.invalid_action = np.zeros(n, bool)
        self.observation = np.zeros((n, self.spec.observation_size), np.float32)

    @property
    def state(self) -> np.ndarray:
        """True states, (num_envs, 13 + num_rotors) float32 in ``sample_start``'s order (a copy)."""
        return np.concatenate([self._rigid, self.rotor_speed], axis=1)

    @property
    def position_w(self) -> np.ndarray:
        """True positions of the centre of mass, (num_envs, 3) float32 (a live view)."""
        return self._rigid[:, 0:3]

    def seed(self, seed: int | None) -> None:
        """Restart the stream of airframes, starts and noise; ``None`` for fresh entropy."""
        self._rng = np.random.default_rng(seed)
        self._losses.seed(self._rng)

    def reset(self, ids: np.ndarray | None = None) -> np.ndarray:
        """Begin episodes with newly drawn airframes and starts.

        Args:
            ids: environments, sorted indices or a boolean mask; ``None`` for all.

        Returns:
            ``observation`` of all environments, (num_envs, observation_size) float32.
        """
        ids = _indices(ids, self.num_envs)
        drawn = sample(self.table, self.nominal, self._rng, len(ids))
        return self.begin(ids, drawn, self.task.sample_start(self._rng, len(ids)))

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
        self._check_delays(drawn)
        if len(ids) == self.num_envs:
            self.sample = drawn.take(np.arange(self.num_envs))
        else:
            self.sample.put(ids, drawn)
        self._rotors = RotorBank(self.sample.flight, self._body.step_s)
        self._body.load(ids, drawn.flight, start)
        self._rigid[ids] = start[:, :_RIGID]
        self.rotor_speed[ids] = start[:, _RIGID:]
        self.set_point_w[ids] = 0.0
        self._commands[ids] = self.applied_action[ids] = self._nominal_action
        self.invalid_action[ids] = False
        period_s, slots = self.spec.timing.control_period_s, self._commands.shape[1]
        self._weights[ids] = hold_weights(drawn.action_delay_s, period_s, self.substeps, slots)
        self._history.restart(ids, self._rigid[ids], drawn.observation_delay_s)
        self._losses.restart(ids, drawn.packet_loss)
        self._onboard.restart(ids, self.rotor_speed[ids], drawn)
        return self._observe()

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
        for substep in range(self.substeps):
            mix_commands(self._commands, self._weights, substep, self._delayed_command)
            motors = self._onboard.motors(self._rigid, self._delayed_command, self.set_point_w)
            thrust, self.rotor_speed = self._rotors.advance(self.rotor_speed, motors)
            self._body.step(thrust, active)
            self._rigid[:, 0:7] = self._body.qpos
            self._rigid[:, 7:13] = self._body.qvel
            self._history.push(self._rigid)
        return self._observe()

    def critic_observation(self) -> np.ndarray:
        """Return the privileged observation, (num_envs, critic_size) float32, without noise or delay."""
        true = np.empty_like(self.observation)
        silence = np.zeros((self.num_envs, _EXACT_FROM), np.float32)
        observe(self._rigid, self.set_point_w, self.applied_action, silence, self._noise_std, true)
        return critic_observation(self.spec.critic_terms, true, self.rotor_speed, self.sample)

    def close(self) -> None:
        """Release MuJoCo's threads and memory."""
        del self._body

    def _observe(self) -> np.ndarray:
        self._history.delayed(self._delayed_state)
        self._losses.repeat(self._delayed_state)
        noise = self._rng.standard_normal((self.num_envs, _EXACT_FROM), np.float32)
        observe(self._delayed_state, self.set_point_w, self.applied_action, noise, self._noise_std, self.observation)
        return self.observation

    def _check_delays(self, drawn: Sample) -> None:
        budget = self.spec.timing.latency_budget_s
        for name, delay in (("action", drawn.action_delay_s), ("observation", drawn.observation_delay_s)):
            if delay.max(initial=0.0) > budget + 1e-9:
                raise ConfigError(
                    f"{name} delay of {1e3 * delay.max():.1f} ms is above the task's latency budget of"
                    f" {1e3 * budget:.0f} ms; shorten it in table '{self.table.name}' or raise the budget"
                )


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
