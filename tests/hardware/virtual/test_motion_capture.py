"""The whole path: a virtual Crazyflie without a deck, seen by virtual motion capture, flown by its policy."""

import pytest

from hardware import deploy
from hardware.virtual.process import VirtualProcess
from sim.errors import ConfigError, FlightAbortedError, FlightRefusedError, LinkError
from tests.hardware.mocap.system import free_port
from tests.hil.stalls import in_real_time


def args(robot, bundle, mocap, **changes):
    options = {"uri": robot.uri, "mocap": mocap, "hold": 60.0, "settle": 0.8, "height": 0.4, **changes}
    return deploy.Args(bundle=bundle.path, **options)


@in_real_time
def test_it_flies_by_motion_capture_and_descends_when_the_poses_stop(pd_bundle, tmp_path):
    """It hovers where a y-up system says it is, until its markers are hidden; then nobody takes off again."""
    mocap = f"natnet://127.0.0.1:{free_port()}?up=y"
    options = ("--bundle", str(pd_bundle.path), "--deck", "none", "--mocap", mocap)
    with VirtualProcess(options=(*options, "--fault", "mocap-occlusion@flying+2.5")) as robot:
        with pytest.raises(FlightAbortedError, match="external_pose_lost, safe action 'level_and_descend'") as caught:
            deploy.run(args(robot, pd_bundle, mocap, log=tmp_path / "flight.mcap"))
        events = [event["event"] for event in robot.events()["events"]]
        with pytest.raises(FlightRefusedError, match=r"streams no body 'cf1'"):
            deploy.run(args(robot, pd_bundle, mocap))
    result = caught.value.result
    assert result["flight"]["rms_error_m"] < 0.1
    assert result["mocap"]["cf1"]["accepted"] > 100
    assert "'cf1' at x" in result["checks"]["external pose"]
    assert "touchdown" in events[events.index("fault_injected") :]


def test_a_source_that_is_none_is_refused_before_the_robot_is_called(pd_bundle, monkeypatch):
    class Nowhere:
        uri = "udp://127.0.0.1:9"

    with pytest.raises(ConfigError, match="no motion capture at 'optitrak"):
        deploy.run(args(Nowhere, pd_bundle, "optitrak://127.0.0.1"))


def test_a_source_that_does_not_answer_is_refused(pd_bundle, monkeypatch):
    monkeypatch.setattr("hardware.mocap.natnet_source.ANSWER_TIMEOUT_S", 0.3)
    with (
        VirtualProcess(options=("--bundle", str(pd_bundle.path), "--deck", "none")) as robot,
        pytest.raises(LinkError, match="no NatNet server answers"),
    ):
        deploy.run(args(robot, pd_bundle, f"natnet://127.0.0.1:{free_port()}"))
