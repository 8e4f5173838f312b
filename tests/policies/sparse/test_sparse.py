"""From nothing to a character that follows three poses, by the commands; the zoo's bundles are as good as they say."""

import json
from pathlib import Path

import numpy as np
import pytest

import policies
import sim2metal
from policies.bundle import load_bundle
from policies.sparse.bundle import INFO_FILE, SparseBundle
from policies.sparse.verbs.judge import judged
from sim.errors import BundleError
from sim.motion.clip import load_clip, save_clip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.retarget import retarget
from tests.bench import bodies_sparse
from tests.support.refusal import refusal

ZOO = Path(policies.__file__).parent / "zoo"
BUNDLES = sorted(path.parent for path in ZOO.glob(f"*/{INFO_FILE}"))
TINY = ["--clips", "3", "--held-out", "2", "--duration-s", "1", "--epochs", "2", "--hidden", "8", "--copies", "1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparse") / "mouse"
    assert sim2metal.main(["sparse", "train", "--robot", "mouse", "--out", str(folder), *TINY]) == 0
    return folder


def test_a_run_leaves_figures_motions_and_a_bundle(run):
    result = json.loads((run / "result.json").read_text())
    bundle = SparseBundle(run / "bundle")
    assert result["train.bundle_id"] == bundle.id
    assert bundle.info.evaluation == result["train.evaluation"]
    assert set(bundle.info.evaluation["kinds"]) == {"dance", "wave"}
    assert len(list((run / "motions" / "learnt").iterdir())) == 3


def test_the_same_seed_gives_the_same_weights_and_made_motions_are_read(run, tmp_path):
    again = tmp_path / "again"
    (again).mkdir()
    (run / "motions").rename(again / "motions")
    before = {path: path.stat().st_mtime_ns for path in again.rglob("*.npz")}
    assert sim2metal.main(["sparse", "train", "--robot", "mouse", "--out", str(again), *TINY]) == 0
    (again / "motions").rename(run / "motions")
    assert all((run / path.relative_to(again)).stat().st_mtime_ns == time for path, time in before.items())
    assert SparseBundle(again / "bundle").info.evaluation["error_m"] == pytest.approx(
        SparseBundle(run / "bundle").info.evaluation["error_m"], abs=0.0
    )


def test_a_finished_run_is_not_replaced_unasked(run, capsys):
    message = refusal(capsys, ["sparse", "train", "--robot", "mouse", "--out", str(run), *TINY])
    assert "--overwrite" in message


def test_robots_without_head_or_hands_are_refused_before_anything_is_made(tmp_path, capsys):
    message = refusal(capsys, ["sparse", "train", "--robot", "go1", "--out", str(tmp_path / "run")])
    assert "no frame that follows a person's 'head'" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("noise-position-m", "nan", "--noise-position-m must be at least 0, got nan"),
        ("noise-turn-rad", "-1", "--noise-turn-rad must be at least 0"),
        ("learning-rate", "0", "--learning-rate must be positive"),
        ("learning-rate", "1e30", ": lower --learning-rate 1e+30"),
    ],
)
def test_settings_that_no_fit_survives_are_refused_and_the_old_bundle_stays(run, capsys, option, value, message):
    before = SparseBundle(run / "bundle").id
    again = ["sparse", "train", "--robot", "mouse", "--out", str(run), "--overwrite", *TINY, f"--{option}={value}"]
    assert message in refusal(capsys, again)
    assert SparseBundle(run / "bundle").id == before


def test_what_was_altered_or_is_a_policy_is_refused(run, tmp_path, capsys):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for path in (run / "bundle").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    assert SparseBundle(bundle).robot == "mouse"
    (bundle / INFO_FILE).write_text((bundle / INFO_FILE).read_text().replace('"mouse"', '"g1"'))
    with pytest.raises(BundleError, match="was altered"):
        SparseBundle(bundle)
    (bundle / INFO_FILE).write_bytes((run / "bundle" / INFO_FILE).read_bytes())
    (bundle / "policy.onnx").write_bytes(b"nothing")
    with pytest.raises(BundleError, match=r"policy\.onnx was altered"):
        SparseBundle(bundle)
    with pytest.raises(BundleError, match=r"sparse\.json is missing"):
        SparseBundle(ZOO / "hover")
    with pytest.raises(BundleError, match="not a bundle"):
        load_bundle(run / "bundle")
    assert "sparse.json is missing" in refusal(capsys, ["sparse", "judge", str(tmp_path / "none")])


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_the_zoos_characters_follow_a_motion_that_was_not_learnt(path, tmp_path):
    save_clip(generate("wave", Settings(2.0, 50.0)), tmp_path / "wave.npz")
    out, figures = tmp_path / "out.npz", tmp_path / "figures.json"
    command = ["sparse", "follow", str(path), str(tmp_path / "wave.npz"), "--out", str(out), "--json", str(figures)]
    assert sim2metal.main(command) == 0
    clip, found = load_clip(out), json.loads(figures.read_text())
    assert (clip.character, clip.fps, clip.num_frames) == (SparseBundle(path).robot, 60.0, 120)
    assert clip.contact.mean() > 0.9
    assert found["error_m"] < 0.05
    assert found["foot_slip_m_s"] < 0.05
    assert np.isfinite(found["rate_hz"])


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_the_readme_says_what_it_earned_and_how_to_rebuild_it(path):
    bundle = SparseBundle(path)
    earned, seed = bundle.info.evaluation, bundle.info.provenance["seed"]
    (row,) = (line for line in (ZOO / "README.md").read_text().splitlines() if line.startswith(f"| `{path.name}` |"))
    command = f"sim2metal sparse train --robot {bundle.robot} --seed {seed} --out runs/{path.name}"
    assert f"{command} --bundle policies/zoo/{path.name}`" in row
    assert f"| {100 * earned['error_m']:.1f} cm | {100 * earned['error_p95_m']:.1f} cm |" in row
    assert earned["error_m"] < 0.05
    assert bundle.info.provenance["commit"] != "unknown"
    assert sum(file.stat().st_size for file in path.iterdir()) < 450_000


def test_there_are_three_characters():
    assert [SparseBundle(path).robot for path in BUNDLES] == ["dinosaur", "g1", "mouse"]


def test_other_motions_than_those_of_the_training_judge_it(run):
    bundle = SparseBundle(run / "bundle")
    found = judged(bundle, 2, 5, 1.0)
    assert found["frames"] == 120
    assert found["error_m"] != bundle.info.evaluation["error_m"]
    assert found["joint_limit_violations"] == 0
    bundle.info.provenance["config"]["noise_position_m"] = 0.05
    assert judged(bundle, 2, 5, 1.0)["error_m"] != found["error_m"], "trackers' noise is on the poses"


def test_the_benchmark_takes_the_worst_of_the_characters(run):
    assert bodies_sparse.measure(zoo=run / "motions") == {}
    figures = bodies_sparse.measure(motions=1, duration_s=1.0, zoo=run)
    assert figures["sparse.error_m"] == figures["sparse.mouse.error_m"] > 0.0
    assert figures["sparse.rate_hz"] == figures["sparse.mouse.rate_hz"] > 0.0


def test_motions_without_head_or_with_numbers_that_are_none_are_refused(run, tmp_path, capsys):
    bundle = str(run / "bundle")
    person = generate("stand", Settings(1.0))
    save_clip(retarget(person, "go1"), tmp_path / "trot.npz")
    out = tmp_path / "out.npz"
    message = refusal(capsys, ["sparse", "follow", bundle, str(tmp_path / "trot.npz"), "--out", str(out)])
    assert "has no 'head': three poses are needed" in message
    save_clip(person, tmp_path / "person.npz")
    with np.load(tmp_path / "person.npz") as data:
        values = dict(data)
    values["body_position_w"][3, 2, 1] = np.nan
    np.savez(tmp_path / "broken.npz", **values)
    message = refusal(capsys, ["sparse", "follow", bundle, str(tmp_path / "broken.npz"), "--out", str(out)])
    assert "frame 3" in message
    assert not out.exists()
