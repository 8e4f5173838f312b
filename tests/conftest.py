"""Settings for the whole suite: one thread per library, and skips that CI does not accept."""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell; children inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MUJOCO_GL", "egl")

import pytest  # noqa: E402 (the variables must be set before any library starts its threads)

LONGEST = ("tests/test_docs.py", "tests/test_benchmarks.py", "tests/policies/test_train.py")
"""What begins first, so that no processor waits in the end for one long test."""


def pytest_collection_modifyitems(items):
    """Begin with the longest; the others stay in order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def pd_bundle(tmp_path_factory):
    """A bundle that flies the Crazyflie without training."""
    from tests.support.pd_policy import build_pd_bundle  # imports torch, which many of the tests do without
    from tests.support.shared_bundles import shared_bundle

    return shared_bundle(tmp_path_factory, "pd", build_pd_bundle)


@pytest.fixture(scope="session")
def pose_bundle(tmp_path_factory):
    """A bundle that holds the G1's default pose."""
    from policies.pose import build_pose_bundle
    from tests.support.shared_bundles import shared_bundle

    return shared_bundle(tmp_path_factory, "pose", lambda folder: build_pose_bundle(folder, episodes=1))


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
