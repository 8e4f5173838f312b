"""doctor: probes tell the truth and a missing package is named with its cure."""

import pytest

from hardware import doctor
from hardware.usb_devices import CRAZYFLIE, CRAZYRADIO, find_devices
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


def test_everything_is_in_the_table(capsys):
    doctor.run(doctor.Args())
    shown = capsys.readouterr().out
    for what in ("cyclonedds", "rosbags", "Crazyradio", "Crazyflie on USB", "serial ports", "SCHED_FIFO", "ROS 2"):
        assert what in shown


def usb(folder, name, **files):
    (folder / name).mkdir(parents=True)
    for file, text in files.items():
        (folder / name / file).write_text(text + "\n")


def test_a_dongle_is_found_and_its_rights_are_seen(tmp_path, monkeypatch):
    sysfs, nodes = tmp_path / "sys", tmp_path / "dev"
    usb(sysfs, "1-1", idVendor="1915", idProduct="7777", busnum="1", devnum="7")
    usb(sysfs, "1-2", idVendor="0483", idProduct="5740", busnum="1", devnum="8")
    usb(sysfs, "1-1:1.0", bInterfaceClass="ff")
    (device,) = find_devices(CRAZYRADIO, sysfs, nodes)
    assert device.node == nodes / "001" / "007"
    assert not device.allowed, "there is no such file"
    device.node.parent.mkdir(parents=True)
    device.node.touch()
    assert device.allowed
    monkeypatch.setattr(doctor, "find_devices", lambda kind: find_devices(kind, sysfs, nodes))
    assert doctor._usb(CRAZYRADIO) == "1 found"
    assert "udev rule" in doctor._usb(CRAZYFLIE)


def test_versions_are_the_installed_ones():
    import mujoco

    assert doctor.run(doctor.Args(quiet=True))["packages"]["mujoco"] == mujoco.__version__


def test_large_packages_for_few_are_offered_not_installed(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = doctor.run(doctor.Args())
    said = capsys.readouterr().out
    assert "gcc-riscv64-unknown-elf" in said
    assert "optional" in said
    assert not {package.name for package in doctor.OPTIONAL_PACKAGES} & set(result["missing_system_packages"])
