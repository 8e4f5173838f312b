"""Train a policy that imitates a motion and save it, with the motion, as a bundle.

The motion is made here, by a generator's name, or read from a file; a person's is put on the robot. What a run leaves
in its folder is what ``policies.train_legged`` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from policies.learners.legged.settings import LeggedPpoSettings, LeggedTrainConfig
from policies.segmented_training import check_run
from policies.train_legged import Args as LeggedArgs
from policies.train_legged import train
from sim.envs.legged import LeggedTask, load_legged_task
from sim.motion.robot_clip import robot_clip

EXAMPLE = """sim2metal train imitate --clip squat --out runs/squat
sim2metal train imitate --clip squat --out runs/squat --resume
sim2metal train imitate --clip dance.bvh --robot g1 --out runs/dance
sim2metal train imitate --clip wave --out runs/wave --config.tracking.tolerance fixed --config.tracking.starts hard
tensorboard --logdir runs"""


def imitation_config() -> LeggedTrainConfig:
    """Return the settings of a motion; left and right differ in it, so that nothing is learnt from mirror images."""
    return LeggedTrainConfig(
        iterations=800,
        num_envs=256,
        ppo=LeggedPpoSettings(
            learning_rate=5e-4, epochs=4, critic_weight=1.0, entropy_weight=5e-4, first_std=0.3, symmetry=False
        ),
    )


@dataclass
class Args(LeggedArgs):
    """Train a policy that imitates a motion."""

    clip: str = "squat"
    """What to imitate: a generator of 'sim2metal motion make', or a motion file."""
    unchecked: bool = False
    """Train on a motion that 'sim2metal motion check' refuses, too: unstable, in the ground, beyond the joints."""
    config: LeggedTrainConfig = field(default_factory=imitation_config)
    """Settings of learner, networks and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task, robot or motion, a motion that the robot cannot be put to, an impossible
            setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, motion_task(args.task, args.clip, args.robot, unchecked=args.unchecked))


def motion_task(name: str, clip: str, robot: str | None, *, unchecked: bool = False) -> LeggedTask:
    """Return a task that follows a motion.

    Args:
        name: of the task.
        clip: as ``--clip``.
        robot: who shall follow; default: the task's own.
        unchecked: as ``--unchecked``.

    Raises:
        ConfigError: for an unknown task or robot, or a motion that the robot cannot be put to.
    """
    robot = robot or load_legged_task(name).spec.robot
    return load_legged_task(name, clip=robot_clip(clip, robot, unchecked=unchecked))
