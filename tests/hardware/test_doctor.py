"""doctor: probes tell the truth and a missing package is named with its cure."""

import pytest

from hardware import doctor
from sim.errors import ToolchainError


def test_probes_agree_with_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = {package.name for package in doctor.missing_system_packages()}
    assert {"gcc-arm-none-eabi", "qemu-system-arm"} <= missing


def test_missing_system_package_is_named_with_its_cure(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = doctor.run(doctor.Args(quiet=True))
    assert "qemu-system-arm" in result["missing_system_packages"]
    assert "apt-get install qemu-system-arm" in capsys.readouterr().out


def test_missing_robot_side_package_is_an_error(monkeypatch):
    monkeypatch.setitem(doctor.PACKAGES, "robot side", ("numpy", "no-such-package"))
    with pytest.raises(ToolchainError, match="no-such-package"):
        doctor.run(doctor.Args(quiet=True))


def test_versions_are_the_installed_ones():
    import mujoco

    assert doctor.run(doctor.Args(quiet=True))["packages"]["mujoco"] == mujoco.__version__
