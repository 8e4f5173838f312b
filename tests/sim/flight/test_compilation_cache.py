"""Compiled kernels are looked up by all the sources they came from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from sim.flight import compilation_cache
from sim.flight.compilation_cache import kernel_sources, source_digest, use_cache_for

ROOT = Path(__file__).parents[3]
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
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    for file in files:
        file.write_text("x = 1\n")
    before = source_digest(files)
    assert source_digest(files[::-1]) == before
    files[1].write_text("x = 2\n")
    assert source_digest(files) != before


PROJECT = {
    "sim/kernel.py": "import numba\nfrom sim.deep import (\n    constant,\n)\nfrom sim import beside\n",
    "sim/deep/__init__.py": "import sim.deeper\nconstant = 1\n",
    "sim/deeper.py": "",
    "sim/beside.py": "",
    "sim/caller.py": "from sim.kernel import f\nfrom sim.talk import words\n",
    "sim/talk.py": "words = 'this one only speaks of numba'\n",
}


def test_kernels_are_made_of_what_they_import_and_not_of_what_calls_them(tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(path.relative_to(tmp_path)) for path in kernel_sources(tmp_path, ("sim",))}
    assert found == {"sim/kernel.py", "sim/deep/__init__.py", "sim/deeper.py", "sim/beside.py"}


def test_every_process_uses_the_same_cache_whatever_it_imports_first():
    """Else each verb compiles the kernels anew that others have compiled."""
    folders = set()
    for first in ("sim.flight", "sim.tactile.kernels.force", "policies.learners.window"):
        code = f"import {first}, numba; print(numba.config.CACHE_DIR)"
        command = [sys.executable, "-c", code]
        folders.add(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert len(folders) == 1


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
    monkeypatch.setattr(compilation_cache, "_strangers", set(compilation_cache._strangers))


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
    compiled = {
        path.parent
        for package in ("sim", "policies", "firmware_export", "hardware", "calibration")
        for path in (ROOT / package).rglob("*.py")
        if "import njit" in path.read_text()
    }
    assert len(compiled) >= 3
    for folder in compiled:
        assert "use_cache_for(Path(__file__).parent)" in (folder / "__init__.py").read_text(), folder
