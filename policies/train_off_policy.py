"""Train a policy that moves a body on legs by a learner with a replay, SAC or Symphony, and save it as a bundle.

What a run leaves in its folder is what ``policies.train_legged`` says, and, until it is done, the rollouts it keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from policies.learners.off_policy.settings import LearnerName, OffPolicyTrainConfig, SacSettings, SymphonySettings
from policies.legged_training import Options, asked_for, train_and_save
from policies.off_policy_run import OffPolicyJob, OffPolicyRun, check
from policies.option_checks import require_untouched
from policies.segmented_training import check_run
from sim.envs.legged import load_legged_task
from sim.errors import ConfigError

EXAMPLE = """sim2metal train velocity --robot biped --learner sac --out runs/sac
sim2metal train velocity --robot biped --learner sac --out runs/sac --resume
sim2metal train velocity --robot biped --learner symphony --out runs/symphony
sim2metal train stand --robot go1 --learner symphony --out runs/published --config.hidden 512 512
tensorboard --logdir runs"""


@dataclass
class Args(Options):
    """Train a policy that moves a body on legs, from a replay."""

    learner: LearnerName = "sac"
    """sac or symphony; ppo has options of its own: leave this out to see them."""
    config: OffPolicyTrainConfig = field(default_factory=OffPolicyTrainConfig)
    """Settings of learner, networks and evaluation."""


def run(args: Args) -> dict[str, Any]:
    """Train, save the bundle and return the ``train.`` figures.

    Raises:
        ConfigError: for an unknown task or robot, an impossible setting, or a folder with a run in it.
        StorageError: if the disk is full; the last checkpoint is intact.
    """
    check_run(args)
    if args.learner == "ppo":
        raise ConfigError("--learner was given twice: give one of sac and symphony, or leave it out for ppo")
    if args.learner == "sac":
        require_untouched("config.symphony", args.config.symphony, SymphonySettings(), "it is of --learner symphony")
    else:
        require_untouched("config.sac", args.config.sac, SacSettings(), "it is of --learner sac")
    task = asked_for(args, load_legged_task(args.task, args.robot))
    job = OffPolicyJob(task, args.learner, args.seed, args.config, args.threads, args.engine)
    check(job)
    return train_and_save(args, args.config, job.task, lambda: OffPolicyRun(job, args.out, resume=args.resume))
