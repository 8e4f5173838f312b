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
        {"scale": 0.0},
        {"scale": float("nan")},
        {"object": "nothing.stl"},
        {"pad": "taxel_array", "markers": True},
        {"calibration": "nothing.npz"},
        {"pad": "taxel_array", "calibration": "x.npz"},
        {"background": "alone.png"},
    ],
)
def test_bad_options_are_refused(changed, tmp_path):
    from pathlib import Path

    options = {"out": tmp_path / "touch.png", **changed}
    for name in ("out", "calibration", "background"):
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


TETRAHEDRON = """v 0 0 0
v 8 0 1
v 0 8 1
v 0 0 6
f 1 3 2
f 1 2 4
f 1 4 3
f 2 3 4
"""


def test_a_mesh_file_is_pressed(tmp_path):
    (tmp_path / "corner.obj").write_text(TETRAHEDRON)
    result = run(Args(object=str(tmp_path / "corner.obj"), load=0.5, shear=(0.0, 0.0), out=tmp_path / "touch.png"))
    assert result["force_n"][2] == pytest.approx(-0.5, rel=0.05)
    assert (tmp_path / "touch.png").exists()


@pytest.mark.parametrize(
    ("content", "scale", "words"),
    [
        (TETRAHEDRON, 1.0, "--scale 0.001 is right"),
        (TETRAHEDRON.replace("f 2 3 4", "f 2 4 3"), 0.001, "negative outside of it: close its surface, and turn"),
        ("hello", 0.001, "no mesh of a solid"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", 0.001, "no mesh of a solid"),
    ],
)
def test_a_bad_mesh_file_is_refused_in_one_line_with_its_name(content, scale, words, tmp_path):
    (tmp_path / "bad.obj").write_text(content)
    with pytest.raises(ConfigError, match=words) as refused:
        run(Args(object=str(tmp_path / "bad.obj"), scale=scale, out=tmp_path / "touch.png"))
    assert "bad.obj" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "touch.png").exists()
