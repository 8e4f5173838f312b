"""Train a policy to follow a motion as another does that sees more, and save it, with the motion, as a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policies.segmented_training import check_run
from policies.train_distill import Args as DistillArgs
from policies.train_distill import train
from policies.train_imitation import motion_task

EXAMPLE = """sim2metal train imitate --clip squat --input privileged --out runs/teacher
sim2metal train imitate --learner distill --clip squat --expert runs/teacher --out runs/student
tensorboard --logdir runs"""


@dataclass
class Args(DistillArgs):
    """Train a policy that follows a motion to do what a teacher would."""

    clip: str = "squat"
    """What to follow, as its teacher does: a generator of 'sim2metal motion make', or a motion file."""
    unchecked: bool = False
    """Train on a motion that 'sim2metal motion check' refuses, too: unstable, in the ground, beyond the joints."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        BundleError: if the teacher's bundle is not valid, or was made for the task as it is no longer.
        ConfigError: for no teacher, or one of something else, an unknown task, robot or motion, a motion that the robot
            cannot be put to, an impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    return train(args, motion_task(args.task, args.clip, args.robot, unchecked=args.unchecked))
