"""The table of learners: every run has the same steps, and what was trained is read."""

import json

import pytest

from tests.bench import bodies_learners, learner_table, trained_runs
from tests.bench.learner_table import HORIZON, STEPS, Args, markdown, options, read_row, run_folder
from tests.bench.page import learner_lines


def write_run(args, learner, seed, score, error=0.2):
    run = run_folder(args, "velocity", learner, seed)
    run.mkdir(parents=True)
    judged = {"score": score, "success_rate": 0.9, "velocity_error_m_s": error, "episodes": 200}
    result = {"train.evaluation": judged, "train.cpu_s": 100.0 + seed, "train.env_steps": 983_040}
    (run / "result.json").write_text(json.dumps(result))


def test_seeds_are_averaged_and_what_was_not_run_says_so(tmp_path):
    args = Args(tmp_path)
    for seed, score in enumerate((0.4, 0.5, 0.6)):
        write_run(args, "sac", seed, score)
    write_run(args, "ppo", 0, -1.0, None)
    row = read_row(args, "velocity", "sac")
    half = 4.302653 * 0.1 / 3**0.5  # (Student's t of two degrees of freedom, from a table)
    assert row["interval"] == pytest.approx([0.5 - half, 0.5 + half])
    text = markdown([read_row(args, "velocity", learner) for learner in args.learners])
    assert "| `velocity` on `biped` | sac | 0.50 | 0.25 - 0.75 | 90.0% | 0.20 m/s | 3 | 983,040 | 101 |" in text
    assert "| `velocity` on `biped` | ppo | -1.00 | one seed | 90.0% | - | 1 | 983,040 | 100 |" in text
    assert "| symphony | not run |" in text


def test_seeds_that_were_trained_elsewhere_stay_beside_those_trained_here(tmp_path):
    args, published = Args(tmp_path / "runs"), tmp_path / "bodies.json"
    for seed, score in ((0, 0.4), (1, 0.5)):
        write_run(args, "sac", seed, score)
    published.write_text("{}")
    first = bodies_learners.measure(runs=args.folder, published=published)
    published.write_text(json.dumps(first))
    here = Args(tmp_path / "here")
    write_run(here, "sac", 1, 0.7)
    write_run(here, "sac", 2, 0.9)
    found = bodies_learners.measure(runs=here.folder, published=published)
    row = next(row for row in found["learners"] if (row["task"], row["learner"]) == ("velocity", "sac"))
    assert [seed["score"] for seed in row["seeds"]] == [0.4, 0.7, 0.9]
    assert row["score"] == pytest.approx(2.0 / 3.0)
    assert "| sac | 0.67 |" in learner_lines(found)
    assert "| symphony | not run |" in learner_lines(found)


def test_every_learner_takes_the_same_steps():
    for learner, count in learner_table.ENVIRONMENTS.items():
        words = options(learner, STEPS)
        asked = dict(zip(words[:6:2], words[1:6:2]))
        assert int(asked["--config.iterations"]) * int(asked["--config.num-envs"]) * HORIZON == STEPS
        assert asked["--config.num-envs"] == str(count)


def test_every_run_of_the_table_is_one_command(tmp_path, monkeypatch, capsys):
    asked = []

    def train(result, *command):
        asked.append(command)
        result.parent.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(trained_runs, "run_verb", train)
    learner_table.main(Args(tmp_path, tasks=("stand",), seeds=(3,)))
    assert [command[5] for command in asked] == ["ppo", "sac", "symphony"]
    for command in asked:
        assert command[:5] == ("train", "stand", "--robot", "biped", "--learner")
        assert command[6:8] == ("--seed", "3")
    assert "not run" in capsys.readouterr().out
