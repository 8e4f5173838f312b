"""The mission: order of phases, smooth moves, what is judged."""

import math

import pytest

from hardware.behaviour import Mode
from hardware.flying.mission import Mission, Plan, largest_step_m, minimum_jerk
from hardware.supervisor import Request

PLAN = Plan(height_m=0.5, hold_s=2.0, move_s=1.0, dwell_s=1.5, settle_s=0.5)
HOME = (1.0, -1.0, 0.2)


def walk(plan=PLAN, period=0.01):
    mission = Mission(plan, HOME)
    steps = round(mission.duration_s / period) + 2
    return [mission.step(100.0 + i * period, Mode.RUNNING) for i in range(steps)]


def test_phases_come_in_order():
    phases = list(dict.fromkeys(order.phase for order in walk()))
    legs = [name for number in (1, 2, 3) for name in (f"to set-point {number}", f"set-point {number}")]
    assert phases == ["hold", *legs, "landing"]
    assert walk()[-1].request is Request.END


def test_the_target_never_jumps():
    targets = [order.target for order in walk()]
    # A minimum-jerk move peaks at 1.875 times its mean speed.
    bound = 1.875 * 0.5 / PLAN.move_s * 0.01 * 1.01
    assert max(math.dist(a, b) for a, b in zip(targets, targets[1:])) <= bound  # noqa: RUF007


def test_setpoints_are_half_a_metre_apart_above_the_take_off_point():
    stops = {order.phase: order.target for order in walk() if order.judged}
    places = [stops[name][:3] for name in ("hold", "set-point 1", "set-point 2", "set-point 3")]
    assert places[0] == pytest.approx((1.0, -1.0, 0.7))
    assert [math.dist(a, b) for a, b in zip(places, places[1:])] == pytest.approx([0.5] * 3)  # noqa: RUF007
    assert largest_step_m(PLAN) == pytest.approx(0.5)


def test_only_rest_after_settling_is_judged():
    judged = [order for order in walk() if order.judged]
    expected_s = (PLAN.hold_s - PLAN.settle_s) + 3 * (PLAN.dwell_s - PLAN.settle_s)
    assert len(judged) * 0.01 == pytest.approx(expected_s, abs=0.05)
    assert all(not order.phase.startswith("to ") for order in judged)


def test_a_plan_without_rest_ends_in_a_landing_too():
    assert walk(Plan(hold_s=0.5, move_s=1.0, dwell_s=0.0, settle_s=1.0))[-1].request is Request.END


def test_requests_follow_the_supervisor():
    mission = Mission(PLAN, HOME)
    requests = [mission.step(0.0, mode).request for mode in (Mode.IDLE, Mode.CHECKING, Mode.ARMING, Mode.RAMP)]
    assert requests == [Request.CHECK, Request.ARM, Request.START, Request.RUN]
    assert mission.step(0.0, Mode.LANDING).request is Request.NONE


def test_minimum_jerk_ends_at_rest():
    h = 1e-4
    assert (minimum_jerk(-1.0), minimum_jerk(0.5), minimum_jerk(2.0)) == (0.0, 0.5, 1.0)
    assert minimum_jerk(h) / h < 1e-3
    assert (1.0 - minimum_jerk(1.0 - h)) / h < 1e-3
