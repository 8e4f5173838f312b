import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.recording.record import Recording, make_stream
from calibration.recording.suspicions import examine, refuse_wrong
from sim.errors import ConfigError
from sim.registry import load_robot
from tests.support.recorded_flights import Sensors, fly
from tests.support.wrong_logs import MISTAKES


def test_right_logs_are_not_accused_and_every_relation_is_looked_at(flights):
    for flight in flights:
        verdict = examine(flight)
        assert verdict.names == ()
        assert verdict.unchecked == ()
        assert len(verdict.checked) == 7


@pytest.mark.parametrize("kind", MISTAKES)
def test_every_mistake_is_named_and_nothing_else(flights, kind):
    rng = np.random.default_rng(7)
    for flight in flights[:2]:
        assert examine(MISTAKES[kind].make(flight, rng)).names == (MISTAKES[kind].named,)


def test_mistakes_do_not_hide_one_another(flight):
    rng = np.random.default_rng(0)
    kinds = ("gyro in degrees", "quaternion xyzw", "accelerometer in g", "position in mm", "motors swapped")
    wrong = flight
    for kind in kinds:
        wrong = MISTAKES[kind].make(wrong, rng)
    assert set(examine(wrong).names) == {MISTAKES[kind].named for kind in kinds}


def test_the_sentence_says_which_order_the_motors_are_in(flight):
    old = flight.streams["motor_command"]
    wrong = flight.with_streams(motor_command=make_stream("motor_command", old.time_s, old.values[:, [1, 3, 0, 2]]))
    (found,) = examine(wrong).suspicions
    with pytest.raises(ConfigError, match="flight 0: the body turns as if the motor commands"):
        refuse_wrong(wrong)
    assert "as if the motor commands were in the order m2, m4, m1, m3" in found.sentence


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**31),
    excitation=st.sampled_from([0.0, 0.003, 0.02, 0.05]),
    noise=st.floats(0.1, 4.0),
    lost=st.floats(0.0, 0.2),
    delay=st.floats(0.0, 0.06),
)
def test_whatever_a_right_log_is_like_it_is_not_accused(seed, excitation, noise, lost, delay):
    sensors = Sensors(0.03 * noise, 0.2 * noise, 1e-3 * noise, 0.02 * noise, 5e-3 * noise, lost, delay)
    (flight,) = fly(1, 12.0, seed, excitation, sensors)
    assert examine(flight).names == ()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(2, 600))
def test_noise_is_not_accused(seed, rows):
    rng = np.random.default_rng(seed)
    time_s = np.sort(rng.uniform(0.0, 5.0, rows))
    quaternion = np.array([1.0, 0.0, 0.0, 0.0]) + 0.01 * rng.standard_normal((rows, 4))
    streams = {
        "gyro": make_stream("gyro", time_s, 0.01 * rng.standard_normal((rows, 3))),
        "accelerometer": make_stream("accelerometer", time_s, [0.0, 0.0, 9.8] + 0.1 * rng.standard_normal((rows, 3))),
        "attitude": make_stream("attitude", time_s, quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)),
        "position": make_stream("position", time_s, 0.01 * rng.standard_normal((rows, 3))),
        "velocity": make_stream("velocity", time_s, 0.01 * rng.standard_normal((rows, 3))),
        "motor_command": make_stream("motor_command", time_s, 0.6 + 0.01 * rng.standard_normal((rows, 4))),
    }
    assert examine(Recording("crazyflie", None, streams, (), "noise", "")).names == ()


def joints(rng, seconds=20.0):
    """A robot with joints that follow their targets behind a lag of 40 ms."""
    names = load_robot("go1").joint_names
    time_s = np.arange(round(seconds * 100)) * 0.01
    rate, phase = rng.uniform(1.0, 12.0, len(names)), rng.uniform(0.0, 6.0, len(names))

    def motion(at):
        return 0.3 * np.sin(at[:, None] * rate + phase) + np.linspace(-1.0, 1.0, len(names))

    position = motion(time_s - 0.04) + 1e-3 * rng.standard_normal((len(time_s), len(names)))
    velocity = 0.3 * rate * np.cos((time_s - 0.04)[:, None] * rate + phase)
    values = {"joint_target": motion(time_s), "joint_position": position, "joint_velocity": velocity}
    return Recording("go1", None, {name: make_stream(name, time_s, v) for name, v in values.items()}, (), "legs", "")


@pytest.mark.parametrize(
    ("stream", "change", "named"),
    [
        ("joint_position", np.degrees, {"joint position in degrees"}),
        ("joint_velocity", np.degrees, {"joint velocity in degrees per second"}),
        ("joint_target", np.degrees, {"joint target in degrees"}),
        ("joint_target", lambda v: v[:, [3, 4, 5, 0, 1, 2, *range(6, 12)]], {"joint order"}),
        ("joint_target", lambda v: v, set()),
    ],
)
def test_joints_in_degrees_or_another_order_are_named(stream, change, named):
    for seed in range(3):
        log = joints(np.random.default_rng(seed))
        old = log.streams[stream]
        wrong = log.with_streams(**{stream: make_stream(stream, old.time_s, change(old.values))})
        assert set(examine(wrong).names) == named
