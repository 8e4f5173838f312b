"""Compiled kernels are looked up by all the sources they came from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from sim.flight import compilation_cache
from sim.flight.compilation_cache import source_digest, use_cache_for

CALLER = """
from pathlib import Path
import sim.flight
from sim.flight.compilation_cache import use_cache_for
use_cache_for(Path(__file__).parent)
from numba import njit
from callee import value

@njit(cache=True)
def call():
    return value() + 1

print(call())
"""
CALLEE = "from numba import njit\n\n@njit\ndef value():\n    return {}\n"


def test_digest_follows_every_source(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("y = 1\n")
    before = source_digest(tmp_path)
    assert source_digest(tmp_path) == before
    (tmp_path / "b.py").write_text("y = 2\n")
    assert source_digest(tmp_path) != before


def test_an_edited_callee_in_another_file_is_compiled_anew(tmp_path):
    (tmp_path / "caller.py").write_text(CALLER)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    for number in (1, 2, 1):
        (tmp_path / "callee.py").write_text(CALLEE.format(number))
        printed = subprocess.run(
            [sys.executable, "-B", "caller.py"],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert int(printed) == number + 1
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.fixture
def unchanged_cache(monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    monkeypatch.setattr(compilation_cache, "_folders", set(compilation_cache._folders))


@pytest.mark.usefixtures("unchanged_cache")
def test_cache_lies_where_the_user_says_or_can_write(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    assert use_cache_for(tmp_path).parent == tmp_path / "chosen"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert use_cache_for(tmp_path).parent.name == "__pycache__"
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert use_cache_for(tmp_path).parent == tmp_path / "home" / "sim2metal"


def test_every_package_with_compiled_functions_names_its_cache():
    root = Path(__file__).parents[3]
    compiled = {
        path.parent
        for package in ("sim", "policies", "firmware_export", "hardware", "calibration")
        for path in (root / package).rglob("*.py")
        if "import njit" in path.read_text()
    }
    assert len(compiled) >= 3
    for folder in compiled:
        assert "use_cache_for(Path(__file__).parent)" in (folder / "__init__.py").read_text(), folder
