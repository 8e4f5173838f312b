import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from policies.evaluate import Args, Evaluator, evaluate, run
from policies.evaluation import Evaluation, wilson_interval
from policies.evaluator import MINIMUM_THRUST_TO_WEIGHT, _FlightRecord
from policies.policy import Policy
from sim.errors import BundleError, ConfigError
from sim.identified import write_identified
from sim.randomization import NOMINAL_TABLE
from sim.tasks import hover
from tests.policies.controllers import CascadedPolicy, ConstantPolicy
from tests.support.identified import identified

STEPS = hover.TASK.control_steps
CONTROLLER = CascadedPolicy(hover.NOMINAL)


@pytest.fixture(scope="module")
def nominal():
    return Evaluator(hover, 60, 1000, table=NOMINAL_TABLE, threads=1)


@pytest.fixture(scope="module")
def judged():
    return Evaluator(hover, 60, 1000, threads=1)


def record(path):
    """Judge a made-up flight: path (steps, 3) m, one episode."""
    still = np.zeros((1, 17), np.float32)
    judge = _FlightRecord(hover, still)
    for position in path:
        moment = SimpleNamespace(invalid_action=np.zeros(1, bool), applied_action=np.full((1, 4), 0.5, np.float32))
        moment.tracking_error_w, moment.state = np.asarray(position, np.float32)[None], still
        judge.add(moment)
    evaluator = dataclasses.make_dataclass("Stub", ["table", "parameter_set", "seed", "left_out", "draws"])
    return judge.evaluation(evaluator(NOMINAL_TABLE, "l2f_paper", 0, 0, {}))


def test_a_hand_made_controller_masters_the_nominal_airframe(nominal):
    result = nominal(CONTROLLER)
    assert result.success_rate >= 0.98
    assert result.median_steady_error_m < 0.02
    assert result.mean_survival_s > 4.9
    assert result.left_out == 0


def test_a_constant_hover_command_drifts_away(nominal):
    result = nominal(ConstantPolicy(hover.TASK.action.nominal))
    assert result.success_rate <= 0.15  # only starts at the target may survive
    assert result.mean_survival_s < 2.5


def test_randomization_is_too_much_for_the_hand_made_controller(nominal, judged):
    assert judged(CONTROLLER).success_rate < nominal(CONTROLLER).success_rate - 0.2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_commands_that_are_no_numbers_count_as_failures(judged, bad):
    result = judged(ConstantPolicy([0.6, bad, 0.6, 0.6]))
    assert result.success_rate == 0.0
    assert result.invalid_action.all()
    assert result.summary()["median_steady_error_m"] is None


def test_one_bad_number_fails_one_episode_only(nominal):
    class Hiccup(CascadedPolicy):
        count = 0

        def step(self, observation, state, reset):
            action, state = super().step(observation, state, reset)
            self.count += 1
            if self.count == 100:
                action[7] = np.nan
            return action, state

    clean, broken = nominal(CONTROLLER), nominal(Hiccup(hover.NOMINAL))
    assert clean.success[7]
    assert not broken.success[7]
    assert np.array_equal(np.delete(clean.success, 7), np.delete(broken.success, 7))
    assert broken.survival_s[7] == pytest.approx(0.99)


def test_an_evaluator_repeats_itself_whatever_it_judged_before(judged):
    first = judged(CONTROLLER)
    judged(ConstantPolicy([1.0] * 4))
    again = judged(CONTROLLER)
    assert np.array_equal(first.steady_error_m, again.steady_error_m)
    assert np.array_equal(first.survival_s, again.survival_s)


def test_the_seed_decides_and_the_threads_do_not(judged):
    one = judged(CONTROLLER)
    two = evaluate(CONTROLLER, hover, 60, 1000, threads=2)
    other = evaluate(CONTROLLER, hover, 60, 1001, threads=1)
    assert np.array_equal(one.steady_error_m, two.steady_error_m)
    assert np.array_equal(one.survival_s, two.survival_s)
    assert not np.array_equal(one.survival_s, other.survival_s)


def test_without_disturbances_the_same_airframes_fly(judged):
    calm = Evaluator(hover, 60, 1000, disturbances=False, threads=1)
    assert np.array_equal(calm.draws["mass"], judged.draws["mass"])
    assert "force_per_weight" not in calm.draws
    assert calm.table.hash() != judged.table.hash()


def test_heavy_draws_that_cannot_hover_are_counted_and_left_out():
    evaluator = Evaluator(hover, 300, 1000, parameter_set="l2f_v2", threads=1)
    assert evaluator.left_out > 0
    assert evaluator.left_out + evaluator.env.num_envs == 300
    assert evaluator.sample.thrust_to_weight.min() >= MINIMUM_THRUST_TO_WEIGHT


class TestCriterion:
    def test_steady_at_the_target(self):
        result = record(np.full((STEPS, 3), [0.03, 0.0, 0.04]))
        assert result.success.all()
        assert result.in_box.all()
        assert result.steady_error_m[0] == pytest.approx(0.05)
        assert result.survival_s[0] == pytest.approx(5.0)

    def test_never_further_than_two_metres(self):
        path = np.zeros((STEPS, 3))
        path[50] = [0.0, 1.99, 0.0]
        assert record(path).success.all()
        path[50] = [0.0, 2.01, 0.0]
        result = record(path)
        assert not result.success.any()
        assert np.isinf(result.steady_error_m[0])
        assert result.survival_s[0] == pytest.approx(0.5)

    @pytest.mark.parametrize(("step", "success"), [(399, True), (400, False), (499, False)])
    def test_within_20_cm_throughout_exactly_the_last_second(self, step, success):
        path = np.zeros((STEPS, 3))
        path[step] = [0.21, 0.0, 0.0]
        assert record(path).success[0] == success

    def test_box_is_per_axis_and_does_not_decide_success(self):
        path = np.zeros((STEPS, 3))
        path[10] = [0.59, 0.59, 0.59]
        assert record(path).in_box.all()
        path[10] = [0.0, 0.0, -0.61]
        assert not record(path).in_box.any()
        assert record(path).success.all()

    def test_a_position_that_is_no_number_fails(self):
        path = np.zeros((STEPS, 3))
        path[200, 1] = np.nan
        result = record(path)
        assert not result.success.any()
        assert not result.in_box.any()


def test_wilson_interval_matches_the_published_formula():
    assert wilson_interval(990, 1000) == pytest.approx((0.98170, 0.99455), abs=1e-4)
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_robustness_sorts_every_episode_into_one_bin(judged):
    result = judged(CONTROLLER)
    data = result.robustness(bins=5)
    assert set(data) == {term.parameter for term in hover.EVALUATION_TABLE.terms}
    for row in data.values():
        assert sum(row["episodes"]) == result.episodes
        assert row["centre"] == sorted(row["centre"])
        share = np.dot(row["episodes"], row["success_rate"]) / result.episodes
        assert share == pytest.approx(result.success_rate)
    json.dumps([data, result.summary()], allow_nan=False)


def test_robustness_shows_what_breaks_a_policy():
    mass = np.linspace(0.8, 1.2, 100, dtype=np.float32)[:, None]
    draws = {t.parameter: np.repeat(mass, 1, axis=1) for t in hover.EVALUATION_TABLE.terms}
    light = mass[:, 0] < 1.0
    result = Evaluation(
        hover.EVALUATION_TABLE,
        "l2f_paper",
        0,
        0,
        light,
        light,
        np.where(light, 0.1, np.inf),
        light * 5.0,
        ~light,
        draws,
        light * 0.0,
        light * 0.0,
    )
    row = result.robustness(bins=4)["mass"]
    assert row["success_rate"] == [1.0, 1.0, 0.0, 0.0]
    assert row["median_steady_error_m"] == [pytest.approx(0.1), pytest.approx(0.1), None, None]


def test_policies_share_one_interface():
    assert isinstance(CONTROLLER.state_size, int)
    policy: Policy = ConstantPolicy([0.5] * 4)
    action, state = policy.step(np.zeros((2, 22), np.float32), np.zeros((2, 0), np.float32), np.ones(2, bool))
    assert action.shape == (2, 4)
    assert state.shape == (2, 0)


def test_bad_input_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="at least 1"):
        Evaluator(hover, 0)
    with pytest.raises(ConfigError, match="parameter set"):
        Evaluator(hover, 3, parameter_set="balloon")
    with pytest.raises(BundleError, match="no bundle"):
        run(Args(bundle=tmp_path / "nothing"))


def test_the_verb_judges_a_bundle_and_returns_every_figure(pristine, capsys):
    result = run(Args(bundle=pristine, episodes=20, seed=3, threads=1))
    printed = capsys.readouterr().out
    assert hover.EVALUATION_TABLE.hash()[:12] in printed
    assert result["eval.table_hash"] == hover.EVALUATION_TABLE.hash()
    assert result["eval.episodes"] == 20
    assert result["eval.seed"] == 3
    assert result["eval.parameter_set"] == "l2f_paper"
    assert result["eval.v2.parameter_set"] == "l2f_v2"
    assert result["eval.v2.episodes"] + result["eval.v2.left_out"] == 20
    for key in ("success_rate", "success_rate_undisturbed", "box_share", "v2.success_rate", "v2.box_share"):
        assert 0.0 <= result[f"eval.{key}"] <= 1.0
    assert {"eval.median_steady_error_m", "eval.median_steady_error_disturbed_m"} < set(result)
    assert sum(result["eval.robustness"]["mass"]["episodes"]) == 20
    json.dumps(result, allow_nan=False)


def test_figures_with_and_without_disturbances_are_not_mixed_up(pristine, monkeypatch):
    monkeypatch.setattr("policies.evaluate.OnnxPolicy", lambda bundle: CONTROLLER)
    result = run(Args(bundle=pristine, episodes=40, other_sets=False, threads=1))
    calm = evaluate(CONTROLLER, hover, 40, 1000, disturbances=False, threads=1)
    disturbed = evaluate(CONTROLLER, hover, 40, 1000, threads=1)
    assert result["eval.success_rate"] == disturbed.success_rate
    assert result["eval.success_rate_undisturbed"] == calm.success_rate
    assert result["eval.median_steady_error_m"] == calm.summary()["median_steady_error_m"]
    assert result["eval.median_steady_error_disturbed_m"] == disturbed.summary()["median_steady_error_m"]


def test_a_bundle_made_for_another_clock_is_refused(pristine, monkeypatch):
    timing = dataclasses.replace(hover.TASK.timing, control_period_s=0.02)
    monkeypatch.setattr(hover, "TASK", dataclasses.replace(hover.TASK, timing=timing))
    with pytest.raises(BundleError, match="train it again"):
        run(Args(bundle=pristine, episodes=2))


def test_smoothness_is_judged_throughout_and_in_the_steady_window(nominal):
    class Hammer(CascadedPolicy):
        """Steady for four seconds, then between stop and full speed at every step."""

        def step(self, observation, state, reset):
            self.steps = getattr(self, "steps", 0) + 1
            action, state = super().step(observation, state, reset)
            return (np.full_like(action, self.steps % 2) if self.steps > STEPS - 20 else action), state

    calm, hammered = nominal(CONTROLLER).summary(), nominal(Hammer(hover.NOMINAL)).summary()
    assert calm["steady_command_change_rms"] < calm["command_change_rms"]
    assert hammered["steady_command_change_rms"] == pytest.approx(np.sqrt(20 / 100), rel=0.03)
    assert calm["command_change_rms"] < hammered["command_change_rms"] < hammered["steady_command_change_rms"]


def test_a_bundle_is_judged_around_an_identified_robot(pd_bundle, tmp_path):
    file = tmp_path / "cf07.json"
    write_identified(file, identified(mass=0.03, thrust_over_mass=18.0, motor_rise_s=0.06))
    options = {"episodes": 6, "threads": 1, "calibration": file}
    result = run(Args(pd_bundle.path, **options))
    usual = run(Args(pd_bundle.path, episodes=6, threads=1, other_sets=False))
    assert result["eval.table_hash"] != usual["eval.table_hash"]
    with pytest.raises(ConfigError, match="give one of the two"):
        run(Args(pd_bundle.path, parameter_set="l2f_v2", **options))
