"""The table of imitated motions: what is trained, read, judged anew, and said of it."""

import json
import shutil

import pytest

from sim2metal import main
from tests.bench import bodies_imitation, imitation_table, trained_runs
from tests.bench.imitation_table import Args, markdown, read_row, run_folder, verdict
from tests.bench.page import imitation_lines

HELD = {"success_rate": 1.0, "train_cpu_s": 1.0, "episodes": 200}


def write_run(folder, clip, method, seed, error_m):
    run = run_folder(folder, clip, method, seed)
    run.mkdir(parents=True)
    judged = {"body_distance_m": error_m, "success_rate": 0.97, "episodes": 200}
    result = {"train.evaluation": judged, "train.cpu_s": 100.0 + seed, "train.env_steps": 5}
    (run / "result.json").write_text(json.dumps(result))
    tolerance, starts = method.split("-")[0], "hard" if method.endswith("hard") else "even"
    config = {"iterations": 120, "evaluations": 2, "tracking": {"tolerance": tolerance, "starts": starts}}
    (run / "config.json").write_text(json.dumps({"config": config}))


def test_seeds_are_averaged_and_what_was_not_run_says_so(tmp_path):
    for seed, error in enumerate((0.040, 0.050, 0.060)):
        write_run(tmp_path, "squat", "adaptive", seed, error)
    write_run(tmp_path, "squat", "fixed-hard", 0, 0.07)
    row = read_row(tmp_path, "squat", "adaptive")
    half = 4.302653 * 0.01 / 3**0.5  # (Student's t of two degrees of freedom, from a table)
    assert row["error_m"] == pytest.approx(0.05)
    assert row["interval_m"] == pytest.approx([0.05 - half, 0.05 + half])
    rows = [read_row(tmp_path, "squat", method) for method in imitation_table.METHODS]
    text = markdown(rows)
    assert "| `squat` | adaptive | 50.0 mm | 25.2 - 74.8 mm | 97.0% | 3 | 101 |" in text
    assert "| `squat` | fixed | not run" in text
    assert "| `squat` | fixed-hard | 70.0 mm | one seed |" in text
    assert "Nothing to compare yet" in verdict(rows)
    assert "| `squat` | adaptive | 50.0 mm |" in imitation_lines({"imitation": rows})


def test_the_verdict_compares_the_same_seeds(tmp_path):
    for clip, adaptive, fixed in (("squat", 0.02, 0.05), ("wave", 0.05, 0.04), ("reach", 0.039, 0.04)):
        for seed in (0, 1):
            write_run(tmp_path, clip, "adaptive", seed, adaptive)
            write_run(tmp_path, clip, "fixed", seed, fixed + 0.001 * seed)
    write_run(tmp_path, "wave", "adaptive", 2, 0.0)  # without its counterpart it does not count
    rows = [read_row(tmp_path, clip, method) for clip in ("squat", "wave", "reach") for method in ("adaptive", "fixed")]
    said = verdict(rows)
    assert "on 1 of 3 motions (squat), over 2 seeds" in said  # (`reach` by less than its seeds scatter)
    half = 12.7062 * 0.5  # (Student's t of one degree of freedom, from a table, and two gains 1 mm apart)
    assert f"by 30.5 mm (95 % interval {30.5 - half:.1f} to {30.5 + half:.1f}) on squat; -9.5 mm" in said


def test_every_run_of_the_table_is_one_command(tmp_path, monkeypatch, capsys):
    asked = []

    def train(result, *command):
        asked.append(command)
        result.parent.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(trained_runs, "run_verb", train)
    imitation_table.main(Args(tmp_path, clips=("squat",), seeds=(3,)))
    assert len(asked) == 3
    for command, options in zip(asked, imitation_table.METHODS.values()):
        assert command[:8] == ("train", "imitate", "--clip", "squat", "--robot", "g1", "--seed", "3")
        assert set(options) | {"--config.iterations", "120"} <= set(command)
    assert "not run" in capsys.readouterr().out


def test_runs_that_are_there_are_judged_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(imitation_table, "SHORT", ("--config.iterations", "1", "--config.evaluations", "1"))
    published = tmp_path / "bodies.json"
    published.write_text("{}")
    assert bodies_imitation.measure(runs=tmp_path, clips=(), zoo=tmp_path, published=published) == {}
    small = {"iterations": 1, "num-envs": 4, "horizon": 4, "evaluations": 1, "evaluation-episodes": 1, "hidden": 8}
    options = [f"--config.{name}={value}" for name, value in small.items()]
    options += ["--config.judge-episodes=1", "--config.ppo.mini-batches=1", "--clip", "stand"]
    folder = run_folder(tmp_path / "runs", "stand", "adaptive", 0)
    assert main(["train", "imitate", "--out", str(folder), *options]) == 0
    shutil.copytree(folder / "bundle", tmp_path / "zoo" / "imitate_stand")
    elsewhere = {**read_row(tmp_path / "runs", "stand", "adaptive"), "seeds": [{"seed": 1, "error_m": 0.2, **HELD}]}
    fixed = {**elsewhere, "method": "fixed", "options": ["of another day"], "error_m": 0.3}
    places = {"runs": tmp_path / "runs", "zoo": tmp_path / "zoo", "published": published}
    found = bodies_imitation.measure(episodes=3, clips=("stand",), **places)
    published.write_text(json.dumps({"imitation": [elsewhere, fixed]}))
    with_others = bodies_imitation.measure(episodes=3, clips=(), **places)
    assert [row["method"] for row in with_others["imitation"]][:2] == ["adaptive", "fixed"]
    assert [seed["seed"] for seed in with_others["imitation"][0]["seeds"]] == [0, 1]
    assert with_others["imitation"][1] == fixed
    still, scripted, row, kept = found["imitation"]
    assert (still["method"], still["success_rate"]) == ("played", 1.0)
    assert (scripted["method"], scripted["success_rate"]) == (bodies_imitation.SCRIPT, 1.0)
    assert 0.001 < scripted["error_m"] < still["error_m"] < 0.04
    assert (row["clip"], row["method"], row["interval_m"]) == ("stand", "adaptive", None)
    (seed,) = row["seeds"]
    assert (seed["seed"], seed["episodes"], seed["env_steps"]) == (0, 3, 16)
    assert 0.0 < row["error_m"] == seed["error_m"] < 0.5
    assert (kept["clip"], kept["method"]) == ("stand", bodies_imitation.IN_ZOO)
    assert kept["error_m"] == row["error_m"]  # the same weights in the same episodes
    assert kept["seeds"][0]["train_cpu_s"] > 0.0
