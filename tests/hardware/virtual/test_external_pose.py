"""A Crazyflie without a positioning deck that is told its pose from outside, by the real client library."""

import threading

import pytest

from hardware.crazyflie.link import CrazyflieLink
from hardware.virtual.process import VirtualProcess
from sim.errors import ConfigError, FlightRefusedError

PLACE = (0.4, -0.3, 0.02)


@pytest.fixture(scope="module")
def blind_robot(pd_bundle):
    with VirtualProcess(options=("--bundle", str(pd_bundle.path), "--deck", "none")) as robot:
        yield robot


@pytest.mark.parametrize("orientation", [None, (1.0, 0.0, 0.0, 0.0)])
def test_the_estimator_follows_poses_from_outside(blind_robot, pd_bundle, orientation):
    with CrazyflieLink(blind_robot.uri, external_position=True) as link:
        stop = threading.Event()

        def feed():
            while not stop.wait(0.01):
                link.send_external_pose(PLACE, orientation)

        thread = threading.Thread(target=feed)
        thread.start()
        try:
            assert all(check.passed for check in link.checks(pd_bundle))
            assert link.prepare().passed
            assert link.read().position_w == pytest.approx(PLACE, abs=0.03)
        finally:
            stop.set()
            thread.join()


def test_without_poses_the_flight_is_refused(blind_robot, monkeypatch):
    monkeypatch.setattr("hardware.crazyflie.preflight.CONVERGE_TIMEOUT_S", 2.0)
    with (
        CrazyflieLink(blind_robot.uri, external_position=True) as link,
        pytest.raises(FlightRefusedError, match="state"),
    ):
        link.prepare()


def test_a_pose_that_is_none_never_leaves(blind_robot):
    with CrazyflieLink(blind_robot.uri, external_position=True) as link, pytest.raises(ConfigError, match="none"):
        link.send_external_pose((0.0, float("nan"), 0.0))
