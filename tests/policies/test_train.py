"""The train verb: killed and resumed to the same bits, refused with one line, whole files only."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sim.files
from policies import train
from policies.bundle import load_bundle
from policies.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from policies.learners.analytic import AnalyticConfig
from policies.learners.drones import StartConfig
from policies.learners.flight_cost import FlightCost
from policies.training_run import CHECKPOINT, TrainConfig, TrainingRun, for_task, with_airframe
from sim.errors import BundleError, ConfigError, StorageError
from sim.identified import write_identified
from sim.registry import load_task
from sim2metal import main
from tests.support.identified import identified

ROOT = Path(__file__).parents[2]
ITERATIONS = 160
SMALL = {
    "config.hidden": "16 16",
    "config.learner.num-envs": "16",
    "config.learner.window": "16",
    "config.learner.iterations": str(ITERATIONS),
    "config.learner.critic-from": "20",
    "config.start.pool": "64",
    "config.evaluation-episodes": "16",
    "config.judge-episodes": "0",
    "config.checkpoint-every": "20",
}


def arguments(out, **changes):
    options = [part for name, value in {**SMALL, **changes}.items() for part in (f"--{name}", *value.split())]
    return ["train", "hover", "--seed", "5", "--out", str(out), *options]


def command(out, **changes):
    return [sys.executable, "sim2metal.py", *arguments(out, **changes)]


def small_config(**learner):
    defaults = {"num_envs": 8, "window": 8, "iterations": 12, "critic_from": 3, "critic_batch": 16}
    return TrainConfig(
        hidden=(8, 8),
        learner=AnalyticConfig(**{**defaults, **learner}),
        start=StartConfig(pool=16),
        evaluation_episodes=8,
        judge_episodes=4,
        checkpoint_every=5,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A short run to its end: (arguments, result)."""
    out = tmp_path_factory.mktemp("trained") / "run"
    args = train.Args(task="hover", seed=2, out=out, config=small_config())
    return args, train.run(args)


def untimed(point):
    return {name: value for name, value in point.items() if name != "wall_s"}


def test_a_run_killed_in_flight_resumes_to_the_same_weights(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = subprocess.Popen(command(killed), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 200.0
    while not (killed / CHECKPOINT).exists():
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    at = int(load_checkpoint(killed / CHECKPOINT).arrays["learner.iteration"])
    assert 0 < at < ITERATIONS
    assert not (killed / "bundle").exists()

    assert main([*arguments(killed), "--resume"]) == 0
    assert main(arguments(whole)) == 0
    first, second = load_checkpoint(whole / CHECKPOINT), load_checkpoint(killed / CHECKPOINT)
    assert int(first.arrays["learner.iteration"]) == ITERATIONS
    for name, value in first.arrays.items():
        np.testing.assert_array_equal(value, second.arrays[name], err_msg=name)
    assert [untimed(point) for point in first.record["points"]] == [untimed(point) for point in second.record["points"]]
    times = [point["wall_s"] for point in second.record["points"]]
    assert times == sorted(times), "the clock goes on where the killed run saved it"
    policies = [load_bundle(folder / "bundle").policy_path.read_bytes() for folder in (whole, killed)]
    assert policies[0] == policies[1]


def test_the_result_names_its_figures_and_the_bundle_holds_them(trained):
    args, result = trained
    bundle = load_bundle(result["train.bundle"])
    assert bundle.id == result["train.bundle_id"]
    assert result["train.env_steps"] == 12 * 8 * 8
    assert result["train.cpu_s"] > 0.0
    assert result["train.wall_s"] > 0.0
    assert result["train.evaluation"]["episodes"] == 4
    assert bundle.info.evaluation["table_hash"] == result["train.evaluation"]["table_hash"]
    assert bundle.info.provenance["seed"] == 2
    assert bundle.info.provenance["config"]["learner"]["num_envs"] == 8
    assert json.loads((args.out / "result.json").read_text()) == json.loads(json.dumps(result))
    assert json.loads((args.out / "config.json").read_text())["config"]["learner"]["iterations"] == 12


def test_the_curve_is_json_lines_and_tensorboard(trained):
    args, result = trained
    points = [json.loads(line) for line in Path(result["train.curve"]).read_text().splitlines()]
    assert [point["iteration"] for point in points] == sorted({point["iteration"] for point in points})
    assert points[-1]["iteration"] == 12
    assert {"cost", "gradient_norm", "success_rate"} <= set(points[-1])
    times = [point["wall_s"] for point in points]
    assert times == sorted(times)
    assert 0.0 < times[0] <= times[-1] <= result["train.wall_s"]
    assert list((args.out / "tensorboard").glob("events.*"))


def test_the_bundle_holds_the_best_evaluated_weights(trained):
    _, result = trained
    evaluated = [
        json.loads(line)
        for line in Path(result["train.curve"]).read_text().splitlines()
        if "mean_steady_error_m" in line
    ]
    best = min(evaluated, key=lambda point: point["mean_steady_error_m"])
    assert result["train.best"]["iteration"] == best["iteration"]


def test_an_earlier_run_is_not_lost_by_accident(tmp_path):
    out = tmp_path / "run"
    args = {"task": "hover", "seed": 2, "out": out, "config": small_config()}
    train.run(train.Args(**args))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="--resume, replace it by --overwrite"):
        train.run(train.Args(**args))
    with pytest.raises(ConfigError, match="give one of them"):
        train.run(train.Args(**args, resume=True, overwrite=True))
    with pytest.raises(BundleError):
        train.run(train.Args(**args, overwrite=True, start_from=tmp_path / "no_bundle"))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    train.run(train.Args(**(args | {"seed": 3}), overwrite=True))
    assert json.loads((out / "result.json").read_text())["train.seed"] == 3
    assert len(list((out / "tensorboard").glob("events.*"))) == 1


def test_resuming_a_finished_run_gives_its_bundle_again(trained):
    args, result = trained
    before = load_bundle(result["train.bundle"]).policy_path.read_bytes()
    again = train.run(train.Args(task="hover", seed=2, out=args.out, resume=True, config=args.config))
    assert load_bundle(again["train.bundle"]).policy_path.read_bytes() == before
    assert again["train.iterations"] == 12


def test_a_full_disk_stops_with_one_line_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    run = TrainingRun(load_task("hover"), small_config(), 0, tmp_path)
    run.clock.start()
    run.learner.iterate()
    run.save()
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sim.files.os, "fsync", full)
    run.learner.iterate()
    with pytest.raises(StorageError, match=r"No space left on device.*free some space"):
        run.save()
    run.log.close()
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_resuming_with_other_settings_is_refused(trained):
    args, _ = trained
    with pytest.raises(ConfigError, match="seed"):
        train.run(train.Args(task="hover", seed=3, out=args.out, resume=True, config=args.config))
    with pytest.raises(ConfigError, match="rate"):
        train.run(train.Args(task="hover", seed=2, out=args.out, resume=True, config=small_config(rate=0.5)))


def test_nothing_to_resume_and_a_damaged_checkpoint_are_one_line(tmp_path):
    with pytest.raises(StorageError, match="without --resume"):
        train.run(train.Args(task="hover", out=tmp_path, resume=True, config=small_config()))
    path = tmp_path / CHECKPOINT
    save_checkpoint(path, Checkpoint({"a": np.arange(1000)}, {"n": 1}))
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"not a checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match="damaged"):
            load_checkpoint(path)


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path):
    arrays = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(7)}
    save_checkpoint(tmp_path / "c.npz", Checkpoint(arrays, {"state": {"big": 2**120}, "list": [1.5]}))
    loaded = load_checkpoint(tmp_path / "c.npz")
    assert loaded.record == {"state": {"big": 2**120}, "list": [1.5]}
    for name, value in arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name], value)
        assert loaded.arrays[name].dtype == value.dtype


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"task": "hoover"}, "hover"),
        ({"parameter_set": "l2f_v3"}, "l2f_v2"),
        ({"seed": -1}, "--seed"),
        ({"config": small_config(iterations=0)}, "learner.iterations"),
        ({"config": small_config(discount=1.0)}, "learner.discount"),
        ({"config": dataclasses.replace(small_config(), integral_leak_s=0.0)}, "integral-leak-s"),
        ({"config": dataclasses.replace(small_config(), observer_s=-0.1)}, "observer-s"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, options, named):
    out = tmp_path / "run"
    with pytest.raises(ConfigError, match=named):
        train.run(train.Args(**{"task": "hover", "out": out, "config": small_config(), **options}))
    assert not out.exists()


def test_another_airframe_has_its_own_nominal_command():
    task = load_task("hover")
    heavy = with_airframe(task, "l2f_v2")
    assert heavy.TASK.action.nominal == pytest.approx((0.806,) * 4, abs=1e-3)
    assert with_airframe(task, None) is task
    by_attitude = with_airframe(load_task("hover_attitude"), "l2f_v2").TASK.action.nominal
    assert by_attitude == pytest.approx((0.0, 0.0, 0.0, 0.68), abs=2e-3)


def test_a_task_may_ask_for_smoother_commands_and_the_user_overrules_it(tmp_path):
    def change(name, config):
        run = TrainingRun(load_task(name), config, 0, tmp_path / name)
        run.log.close()
        return run.identity["config"]["learner"]["cost"]["change"]

    config = small_config()
    for name in ("hover", "hover_attitude"):
        assert change(name, config) == load_task(name).COMMAND_CHANGE_COST > 0.1
    mine = dataclasses.replace(config.learner, cost=FlightCost(change=0.7))
    assert change("hover_attitude", dataclasses.replace(config, learner=mine)) == 0.7


def test_a_task_may_set_what_the_user_leaves_at_its_default():
    task = load_task("track")
    assert for_task(TrainConfig(), task).learner.iterations == task.TRAINING_SETTINGS["learner.iterations"]
    mine = TrainConfig(learner=AnalyticConfig(iterations=7))
    assert for_task(mine, task).learner.iterations == 7
    assert for_task(mine, task).learner.episode_windows == task.TRAINING_SETTINGS["learner.episode_windows"]
    assert for_task(for_task(mine, task), task) == for_task(mine, task)
    wrong = SimpleNamespace(TRAINING_SETTINGS={"learner.patience": 3})
    with pytest.raises(ConfigError, match="patience"):
        for_task(TrainConfig(), wrong)


@pytest.mark.slow
def test_compiled_afresh_or_from_the_cache_it_trains_to_the_same_bits(tmp_path):
    """Callees are inlined by force: else the linker may take another copy of one than at the first run."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    short = {"config.learner.iterations": "60"}
    weights = []
    for out in (tmp_path / "afresh", tmp_path / "cached"):
        subprocess.run(command(out, **short), cwd=ROOT, check=True, capture_output=True, env=environment)
        weights.append(load_checkpoint(out / CHECKPOINT).arrays["learner.parameters"].tobytes())
    assert weights[0] == weights[1]


def test_a_calibration_centres_the_run_and_its_bundle_is_for_that_robot_alone(tmp_path, capsys):
    file = tmp_path / "cf07.json"
    write_identified(file, identified(mass=0.03, thrust_over_mass=18.0, motor_rise_s=0.06, latency_s=0.015))
    args = train.Args(task="hover", seed=2, out=tmp_path / "run", config=small_config(), calibration=file)
    bundle = load_bundle(train.run(args)["train.bundle"])
    assert bundle.info.provenance["identified"]["serial"] == "cf07"
    assert bundle.info.robot.constants["mass"] == pytest.approx(0.03)
    assert json.loads((tmp_path / "run/config.json").read_text())["identified"]["serial"] == "cf07"
    with pytest.raises(ConfigError, match="made with another identified"):
        train.run(dataclasses.replace(args, calibration=None, resume=True))
    options = ["--target", "host", "--serial", "cf08"]
    assert main(["export", str(bundle.path), *options]) == 2
    assert "was trained for the robot with serial number cf07, not for cf08" in capsys.readouterr().err
    assert not (bundle.path / "c").exists()
    assert main(["run", str(bundle.path), "--uri", "sim://crazyflie", "--serial", "cf08"]) == 2
    assert "not for cf08: train it with --calibration units/cf08.json" in capsys.readouterr().err
    assert main(["run", str(bundle.path), "--uri", "radio://0/80/2M/E7E7E7E7E7", "--arm"]) == 2
    assert "with --serial cf07" in capsys.readouterr().err


def test_a_calibration_that_is_none_is_refused(tmp_path, capsys):
    assert main([*arguments(tmp_path / "run"), "--calibration", str(tmp_path / "none.json")]) == 9
    assert capsys.readouterr().err.startswith(f"error: cannot read {tmp_path / 'none.json'}: ")
    assert not (tmp_path / "run").exists()
