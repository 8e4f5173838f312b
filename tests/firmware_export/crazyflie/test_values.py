"""Which bundles the app takes, and what it is told of them."""

import dataclasses
import math

import pytest

from firmware_export.crazyflie.app_values import app_values
from policies.bundle import load_bundle
from sim.errors import BundleError


def changed(bundle, **changes):
    return dataclasses.replace(bundle, info=dataclasses.replace(bundle.info, **changes))


def test_values_are_the_bundles(bundle):
    values = app_values(bundle)
    assert values["CONTROL_PERIOD_MS"] == "10"
    assert float(values["HOVER_COMMAND"].rstrip("f")) == pytest.approx(bundle.info.action.nominal[0])
    assert float(values["TILT_LIMIT_COS"].rstrip("f")) == pytest.approx(math.cos(bundle.info.limits.tilt_rad))
    curve = [float(number.strip().rstrip("f")) for number in values["THRUST_CURVE"].split(",")]
    assert curve == pytest.approx(bundle.info.robot.constants["thrust_curve"])


def test_a_policy_that_commands_attitude_is_refused_and_told_how_it_flies(pytestconfig):
    zoo = load_bundle(pytestconfig.rootpath / "policies" / "zoo" / "hover_attitude")
    with pytest.raises(BundleError, match=r"attitude_thrust.*sim2metal run"):
        app_values(zoo)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: {"robot": dataclasses.replace(i.robot, name="g1")}, "for robot 'g1'"),
        (lambda i: {"observation": i.observation[::-1]}, "the app observes position_error_w"),
        (lambda i: {"action": dataclasses.replace(i.action, names=("m2", "m1", "m3", "m4"))}, "must be m1, m2"),
        (lambda i: {"timing": dataclasses.replace(i.timing, control_period_s=0.0025)}, "2.5 ms"),
        (lambda i: {"timing": dataclasses.replace(i.timing, control_period_s=1e-4)}, "0.1 ms"),
        (lambda i: {"robot": dataclasses.replace(i.robot, constants={})}, "thrust_curve"),
        (
            lambda i: {"robot": dataclasses.replace(i.robot, constants={"thrust_curve": [0.0, float("nan"), 1.0]})},
            "thrust_curve",
        ),
    ],
)
def test_a_bundle_it_cannot_fly_is_refused_with_the_reason(bundle, change, message):
    with pytest.raises(BundleError, match=message):
        app_values(changed(bundle, **change(bundle.info)))
