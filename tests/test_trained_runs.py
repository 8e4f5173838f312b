"""What tables know of the runs that they read."""

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.trained_runs import settings_of

ROOT = Path(__file__).parents[1]


def test_of_options_that_are_given_twice_the_last_counts_and_flags_are_true_or_false():
    options = ["--learner", "ppo", "--config.iterations", "80", "--config.network.shortcut", "--config.ppo.no-symmetry"]
    options += ["--seed", "1", "--config.iterations", "40"]
    expected = {"config.iterations": "40", "config.network.shortcut": "True", "config.ppo.symmetry": "False"}
    assert settings_of(options) == expected


def test_a_table_ends_with_a_line_where_a_run_is_of_other_settings(tmp_path):
    run = tmp_path / "velocity-biped" / "sac-0"
    run.mkdir(parents=True)
    (run / "result.json").write_text("{}")
    (run / "config.json").write_text(json.dumps({"config": {"iterations": 7}}))
    command = [sys.executable, "-m", "tests.bench.learner_table", str(tmp_path), "--none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "trained with --config.iterations 7, not 320" in done.stderr
    assert "Traceback" not in done.stderr
