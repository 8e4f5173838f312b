"""Compiled kernels are looked up by the sources they came from."""

from __future__ import annotations

import numba

import sim.flight
from sim.flight.compilation_cache import source_digest, use_cache_of_these_sources


def test_digest_follows_every_source(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("y = 1\n")
    before = source_digest(tmp_path)
    assert source_digest(tmp_path) == before
    (tmp_path / "b.py").write_text("y = 2\n")
    assert source_digest(tmp_path) != before


def test_numba_caches_in_the_folder_of_these_sources(monkeypatch, tmp_path):
    assert source_digest() in numba.config.CACHE_DIR
    monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert use_cache_of_these_sources().parent == tmp_path
    assert sim.flight.__doc__
