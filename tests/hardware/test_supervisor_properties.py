"""Whatever happens: commands within limits, no way out of an emergency stop, faults handled in time."""

import math

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hardware.behaviour import Mode
from hardware.faults import SEVERITY, Observed
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS, SAFE_ACTIONS
from hardware.states import FlightState
from hardware.supervisor import COMMANDING, MAX_STEP_S, MOVING, Request, Supervisor
from tests.hardware.samples import HEALTHY, LIMITS, look

ANY = st.floats(allow_nan=True, allow_infinity=True)
NEAR = st.floats(-4.0, 4.0)
NUMBER = st.one_of(NEAR, NEAR, NEAR, ANY)


def vectors(size: int, element=NUMBER):
    return st.tuples(*[element] * size)


STATES = st.builds(
    FlightState,
    received_ns=st.just(0),
    robot_ms=st.just(0),
    position_w=vectors(3),
    velocity_w=vectors(3),
    orientation_wxyz=st.one_of(st.just((1.0, 0.0, 0.0, 0.0)), vectors(4)),
    angular_velocity_b=vectors(3),
    battery_v=st.one_of(st.floats(2.5, 4.2), ANY),
    armed=st.booleans(),
    crashed=st.booleans(),
    policy_fault=st.booleans(),
    dead_man=st.booleans(),
    landed=st.booleans(),
    onboard_mode=st.integers(0, 255),
)
AGES = st.one_of(st.floats(0.0, 0.3), ANY)
LOOKS = st.builds(
    Observed,
    state=st.one_of(st.none(), STATES),
    state_age_s=AGES,
    heard_age_s=AGES,
    connected=st.booleans(),
    command=vectors(4),
    host_stall_s=st.floats(0.0, 0.3),
    operator_stop=st.booleans(),
    kill=st.booleans(),
    policy_failed=st.booleans(),
)
TIMES = st.one_of(st.just(0.01), st.floats(-1.0, 1.0))


class SupervisorMachine(RuleBasedStateMachine):
    """Random requests and looks, with enough healthy ones that flights really start."""

    table = SAFE_ACTIONS

    def __init__(self):
        super().__init__()
        self.supervisor = Supervisor(FlightBehaviour(LIMITS, self.table))
        self.time = 0.0
        self.output = None
        self.previous = None
        self.stopped = False

    def _step(self, request, seen, dt=0.01):
        before = self.supervisor.mode
        self.time += dt
        self.previous, self.output = self.output, self.supervisor.step(self.time, request, seen)
        if before in MOVING:
            for record in self.output.new_faults:
                # The action of a fault is in force in the very step that shows it.
                assert SEVERITY[record.action] >= SEVERITY[self.table[record.fault]]
        if before in MOVING and self.output.new_faults:
            assert self.output.mode in (Mode.LANDING, Mode.DESCENDING, Mode.OFF, Mode.EMERGENCY_STOP)

    @initialize(position=vectors(3, st.floats(-50.0, 50.0)))
    def take_off(self, position):
        """Half of all runs start in the air."""
        healthy = look({"position_w": position}, command=(*position[:2], position[2] + 0.5, 0.0))
        self._step(Request.CHECK, healthy)
        self._step(Request.ARM, healthy)
        for _ in range(250):
            self._step(Request.START, healthy)

    @rule(request=st.sampled_from(Request), seen=LOOKS, dt=TIMES)
    def anything(self, request, seen, dt):
        self._step(request, seen, dt)

    @rule(request=st.sampled_from(Request), command=vectors(4), steps=st.integers(1, 30))
    def healthy(self, request, command, steps):
        for _ in range(steps):
            self._step(request, look({"position_w": self.supervisor.behaviour.home_w}, command=command))

    @rule(direction=vectors(4, st.sampled_from([-100.0, 0.0, 100.0])))
    def far(self, direction):
        """A healthy flight told for three seconds to go where it must not."""
        home = self.supervisor.behaviour.home_w
        aloft = (*home[:2], home[2] + 0.5)
        for _ in range(300):
            self._step(Request.RUN, look({"position_w": aloft}, command=direction))
            self.commands_are_within_limits()

    @rule(seen=LOOKS, steps=st.integers(1, 20))
    def repeated(self, seen, steps):
        for _ in range(steps):
            self._step(Request.RUN, seen)

    @precondition(lambda self: self.supervisor.mode in (Mode.OFF, Mode.EMERGENCY_STOP))
    @rule()
    def reset(self):
        self.supervisor.reset()
        self.output = self.previous = None
        self.stopped = False

    @invariant()
    def commands_are_within_limits(self):
        if self.output is None or self.output.command is None:
            return
        envelope = self.supervisor.behaviour.envelope
        assert all(map(math.isfinite, self.output.command))
        assert all(lo <= c <= hi for c, lo, hi in zip(self.output.command, envelope.low, envelope.high))
        x, y, z = self.supervisor.behaviour.home_w
        assert math.hypot(self.output.command[0] - x, self.output.command[1] - y) < LIMITS.geofence_radius_m
        assert self.output.command[2] - z < LIMITS.ceiling_m

    @invariant()
    def commands_move_within_the_slew_limit(self):
        if self.output is None or self.previous is None or None in (self.output.command, self.previous.command):
            return
        slew = self.supervisor.behaviour.envelope.slew
        for new, old, rate in zip(self.output.command, self.previous.command, slew):
            assert abs(new - old) <= rate * MAX_STEP_S + 1e-9

    @invariant()
    def commands_leave_only_in_commanding_modes(self):
        if self.output is not None:
            assert (self.output.command is not None) == (self.output.mode in COMMANDING)
            assert self.output.command is None or self.output.action is None

    @invariant()
    def emergency_stop_has_no_way_out(self):
        if self.stopped:
            assert self.supervisor.mode is Mode.EMERGENCY_STOP
        self.stopped = self.supervisor.mode is Mode.EMERGENCY_STOP


class HostSupervisorMachine(SupervisorMachine):
    """The same for a policy on the host."""

    table = HOST_SAFE_ACTIONS


TestSupervisor = SupervisorMachine.TestCase
TestHostSupervisor = HostSupervisorMachine.TestCase
TestSupervisor.settings = TestHostSupervisor.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, derandomize=True
)


def test_an_unseen_robot_is_never_flown():
    """Without a state sample no flight starts."""
    supervisor = Supervisor(FlightBehaviour(LIMITS))
    for step in range(600):
        output = supervisor.step(
            step * 0.01, list(Request)[step % len(Request)], Observed(None, 0.0, 0.0, True, (0.0,) * 4)
        )
        assert output.command is None


def test_the_healthy_sample_is_healthy():
    assert HEALTHY.finite
    assert HEALTHY.tilt_rad == 0.0
