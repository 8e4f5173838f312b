"""Calibration files of the published format; what is none is refused in one line."""

import io
import zipfile

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.table import CHANNELS, Table, read_table, write_table


def arrays(bins=9):
    random = np.random.default_rng(bins)
    return {"bins": np.array(bins), **{name: random.normal(size=(bins, bins, 6)) for name in CHANNELS}}


def test_a_file_of_the_published_layout_is_read(tmp_path):
    np.savez(tmp_path / "polycalib.npz", **arrays())
    table = read_table(tmp_path / "polycalib.npz")
    assert table.bins == 9
    for number, name in enumerate(CHANNELS):
        assert np.allclose(table.coefficients[:, :, number], arrays()[name])


def test_what_is_written_is_read_back(tmp_path):
    table = Table(np.random.default_rng(1).normal(size=(7, 7, 3, 6)).astype(np.float32))
    write_table(tmp_path / "t.npz", table)
    assert np.array_equal(read_table(tmp_path / "t.npz").coefficients, table.coefficients)


def _save(path, **changed):
    kept = {name: value for name, value in {**arrays(), **changed}.items() if value is not None}
    np.savez(path, **kept)


def _pickled(path):
    np.savez(path, **{**arrays(), "grad_r": np.array([{"a": 1}], dtype=object)})


def _truncated(path):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays())
    path.write_bytes(buffer.getvalue()[:-200])


def _bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.npy", bytes(80_000_000), compresslevel=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_text("hello"), "no NumPy archive"),
        (lambda path: np.save(path.open("wb"), np.zeros(3)), "no NumPy archive"),
        (_truncated, "no NumPy archive"),
        (_pickled, "no NumPy archive"),
        (_bomb, "unpacks to more"),
        (lambda path: _save(path, grad_g=None), "has no 'grad_g'"),
        (lambda path: _save(path, bins=None), "has no 'bins'"),
        (lambda path: _save(path, bins=np.array(120)), "'grad_r' is"),
        (lambda path: _save(path, bins=np.array(9.5)), "whole number"),
        (lambda path: _save(path, bins=np.array([9, 9])), "one number"),
        (lambda path: _save(path, bins=np.array(np.nan)), "whole number"),
        (lambda path: _save(path, grad_b=np.full((9, 9, 6), np.nan)), "NaN"),
        (lambda path: _save(path, grad_b=np.zeros((9, 9, 5))), "'grad_b' is"),
        (lambda path: _save(path, grad_b=np.full((9, 9, 6), "x")), "'grad_b' is"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_with_its_name(make, words, tmp_path):
    path = tmp_path / "bad.npz"
    make(path)
    with pytest.raises(ConfigError) as refused:
        read_table(path)
    assert words in str(refused.value)
    assert "bad.npz" in str(refused.value)
    assert "\n" not in str(refused.value)
