"""Make the bundle that a robot with joints runs first: hold the default pose, lean against a tilt.

Nothing is learnt. It is what proves the chain before a walking policy is let loose: joint order,
signs, gains, link, supervisor and stop, with a robot that hangs on its crane or stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import tyro
from rich.console import Console

from policies.bundle import Bundle, BundleInfo, Golden, save_bundle
from policies.export_onnx import export_onnx
from policies.networks.pose import Pose, PoseConfig
from policies.provenance import plain, provenance, robot_info
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.bodies.model import build_joint_model, reset_to_default_pose
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import ActionSpec, JointParameters, ObservationTerm, RobotSpec, Timing

EXAMPLE = """sim2metal pose g1 --out runs/pose"""

PERIOD_S, STEP_S = 0.02, 0.002
LEAN = 0.2
"""Ankle angle against the pitch of the base, rad per unit of gravity's x in the body (the pitch's sine)."""
SLEW_RAD_S = 5.0
EPISODES, EPISODE_S, PUSH_S = 20, 10.0, 2.0
PUSH_M_S = 0.15
"""Largest push of the judged episodes: the robot stands by its gains alone and takes no step."""
UPRIGHT = 0.95
"""Smallest cosine of the tilt that counts as standing."""


@dataclass
class Args:
    """Options of ``sim2metal pose``."""

    robot: tyro.conf.Positional[str]
    """Robot with joints, e.g. g1."""
    out: Path = Path("runs/pose")
    """Folder of the bundle; an older bundle there is replaced."""
    parameter_set: str | None = None
    """Gains and constants; default: the robot's own, which stand."""
    seed: int = 0
    """Of the golden sequences and of the judged episodes."""


def pose_network(parameters: JointParameters) -> Pose:
    """Return the network that holds the robot's default pose."""
    lean = tuple(LEAN if "ankle_pitch" in name else 0.0 for name in parameters.joint_names)
    return Pose(PoseConfig(parameters.default_pose_rad, lean))


def observation_terms(num_joints: int) -> tuple[ObservationTerm, ...]:
    """Return what the policy sees: nothing but what the robot's own sensors give."""
    return (
        ObservationTerm("gravity_b", 3, "1", "body", "inertial unit"),
        ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "gyroscope"),
        ObservationTerm("joint_position_offset", num_joints, "rad", "joint, from the default pose", "encoders"),
        ObservationTerm("joint_velocity", num_joints, "rad/s", "joint", "encoders"),
        ObservationTerm("applied_action", num_joints, "rad", "joint", "supervisor"),
    )


class Stand:
    """One robot on the ground in MuJoCo, stepped by joint targets.

    Args:
        robot: with joints.
        parameters: one of its sets.
        rng: of starts and pushes.
    """

    def __init__(
        self, robot: RobotSpec[JointParameters], parameters: JointParameters, rng: np.random.Generator
    ) -> None:
        self._model = build_joint_model(robot, parameters, STEP_S)
        self._data = mujoco.MjData(self._model)
        self._parameters, self._rng = parameters, rng
        self._pose = np.asarray(parameters.default_pose_rad)
        self.reset()

    def reset(self) -> None:
        """Stand in the default pose, its joints a little off."""
        reset_to_default_pose(self._model, self._data, self._parameters)
        self._data.qpos[7:] += self._rng.uniform(-0.02, 0.02, len(self._pose))
        self.applied = self._pose.copy()

    def push(self, speed_m_s: float) -> None:
        """Change the body's speed at once, in a random direction."""
        angle = self._rng.uniform(-np.pi, np.pi)
        self._data.qvel[:2] += speed_m_s * np.array([np.cos(angle), np.sin(angle)])

    def observe(self) -> np.ndarray:
        """Return the observation, (observation_size,), without noise."""
        data = self._data
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, data.sensor("attitude").data)
        parts = (-rotation[6:9], data.sensor("gyro").data, data.qpos[7:] - self._pose, data.qvel[6:], self.applied)
        return np.concatenate(parts).astype(np.float32)

    def step(self, targets: np.ndarray) -> None:
        """Let one control period pass."""
        self.applied = self._data.ctrl[:] = targets
        mujoco.mj_step(self._model, self._data, nstep=round(PERIOD_S / STEP_S))

    @property
    def upright(self) -> bool:
        """Whether it stands."""
        return bool(-self.observe()[2] > UPRIGHT)


def record_golden(policy: Pose, stand: Stand, sequences: int = 4, steps: int = 100) -> Golden:
    """Record what the policy saw and did, standing and pushed, in closed loop."""
    actor, memory = TorchPolicy(policy), np.zeros((1, 0), np.float32)
    observations, actions = [], []
    for _ in range(sequences):
        stand.reset()
        for t in range(steps):
            if t % 25 == 10:
                stand.push(0.6)  # further than it can take: the sequences see it fall, too
            observation = stand.observe()[None]
            action, _ = actor.step(observation, memory, np.array([t == 0]))
            observations.append(observation[0])
            actions.append(action[0])
            stand.step(action[0])
    reset = np.zeros((sequences, steps), np.float32)
    reset[:, 0] = 1.0
    shape = (sequences, steps)
    return Golden(
        np.reshape(observations, (*shape, -1)),
        reset,
        np.zeros((*shape, 0), np.float32),
        np.reshape(actions, (*shape, -1)),
    )


def judge(policy: Pose, stand: Stand, rng: np.random.Generator, episodes: int = EPISODES) -> dict[str, Any]:
    """Return in how many of the episodes it still stands ``EPISODE_S`` after its start, pushed in between."""
    actor, memory, standing = TorchPolicy(policy), np.zeros((1, 0), np.float32), 0
    for _ in range(episodes):
        stand.reset()
        for t in range(round(EPISODE_S / PERIOD_S)):
            if t == round(PUSH_S / PERIOD_S):
                stand.push(rng.uniform(0.0, PUSH_M_S))
            stand.step(actor.step(stand.observe()[None], memory, np.array([t == 0]))[0][0])
        standing += stand.upright
    return {"episodes": episodes, "push_m_s": PUSH_M_S, "standing": standing / episodes}


def describe(
    policy: Pose, robot: RobotSpec[JointParameters], parameters: JointParameters, seed: int, judged: dict[str, Any]
) -> BundleInfo:
    """Return what the policy's numbers mean, for ``bundle.json``."""
    n = parameters.num_joints
    action = ActionSpec.joint_position(parameters, (SLEW_RAD_S,) * n)
    return BundleInfo(
        task="pose",
        robot=robot_info(robot, parameters),
        observation=observation_terms(n),
        action=action,
        timing=Timing(PERIOD_S, STEP_S, latency_assumed_s=0.0, latency_budget_s=PERIOD_S),
        limits=robot.limits,
        state_size=0,
        state_scale=(),
        command_ranges={},
        network=plain(policy.config()),
        provenance=provenance(seed, policy.config()),
        evaluation=judged,
    )


def build_pose_bundle(
    path: Path | str, robot: str = "g1", parameter_set: str | None = None, seed: int = 0, episodes: int = EPISODES
) -> Bundle:
    """Write the bundle and check that it can be run.

    Args:
        path: folder to create or replace.
        robot: with joints.
        parameter_set: default: the robot's own.
        seed: of golden sequences and judged episodes.
        episodes: to judge.

    Raises:
        ConfigError: for an unknown robot or set, or a robot without joints.
        StorageError: if it cannot be written; an older bundle there is untouched.
    """
    spec = load_robot(robot)
    parameters = spec.parameters(parameter_set)
    if not isinstance(parameters, JointParameters):
        raise ConfigError(f"robot '{robot}' has no joints to hold in a pose")
    rng = np.random.default_rng(seed)
    policy, stand = pose_network(parameters).eval(), Stand(spec, parameters, rng)
    golden = record_golden(policy, stand)
    judged = judge(policy, stand, rng, episodes)
    bundle = save_bundle(path, describe(policy, spec, parameters, seed, judged), export_onnx(policy), golden)
    OnnxPolicy(bundle)
    return bundle


def run(args: Args) -> dict[str, Any]:
    """Make the bundle; returns its id, its folder and how well it stands.

    Raises:
        ConfigError, StorageError: as ``build_pose_bundle``.
    """
    bundle = build_pose_bundle(args.out, args.robot, args.parameter_set, args.seed)
    judged = bundle.info.evaluation
    Console(highlight=False, soft_wrap=True).print(
        f"bundle {bundle.id[:12]} in {args.out}: {bundle.info.action.size} joints of {args.robot},"
        f" gains '{bundle.info.robot.parameter_set}'; {100 * judged['standing']:.0f} % of {judged['episodes']}"
        f" pushes of up to {judged['push_m_s']:g} m/s left it standing"
    )
    return {"bundle": str(args.out), "bundle_id": bundle.id, "evaluation": judged}
