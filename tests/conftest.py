"""Settings for the whole suite: one thread per library, and skips that CI does not accept."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MUJOCO_GL", "egl")

import pytest  # noqa: E402 (the variables must be set before any library starts its threads)


def pytest_addoption(parser):
    """Hardware in the loop on a real board: tests/hil/board/conftest.py."""
    text = "a board that runs hover_attitude of the zoo, e.g. /dev/ttyACM0; tests that need an emulator are left out"
    parser.addoption("--hil-port", default="qemu", help=text)


def pytest_report_header():
    """Which of the two rclpys the tests of ROS nodes run on."""
    from hardware.ros2 import which

    return f"rclpy: {'of the sourced ROS 2' if which() == 'rclpy' else 'the runtime in hardware/ros2'}"


OPTIONAL = "not in the test requirements"
"""Reason of the skips that CI does accept: packages of an extra that `make setup` does not install."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Under SIM2METAL_REQUIRE_ALL=1 (CI) a skipped test is a failed test, but for those of optional packages."""
    outcome = yield
    report = outcome.get_result()
    refused = report.skipped and not hasattr(report, "wasxfail") and OPTIONAL not in str(report.longrepr)
    if os.environ.get("SIM2METAL_REQUIRE_ALL") == "1" and refused:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and this run requires every test: {report.longrepr}"
