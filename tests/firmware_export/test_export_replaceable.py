"""``sim2metal export --replaceable-weights``: both ends of new weights by radio."""

import json
import re
import shutil

import pytest

import sim2metal
from policies.bundle import load_bundle
from policies.weights_image import WEIGHTS_FILE, WeightsImage
from tests.support.refusal import refusal


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, pytestconfig):
    zoo = pytestconfig.rootpath / "policies" / "zoo" / "hover_attitude"
    return load_bundle(shutil.copytree(zoo, tmp_path_factory.mktemp("zoo") / "bundle"))


def test_it_writes_the_code_that_takes_weights_and_the_file_to_send(bundle, monkeypatch):
    monkeypatch.setattr("policies.weights_image.LARGEST_IMAGE", 40_000)  # the zoo's policy fits 28 kB in int8 only
    assert sim2metal.main(["export", str(bundle.path), "--target", "host", "--replaceable-weights"]) == 0
    folder = bundle.path / "c"
    image = WeightsImage.from_bytes((folder / WEIGHTS_FILE).read_bytes())
    assert image.bundle_id == bundle.id
    assert f"POLICY_IMAGE_SIZE {len(image.data)}U" in (folder / "policy.h").read_text()
    assert WEIGHTS_FILE in json.loads((folder / "manifest.json").read_text())["files"]
    assert sim2metal.main(["export", str(bundle.path), "--target", "host"]) == 0
    assert not (folder / WEIGHTS_FILE).exists(), "a file that no code on board takes would mislead"
    assert load_bundle(bundle.path).id == bundle.id


def test_too_large_for_any_bank_is_refused_with_the_bytes_and_nothing_is_left(bundle, tmp_path, capsys):
    out = tmp_path / "c"
    command = ["export", str(bundle.path), "--target", "host", "--replaceable-weights", "--out", str(out)]
    error = refusal(capsys, command)
    assert re.search(r"need 3\d,\d{3} B, a bank on board holds 28,672 B", error)
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_bare_file_has_no_contract(bundle, capsys):
    policy = bundle.path / "policy.onnx"
    assert "need a bundle" in refusal(capsys, ["export", str(policy), "--target", "host", "--replaceable-weights"])
