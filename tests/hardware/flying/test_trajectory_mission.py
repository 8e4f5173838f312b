"""A trajectory in flight: what the policy is told of it, what the supervisor keeps, what is refused."""

import numpy as np
import pytest

from hardware.behaviour import Mode
from hardware.flying.mission import Plan
from hardware.flying.observation import FlightObservation
from hardware.flying.outlook import Outlook
from hardware.flying.trajectory_mission import Course, TrajectoryMission
from hardware.states import FlightState
from hardware.supervisor import Request
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import reference_terms
from sim.tasks import hover, track
from sim.trajectories import parse_trajectory
from sim.trajectories.rest import ToRest
from tests.policies.actors import RecurrentActor, describe_actor

LIMITS = load_robot("crazyflie").limits
HOME = (1.0, 2.0, 0.1)


@pytest.fixture
def info():
    import dataclasses

    return dataclasses.replace(describe_actor(RecurrentActor()), observation=track.TASK.actor_terms)


def flight_state(position_w):
    values = dict.fromkeys(FlightState.__dataclass_fields__, 0)
    vectors = {"position_w": position_w, "velocity_w": (0.0,) * 3, "angular_velocity_b": (0.0,) * 3}
    return FlightState(**{**values, **vectors, "orientation_wxyz": (1.0, 0.0, 0.0, 0.0), "motors": ()})


def fly(mission, until_s):
    """Orders from the end of the take-off on, 100 a second."""
    return [mission.step(100.0 + 0.01 * k, Mode.RUNNING) for k in range(round(until_s / 0.01))]


def test_it_holds_follows_rests_and_lands(info):
    course = Course("figure8:period=3.5,scale=0.5")
    mission = TrajectoryMission(Plan(height_m=0.5, hold_s=2.0), HOME, course, Outlook(info))
    orders = fly(mission, 2.0 + course.trajectory.duration_s + 0.1)
    assert orders[100].target == (1.0, 2.0, 0.6, 0.0)
    expected = parse_trajectory("figure8:period=3.5,scale=0.5").sample(5.0).position_w[0] + (1.0, 2.0, 0.6)
    np.testing.assert_allclose(orders[700].target[:3], expected, atol=1e-9)
    assert orders[-1].request is Request.END
    path = np.array([order.target[:3] for order in orders])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.01 * (course.speed_m_s + 0.01)
    assert np.linalg.norm(path[-1] - path[-10]) < 1e-3
    judged = [order.judged for order in orders]
    assert not any(judged[:400])
    assert sum(judged) == pytest.approx(700, abs=2)  # two laps of 3.5 s


def test_the_policy_is_told_what_is_ahead(info):
    outlook = Outlook(info)
    observation = FlightObservation(info, outlook)
    mission = TrajectoryMission(Plan(hold_s=0.0), HOME, Course("circle:period=3"), outlook)
    order = fly(mission, 4.0)[-1]
    seen = observation(flight_state(order.target[:3]), order.target, np.zeros(4))
    now = parse_trajectory("circle:period=3").sample(3.99)
    assert len(seen) == track.TASK.observation_size
    np.testing.assert_allclose(seen[:3], 0.0, atol=1e-12)
    np.testing.assert_allclose(seen[22:25], now.velocity_w[0], atol=1e-6)
    ahead = parse_trajectory("circle:period=3").sample(3.99 + np.array(track.PREVIEW_S)).position_w - now.position_w
    np.testing.assert_allclose(seen[25:].reshape(-1, 3), ahead, atol=1e-6)


def test_where_the_supervisor_holds_it_the_policy_hovers(info):
    outlook = Outlook(info)
    observation = FlightObservation(info, outlook)
    mission = TrajectoryMission(Plan(hold_s=0.0), HOME, Course("circle:period=3"), outlook)
    fly(mission, 4.0)
    assert not observation(flight_state(HOME), (*HOME, 0.0), np.zeros(4))[22:].any()


def test_without_a_mission_that_looks_ahead_a_tracking_policy_hovers(info):
    seen = FlightObservation(info)(flight_state(HOME), (*HOME, 0.0), np.zeros(4))
    assert not seen[22:].any()


def test_a_hover_policy_sees_what_it_always_saw():
    import dataclasses

    info = dataclasses.replace(describe_actor(RecurrentActor()), observation=hover.ACTOR_TERMS)
    assert Outlook(info).names == ()
    assert FlightObservation(info)(flight_state(HOME), (*HOME, 0.0), np.zeros(4)).shape == (22,)


@pytest.mark.parametrize(
    ("text", "height_m", "words"),
    [
        ("figure8:period=2.5", 0.5, "m/s"),
        ("circle:period=9,radius=0.9", 0.5, "geofence"),
        ("lissajous:z=0.5,period=12", 0.5, "change --height"),
        ("waypoints:points=0/0/1.9", 0.5, "change --height"),
        ("figure9", 0.5, "unknown trajectory"),
    ],
)
def test_what_the_limits_do_not_allow_is_refused(text, height_m, words):
    with pytest.raises(ConfigError, match=words):
        Course(text).check(LIMITS, height_m)


@pytest.mark.parametrize("period", [15, 10, 5.5, 3.5])
def test_the_published_figure_eights_are_within_the_limits(period):
    Course(f"figure8:period={period}").check(LIMITS, 0.5)


def test_slowing_to_rest_is_smooth():
    trajectory = ToRest(parse_trajectory("lissajous:period=4"), 5.0, 1.5)
    time, h = np.linspace(0.1, 8.0, 300), 1e-5
    reference = trajectory.sample(time)
    for lower, upper in (("position_w", "velocity_w"), ("velocity_w", "acceleration_w"), ("acceleration_w", "jerk_w")):
        change = getattr(trajectory.sample(time + h), lower) - getattr(trajectory.sample(time - h), lower)
        expected = change / (2.0 * h)
        np.testing.assert_allclose(getattr(reference, upper), expected, atol=1e-4 * (1.0 + np.abs(expected).max()))
    assert np.abs(trajectory.sample([6.5, 9.0]).velocity_w).max() < 1e-9
    assert reference_terms(())[0].name == "reference_velocity_w"
