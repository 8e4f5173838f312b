"""``sim2metal touch``: a figure and the numbers in it; mistakes are one line and leave nothing behind."""

import io

import pytest
from PIL import Image

from sim.errors import ConfigError, StorageError
from sim.tactile.verb import Args, run


@pytest.mark.parametrize(("pad", "width"), [("gelsight_r15", 1300), ("taxel_array", 850)])
def test_it_writes_a_picture_and_says_the_forces(pad, width, tmp_path, capsys):
    out = tmp_path / "touch.png"
    result = run(Args(pad=pad, object="brick", load=1.5, shear=(0.1, 0.0), out=out))
    assert result["force_n"][2] == pytest.approx(-1.5, rel=0.05)
    assert result["force_n"][0] > 0.1
    assert f"{-result['force_n'][2]:.2f} N down" in capsys.readouterr().out
    picture = Image.open(io.BytesIO(out.read_bytes()))
    assert picture.width > width
    assert len(picture.convert("RGB").getcolors(1 << 20)) > 500


@pytest.mark.parametrize(
    "changed",
    [
        {"pad": "gelsite"},
        {"object": "bal"},
        {"load": 0.0},
        {"load": float("nan")},
        {"load": 1e9},
        {"shear": (float("nan"), 0.0)},
        {"place": (100.0, 0.0)},
        {"twist": 1e9},
        {"out": "touch.txt"},
        {"calibration": "nothing.npz"},
        {"pad": "taxel_array", "calibration": "x.npz"},
    ],
)
def test_bad_options_are_refused(changed, tmp_path):
    from pathlib import Path

    options = {"out": tmp_path / "touch.png", **changed}
    for name in ("out", "calibration"):
        if name in options:
            options[name] = tmp_path / Path(options[name]).name
    with pytest.raises(ConfigError) as refused:
        run(Args(**options))
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        run(Args(out=tmp_path / "file" / "touch.png"))
