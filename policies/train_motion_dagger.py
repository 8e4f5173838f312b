"""Train a policy to follow a motion by imitating a script (DAgger), and save it, with the motion, as a bundle.

The script is told the whole truth (``sim.legged.balanced_motion``); its student sees what the robot measures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from policies.learners.contact.settings import ImitationSettings
from policies.learners.legged.dagger_settings import LeggedDaggerConfig
from policies.segmented_training import check_run
from policies.train_dagger import Args as DaggerArgs
from policies.train_dagger import train
from policies.train_imitation import motion_task

EXAMPLE = """sim2metal train imitate --learner dagger --clip reach --out runs/reach
sim2metal train imitate --learner dagger --clip reach --out runs/reach --resume
tensorboard --logdir runs"""


def motion_config() -> LeggedDaggerConfig:
    """Return the settings of a motion, which takes less than walking: its joints, played, are near it already."""
    return LeggedDaggerConfig(
        iterations=120, horizon=32, evaluations=2, memory=24, shortcut=False,
        imitation=ImitationSettings(expert_until=0.25, updates=20, windows=48),
    )  # fmt: skip


@dataclass
class Args(DaggerArgs):
    """Train a policy that follows a motion to do what a script would."""

    clip: str = "squat"
    """What to follow: a generator of 'sim2metal motion make', or a motion file."""
    unchecked: bool = False
    """Train on a motion that 'sim2metal motion check' refuses, too: unstable, in the ground, beyond the joints."""
    config: LeggedDaggerConfig = field(default_factory=motion_config)
    """Settings of learner, network and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task, robot or motion, a motion that the robot cannot be put to, a robot that nobody
            teaches, an impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, motion_task(args.task, args.clip, args.robot, unchecked=args.unchecked))
