"""Training and judging with other robots and other networks, through the verbs: the bundle says who flies it."""

from __future__ import annotations

import pytest

from policies import evaluate, train
from policies.bundle import load_bundle
from policies.learners.analytic import AnalyticConfig
from policies.learners.drones import StartConfig
from policies.training_run import TrainConfig
from sim.errors import ConfigError
from sim.registry import load_robot

TINY = TrainConfig(
    hidden=(8, 8),
    learner=AnalyticConfig(num_envs=8, window=8, iterations=6, critic_from=3, critic_batch=16),
    start=StartConfig(pool=16, references=8),
    evaluation_episodes=8,
    judge_episodes=0,
    checkpoint_every=5,
)


def trained(task: str, out, robot: str | None = None):
    return train.run(train.Args(task=task, robot=robot, out=out, config=TINY, golden_steps=60))["train.bundle"]


def test_hexarotor_learns_flies_and_is_judged_as_itself(tmp_path):
    bundle = load_bundle(trained("hover", tmp_path / "run", "hexarotor"))
    assert bundle.info.robot.name == "hexarotor"
    assert bundle.info.action.names == ("m1", "m2", "m3", "m4", "m5", "m6")
    assert bundle.info.action.nominal == (load_robot("hexarotor").parameters().hover_command,) * 6
    assert bundle.info.limits == load_robot("hexarotor").limits
    result = evaluate.run(evaluate.Args(bundle.path, episodes=4))
    assert result["eval.parameter_set"] == "typhoon_h480"


@pytest.mark.slow
def test_recurrent_policy_for_all_airframes_is_judged_on_them_or_on_one(tmp_path):
    bundle = load_bundle(trained("any_airframe", tmp_path / "run"))
    assert bundle.info.network["kind"] == "gru_memory"
    assert bundle.info.robot.parameter_set == "any"
    assert evaluate.run(evaluate.Args(bundle.path, episodes=4))["eval.table"] == "any airframe evaluation"
    one = evaluate.run(evaluate.Args(bundle.path, episodes=4, robot="x500"))
    assert one["eval.parameter_set"] == "gazebo"
    with pytest.raises(ConfigError, match="is for 4 rotors; robot 'hexarotor' has 6"):
        evaluate.run(evaluate.Args(bundle.path, episodes=4, robot="hexarotor"))


def test_unknown_robot_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ConfigError, match="unknown robot 'x50'"):
        trained("hover", tmp_path / "run", "x50")
    assert not (tmp_path / "run").exists()
