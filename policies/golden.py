"""Record golden sequences: what the trained actor answers in closed loop, seeded.

Every back end must reproduce them. They therefore visit what a flight visits and what it should
not: randomised airframes and noise, resets in mid-sequence, set-point jumps far beyond the
actor's input range, violent starts, and at last inputs that no flight produces, so that clips
are active and actions saturate.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from policies.bundle import Golden
from policies.policy import Policy
from sim.envs.observation import check_actor_terms, noise_std, observe
from sim.envs.references import References
from sim.envs.task import draw_references
from sim.flight import layout
from sim.flight.levels import fractions, level_of
from sim.randomization import sample
from sim.spec import TaskSpec

SEQUENCES = 8
STEPS = 250
"""2.5 s at 100 Hz, 5 s at 50 Hz: several times the memory of the actors here, at 0.2 MB."""
LEAST_STEPS = 60
"""Less would leave out the set-point jumps, or have only inputs beyond any flight."""

_LOST_M = 10.0
_LOST_RAD_S = 50.0
"""Beyond these an airframe is put back to a start, with a reset, as an environment would."""

_JUMP_M = 3.0
_JUMP_EVERY = 50
_VIOLENT_SPEED_M_S = 5.0
_VIOLENT_RATE_RAD_S = 20.0
"""Far outside the hover task's starts (+-1 m/s, +-1 rad/s), within what a thrown robot does."""

_WILD_STEPS = 50
_WILD_M = 5.0
_WILD_M_S = 10.0
_WILD_RAD_S = 30.0
"""Half-ranges of the scattered states: every squashing function of an actor is driven flat."""


def record_golden(
    policy: Policy, task: ModuleType, seed: int, sequences: int = SEQUENCES, steps: int = STEPS
) -> Golden:
    """Fly ``policy`` in its task's plant and record what it saw and did.

    A quarter of the sequences each: plain; with a reset in the middle; with set-point jumps;
    with violent starts and, in their last steps, inputs beyond any flight.

    Args:
        policy: the trained actor.
        task: a multirotor task module (``sim/tasks``).
        seed: of airframes, starts, noise, jumps.
        sequences: number of sequences.
        steps: control steps in each.

    Raises:
        ConfigError: if the task observes something the flight kernel does not have.
    """
    rng = np.random.default_rng(seed)
    loop = _ClosedLoop(task, rng, sequences)
    kind = np.arange(sequences) * 4 // sequences
    loop.make_violent(kind == 3)
    state = np.zeros((sequences, policy.state_size), np.float32)
    record = {name: [] for name in ("observation", "reset", "state", "action")}
    for t in range(steps):
        if t == steps // 2:
            loop.restart(kind == 1)
        if t and t % _JUMP_EVERY == 0:
            loop.jump(kind == 2)
        if t >= steps - _WILD_STEPS:
            loop.scatter(kind == 3)
        observation = loop.observe()
        action, state = policy.step(observation, state, loop.reset)
        for name, value in (("observation", observation), ("reset", loop.reset), ("state", state), ("action", action)):
            record[name].append(np.array(value, np.float32))
        loop.advance(action)
    return Golden(**{name: np.stack(values, axis=1) for name, values in record.items()})


class _ClosedLoop:
    """Randomised airframes with set-points, without delay (the observations are recorded anyway)."""

    def __init__(self, task: ModuleType, rng: np.random.Generator, count: int) -> None:
        self.task, self.rng = task, rng
        self.spec: TaskSpec = task.TASK
        check_actor_terms(self.spec.actor_terms)
        self.noise_std = noise_std(self.spec.actor_terms, task.EVALUATION_TABLE)
        airframes = sample(task.EVALUATION_TABLE, task.NOMINAL, rng, count)
        self.level = level_of(self.spec)
        self.packed = self.level.pack(airframes, task.NOMINAL, self.spec)
        self.state = np.zeros((count, layout.state_size(airframes.flight.num_rotors)), np.float32)
        self.references = References(self.spec, count)
        if self.references.tracks:
            self.references.follow(draw_references(task, rng, count), STEPS * self.spec.timing.control_period_s)  # type: ignore[arg-type]
        self.applied = np.zeros((count, self.spec.action.size), np.float32)
        self.reset = np.zeros(count, bool)
        self.restart(np.ones(count, bool))

    def restart(self, ids: np.ndarray) -> None:
        """Put the airframes ``ids`` (bool mask) on new starts of the task."""
        start = self.task.sample_start(self.rng, int(ids.sum()))
        self.level.begin(start, self.task.NOMINAL)
        self.state[ids] = start
        self.references.restart(np.flatnonzero(ids))
        self.applied[ids] = self.spec.action.nominal
        self.reset |= ids

    def make_violent(self, ids: np.ndarray) -> None:
        """Throw the airframes ``ids``."""
        shape = (int(ids.sum()), 3)
        self.state[ids, layout.VELOCITY_W] = self.rng.uniform(-_VIOLENT_SPEED_M_S, _VIOLENT_SPEED_M_S, shape)
        self.state[ids, layout.ANGULAR_VELOCITY_B] = self.rng.uniform(-_VIOLENT_RATE_RAD_S, _VIOLENT_RATE_RAD_S, shape)

    def jump(self, ids: np.ndarray) -> None:
        """Move the set-points of ``ids``."""
        self.references.move(np.flatnonzero(ids), self.rng.uniform(-_JUMP_M, _JUMP_M, (int(ids.sum()), 3)))

    def scatter(self, ids: np.ndarray) -> None:
        """Put ``ids`` anywhere, at any attitude, with every command at a limit: inputs beyond any flight."""
        count, spec = int(ids.sum()), self.spec.action
        self.state[ids, layout.POSITION_W] = self.rng.uniform(-_WILD_M, _WILD_M, (count, 3))
        self.state[ids, layout.QUATERNION] = self.rng.standard_normal((count, 4))
        self.state[ids, layout.VELOCITY_W] = self.rng.uniform(-_WILD_M_S, _WILD_M_S, (count, 3))
        self.state[ids, layout.ANGULAR_VELOCITY_B] = self.rng.uniform(-_WILD_RAD_S, _WILD_RAD_S, (count, 3))
        self.applied[ids] = np.where(self.rng.random((count, spec.size)) < 0.5, spec.low, spec.high)

    def observe(self) -> np.ndarray:
        """Return the noisy actor observation, (count, observation_size) float32."""
        noise = self.rng.standard_normal((len(self.state), 18)).astype(np.float32)
        out = np.empty((len(self.state), self.spec.observation_size), np.float32)
        target_w = self.references.position_w()
        observe(self.state[:, : layout.RIGID_BODY_SIZE], target_w, self.applied, noise, self.noise_std, out)
        out[:, 18 + self.applied.shape[1] :] = self.references.observed()
        return out

    def advance(self, action: np.ndarray) -> None:
        """Apply the action for one control period; lost airframes start again."""
        spec = self.spec.action
        self.applied = np.clip(action, spec.low, spec.high).astype(np.float32)
        self.state = self.level.step(self.state, fractions(self.applied, spec), self.packed)
        self.reset = np.zeros(len(self.state), bool)
        self.references.tick()
        distance = np.abs(self.state[:, layout.POSITION_W] - self.references.position_w()).max(axis=1)
        rate = np.abs(self.state[:, layout.ANGULAR_VELOCITY_B]).max(axis=1)
        fine = (distance < _LOST_M) & (rate < _LOST_RAD_S) & np.isfinite(self.state).all(axis=1)
        self.restart(~fine)
