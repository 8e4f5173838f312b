"""A number that is none is a fault wherever it turns up: in what is measured, in its age, in a limit, in an option."""

import dataclasses
import math
from pathlib import Path

import pytest

from hardware import deploy, swarm
from hardware.checks import check_battery, check_state
from hardware.crazyflie.link import CrazyflieLink
from hardware.deploy import make_job
from hardware.faults import Fault
from hardware.flying.faults import flight_faults
from hardware.joints.faults import joint_faults
from policies.runtime import load_policy
from sim.errors import ConfigError
from tests.hardware import samples as flying
from tests.hardware.joints import samples as jointed

HOME = (0.0, 0.0, 0.0)
BAD = (math.nan, math.inf, -math.inf)


def faults(seen, limits=None):
    """The faults of a look at whichever kind of robot it shows."""
    if isinstance(seen.state, flying.FlightState):
        return flight_faults(seen, limits or flying.LIMITS, HOME, True)
    return joint_faults(seen, limits or jointed.LIMITS, True)


def spoiled(state):
    """Every state with one number replaced by one that is none: (name, that number, state)."""
    for field in dataclasses.fields(state):
        value = getattr(state, field.name)
        if field.name in ("received_ns", "robot_ms", "onboard_mode") or isinstance(value, bool):
            continue
        for bad in BAD:
            if isinstance(value, tuple):
                for i in range(len(value)):
                    yield (
                        field.name,
                        bad,
                        dataclasses.replace(state, **{field.name: (*value[:i], bad, *value[i + 1 :])}),
                    )
            else:
                yield field.name, bad, dataclasses.replace(state, **{field.name: bad})


@pytest.mark.parametrize("samples", [flying, jointed], ids=["flying", "jointed"])
def test_every_number_of_a_state_that_is_none_is_a_fault(samples):
    assert faults(samples.LOOK) == []
    named = {"battery_v": Fault.LOW_BATTERY, "torque": Fault.JOINT_TORQUE, "temperature_c": Fault.TEMPERATURE}
    seen = set()
    for name, bad, state in spoiled(samples.HEALTHY):
        found = faults(dataclasses.replace(samples.LOOK, state=state))
        assert named.get(name, Fault.STATE_NAN) in found, f"{name} {bad}: {found}"
        seen.add(name)
    assert {"battery_v", "orientation_wxyz", "angular_velocity_b"} <= seen


@pytest.mark.parametrize("age", ["state_age_s", "heard_age_s", "host_stall_s"])
@pytest.mark.parametrize("samples", [flying, jointed], ids=["flying", "jointed"])
def test_an_age_that_is_no_number_is_a_fault(samples, age):
    assert faults(samples.look(**{age: math.nan})) != []


@pytest.mark.parametrize("samples", [flying, jointed], ids=["flying", "jointed"])
def test_a_limit_that_is_no_number_is_a_fault_not_a_robot_without_that_limit(samples):
    for field in dataclasses.fields(samples.LIMITS):
        if field.name == "battery_takeoff_v":
            assert not check_battery(
                samples.HEALTHY, dataclasses.replace(samples.LIMITS, battery_takeoff_v=math.nan)
            ).passed
            continue
        value = getattr(samples.LIMITS, field.name)
        bad = (*value[:-1], math.nan) if isinstance(value, tuple) else math.nan
        assert faults(samples.LOOK, dataclasses.replace(samples.LIMITS, **{field.name: bad})) != [], field.name


def test_the_checks_before_a_start_refuse_what_is_no_number():
    for name, _, state in spoiled(flying.HEALTHY):
        if name == "battery_v":
            assert not check_battery(state, flying.LIMITS).passed
        else:
            assert not check_state(state).passed


@pytest.mark.parametrize("bad", BAD)
def test_a_link_refuses_a_command_that_is_no_number(bad):
    for level in ("motor", "attitude_thrust"):
        with pytest.raises(ConfigError, match="a number that is none"):
            CrazyflieLink("udp://127.0.0.1:1", level).write((0.0, 0.0, 0.5, bad))


@pytest.fixture(scope="module")
def pose(pose_bundle):
    """The policy of a robot with joints."""
    return load_policy(pose_bundle.path)[1]


@pytest.mark.parametrize("text", ["nan", "inf", "-1"])
@pytest.mark.parametrize("option", ["height", "hold", "step", "dwell", "settle"])
def test_run_refuses_an_option_that_is_no_number(pd_bundle, option, text):
    _, policy = load_policy(pd_bundle.path)
    with pytest.raises(ConfigError, match=f"--{option}"):
        make_job(deploy.Args(pd_bundle.path, **{option: float(text)}), policy)


@pytest.mark.parametrize("options", [{"hold": math.nan}, {"hold": math.inf}, {"velocity": (0.0, math.nan, 0.0)}])
def test_run_refuses_an_option_for_legs_that_is_no_number(pose, options):
    with pytest.raises(ConfigError, match="--"):
        make_job(deploy.Args(Path("x"), **options), pose)


@pytest.mark.parametrize("text", ["nan", "inf", "-1"])
def test_swarm_refuses_a_separation_that_is_no_distance(pd_bundle, text):
    with pytest.raises(ConfigError, match="--separation"):
        swarm.run(swarm.Args(pd_bundle.path, separation=float(text)))


def test_swarm_refuses_places_that_are_no_numbers_in_whatever_order():
    class At:
        def __init__(self, uri, x):
            self.uri, self._x = uri, x

        def read(self):
            return dataclasses.replace(flying.HEALTHY, position_w=(self._x, 0.0, 0.0))

    for places in ([0.0, 1.0, math.nan], [math.nan, 0.0, 1.0], [0.0, math.nan, 1.0]):
        links = [At(str(x), x) for x in places]
        assert not swarm.check_separation(links, 0.3).passed, places
