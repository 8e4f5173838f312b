"""An earlier training of a body on legs as a teacher: its bundle, checked against what is to be learnt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from policies.bundle import INFO_FILE, Bundle, load_bundle
from policies.evaluate_legged import as_seen, check_same_task
from policies.export_onnx import rebuild_torch
from policies.learners.legged.teacher import BundleTeacher
from policies.legged_clip import clip_record
from sim.envs.legged import LeggedTask
from sim.errors import ConfigError


@dataclass(frozen=True)
class LeggedExpert:
    """A bundle that teaches."""

    bundle: Bundle
    task: LeggedTask
    """As the bundle's policy sees it: privileged, or as the robot measures it."""

    def teacher(self) -> BundleTeacher:
        """Return what the student imitates.

        Raises:
            BundleError: if the bundle's weights are not there.
        """
        group = "critic" if self.task.spec.privileged else "actor"
        return BundleTeacher(rebuild_torch(self.bundle), group, self.task.spec)


def load_expert(path: Path, task: LeggedTask) -> LeggedExpert:
    """Read a teacher of a task.

    Args:
        path: folder of a run with a bundle in it, or of a bundle.
        task: what the student is to learn.

    Raises:
        BundleError: if the bundle is not valid, or was made for the task as it is no longer.
        ConfigError: if there is none, it is of another task, robot or motion, or it has a memory.
    """
    folder = next((place for place in (path / "bundle", path) if (place / INFO_FILE).is_file()), None)
    if folder is None:
        raise ConfigError(f"--expert {path}: no bundle there; train it to its end, or give the bundle's folder")
    bundle = load_bundle(folder)
    info, spec = bundle.info, task.spec
    if (info.task, info.robot.name) != (spec.name, spec.robot):
        raise ConfigError(
            f"--expert {path} is of task '{info.task}' on robot '{info.robot.name}', the student of '{spec.name}' on"
            f" '{spec.robot}': give a run of the same"
        )
    if info.provenance.get("clip", {}) != clip_record(spec).get("clip", {}):
        raise ConfigError(f"--expert {path} follows another motion: give the same --clip")
    if info.state_size:
        raise ConfigError(
            f"--expert {path} has a memory, which rsl-rl-lib's distillation does not keep for teachers: give a run of"
            " --learner ppo"
        )
    taught = as_seen(bundle, task)
    check_same_task(bundle, taught)
    return LeggedExpert(bundle, taught)
