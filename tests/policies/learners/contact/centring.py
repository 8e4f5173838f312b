"""A small contact task with a real force field: slide a pad until the ball under it is at its middle.

What only the pad knows is where the ball really is: its place is told with an error of up to 4 mm.
"""

from dataclasses import dataclass

import numpy as np

from sim.contact.spec import Judgement
from sim.spec import ActionSpec, ImageTerm, ObservationTerm, PolicySpec, Timing
from sim.tactile.field import ForceField
from sim.tactile.pads import SILICONE
from sim.tactile.sensor import Pad, Taxels
from sim.tactile.shapes import Shape

PAD = Pad("centring", "centring", None, Taxels(14, 10, 1.5e-3), SILICONE, (22e-3, 22e-3), 100.0, "made up")
RADIUS_M, DEPTH_M, STEP_M, ERROR_M, CLOSE_M = 8e-3, 1e-3, 2e-3, 4e-3, 1e-3
STEPS = 12
PERIOD_S = 1.0 / 60.0


@dataclass(frozen=True)
class CentringSpec(PolicySpec):
    images: tuple[ImageTerm, ...]
    pad: str = "centring"
    judgement: Judgement = Judgement()  # noqa: RUF009 - a field, of an immutable default


def _terms(source):
    return (
        ObservationTerm("pad_position", 2, "m", "table", "encoders"),
        ObservationTerm("ball_position", 2, "m", "table", source),
    )


TASK = CentringSpec(
    name="centring",
    description="slide a pad until the ball under it is at its middle",
    robot="panda",
    actor_terms=_terms("camera"),
    critic_terms=_terms("simulation"),
    action=ActionSpec(
        "end_effector_delta", ("x", "y", "z", "turn_x", "turn_y", "turn_z"), "m, rad",
        (-0.002,) * 3 + (-0.05,) * 3, (0.002,) * 3 + (0.05,) * 3, (0.0,) * 6, (1.0,) * 6, "hold",
    ),
    timing=Timing(PERIOD_S, PERIOD_S, 0.0, PERIOD_S),
    episode_s=STEPS * PERIOD_S,
    images=(
        ImageTerm("field", (1, 14, 10, 3), "N", "pad; pad, row, column, xyz", "pad"),
        ImageTerm("image", (1, 14, 10, 3), "1/255", "pad; pad, row, column, depth three times", "pad"),
        ImageTerm("wrist", (14, 10, 3), "1/255", "pad; row, column, depth three times", "pad"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Transition:
    observation: dict
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    success: np.ndarray


class Centring:
    """``num_envs`` of it, with the interface of ``sim.envs.contact_task.ContactTaskEnv``."""

    def __init__(self, num_envs, sensors=("state",), seed=0):
        self.num_envs, self.sensors, self.rng = num_envs, sensors, np.random.default_rng(seed)
        self.field = ForceField(PAD, [Shape("sphere", (RADIUS_M,))], num_envs)
        self.pad, self.ball, self.told = np.zeros((3, num_envs, 2))
        self.time = np.zeros(num_envs, int)

    @property
    def age(self):
        return self.time

    @property
    def obeys(self):
        return np.ones(self.num_envs, bool)

    def reset(self, ids=None):
        ids = np.arange(self.num_envs) if ids is None else np.asarray(ids)
        self.pad[ids] = self.rng.uniform(-3e-3, 3e-3, (len(ids), 2))
        self.ball[ids] = self.rng.uniform(-3e-3, 3e-3, (len(ids), 2))
        self.told[ids] = self.ball[ids] + self.rng.uniform(-ERROR_M, ERROR_M, (len(ids), 2))
        self.time[ids] = 0
        self.field.reset(ids)
        self._feel(np.zeros((self.num_envs, 2)))
        return self._observe()

    def step(self, action):
        moved = STEP_M * np.asarray(action)[:, :2]
        self.pad += moved
        self.time += 1
        self._feel(-moved / PERIOD_S)
        distance = np.linalg.norm(self.pad - self.ball, axis=1)
        truncated = self.time >= STEPS
        success = distance < CLOSE_M
        if truncated.any():
            self.reset(np.flatnonzero(truncated))
        return Transition(self._observe(), -100.0 * distance, np.zeros_like(truncated), truncated, success)

    def _feel(self, velocity):
        n, flat = self.num_envs, np.zeros((self.num_envs, 1))
        position = np.hstack([self.ball - self.pad, np.full((n, 1), RADIUS_M - DEPTH_M)])
        still = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self.field.step(position, still, np.hstack([velocity, flat]), np.zeros((n, 3)), PERIOD_S)

    def _observe(self):
        seen = {
            "state": np.hstack([self.pad, self.told]).astype(np.float32),
            "privileged": np.hstack([self.pad, self.ball]).astype(np.float32),
        }
        n = self.num_envs
        depth = np.repeat((255 * self.field.depth / DEPTH_M).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        if "field" in self.sensors:
            seen["field"] = self.field.force.reshape(n, 1, 14, 10, 3)
        if "image" in self.sensors:
            seen["image"] = depth.reshape(n, 1, 14, 10, 3)
        if "wrist" in self.sensors:
            seen["wrist"] = depth.reshape(n, 14, 10, 3)
        return seen


class Script:
    """Goes to the ball."""

    def __init__(self, env):
        self.env = env

    def act(self):
        step = np.clip((self.env.ball - self.env.pad) / STEP_M, -1.0, 1.0)
        return np.hstack([step, np.zeros((self.env.num_envs, 4))])


def make_env(num_envs, sensors, seed, training=False):
    return Centring(num_envs, sensors, seed)
