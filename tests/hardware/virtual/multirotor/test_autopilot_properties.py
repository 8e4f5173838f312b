"""Whatever a host asks for and when: the robot's own rules hold, and left alone it ends with its motors off."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.link import DESCENT_M_S
from hardware.serial.protocol import SAFE_ACTIONS, ProtocolError
from hardware.serial.states import Mode
from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.autopilot import (
    DESCENT_LIMIT_MS,
    FAILSAFE_MS,
    HOLD_SILENCE_MS,
    LANDED_MS,
    RESTING,
    Autopilot,
)
from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.stock_controller import OFF
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from sim.registry import load_robot

PARAMETERS = load_robot("crazyflie").parameters()
UNIT = st.floats(0.0, 1.0)
ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.one_of(st.integers(1, 300), st.integers(600, 950))),
    st.tuples(st.just("stream"), st.integers(1, 60)),
    st.tuples(st.just("command"), st.tuples(UNIT, UNIT, UNIT, UNIT)),
    st.tuples(st.just("arm"), st.booleans()),
    st.tuples(st.just("safe"), st.sampled_from(SAFE_ACTIONS)),
    st.tuples(st.just("hover"), st.integers(600, 950)),
    st.tuples(st.just("climb"), st.floats(0.0, 2.0)),
    st.tuples(st.just("nan"), st.none()),
    st.tuples(st.just("stop"), st.none()),
)
RARE = ("nan", "stop")


class Flight:
    """An autopilot over a point that sinks while the robot descends by itself, and is elsewhere when told so."""

    def __init__(self):
        self.events = EventLog()
        self.supervisor = FlightSupervisor(self.events, watchdog=False)
        self.autopilot = Autopilot(PARAMETERS, self.supervisor, self.events)
        self.height, self.speed, self.broken, self.spoken_ms = 0.0, 0.0, False, 0
        self.command, self.motors, self.was_locked = OFF, OFF, False

    def estimate(self):
        sinking = self.autopilot.mode in (Mode.FAILSAFE, Mode.SAFE_ACTION) and self.autopilot.action != "hold"
        wanted = -DESCENT_M_S if sinking else 0.0
        self.speed = self.speed + 0.005 * (wanted - self.speed) if self.height > 0.0 else 0.0
        falls = self.motors == OFF and self.autopilot.mode is not Mode.LANDED
        self.height = 0.0 if falls else max(0.0, self.height + 0.001 * self.speed)
        x = math.nan if self.broken else 0.0
        return Estimate((x, 0.0, self.height), (0.0, 0.0, self.speed), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

    def tick(self):
        self.events.tick_ms += 1
        now_ms = self.events.tick_ms
        self.supervisor.update(now_ms, 1.0, max(self.motors), 0)
        before = self.autopilot.mode
        self.motors = self.autopilot.step(0.001, self.estimate(), now_ms - self.spoken_ms)
        if self.autopilot.mode is Mode.LANDED and before is not Mode.LANDED:
            assert self.height <= 0.06, "never switched off in the air"
        self.check()

    def check(self):
        assert len(self.motors) == 4
        assert all(0.0 <= motor <= 1.0 for motor in self.motors)
        mode, supervisor = self.autopilot.mode, self.supervisor
        if mode in RESTING or mode is Mode.IDLE or not supervisor.can_fly:
            assert self.motors == OFF
        if mode is Mode.COMMANDS:
            assert self.motors == self.command
            assert self.autopilot.command_age_ms < FAILSAFE_MS
        if self.was_locked:
            assert supervisor.locked, "only a restart unlocks it"
            assert mode is Mode.STOPPED
        self.was_locked = supervisor.locked and mode is Mode.STOPPED

    def do(self, name, value):
        if name not in ("wait", "nan", "climb"):
            self.spoken_ms = self.events.tick_ms
        if name == "wait":
            for _ in range(value):
                self.tick()
        elif name == "hover":
            self.do("safe", "hold")
            self.do("wait", value)
        elif name == "stream":
            for _ in range(value):
                self.do("command", (0.6, 0.6, 0.6, 0.6))
                for _ in range(10):
                    self.tick()
        elif name == "command":
            with contextlib.suppress(ProtocolError):
                self.autopilot.require_commandable()
                self.autopilot.take(value)
                self.command = value
        elif name == "arm":
            self.supervisor.request_arming(value)
        elif name == "safe":
            with contextlib.suppress(ProtocolError):
                self.autopilot.request(value)
        elif name == "climb" and self.autopilot.mode is Mode.COMMANDS:
            self.height = value
        elif name == "nan":
            self.broken = True
        elif name == "stop":
            self.supervisor.emergency_stop("test")


def in_the_air():
    """A flight at 2 m under the host's commands."""
    flight = Flight()
    for name, value in (("arm", True), ("wait", 10), ("stream", 10), ("climb", 2.0)):
        flight.do(name, value)
    return flight


def sequences(*without):
    return st.lists(ACTIONS.filter(lambda action: action[0] not in without), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.one_of(sequences(*RARE), sequences()))
def test_rules_hold_in_every_millisecond_and_silence_ends_with_the_motors_off(actions):
    flight = in_the_air()
    for name, value in actions:
        flight.do(name, value)
        flight.tick()
    left_ms = FAILSAFE_MS + HOLD_SILENCE_MS + DESCENT_LIMIT_MS + 10
    while left_ms and not (flight.motors == OFF and flight.autopilot.mode in (*RESTING, Mode.IDLE)):
        flight.tick()
        left_ms -= 1
    assert flight.motors == OFF
    if flight.autopilot.mode is Mode.LANDED:
        for _ in range(LANDED_MS + 10):
            flight.tick()
        assert not flight.supervisor.armed


@settings(max_examples=30, deadline=None)
@given(sequences(*RARE), st.sampled_from(["nan", "stop"]))
def test_a_broken_estimate_and_an_emergency_stop_act_in_the_same_millisecond_from_anywhere(actions, end):
    flight = in_the_air()
    for name, value in actions:
        flight.do(name, value)
        flight.tick()
    flight.do(end, None)
    flight.tick()
    assert flight.motors == OFF
    flight.do("stream", 30)
    assert flight.motors == OFF


@pytest.mark.parametrize("action", ["land", "level_and_descend"])
def test_a_descent_from_on_high_is_not_cut_short(action):
    flight = in_the_air()
    flight.do("safe", action)
    while flight.autopilot.mode is not Mode.LANDED:
        flight.tick()
    assert flight.height <= 0.03
    assert flight.events.tick_ms == pytest.approx(1000 * 1.97 / DESCENT_M_S, abs=500)
