"""The table of learners by input: what is trained from what, and what is read of runs."""

import json

import pytest

from sim.errors import ConfigError
from tests.bench import touch_table, trained_runs
from tests.bench.page import touch_table as page_table
from tests.bench.touch_learning import trained_rows


def write_run(folder, row, seed, rate):
    run = touch_table.run_folder(folder, "placement", row, int(seed))
    run.mkdir(parents=True, exist_ok=True)
    judged = {"success_rate": rate, "success_interval": [rate - 0.01, rate + 0.01], "episodes": 1024}
    result = {"train.evaluation": judged, "train.cpu_s": 100.0 + int(seed), "train.env_steps": 5}
    (run / "result.json").write_text(json.dumps(result))
    options = next(each.options for each in touch_table.ROWS if each.name == row and "placement" in each.expert)
    (run / "config.json").write_text(json.dumps(recorded(trained_runs.settings_of(options))))


def recorded(settings):
    record = {}
    for name, value in settings.items():
        *groups, last = name.replace("-", "_").split(".")
        inner = record
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = float(value) if value[0].isdigit() else value == "True"
    return record


def test_seeds_are_averaged_and_rows_without_runs_say_so(tmp_path):
    for seed, rate in enumerate((0.97, 0.98, 0.99)):
        write_run(tmp_path, "dagger-field", seed, rate)
    write_run(tmp_path, "dagger-state", 0, 0.4)
    rows = {row["row"]: row for row in trained_rows(tmp_path, "placement", [])}
    field, state = rows["dagger-field"], rows["dagger-state"]
    assert field["success"] == pytest.approx(0.98)
    half = 4.302653 * 0.01 / 3**0.5  # (Student's t of two degrees of freedom, from a table)
    assert field["interval"] == pytest.approx([0.98 - half, 1.0], abs=1e-6)
    assert state["interval"] == pytest.approx([0.39, 0.41])
    assert [seed["seed"] for seed in field["seeds"]] == [0, 1, 2]
    page = page_table("placement")({"placement": list(rows.values())})
    assert "| `dagger` | `field` | script | 98.0% | 95.5% - 100.0% | 1024 x 3 | 101 s |" in page
    assert "| `aacd` | `field` | ppo-privileged | not run" in page


def test_seeds_that_were_trained_elsewhere_stay_until_they_are_trained_here(tmp_path):
    options = {row.name: list(row.options) for row in touch_table.ROWS if "placement" in row.expert}

    def published(row, **rates):
        seeds = [{"seed": int(seed[1:]), "success_rate": rate} for seed, rate in rates.items()]
        return {"source": "runs", "row": row, "success": 0.2, "options": options[row], "seeds": seeds}

    before = [
        {"source": "zoo", "success": 0.1},
        published("dagger-field", s0=0.2),
        published("dagger-state", s0=0.3, s2=0.8),
        {**published("bc-state", s0=0.3, s1=0.3), "options": ["--config.iterations", "7"]},
    ]
    for row, seed, rate in (("dagger-state", 0, 0.4), ("dagger-state", 1, 0.6), ("bc-state", 0, 0.7)):
        write_run(tmp_path, row, seed, rate)
    rows = {row["row"]: row for row in trained_rows(tmp_path, "placement", before)}
    assert rows["dagger-field"]["success"] == 0.2
    assert [seed["success_rate"] for seed in rows["dagger-state"]["seeds"]] == [0.4, 0.6, 0.8]
    assert rows["dagger-state"]["success"] == pytest.approx(0.6)
    assert rows["bc-state"]["success"] == pytest.approx(0.7), "seeds of other settings count no more"
    assert rows["bc-field"]["seeds"] == []


def test_runs_of_other_settings_are_refused(tmp_path):
    write_run(tmp_path, "dagger-image-wrist", 0, 0.5)
    assert any(row["seeds"] for row in touch_table.read_table(tmp_path, "placement"))
    where = touch_table.run_folder(tmp_path, "placement", "dagger-image-wrist", 0) / "config.json"
    record = json.loads(where.read_text())
    record["config"]["imitation"]["windows"] = 32
    where.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match=r"wrist-0: trained with --config\.imitation\.windows 32, not 16: move it"):
        touch_table.read_table(tmp_path, "placement")


def test_what_a_row_learns_from_is_trained_first_and_once(tmp_path, monkeypatch):
    asked = []

    def train(result, *command):
        out = command[command.index("--out") + 1]
        asked.append(command)
        write_run(tmp_path, *out.rsplit("/", 1)[1].rsplit("-", 1), 0.5)

    monkeypatch.setattr(trained_runs, "run_verb", train)
    rows = {row.name: row for row in touch_table.ROWS}
    for _ in range(2):
        touch_table.train(tmp_path, "placement", rows["aacd-field"], 3, threads=2)
    experts = [command[command.index("--expert") + 1].rsplit("/", 1)[-1] for command in asked]
    assert experts == ["script", "dagger-privileged-3", "ppo-privileged-3"]
    for option, value in (("--seed", "3"), ("--threads", "2")):
        assert all(command[command.index(option) + 1] == value for command in asked)
