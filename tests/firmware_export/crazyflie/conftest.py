"""Fixtures: the app around a policy that does what a test says, alone in its memory."""

import math
import shutil

import pytest

from firmware_export.onnx_to_c.tables import literal
from sim.tasks.hover import NOMINAL
from tests.firmware_export.crazyflie.app import PROBE, Firmware, build_app

BUDGET_US = 10_000
TILT_DEG = 70.0
FULL_N = 0.12
"""``THRUST_MAX`` in ``firmware/interface.h``."""


def probe_values():
    return {
        "CONTROL_PERIOD_MS": "10",
        "HOVER_COMMAND": "0.7f",
        "SLEW_PER_S": "100.0f",
        "TILT_LIMIT_COS": literal(math.cos(math.radians(TILT_DEG))),
        "THRUST_CURVE": ", ".join(map(literal, NOMINAL.thrust_curve)),
    }


@pytest.fixture(scope="session")
def bundle(pd_bundle):
    """Of a policy that needs no training and flies the nominal airframe."""
    return pd_bundle


@pytest.fixture(scope="module")
def probe_library(tmp_path_factory):
    return build_app(tmp_path_factory.mktemp("app") / "probe.so", PROBE, probe_values())


@pytest.fixture
def firmware(probe_library, tmp_path):
    """A fresh copy: the app's memory is static, and a library that is loaded twice is one."""
    copy = shutil.copy(probe_library, tmp_path / "app.so")
    firmware = Firmware(copy)
    assert firmware.start()
    return firmware


@pytest.fixture
def flying(firmware):
    """In the air with the policy, a fresh set-point where it is."""
    return firmware.take_off()
