"""A minute of hover from the ground, and links, batteries and kicks worse than asked for."""

import numpy as np
import pytest

from tests.support.offboard import Ground


def test_it_takes_off_and_hovers_for_a_minute_over_a_bad_radio():
    ground = Ground("delay=10", "packet-loss=5")
    ground.arm()
    ground.fly(64.0)
    assert ground.distance(60.0).max() < 0.15
    assert np.median(ground.distance(60.0)) < 0.03
    assert ground.robot.supervisor.armed
    assert ground.robot.events.counters["lost_uplink"] > 50


@pytest.mark.parametrize(
    "faults",
    [(), ("delay=25", "jitter=10", "packet-loss=10"), ("delay=10", "packet-loss=5", "battery-sag=0.5@flying+2")],
    ids=["perfect link", "worse than asked for", "battery sags"],
)
def test_other_links_and_a_weak_battery(faults):
    ground = Ground(*faults, seed=3)
    ground.arm()
    ground.fly(8.0)
    assert ground.distance(3.0).max() < 0.2


def test_a_kick_is_caught():
    ground = Ground("delay=10", "packet-loss=5", "kick=40@flying+4")
    ground.arm()
    ground.fly(10.0)
    assert ground.robot.supervisor.armed
    assert ground.distance(2.0).max() < 0.2
