"""``sim2metal hil``: episodes in MuJoCo with the policy on a board, compared with onnxruntime at every step."""

import dataclasses
import json

import numpy as np
import pytest

import sim2metal
from firmware_export.hil import verb
from firmware_export.hil.campaign import Campaign
from firmware_export.hil.parity import ParityWatch
from firmware_export.verify import ParityError
from policies.bundle import save_bundle
from policies.evaluate import evaluate
from policies.evaluator import MINIMUM_THRUST_TO_WEIGHT
from policies.runtime import OnnxPolicy
from sim.envs.task import load_flight_task
from sim.errors import ConfigError, LinkError, ToolchainError, VerificationError
from sim.randomization import sample
from tests.hil.board.conftest import ZOO, emulated

pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def result(hil_port, tmp_path_factory):
    """What the verb wrote for two episodes."""
    folder = tmp_path_factory.mktemp("hil")
    arguments = ["hil", str(ZOO), "--port", hil_port, "--episodes", "2", "--dump", str(folder / "worst.npz")]
    assert sim2metal.main([*arguments, "--json", str(folder / "hil.json")]) == 0
    assert not (folder / "worst.npz").exists()
    return json.loads((folder / "hil.json").read_text())


def test_every_step_of_every_episode_equals_onnxruntime(result, zoo):
    steps = load_flight_task(zoo.info.task).TASK.control_steps
    assert (result["hil.episodes"], result["hil.steps"]) == (2, 2 * steps)
    assert 0.0 < result["hil.max_relative_err"] <= 1e-5
    assert 0.0 < result["hil.max_abs_err"] <= 1e-5 * max(np.subtract(zoo.info.action.high, zoo.info.action.low))
    assert result["passed"]


def test_the_board_flies_as_onnxruntime_does(result, onnx):
    task = load_flight_task(onnx.bundle.info.task)
    airframe = onnx.bundle.info.robot.parameter_set
    assert result["hil.success"] == evaluate(onnx, task, 2, 1000, parameter_set=airframe, threads=1).success_rate


def test_what_it_took_is_measured(result, hil_port):
    cost = result["hil.instructions_max"] if hil_port == "qemu" else result["hil.cycles_max"]
    if cost is None:
        assert hil_port.startswith("socket://"), "only an emulator behind TCP may have no counter"
        cost = 20_000
    assert 10_000 < cost < 100_000, "64-64 units and 41 features are 7,000 multiply-adds"
    assert 100 < result["hil.stack_bytes"] < 2048
    assert 0.0 < result["hil.latency_median_ms"] <= result["hil.latency_p99_ms"]
    assert result["hil.self_test_error"] < 1e-5
    assert result["hil.overruns"] == result["hil.periods"] == 0


def test_a_broken_bound_names_the_step_and_keeps_it(hil_port, onnx, tmp_path, monkeypatch):
    task = load_flight_task(onnx.bundle.info.task)
    monkeypatch.setattr(type(task.TASK), "control_steps", 60)
    dump = tmp_path / "worst.npz"
    words = r"off by .* of its range at episode 0, step \d+, bound 1e-09.*worst\.npz"
    with pytest.raises(ParityError, match=words) as caught:
        verb.run(verb.Args(ZOO, port=hil_port, episodes=1, bound=1e-9, dump=dump))
    result = caught.value.result
    assert not result["passed"]
    kept = np.load(dump)
    assert (kept["episode"], kept["step"]) == (result["hil.worst_episode"], result["hil.worst_step"])
    first = np.array([kept["step"] == 0])
    again, _ = onnx.step(kept["observation"][None], kept["state"][None], first)
    np.testing.assert_allclose(again[0], kept["action_onnx"], atol=1e-7)
    span = np.subtract(onnx.bundle.info.action.high, onnx.bundle.info.action.low)
    error = np.abs(kept["action_board"].astype(float) - kept["action_onnx"].astype(float)) / span
    assert error.max() == pytest.approx(result["hil.max_relative_err"]) == kept["relative"]


def test_more_episodes_than_slots_fly_in_rounds(board, onnx, monkeypatch):
    monkeypatch.setattr("firmware_export.hil.campaign.capacity", lambda boards: 2)
    task = load_flight_task(onnx.bundle.info.task)
    monkeypatch.setattr(type(task.TASK), "control_steps", 51)
    progress = []
    findings = Campaign([board], onnx, task, progress=progress.append).fly(5, seed=3)
    assert [evaluation.episodes for evaluation in findings.evaluations] == [2, 2, 1]
    assert findings.episodes == len(findings.success) == 5
    assert sum(progress) == findings.watch.steps == 5 * 51
    assert findings.watch.worst.episode in range(5)
    assert findings.watch.worst.relative < 1e-5


@pytest.mark.emulator
def test_airframes_that_cannot_hover_are_replaced(board, zoo, monkeypatch):
    """One in seven of this parameter set; drawn one at a time, as in real time."""
    monkeypatch.setattr("firmware_export.hil.campaign.capacity", lambda boards: 1)
    task = load_flight_task(zoo.info.task)
    monkeypatch.setattr(type(task.TASK), "control_steps", 51)
    heavy = dataclasses.replace(zoo.info, robot=dataclasses.replace(zoo.info.robot, parameter_set="l2f_v2"))
    seed = next(s for s in range(1000) if not can_hover(task, "l2f_v2", s))
    findings = Campaign([board], OnnxPolicy(dataclasses.replace(zoo, info=heavy)), task).fly(2, seed)
    assert findings.episodes == 2
    assert findings.left_out >= 1


def can_hover(task, parameter_set, seed):
    drawn = sample(task.EVALUATION_TABLE, task.ROBOT.parameters(parameter_set), np.random.default_rng(seed), 1)
    return drawn.thrust_to_weight[0] >= MINIMUM_THRUST_TO_WEIGHT


def test_the_watch_finds_one_wrong_action_among_many(onnx, observations):
    """Flight 5 of 3 + 4, step 2, by 2e-3 of one channel's range; then a NaN beside a number."""
    watch, rows = ParityWatch(onnx), observations[:4, :4]
    info = onnx.bundle.info
    state = np.zeros((4, onnx.state_size), np.float32)
    watch.begin(4, first_episode=3)
    for step in range(4):
        action, state = onnx.step(rows[:, step], state, np.full(4, step == 0))
        if step == 2:
            action[2, 1] += 2e-3 * (info.action.high[1] - info.action.low[1])
        watch.compare(rows[:, step], action)
    assert (watch.worst.episode, watch.worst.step) == (5, 2)
    assert watch.worst.relative == pytest.approx(2e-3, rel=1e-2)
    assert watch.absolute == pytest.approx(2e-3 * (info.action.high[1] - info.action.low[1]), rel=1e-2)
    action, state = onnx.step(rows[:, 0], state, np.zeros(4, bool))
    action[0, 0] = np.nan
    watch.compare(rows[:, 0], action)
    assert (watch.worst.episode, watch.worst.relative) == (3, np.inf)


# What is refused ------------------------------------------------------------------------------


@pytest.mark.emulator
def test_a_board_with_another_bundle_is_refused_with_the_command_that_flashes(zoo, foreign_image):
    with emulated(foreign_image) as running:
        expected = (
            r"holds bundle c3c3c3c3c3c3, not cac7c5bc7fba; flash it: sim2metal export .*objcopy.*st-flash.*0x8000000"
        )
        with pytest.raises(VerificationError, match=expected):
            verb.run(verb.Args(ZOO, port=running.port, episodes=1))


@pytest.mark.emulator
def test_a_board_that_fails_its_self_test_never_flies(wrong_image, monkeypatch):
    monkeypatch.setattr("firmware_export.hil.verb.Campaign", None)
    with emulated(wrong_image) as running, pytest.raises(VerificationError, match="1 values of the golden self-test"):
        verb.run(verb.Args(ZOO, port=running.port, episodes=1))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"port": "/dev/nowhere"}, LinkError, "no serial port /dev/nowhere"),
        ({"port": "ftp://board"}, ConfigError, "malformed port 'ftp://board'"),
        ({"port": "socket://127.0.0.1"}, ConfigError, "expected qemu, a device"),
        ({"port": ""}, ConfigError, "malformed port"),
        ({"port": "/dev/ttyACM0", "emulators": 2}, ConfigError, "--emulators goes with --port qemu"),
        ({"episodes": 0}, ConfigError, "--episodes 0: at least 1"),
        ({"emulators": 99}, ConfigError, "--emulators 99: 1 to 4"),
        ({"bound": float("nan")}, ConfigError, "--bound nan"),
        ({"late": 2.0}, ConfigError, "--late 2.0"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_built(options, error, words, monkeypatch):
    monkeypatch.setattr("firmware_export.hil.devices.build_target", None)
    with pytest.raises(error, match=words):
        verb.run(verb.Args(ZOO, **options))


def test_a_bundle_that_is_not_flown_is_refused(zoo, tmp_path):
    stand = save_bundle(tmp_path / "b", dataclasses.replace(zoo.info, task="pose"), zoo.read_policy(), zoo.golden())
    with pytest.raises(ConfigError, match="unknown task 'pose'"):
        verb.run(verb.Args(stand.path, episodes=1))


@pytest.mark.emulator
def test_a_missing_emulator_is_named_with_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolchainError, match="not installed"):
        verb.run(verb.Args(ZOO, episodes=1))
