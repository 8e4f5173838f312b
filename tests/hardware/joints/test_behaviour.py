"""A robot with joints under the supervisor: its way through a run, its table of faults, its limits."""

import itertools
import math

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hardware.behaviour import Mode
from hardware.faults import SEVERITY, Fault, Observed
from hardware.joints.behaviour import HELD, RAMP_S, SLEW, JointBehaviour
from hardware.joints.faults import SAFE_ACTIONS
from hardware.states import JointState
from hardware.supervisor import COMMANDING, MAX_STEP_S, MOVING, Request, Supervisor
from sim.errors import ConfigError
from tests.hardware.joints.samples import LIMITS, LOOK, RANGES, look
from tests.hardware.samples import rolled

PERIOD = 0.02

SHOWS = {
    Fault.LINK_LOST: look(connected=False),
    Fault.COMMANDS_LOST: look({"dead_man": True}),
    Fault.STATE_STALE: look(state_age_s=0.11),
    Fault.STATE_NAN: look({"velocity": (math.nan, 0.0)}),
    Fault.COMMAND_NAN: look(command=(math.nan, 0.0, 0.0)),
    Fault.POLICY_NAN: look(policy_failed=True),
    Fault.HOST_STALLED: look(host_stall_s=0.21),
    Fault.LOW_BATTERY: look({"battery_v": 39.0}),
    Fault.TILT: look({"orientation_wxyz": rolled(math.radians(65.0))}),
    Fault.RATE: look({"angular_velocity_b": (0.0, 6.5, 0.0)}),
    Fault.JOINT_RANGE: look({"position": (0.0, 2.06)}),
    Fault.JOINT_SPEED: look({"velocity": (-10.5, 0.0)}),
    Fault.JOINT_TORQUE: look({"torque": (61.0, 0.0)}),
    Fault.TEMPERATURE: look({"temperature_c": (30.0, 81.0)}),
    Fault.CRASHED: look({"crashed": True}),
    Fault.DISARMED: look({"armed": False}),
    Fault.OPERATOR_STOP: look({"operator_stop": True}),
    Fault.KILL: look(kill=True),
}
"""One look that shows each fault, and no other."""

MODES = {"hold": Mode.HOLDING, "damp": Mode.DAMPING, "off": Mode.OFF}


class Harness:
    def __init__(self, wait_s=0.0):
        self.supervisor = Supervisor(JointBehaviour(LIMITS, RANGES, wait_s))
        self.time = 0.0

    def step(self, request=Request.RUN, seen=LOOK):
        self.time += PERIOD
        return self.supervisor.step(self.time, request, seen)

    def start(self):
        """Take the joints over and reach the running mode."""
        self.step(Request.CHECK)
        self.step(Request.ARM)
        self.ramp = []
        for _ in range(400):
            output = self.step(Request.START if self.supervisor.mode is Mode.ARMING else Request.RUN)
            if output.mode is Mode.RAMP:
                self.ramp.append(output.command)
            if output.mode is Mode.RUNNING:
                return self
        raise AssertionError(f"stuck in {self.supervisor.mode}")


@pytest.fixture
def running():
    return Harness().start()


def test_every_fault_of_joints_has_a_safe_action_and_an_example():
    assert set(SAFE_ACTIONS) == set(SHOWS) == set(Fault) - {Fault.GEOFENCE, Fault.SPEED, Fault.EXTERNAL_POSE_LOST}


@pytest.mark.parametrize("fault", list(SHOWS), ids=lambda fault: fault.value)
def test_every_fault_reaches_its_safe_action_in_the_step_that_shows_it(running, fault):
    output = running.step(seen=SHOWS[fault])
    assert output.mode is (Mode.EMERGENCY_STOP if fault is Fault.KILL else MODES[SAFE_ACTIONS[fault]])
    assert [record.fault for record in output.new_faults] == [fault]
    assert output.new_faults[0].action == SAFE_ACTIONS[fault]
    assert output.new_faults[0].detected_s - output.new_faults[0].onset_s <= LIMITS.fault_budget_s


@pytest.mark.parametrize("fault", list(SHOWS), ids=lambda fault: fault.value)
def test_a_fault_that_goes_away_does_not_resume_the_run(running, fault):
    running.step(seen=SHOWS[fault])
    for _ in range(50):
        assert running.step().mode not in (Mode.RAMP, Mode.RUNNING)


def held_while_arming():
    """A robot that its own controller let go, held stiff, that has not started."""
    harness = Harness()
    harness.step(Request.CHECK)
    harness.step(Request.ARM)
    assert harness.step(Request.NONE).mode is Mode.ARMING
    return harness


@pytest.mark.parametrize("fault", list(SHOWS), ids=lambda fault: fault.value)
def test_a_fault_while_it_is_armed_damps_the_robot_that_is_held(fault):
    output = held_while_arming().step(Request.START, SHOWS[fault])
    expected = {Fault.KILL: Mode.EMERGENCY_STOP, Fault.DISARMED: Mode.OFF}.get(fault, Mode.DAMPING)
    assert output.mode is expected
    assert [record.fault for record in output.new_faults] == [fault]
    assert output.new_faults[0].action == {Mode.DAMPING: "damp"}.get(expected, "off")


@pytest.mark.parametrize("armed", [True, False])
def test_an_arming_that_comes_to_nothing_damps_and_then_switches_off(armed):
    """The take-over goes on beside the supervisor: what is not armed yet may have been let go."""
    for request in (Request.OFF, Request.NONE):
        harness = Harness()
        harness.step(Request.CHECK)
        harness.step(Request.ARM)
        seen = look({"armed": armed})
        modes = {harness.step(request, seen).mode for _ in range(int(3.1 / PERIOD))}
        assert modes <= {Mode.ARMING, Mode.DAMPING, Mode.OFF}
        assert Mode.DAMPING in modes
        fallen = look({"armed": armed, "orientation_wxyz": rolled(math.radians(65.0))})
        for _ in range(int(3.0 / PERIOD)):
            output = harness.step(Request.NONE, fallen)
        assert output.mode is Mode.OFF
        assert not harness.supervisor.faults, "who ends by himself sinks: that is no fault"


def test_checks_alone_touch_nothing():
    harness = Harness()
    harness.step(Request.CHECK)
    assert harness.step(Request.NONE, SHOWS[Fault.TILT]).mode is Mode.OFF


def test_the_ramp_goes_from_the_pose_found_to_the_default_pose_in_its_time(running):
    blends = [command[0] for command in running.ramp]
    assert blends[0] <= PERIOD / RAMP_S + 1e-9
    assert all(0.0 < b - a <= PERIOD / RAMP_S + 1e-9 for a, b in itertools.pairwise(blends))
    assert len(blends) * PERIOD == pytest.approx(RAMP_S, abs=2 * PERIOD)
    assert all(command[1:] == (0.0, 0.0, 0.0) for command in running.ramp), "nobody walks on a ramp"


def test_the_default_pose_is_held_before_the_policy_acts_for_as_long_as_is_asked():
    harness = Harness(wait_s=1.5).start()
    held = [command for command in harness.ramp if command[0] == HELD]
    assert len(held) * PERIOD == pytest.approx(1.5, abs=2 * PERIOD)
    assert HELD < 1.0, "the policy acts at 1"
    assert harness.step().command[0] == 1.0


@pytest.mark.parametrize("wait_s", [-1.0, math.nan, math.inf, 61.0])
def test_a_wait_that_is_none_is_refused(wait_s):
    with pytest.raises(ConfigError, match="a wait in the default pose lasts from 0 to 60 s"):
        JointBehaviour(LIMITS, RANGES, wait_s)


def test_the_velocity_is_approached_and_kept_within_what_the_policy_knows(running):
    fast = look(command=(9.0, -9.0, 9.0))
    commands = [running.step(seen=fast).command for _ in range(300)]
    assert commands[0][1] == pytest.approx(2 * SLEW[0] * PERIOD), "the first step was in the start"
    assert commands[-1][1:] == (1.0, -0.3, 1.0)


def test_hold_stands_still_with_the_policy_at_work(running):
    for _ in range(300):
        running.step(seen=look(command=(1.0, 0.0, 0.0)))
    for _ in range(300):
        output = running.step(Request.HOLD, look(command=(1.0, 0.0, 0.0)))
    assert output.mode is Mode.HOLDING
    assert output.command == (1.0, 0.0, 0.0, 0.0)


def test_a_mission_ends_damped_and_off_when_the_joints_have_stopped(running):
    assert running.step(Request.END).mode is Mode.DAMPING
    for _ in range(100):
        assert running.step(Request.NONE, look({"velocity": (0.0, 1.0)})).mode is Mode.DAMPING
    modes = [running.step(Request.NONE).mode for _ in range(60)]
    assert modes[0] is Mode.DAMPING
    assert modes[-1] is Mode.OFF


def test_legs_that_fall_at_the_end_of_a_mission_are_no_fault_and_a_kill_still_is(running):
    running.step(Request.END)
    output = running.step(Request.NONE, SHOWS[Fault.TILT])
    assert output.mode is Mode.DAMPING
    assert not output.new_faults
    output = running.step(Request.NONE, SHOWS[Fault.KILL])
    assert [record.fault for record in output.new_faults] == [Fault.KILL]


def test_the_same_fall_is_a_fault_when_a_fault_began_the_damping(running):
    running.step(Request.RUN, SHOWS[Fault.LOW_BATTERY])
    assert [record.fault for record in running.step(Request.NONE, SHOWS[Fault.TILT]).new_faults] == [Fault.TILT]


def test_nobody_waits_for_ever_for_a_robot_that_is_not_seen(running):
    lost = look(connected=False, state_age_s=1.0, heard_age_s=1.0)
    modes = [running.step(seen=lost).mode for _ in range(300)]
    assert modes[0] is Mode.DAMPING
    assert modes[-1] is Mode.OFF


def test_rest_is_seen_not_guessed_from_what_was_before_and_after_a_gap(running):
    running.step(Request.END)
    stale = look(state_age_s=1.0)
    for seen in ([LOOK] * 20 + [stale] * 20) * 10:
        assert running.step(Request.NONE, seen).mode is Mode.DAMPING
    assert [running.step(Request.NONE).mode for _ in range(60)][-1] is Mode.OFF


ANY = st.floats(allow_nan=True, allow_infinity=True)
NUMBER = st.one_of(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), ANY)


def vectors(size, element=NUMBER):
    return st.tuples(*[element] * size)


STATES = st.builds(
    JointState,
    received_ns=st.just(0),
    robot_ms=st.just(0),
    position=vectors(2),
    velocity=vectors(2),
    torque=vectors(2),
    temperature_c=vectors(2, st.one_of(st.floats(20.0, 90.0), ANY)),
    orientation_wxyz=st.one_of(st.just((1.0, 0.0, 0.0, 0.0)), vectors(4)),
    angular_velocity_b=vectors(3),
    battery_v=st.one_of(st.floats(38.0, 54.0), ANY),
    armed=st.booleans(),
    crashed=st.booleans(),
    policy_fault=st.booleans(),
    dead_man=st.booleans(),
    operator_stop=st.booleans(),
)
LOOKS = st.builds(
    Observed,
    state=st.one_of(st.none(), STATES),
    state_age_s=st.one_of(st.floats(0.0, 0.3), ANY),
    heard_age_s=st.one_of(st.floats(0.0, 0.3), ANY),
    connected=st.booleans(),
    command=vectors(3),
    host_stall_s=st.floats(0.0, 0.3),
    operator_stop=st.booleans(),
    kill=st.booleans(),
    policy_failed=st.booleans(),
)


class JointMachine(RuleBasedStateMachine):
    """Random requests and looks after a healthy start."""

    def __init__(self):
        super().__init__()
        self.harness = Harness()
        self.output = self.previous = None
        self.stopped = False

    def _step(self, request, seen, dt=PERIOD):
        supervisor = self.harness.supervisor
        before = supervisor.mode
        self.harness.time += dt
        self.previous, self.output = self.output, supervisor.step(self.harness.time, request, seen)
        if before in MOVING:
            for record in self.output.new_faults:
                assert SEVERITY[record.action] >= SEVERITY[SAFE_ACTIONS[record.fault]]

    @initialize()
    def start(self):
        self.harness.start()

    @rule(request=st.sampled_from(Request), seen=LOOKS, dt=st.one_of(st.just(PERIOD), st.floats(-1.0, 1.0)))
    def anything(self, request, seen, dt):
        self._step(request, seen, dt)

    @rule(request=st.sampled_from(Request), wish=vectors(3), steps=st.integers(1, 50))
    def healthy(self, request, wish, steps):
        for _ in range(steps):
            self._step(request, look(command=wish))

    @invariant()
    def references_are_within_limits(self):
        if self.output is None or self.output.command is None:
            return
        blend, *velocity = self.output.command
        assert 0.0 <= blend <= 1.0
        assert all(low <= v <= high for v, (low, high) in zip(velocity, RANGES.values()))
        if self.previous is not None and self.previous.command is not None:
            for new, old, rate in zip(velocity, self.previous.command[1:], SLEW):
                assert abs(new - old) <= rate * MAX_STEP_S + 1e-9

    @invariant()
    def references_leave_only_in_commanding_modes(self):
        if self.output is not None:
            assert (self.output.command is not None) == (self.output.mode in COMMANDING)

    @invariant()
    def emergency_stop_has_no_way_out(self):
        mode = self.harness.supervisor.mode
        if self.stopped:
            assert mode is Mode.EMERGENCY_STOP
        self.stopped = mode is Mode.EMERGENCY_STOP


TestJoints = JointMachine.TestCase
TestJoints.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
