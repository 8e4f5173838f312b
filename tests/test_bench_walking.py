"""Figures of the zoo's walkers are those of bundles that are there."""

from tests.bench import bodies_walking
from tests.bench.zoo import ZOO


def test_walkers_that_are_there_are_judged_and_others_leave_their_figures_out(tmp_path):
    assert bodies_walking.measure(root=tmp_path) == {}
    (tmp_path / "velocity_go1").symlink_to(ZOO / "velocity_go1")
    figures = bodies_walking.measure(episodes=2, root=tmp_path)
    errors = {"quadruped.velocity_error", "quadruped.yaw_rate_error", "quadruped.falls"}
    assert figures.keys() == errors | {f"quadruped.share_{way}" for way in ("ahead", "aside", "turning")}
    assert 0.8 < figures["quadruped.share_ahead"] < 1.2
    assert 0.0 < figures["quadruped.velocity_error"] < 0.3
    assert figures["quadruped.falls"] in (0, 1, 2)
