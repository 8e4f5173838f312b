"""Tests of the robot side run in a folder of their own, so that nothing they leave lands in the checkout."""

import pytest


@pytest.fixture(scope="session")
def pd_bundle(tmp_path_factory):
    """A bundle that flies without training."""
    from tests.support.pd_policy import build_pd_bundle  # imports torch, which few of the tests need

    return build_pd_bundle(tmp_path_factory.mktemp("pd") / "bundle")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Work in a scratch folder; MuJoCo, which logs its warnings there, must have had none to log."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "MUJOCO_LOG.TXT").exists(), (tmp_path / "MUJOCO_LOG.TXT").read_text()
