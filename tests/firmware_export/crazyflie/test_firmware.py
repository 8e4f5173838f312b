"""The build in a user's checkout of the firmware: what is refused, and, where there is one, the real thing.

``S2M_CRAZYFLIE_FIRMWARE=PATH`` adds the tests that compile in that checkout.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_export import export
from firmware_export.crazyflie.firmware import require_checkout
from sim.errors import BundleError, ConfigError, ToolchainError
from tests.firmware_export.crazyflie import app as interface

CHECKOUT = os.environ.get("S2M_CRAZYFLIE_FIRMWARE")
HEADERS = {
    "src/modules/interface/stabilizer_types.h": "stabilizerStep_t controlModeForce velocity_body",
    "src/modules/interface/controller/controller.h": "controllerOutOfTreeInit",
    "src/modules/interface/supervisor.h": "supervisorCanFly supervisorIsFlying",
    "src/platform/interface/platform_defaults.h": "VMOTOR2THRUST3",
}


@pytest.fixture
def own_bundle(bundle, tmp_path):
    return Path(shutil.copytree(bundle.path, tmp_path / "bundle"))


@pytest.fixture
def scanner_and_parser(tmp_path, monkeypatch):
    """flex and bison, which are asked for and never run here: a machine without them will do."""
    tools = tmp_path / "scanner_and_parser"
    tools.mkdir()
    for name in ("flex", "bison"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)


@pytest.fixture
def checkout(tmp_path, scanner_and_parser):
    """What a checkout looks like from outside; its Makefile fails as a compiler does."""
    root = tmp_path / "firmware"
    contents = {
        **HEADERS,
        "tools/make/oot.mk": "",
        "vendor/FreeRTOS/tasks.c": "",
        "vendor/CMSIS/CMSIS/Core/Include/core_cm4.h": "",
        "Makefile": "%:\n\t@echo 'src/main.c:1: error: no such chip' >&2; exit 1\n",
    }
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_checkout_with_all_that_the_app_uses_is_taken(checkout):
    assert require_checkout(checkout) == checkout


def test_a_folder_that_is_none_is_refused_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(ToolchainError, match="git clone --recursive"):
        require_checkout(tmp_path / "nowhere")


def test_missing_submodules_are_named(checkout):
    shutil.rmtree(checkout / "vendor" / "FreeRTOS")
    with pytest.raises(ToolchainError, match="git submodule update --init"):
        require_checkout(checkout)


@pytest.mark.parametrize("header", HEADERS)
def test_a_firmware_that_is_too_old_is_named_by_what_it_lacks(checkout, header):
    (checkout / header).write_text("")
    with pytest.raises(ToolchainError, match=f"{HEADERS[header].split()[0]} in {header}.*release 2025.09"):
        require_checkout(checkout)


def test_a_build_that_fails_says_the_compilers_line_and_leaves_nothing(own_bundle, checkout):
    before = sorted(own_bundle.rglob("*"))
    with pytest.raises(ToolchainError, match=r"make failed.*error: no such chip"):
        export.run(export.Args(own_bundle, target=("crazyflie",), firmware=checkout))
    assert sorted(own_bundle.rglob("*")) == before


def test_a_missing_tool_is_named_before_anything_is_built(own_bundle, checkout, tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", "arm-none-eabi-gcc", "gcc"):
        (tools / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(ToolchainError, match=r"flex is not installed: run 'apt-get install flex'"):
        export.run(export.Args(own_bundle, target=("crazyflie",), firmware=checkout))


def test_a_firmware_without_the_app_is_no_wish(own_bundle, checkout):
    with pytest.raises(ConfigError, match="--target crazyflie"):
        export.run(export.Args(own_bundle, target=("host",), firmware=checkout))


def test_a_bare_onnx_file_is_no_app(bundle, tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(bundle.read_policy())
    with pytest.raises(ConfigError, match="needs a bundle"):
        export.run(export.Args(path, target=("crazyflie",)))


def test_a_policy_that_the_app_cannot_fly_leaves_no_folder(pytestconfig, tmp_path):
    zoo = pytestconfig.rootpath / "policies" / "zoo" / "hover_attitude"
    own = Path(shutil.copytree(zoo, tmp_path / "zoo", ignore=shutil.ignore_patterns("c")))
    with pytest.raises(BundleError, match="attitude_thrust"):
        export.run(export.Args(own, target=("crazyflie",)))
    assert not (own / "c").exists()


def test_the_folder_holds_every_source_that_its_build_file_names(own_bundle):
    export.run(export.Args(own_bundle, target=("crazyflie",)))
    folder = own_bundle / "c" / "crazyflie"
    wanted = re.findall(r"(\w+)\.o", (folder / "src" / "Kbuild").read_text())
    assert "s2m_app" in wanted
    assert sorted(wanted) == sorted(path.stem for path in (folder / "src").glob("*.c"))
    assert "@" not in (folder / "src" / "s2m_bundle.h").read_text()


if CHECKOUT:  # nothing to skip elsewhere

    @pytest.mark.slow
    @pytest.mark.toolchain
    def test_it_builds_in_a_real_checkout_which_stays_as_it_is(own_bundle):
        status = ["git", "-C", CHECKOUT, "status", "--short"]
        before = subprocess.run(status, check=True, capture_output=True).stdout
        sizes = export.run(export.Args(own_bundle, target=("crazyflie",), firmware=Path(CHECKOUT)))["firmware"]
        assert subprocess.run(status, check=True, capture_output=True).stdout == before
        binary = own_bundle / "c" / "crazyflie" / "cf2.bin"
        assert binary.stat().st_size == sizes["with_policy"]["flash"]
        assert 0 < sizes["with_policy"]["flash"] - sizes["stock"]["flash"] < 20_000
        assert sizes["with_policy"]["ram"] - sizes["stock"]["ram"] < 4_000
        assert sizes["with_policy"]["ccm"] <= 65_536

    STRUCTURES = {
        "setpoint_t": interface.Setpoint,
        "state_t": interface.State,
        "sensorData_t": interface.Sensors,
        "quaternion_t": interface.Quaternion,
        "attitude_t": interface.Attitude,
        "point_t": interface.Stamped,
        "setpoint_mode_t": interface.Modes,
    }

    @pytest.mark.toolchain
    def test_the_tests_own_types_are_laid_out_as_the_firmwares(bundle, tmp_path):
        """Every offset and size, asserted by the compiler for the chip on the firmware's own header."""
        lines = ["#include <stddef.h>", '#include "stabilizer_types.h"']
        for name, structure in STRUCTURES.items():
            lines.append(f'_Static_assert(sizeof({name}) == {interface.ctypes.sizeof(structure)}, "size of {name}");')
            for field, *_ in structure._fields_:
                offset = getattr(structure, field).offset
                lines.append(f'_Static_assert(offsetof({name}, {field}) == {offset}, "{name}.{field}");')
        lines += [
            f'_Static_assert(offsetof(control_t, controlMode) == {interface.Control.mode.offset}, "controlMode");',
            f'_Static_assert(offsetof(control_t, thrust) == {interface.Legacy.thrust.offset}, "thrust");',
            '_Static_assert(offsetof(control_t, normalizedForces) == 0, "normalizedForces");',
            '_Static_assert(controlModeLegacy == 0 && controlModeForce == 2, "control modes");',
            '_Static_assert(modeDisable == 0 && modeAbs == 1 && modeVelocity == 2, "set-point modes");',
        ]
        source = tmp_path / "layout.c"
        source.write_text("\n".join(lines) + "\n")
        modules = ("modules/interface", "modules/interface/lighthouse", "utils/interface", "utils/interface/lighthouse")
        folders = (*modules, "hal/interface", "drivers/interface", "config")
        includes = [f"-I{Path(CHECKOUT) / 'src' / folder}" for folder in folders]
        flags = ["-mcpu=cortex-m4", "-std=gnu11", "-fno-short-enums"]  # a computer's enumerations are int
        command = ["arm-none-eabi-gcc", *flags, *includes, "-c", source, "-o", tmp_path / "layout.o"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
