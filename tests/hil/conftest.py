"""Flights against the virtual Crazyflie with the real cflib: the bundle, the robot, the flight."""

import contextlib
import dataclasses
import os

import pytest

from hardware import deploy
from hardware.virtual.process import VirtualProcess
from sim.errors import FlightAbortedError, LinkError
from tests.hil import stalls

SHORT = {"hold": 1.5, "dwell": 0.8, "settle": 0.5}
"""A flight of a dozen seconds."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Work in a scratch folder, so that nothing a flight leaves lands in the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def bundle(pd_bundle):
    """Bundle of a hand-made policy that flies the nominal airframe."""
    return pd_bundle


def with_limits(bundle, path, **limits):
    """The same policy under other supervisor limits: another bundle, with another id."""
    from policies.bundle import save_bundle

    info = dataclasses.replace(bundle.info, limits=dataclasses.replace(bundle.info.limits, **limits))
    return save_bundle(path, info, bundle.read_policy(), bundle.golden())


@contextlib.contextmanager
def virtual_crazyflie(bundle, *options):
    """A running virtual Crazyflie with ``bundle`` on board, ahead of the test's own processes."""
    with VirtualProcess(options=("--bundle", str(bundle.path), *options)) as robot:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, robot._process.pid, -10)
        try:
            yield robot
        finally:
            with contextlib.suppress(LinkError, OSError):
                stalls.robot_slips.append(robot.events()["timing"]["slipped_s"])


def flight_args(bundle, robot, tmp_path, **options):
    return deploy.Args(bundle.path, uri=robot.uri, log=tmp_path / "flight.mcap", **{**SHORT, **options})


def fly_and_abort(args):
    """Fly; the flight must be aborted; return its result."""
    with pytest.raises(FlightAbortedError) as caught:
        deploy.run(args)
    return caught.value.result
