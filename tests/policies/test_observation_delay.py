"""Late sensors by the command line: trained with, remembered by the bundle, judged with."""

import json

import pytest

from policies.bundle import load_bundle
from sim2metal import main
from tests.bench.zoo import ZOO

SMALL = ("iterations=1", "num-envs=4", "horizon=4", "evaluations=1", "evaluation-episodes=1", "judge-episodes=1")


def test_a_policy_is_trained_and_judged_with_late_sensors(tmp_path, capsys):
    command = ["train", "velocity", "--robot", "biped", "--observation-delay", "0.005", "0.02", "--out", str(tmp_path)]
    command += [f"--config.{option}" for option in (*SMALL, "ppo.mini-batches=1")] + ["--config.hidden", "8"]
    assert main(command) == 0
    assert load_bundle(tmp_path / "bundle").info.provenance["observation_delay_s"] == [0.005, 0.02]
    assert main([*command[:-1], "9", "--resume"]) != 0
    tables = []
    for options in ([], ["--observation-delay", "0.02", "0.02"]):
        figures = tmp_path / "eval.json"
        judged = ["eval", str(tmp_path / "bundle"), "--episodes", "2", "--json", str(figures), *options]
        assert main(judged) == 0
        tables.append(json.loads(figures.read_text())["eval.table"])
    assert [table.endswith(", observed late") for table in tables] == [False, True]


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        (("0.02", "0.01"), "--observation-delay 0.02 0.01: expected two ages, the smaller one first"),
        (("-0.01", "0.01"), "expected two ages"),
        (("0", "0.5"), "of 0 to 0.04 s"),
        (("nan", "0.01"), "expected two ages"),
    ],
)
def test_ages_that_cannot_be_are_refused(tmp_path, capsys, ages, said):
    assert main(["train", "stand", "--robot", "biped", "--observation-delay", *ages, "--out", str(tmp_path)]) != 0
    assert said in capsys.readouterr().err
    assert main(["eval", str(ZOO / "stand_g1"), "--observation-delay", *ages]) != 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("bundle", ["hover", "placement_field"])
def test_only_bodies_on_legs_have_them(bundle, capsys):
    assert main(["eval", str(ZOO / bundle), "--observation-delay", "0", "0.01"]) != 0
    assert "--observation-delay is for bodies on legs" in capsys.readouterr().err
