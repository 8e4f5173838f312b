"""The built wheel and sdist hold what they should and the wheel starts."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return out


def test_wheel_leaves_tests_and_ros_out_and_keeps_data(built):
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    folders = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert folders == {"sim2metal.py", "sim", "policies", "firmware_export", "hardware", "calibration"}
    assert "sim/robots/crazyflie/crazyflie.xml" in names
    assert any(name.startswith("firmware_export/targets/stm32f405/") for name in names)


def test_sdist_holds_tests_and_docs(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
    folders = {Path(name).parts[1] for name in names if len(Path(name).parts) > 1}
    assert {"tests", "docs", "Makefile", "requirements.lock"} <= folders


def test_wheel_starts_from_an_empty_place(built, tmp_path):
    target = tmp_path / "site"
    wheel = str(next(built.glob("*.whl")))
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), wheel]
    subprocess.run(install, check=True, capture_output=True)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import sim2metal, sim; print(sim.__file__); sim2metal.main([])"
    result = subprocess.run(
        [sys.executable, "-c", code, str(target)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith(str(target))
    assert "usage: sim2metal VERB" in result.stdout
