"""A bundle for another robot is refused wherever one is run: by every link, by the swarm; nothing moves."""

import dataclasses

import pytest

from hardware import deploy, swarm
from hardware.virtual.process import VirtualProcess
from policies.bundle import save_bundle
from sim.errors import FlightRefusedError


@pytest.fixture(scope="module")
def other(pd_bundle, tmp_path_factory):
    """The same policy, said to be another robot's."""
    info = dataclasses.replace(pd_bundle.info, robot=dataclasses.replace(pd_bundle.info.robot, name="albatross"))
    return save_bundle(tmp_path_factory.mktemp("other") / "bundle", info, pd_bundle.read_policy(), pd_bundle.golden())


def moved(robot):
    return {"armed", "motors_on"} & {event["event"] for event in robot.events()["events"]}


def test_a_crazyflie_refuses_a_bundle_for_another_robot_alone_and_in_a_swarm(pd_bundle, other, tmp_path):
    message = "robot: this is a 'crazyflie', the bundle is for 'albatross'; nothing moved"
    with VirtualProcess(options=("--bundle", str(pd_bundle.path))) as robot:
        with pytest.raises(FlightRefusedError, match=message):
            deploy.run(deploy.Args(other.path, uri=robot.uri, log=tmp_path / "log.mcap"))
        with pytest.raises(FlightRefusedError, match=message):
            swarm.run(swarm.Args(other.path, uris=(robot.uri,), logs=tmp_path))
        assert not moved(robot)
    assert not any(tmp_path.iterdir())


def test_a_robot_on_a_serial_line_refuses_a_bundle_for_another_robot(other, tmp_path):
    with VirtualProcess("serial") as robot:
        with pytest.raises(FlightRefusedError, match="this is 'crazyflie', the bundle is for 'albatross'"):
            deploy.run(deploy.Args(other.path, uri=robot.uri, log=tmp_path / "log.mcap", arm=True))
        assert not moved(robot)


def test_a_simulated_robot_refuses_a_bundle_for_another_robot(other, tmp_path):
    with pytest.raises(FlightRefusedError, match="albatross"):
        deploy.run(deploy.Args(other.path, uri="sim://crazyflie", log=tmp_path / "log.mcap"))
