"""The table of learners: every run has the same steps, and what was trained is read."""

import json

import pytest

from sim.errors import ConfigError
from tests.bench import bodies_learners, learner_table, trained_runs
from tests.bench.learner_table import STEPS, Args, markdown, options, read_row, run_folder
from tests.bench.page import learner_lines


def write_run(args, learner, seed, score, error=0.2):
    run = run_folder(args, "velocity", learner, seed)
    run.mkdir(parents=True)
    judged = {"score": score, "success_rate": 0.9, "velocity_error_m_s": error, "episodes": 200}
    judged["share_followed"] = {"ahead": None if error is None else 0.4}
    result = {"train.evaluation": judged, "train.cpu_s": 100.0 + seed, "train.env_steps": 983_040}
    (run / "result.json").write_text(json.dumps(result))
    contender = learner_table.CONTENDERS[learner]
    rollouts = contender.share * STEPS // 24 // contender.environments
    sizes = {"num_envs": contender.environments, "horizon": 24, "iterations": rollouts}
    (run / "config.json").write_text(json.dumps({"config": {**sizes, "ppo": {"symmetry": False}}}))


def test_seeds_are_averaged_and_what_was_not_run_says_so(tmp_path):
    args = Args(tmp_path)
    for seed, score in enumerate((0.4, 0.5, 0.6)):
        write_run(args, "sac", seed, score)
    write_run(args, "ppo", 0, -1.0, None)
    row = read_row(args, "velocity", "sac")
    half = 4.302653 * 0.1 / 3**0.5  # (Student's t of two degrees of freedom, from a table)
    assert row["interval"] == pytest.approx([0.5 - half, 0.5 + half])
    text = markdown([read_row(args, "velocity", learner) for learner in args.learners])
    assert "| `velocity` on `biped` | sac | 0.50 | 0.25 - 0.75 | 90.0% | 0.20 m/s | 40% | 3 | 983,040 | 101 |" in text
    assert "| `velocity` on `biped` | ppo | -1.00 | one seed | 90.0% | - | - | 1 | 983,040 | 100 |" in text
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


@pytest.mark.parametrize(
    ("learner", "changed", "said"),
    [
        ("sac", {"iterations": 640}, r"sac-0: trained with --config\.iterations 640, not 320: move it"),
        ("ppo", {"ppo": {"symmetry": True}}, r"ppo-0: trained with --config\.ppo\.symmetry True, not False"),
    ],
)
def test_runs_of_other_settings_are_refused(tmp_path, learner, changed, said):
    args = Args(tmp_path)
    write_run(args, learner, 0, 0.5)
    assert len(read_row(args, "velocity", learner)["seeds"]) == 1
    record = run_folder(args, "velocity", learner, 0) / "config.json"
    record.write_text(json.dumps({"config": json.loads(record.read_text())["config"] | changed}))
    with pytest.raises(ConfigError, match=said):
        read_row(args, "velocity", learner)


def test_learners_take_the_same_steps_and_one_of_them_more_once_more():
    steps = {}
    for name in learner_table.CONTENDERS:
        words = options(name, STEPS)
        asked = dict(zip(words[:8:2], words[1:8:2]))
        assert name.startswith(asked["--learner"])
        rollouts = int(asked["--config.iterations"]) * int(asked["--config.num-envs"])
        steps[name] = rollouts * int(asked["--config.horizon"])
    assert steps == {"ppo": STEPS, "ppo-longer": 4 * STEPS, "sac": STEPS, "symphony": STEPS}


def test_runs_of_a_learner_are_told_from_those_of_its_namesake(tmp_path):
    args = Args(tmp_path)
    write_run(args, "ppo", 0, 0.1)
    write_run(args, "ppo-longer", 0, 0.6)
    assert [read_row(args, "velocity", name)["score"] for name in ("ppo", "ppo-longer")] == [0.1, 0.6]


def test_every_run_of_the_table_is_one_command(tmp_path, monkeypatch, capsys):
    asked = []

    def train(result, *command):
        asked.append(command)
        result.parent.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(trained_runs, "run_verb", train)
    learner_table.main(Args(tmp_path, tasks=("stand",), seeds=(3,)))
    assert [command[7] for command in asked] == ["ppo", "ppo", "sac", "symphony"]
    for command in asked:
        assert command[:7] == ("train", "stand", "--robot", "biped", "--seed", "3", "--learner")
    assert "not run" in capsys.readouterr().out
