"""Tests of the robot side run in a folder of their own, so that nothing they leave lands in the checkout."""

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Work in a scratch folder; MuJoCo, which logs its warnings there, must have had none to log."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "MUJOCO_LOG.TXT").exists(), (tmp_path / "MUJOCO_LOG.TXT").read_text()
