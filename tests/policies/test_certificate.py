"""The certificate of transfer: judged under every setting, kept beside its bundle, and of no other."""

import dataclasses
import json
import shutil

import pytest
from rich.console import Console

from policies import certify
from policies.bundle import CERTIFICATE_FILE, document_id, load_bundle, save_bundle
from policies.certificate import Certificate, Certified, load_certificate, save_certificate, show
from policies.strict_json import render
from sim.envs.legged import load_legged_task
from sim.errors import BundleError
from sim.legged.physics import SETTINGS, Physics
from sim2metal import main
from tests.support.untrained_bundles import untrained_bundle


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A bundle of random weights, whose Go1 all but holds its pose, by stiff gains."""
    return untrained_bundle(tmp_path_factory.mktemp("legged"), "stand", "go1")


@pytest.fixture
def bundle(untrained, tmp_path):
    """One of one's own."""
    return load_bundle(shutil.copytree(untrained.path, tmp_path / "bundle"))


@pytest.fixture
def certificate(bundle):
    rows = tuple(
        Certified(physics.name, physics.changes(), rate, rate, rate, {"velocity_error_m_s": error})
        for physics, rate, error in zip(SETTINGS, (1.0, 0.5, 0.75), (0.1, None, 0.2))
    )
    return Certificate(bundle.id, "stand", "go1", "0" * 64, 4, 0, "unknown", "4.0.0", rows)


def test_it_is_read_as_it_was_written_and_the_bundle_stays_itself(bundle, certificate):
    assert load_certificate(bundle) is None
    save_certificate(bundle, certificate)
    assert load_certificate(bundle) == certificate
    assert certificate.worst.setting == SETTINGS[1].name
    assert load_bundle(bundle.path).id == bundle.id


def test_it_is_shown_without_errors_that_no_setting_has(certificate, capsys):
    first, *_ = certificate.settings
    alike = dataclasses.replace(
        first, setting="again", errors={"velocity_error_m_s": None, "yaw_rate_error_rad_s": 0.3}
    )
    for rows, said in (
        (certificate.settings, f"worst under '{SETTINGS[1].name}': 50.0%"),
        ((first, alike), "alike under all"),
    ):
        show(dataclasses.replace(certificate, settings=rows), Console(width=200))
        assert said in capsys.readouterr().out
    still = dataclasses.replace(alike, setting="still")
    show(dataclasses.replace(certificate, settings=(alike, still)), Console(width=200))
    shown = capsys.readouterr().out
    assert "yaw rate error" in shown
    assert "velocity" not in shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.5", "0.9"), "was altered, or is of another version"),
        (lambda text: text[:200], "was altered or truncated"),
        (lambda _: "[]\n", "was altered or truncated"),
    ],
)
def test_one_that_was_altered_is_refused(bundle, certificate, change, message):
    save_certificate(bundle, certificate)
    path = bundle.path / CERTIFICATE_FILE
    path.write_text(change(path.read_text()))
    with pytest.raises(BundleError, match=f"{message}.*make it anew with sim2metal certify"):
        load_certificate(bundle)


def test_one_of_another_bundle_or_without_content_is_refused(bundle, certificate):
    save_certificate(bundle, dataclasses.replace(certificate, bundle_id="f" * 64))
    with pytest.raises(BundleError, match="is of bundle ffffffffffff, not of"):
        load_certificate(bundle)
    save_certificate(bundle, dataclasses.replace(certificate, settings=()))
    with pytest.raises(BundleError, match="says nothing"):
        load_certificate(bundle)
    path = bundle.path / CERTIFICATE_FILE
    document = json.loads(path.read_text())
    del document["certificate"]["seed"]
    document["id"] = document_id(document)
    path.write_text(render(document))
    with pytest.raises(BundleError, match="missing field 'seed'"):
        load_certificate(bundle)


def test_a_new_bundle_in_its_place_loses_the_old_certificate(bundle, certificate):
    save_certificate(bundle, certificate)
    save_bundle(bundle.path, bundle.info, bundle.read_policy(), bundle.golden())
    assert not (bundle.path / CERTIFICATE_FILE).exists()


def test_certify_judges_the_same_episodes_under_each_setting_and_eval_shows_it(bundle, tmp_path, monkeypatch, capsys):
    unable = Physics("as long as a control period", step_s=0.02, integrator="Euler")
    monkeypatch.setattr(certify, "SETTINGS", (SETTINGS[0], Physics("again"), unable))
    out = tmp_path / "out.json"
    assert main(["certify", str(bundle.path), "--episodes", "1", "--json", str(out)]) == 0
    made = load_certificate(bundle)
    usual, again, failed = made.settings
    assert dataclasses.replace(again, setting=usual.setting) == usual
    assert usual.success_rate == 1.0
    assert failed.success_rate == 0.0, "Euler's steps are too long for these gains"
    assert made.worst is failed
    assert made.table_hash == load_legged_task("stand").evaluation_table.hash()
    assert json.loads(out.read_text())["certify.bundle_id"] == bundle.id
    capsys.readouterr()
    assert main(["eval", str(bundle.path), "--episodes", "1"]) == 0
    assert "worst under 'as long as a control period': 0.0%" in capsys.readouterr().out
    (bundle.path / CERTIFICATE_FILE).write_text("{}\n")
    assert main(["eval", str(bundle.path), "--episodes", "1"]) == 0
    assert "no certificate of transfer: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--episodes", "0"], "--episodes must be at least 1, got 0"),
        (["--seed", "-1"], "--seed must be at least 0, got -1"),
        (["--threads", "0"], "--threads must be at least 1, got 0"),
    ],
)
def test_impossible_numbers_are_refused(untrained, capsys, arguments, message):
    assert main(["certify", str(untrained.path), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (untrained.path / CERTIFICATE_FILE).exists()


def test_what_flies_is_refused_and_what_is_no_bundle(tmp_path, capsys):
    assert main(["certify", str(tmp_path / "none")]) == 3
    assert "no bundle at" in capsys.readouterr().err
    flies = "policies/zoo/hover"
    assert main(["certify", flies]) == 2
    assert f"certify is for bodies on legs; {flies} is of 'hover'" in capsys.readouterr().err
