"""Contact tasks on the command line: trained, judged and refused as a user would see it."""

import json

import pytest
import torch

from policies import train
from policies.bundle import load_bundle
from sim2metal import main

TINY = [
    "--config.iterations", "1", "--config.num-envs", "4", "--config.horizon", "2", "--config.evaluations", "1",
    "--config.evaluation-episodes", "2", "--config.judge-episodes", "0", "--config.network.hidden", "8",
    "--config.network.channels", "2", "2", "2", "--config.network.memory-size", "4",
]  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def train_tiny(out, *options):
    return main(["train", "peg_placement", "--out", str(out), *TINY, *options])


@pytest.mark.slow
def test_a_policy_on_the_force_field_is_trained_judged_and_refused_where_it_does_not_belong(tmp_path, capsys):
    run, figures = tmp_path / "run", tmp_path / "eval.json"
    assert train_tiny(run, "--learner", "dagger", "--input", "field", "--expert", "script") == 0
    bundle = load_bundle(run / "bundle")
    assert [image.name for image in bundle.info.images] == ["field"]
    assert bundle.info.action.level == "end_effector_delta"
    assert bundle.info.robot.name == "panda"
    assert {path.name for path in run.iterdir()} >= {"config.json", "checkpoint.npz", "curve.jsonl", "result.json"}

    assert main(["eval", str(run / "bundle"), "--episodes", "3", "--seed", "5", "--json", str(figures)]) == 0
    found = json.loads(figures.read_text())
    assert (found["eval.episodes"], found["eval.seed"], found["eval.input"]) == (3, 5, "field")
    low, high = found["eval.success_interval"]
    assert low - 1e-9 <= found["eval.success_rate"] <= high + 1e-9

    capsys.readouterr()
    assert main(["eval", str(run / "bundle"), "--trajectory", "circle"]) == 2
    assert train_tiny(run) == 2  # there is a run in the folder
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert "--trajectory is for what flies" in lines[0]
    assert "holds a run" in lines[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--input", "fields"], "did you mean 'field'"),
        (["--learner", "bc"], "needs --expert"),
        (["--learner", "aacd", "--expert", "nowhere"], "no checkpoint at nowhere"),
        (["--expert", "script"], "script has no weights for ppo"),
        (["--learner", "dagger", "--input", "field", "--expert", "search"], "nothing to search for in 'peg_placement'"),
        (["--config.horizon", "0"], "--config.horizon must be at least 1"),
        (["--seed", "-1"], "--seed must not be negative"),
    ],
)
def test_bad_options_are_one_line(tmp_path, capsys, options, words):
    assert train_tiny(tmp_path / "run", *options) != 0
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line
    assert not (tmp_path / "run").exists()


def test_each_kind_of_task_has_its_own_options(capsys):
    assert train.module_for(["--seed", "0", "peg_insertion", "--input", "field"]) == "policies.train_contact"
    assert train.module_for(["hover", "--action", "rates"]) == train.module_for([]) == "policies.train"
    for task, there, elsewhere in (("peg_placement", "--expert", "--action"), ("hover", "--action", "--expert")):
        with pytest.raises(SystemExit):
            main(["train", task, "--help"])
        text = capsys.readouterr().out
        assert there in text
        assert elsewhere not in text


@pytest.mark.slow
def test_pictures_are_trained_on_with_and_without_a_camera_at_the_wrist(tmp_path):
    for seen in ("image", "image+wrist"):
        assert train_tiny(tmp_path / seen, "--learner", "dagger", "--input", seen, "--expert", "script") == 0
        assert load_bundle(tmp_path / seen / "bundle").info.input_size > 2 * 80 * 60 * 3
