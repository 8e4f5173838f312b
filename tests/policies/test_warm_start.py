"""Fine-tuning: a training that begins with a bundle's weights, around another airframe, and what does not fit."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from policies.bundle import load_bundle
from policies.export_onnx import rebuild_torch
from policies.torch_policy import TorchPolicy
from policies.tracking import judge_tracking
from policies.training_run import TrainConfig, TrainingRun, for_task, new_actor
from policies.warm_start import load_start
from sim.envs.task import load_flight_task, task_at_level
from sim.errors import ConfigError
from sim.identified_airframe import around
from sim.trajectories.parse import parse_trajectory
from sim2metal import main
from tests.bench.zoo import ZOO
from tests.support.identified import identified

TRACK = ZOO / "track"


def short(task, **learner):
    config = for_task(TrainConfig(), task)
    return dataclasses.replace(
        config, judge_episodes=0, evaluations=1, learner=dataclasses.replace(config.learner, **learner)
    )


def weak_robot():
    """A third less thrust for its weight, and late: outside of what the zoo's policy was trained for."""
    nominal = load_flight_task("track").NOMINAL
    thrust = nominal.num_rotors * sum(nominal.thrust_curve)
    return identified(
        relative=0.005, mass=1.25 * nominal.mass, thrust_over_mass=0.68 * thrust / nominal.mass, latency_s=0.0275
    )


def test_a_training_begins_with_the_bundles_weights():
    task = load_flight_task("track")
    actor = new_actor(task, for_task(TrainConfig(), task))
    bundle = load_start(TRACK, task, actor)
    for name, value in rebuild_torch(bundle).state_dict().items():
        assert torch.equal(actor.state_dict()[name], value)


def test_fine_tuning_flies_a_robot_that_the_bundle_loses(tmp_path):
    task = around(load_flight_task("track"), weak_robot())
    options = {"flights": 8, "seed": 9, "parameter_set": task.NOMINAL.name, "threads": 1}
    before = judge_tracking(TorchPolicy(rebuild_torch(load_bundle(TRACK))), task, CURVE, **options)
    run = TrainingRun(task, short(task, iterations=200, rate=1e-3, critic_from=50), 0, tmp_path, start_from=TRACK)
    run.train(lambda *_: None)
    after = judge_tracking(TorchPolicy(run.actor), task, CURVE, **options)
    assert before.lost.sum() >= 4
    assert after.lost.sum() == 0
    assert after.rmse_m < 0.05


CURVE = parse_trajectory("figure8:period=5.5")


@pytest.mark.parametrize(
    ("task", "config", "words"),
    [
        ("hover", {}, "it sees"),
        (task_at_level("track", "rates"), {}, "it commands motor"),
        ("track", {"hidden": (32, 32)}, "setting 'hidden'"),
        ("track", {"observer_s": 0.0}, "setting 'observer_s'"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(task, config, words):
    module = load_flight_task(task)
    settings = dataclasses.replace(for_task(TrainConfig(), load_flight_task("track")), **config)
    with pytest.raises(ConfigError, match=words):
        load_start(TRACK, module, new_actor(module, settings))


def test_the_command_says_where_it_began_and_resumes_only_from_there(tmp_path, capsys):
    few = ["--config.learner.iterations", "4", "--config.judge-episodes", "0", "--config.evaluation-episodes", "8"]
    command = ["train", "track", "--start-from", str(TRACK), "--out", str(tmp_path), *few, "--golden-steps", "60"]
    assert main(command) == 0
    assert json.loads((tmp_path / "config.json").read_text())["start_from"] == load_bundle(TRACK).id
    assert load_bundle(tmp_path / "bundle").info.provenance["start_from"] == load_bundle(TRACK).id
    assert main([word for word in [*command, "--resume"] if word not in ("--start-from", str(TRACK))]) == 2
    assert "another start_from" in capsys.readouterr().err
    assert np.isfinite(json.loads((tmp_path / "result.json").read_text())["train.cpu_s"])
