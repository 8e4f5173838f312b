import numpy as np
import pytest

from sim.randomization import sample
from sim.registry import load_task
from sim.robots.crazyflie.robot import L2F_PAPER, L2F_V2
from sim.tasks import hover

N = 40_000


@pytest.fixture(scope="module")
def start():
    return hover.sample_start(np.random.default_rng(2), N)


@pytest.fixture(scope="module")
def at_target(start):
    return np.all(start[:, :3] == 0.0, axis=1)


def tilt_cosine(state):
    return 1.0 - 2.0 * (state[:, 4] ** 2 + state[:, 5] ** 2)


def test_one_start_in_ten_is_at_the_target_at_rest_and_level(start, at_target):
    assert at_target.mean() == pytest.approx(0.1, abs=0.006)
    assert np.all(start[at_target, :13] == np.array([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))


def test_the_other_starts_fill_the_published_ranges(start, at_target):
    moving = start[~at_target].astype(np.float64)
    for columns, limit in ((slice(0, 3), 0.2), (slice(7, 10), 1.0), (slice(10, 13), 1.0)):
        values = moving[:, columns]
        assert np.abs(values).max() <= limit
        assert values.std(axis=0) == pytest.approx([limit / np.sqrt(3.0)] * 3, rel=0.02)
        assert np.abs(values.mean(axis=0)).max() < 0.02 * limit


def test_rotors_start_at_mid_range(start):
    assert np.all(start[:, 13:] == 0.5)


def test_attitude_is_uniform_on_so3_up_to_90_degrees_of_tilt(start, at_target):
    moving = start[~at_target].astype(np.float64)
    assert np.linalg.norm(moving[:, 3:7], axis=1) == pytest.approx(1.0, abs=1e-6)
    cosine = tilt_cosine(moving)  # uniform on the sphere: the cosine is uniform on (0, 1)
    assert cosine.min() > 0.0
    assert np.histogram(cosine, bins=10, range=(0, 1))[0] / len(cosine) == pytest.approx([0.1] * 10, abs=0.008)
    w, x, y, z = moving[:, 3:7].T
    heading = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    assert np.histogram(heading, bins=8, range=(-np.pi, np.pi))[0] / len(heading) == pytest.approx(
        [1 / 8] * 8, abs=0.01
    )


def test_published_code_bounds_the_whole_rotation_angle():
    start = hover.sample_start(np.random.default_rng(2), 5000, any_heading=False)
    angle = 2.0 * np.arccos(np.clip(start[:, 3].astype(np.float64), -1.0, 1.0))
    assert angle.max() <= np.pi / 2 + 1e-6
    assert angle.max() > 0.98 * np.pi / 2
    assert tilt_cosine(start).min() > -1e-6


def test_starts_are_reproducible():
    again = [hover.sample_start(np.random.default_rng(4), 50) for _ in range(2)]
    assert np.array_equal(*again)
    assert not np.array_equal(again[0], hover.sample_start(np.random.default_rng(5), 50))


def test_reward_is_two_at_the_target_and_falls_with_each_cost():
    rest = np.zeros((1, 17))
    rest[0, 3] = 1.0
    nominal = np.array([hover.TASK.action.nominal])
    assert hover.reward(rest, nominal) == pytest.approx([2.0])
    moved = rest.copy()
    moved[0, 0] = 0.1
    assert hover.reward(moved, nominal) == pytest.approx([2.0 - 0.5 * 40 * 0.01])
    fast = rest.copy()
    fast[0, 8] = 0.5
    assert hover.reward(fast, nominal) == pytest.approx([2.0 - 0.5 * 0.25])
    turned = rest.copy()
    turned[0, 3:7] = (np.cos(0.3), np.sin(0.3), 0, 0)
    assert hover.reward(turned, nominal) == pytest.approx([2.0 - 2.5 * np.sin(0.3) ** 2])
    assert hover.reward(rest, nominal + 0.1) == pytest.approx([2.0 - 0.5 * 4 * 0.04])


def test_termination_is_the_published_box():
    state = np.zeros((4, 17))
    state[1, 2], state[2, 0] = 0.59, -0.61
    state[3, 5] = np.nan
    assert hover.terminated(state).tolist() == [False, False, True, True]


def test_evaluation_table_is_the_committed_one():
    """Change this hash only together with every judged figure in the documentation."""
    assert hover.EVALUATION_TABLE.hash() == "fb6693be2503012964b6a08aaaef7f446d7877fbfb6617ae03dbe3527a72763f"


def test_evaluation_table_covers_what_is_judged():
    names = {term.parameter for term in hover.EVALUATION_TABLE.terms}
    assert names == {
        "mass", "thrust", "motor_rise_s", "motor_fall_s", "motor_gain", "inertia", "torque_per_thrust",
        "centre_of_mass_xy", "centre_of_mass_z", "battery_voltage", "battery_sag", "dead_zone",
        "rotor_drag", "rotor_radius_m", "floor_height_w",
        "action_delay_s", "action_jitter_s", "observation_delay_s", "control_period", "control_period_jitter",
        "gyro_bias_b", "attitude_bias_b", "estimator_period_s", "estimator_delay_s",
        "force_per_weight", "torque_per_weight", "wind_w", "gust_speed",
    }  # fmt: skip
    assert all(term.source for term in hover.EVALUATION_TABLE.terms)
    assert dict(hover.EVALUATION_TABLE.noise_std) == {
        "position_error_w": 0.001, "rotation": 0.001, "velocity_w": 0.002, "angular_velocity_b": 0.002,
    }  # fmt: skip


def test_longest_delays_fit_the_latency_budget():
    delays = ("action_delay_s", "action_jitter_s", "observation_delay_s", "estimator_delay_s")
    total = sum(hover.EVALUATION_TABLE.term(name).distribution.high for name in delays)
    assert total <= hover.TASK.timing.latency_budget_s + 1e-12


def test_every_default_draw_can_hover_but_not_every_heavy_one():
    rng = np.random.default_rng(0)
    assert sample(hover.EVALUATION_TABLE, L2F_PAPER, rng, 20_000).thrust_to_weight.min() > 1.15
    heavy = sample(hover.EVALUATION_TABLE, L2F_V2, rng, 20_000).thrust_to_weight < 1.15
    assert 0.01 < heavy.mean() < 0.6


def test_the_registry_finds_it():
    assert load_task("hover") is hover
