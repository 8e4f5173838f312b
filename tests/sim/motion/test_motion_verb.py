"""The verb: from a name to a clip on a robot, files in and out, figures for machines, refusals in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest

import sim2metal
from sim.motion.clip import load_clip, save_clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import GENERATORS, generate
from sim.motion.verbs.make import OF_CHANCE
from tests.support.refusal import refusal


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def motion(*words):
    assert sim2metal.main(["motion", *words]) == 0


def test_made_for_a_robot_with_figures(tmp_path, capsys):
    motion("make", "walk", "--robot", "g1", "--speed", "0.5", "--duration", "2", "--json", "walk.json")
    clip = load_clip("g1-walk.npz")
    assert (clip.character, clip.loops, clip.num_frames) == ("g1", True, 100)
    speed = np.diff(clip.root_position_w[:, 0]).mean() * clip.fps
    assert speed == pytest.approx(0.5, abs=0.02)
    figures = json.loads((tmp_path / "walk.json").read_text())
    assert figures["clip"] == "g1-walk.npz"
    assert figures["refused"] == ""
    assert figures["end_effector_m"] < 0.01
    assert "wrote g1-walk.npz" in capsys.readouterr().out


def test_files_go_round(capsys):
    motion("make", "squat", "--duration", "2", "--out", "squat.npz")
    motion("convert", "squat.npz", "--out", "squat.bvh")
    motion("convert", "squat.bvh", "--fps", "30", "--out", "again.npz")
    clip = load_clip("again.npz")
    assert (clip.fps, clip.num_frames) == (30.0, 60)
    motion("retarget", "again.npz", "--robot", "mouse")
    motion("check", "mouse-squat.npz", "--source", "again.npz", "--strict", "--json", "check.json")
    out = capsys.readouterr().out
    assert "squat (mouse)" in out
    assert "good" in out
    motion("retarget", "mouse-squat.npz", "--robot", "dinosaur", "--out", "d.npz", "--fps", "25")
    assert load_clip("d.npz").num_frames == 50


def test_motions_nobody_could_do_are_refused_when_asked_strictly(capsys, tmp_path):
    clip = generate("stand", Settings(duration_s=1.0))
    bodies = clip.body_position_w.copy()
    legs = ("pelvis", "hip", "knee", "ankle", "foot")
    upper = [k for k, name in enumerate(clip.body_names) if not name.endswith(legs)]
    bodies[:, upper, 0] += 0.5
    save_clip(replace(clip, name="lean", body_position_w=bodies), "lean.npz")
    motion("check", "lean.npz")
    out = capsys.readouterr().out
    assert "refused" in out
    assert "the first frame is not stable" in out
    message = refusal(capsys, ["motion", "check", "lean.npz", "--strict", "--json", "lean.json"])
    assert "1 of 1 motions refused: lean" in message
    assert json.loads((tmp_path / "lean.json").read_text())["lean.npz"]["stable_share"] == 0.0


def test_sheet_is_written(tmp_path):
    motion("make", "stand", "--duration", "1")
    motion("show", "stand.npz", "--figure", "stand.png", "--pictures", "2")
    assert (tmp_path / "stand.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["make", "fly"], "unknown motion 'fly'"),
        (["make", "squat", "--speed", "1"], "--speed: motion 'squat' stays"),
        (["make", "squat", "--seed", "1"], "--seed: motion 'squat' is always the same"),
        (["make", "walk", "--robot", "panda"], "robot 'panda' has no legs"),
        (["make", "walk", "--amplitude", "9"], "--amplitude 9: expected 0 to 1.5"),
        (["make", "walk", "--stature", "9"], "--stature 9: expected 0.3 to 2.5 m"),
        (["make", "walk", "--stature", "0"], "--stature 0: expected 0.3 to 2.5 m"),
        (["make", "walk", "--out", "walk.txt"], "ends in .npz"),
        (["convert", "none.bvh", "--out", "x.npz"], "none.bvh"),
        (["convert", "none.npz", "--out", "x.npz"], "no such file: none.npz"),
        (["convert", "none.npz", "--out", "x.npz", "--scale", "0.01"], "--scale and --rest-frame go with BVH"),
        (["retarget", "none.npz", "--robot", "g2"], "unknown robot 'g2'"),
        (["retarget", "none.npz", "--robot", "g1", "--iterations", "0"], "--iterations 0"),
        (["show", "none.npz", "--video", "x.gif"], "ends in .mp4"),
        (["show", "a.npz", "b.npz"], "--figure takes several"),
        (["show", "a.npz", "--pictures", "0", "--figure", "x.png"], "--pictures 0"),
        (["check", "a.npz", "b.npz", "--source", "c.npz"], "goes with one clip"),
    ],
)
def test_refusals_are_one_line_and_write_nothing(words, message, capsys, tmp_path):
    assert message in refusal(capsys, ["motion", *words])
    assert list(tmp_path.iterdir()) == []


def test_a_seed_is_taken_by_the_motions_that_it_changes():
    for name in GENERATORS:
        first, second = (generate(name, Settings(duration_s=1.0, seed=seed)).digest() for seed in (1, 2))
        assert (first != second) == (name in OF_CHANCE), name


def test_a_size_that_a_file_has_itself_is_not_taken_from_elsewhere(capsys, tmp_path):
    motion("make", "squat", "--duration", "1", "--out", "squat.npz")
    motion("convert", "squat.npz", "--out", "squat.bvh")
    for name in ("squat.npz", "squat.bvh"):
        message = refusal(capsys, ["motion", "convert", name, "--stature", "1.9", "--out", "x.npz"])
        assert f"{name}: --stature goes with AMASS-like files" in message
    assert not (tmp_path / "x.npz").exists()


def test_no_display_is_said(capsys):
    motion("make", "stand", "--duration", "1")
    assert "--figure" in refusal(capsys, ["motion", "show", "stand.npz"])
    assert "of a person" in refusal(capsys, ["motion", "check", "stand.npz", "--source", "stand.npz"])
