"""The supervisor by example: the way through a flight, and every fault to its safe action."""

import itertools
import math

import pytest

from hardware.behaviour import Mode
from hardware.control_loop import fault_dict
from hardware.faults import SEVERITY, Fault
from hardware.flying.behaviour import LATE_DESCENT_S, FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS, SAFE_ACTIONS
from hardware.supervisor import COMMANDING, Request, Supervisor
from tests.hardware.samples import LIMITS, look, rolled

PERIOD = 0.01
TARGET = (0.0, 0.0, 0.5, 0.0)


def aloft(state=None, **changes):
    """A look at a robot half a metre up."""
    return look({"position_w": (0.0, 0.0, 0.5), **(state or {})}, **changes)


SHOWS = {
    Fault.LINK_LOST: aloft(connected=False),
    Fault.COMMANDS_LOST: aloft({"dead_man": True}),
    Fault.STATE_STALE: aloft(state_age_s=0.16),
    Fault.STATE_NAN: aloft({"velocity_w": (math.nan, 0.0, 0.0)}),
    Fault.EXTERNAL_POSE_LOST: aloft(external_age_s=0.16),
    Fault.COMMAND_NAN: aloft(command=(0.0, math.inf, 0.5, 0.0)),
    Fault.POLICY_NAN: aloft({"policy_fault": True}),
    Fault.LOW_BATTERY: aloft({"battery_v": 2.9}),
    Fault.TILT: aloft({"orientation_wxyz": rolled(math.radians(75.0))}),
    Fault.RATE: aloft({"angular_velocity_b": (0.0, 36.0, 0.0)}),
    Fault.GEOFENCE: aloft({"position_w": (1.5, 1.5, 0.5)}),
    Fault.SPEED: aloft({"velocity_w": (0.0, 2.5, 2.5)}),
    Fault.CRASHED: aloft({"crashed": True}),
    Fault.DISARMED: aloft({"armed": False}),
    Fault.HOST_STALLED: aloft(host_stall_s=0.21),
    Fault.OPERATOR_STOP: aloft(operator_stop=True),
    Fault.KILL: aloft(kill=True),
}
"""One look that shows each fault, and no other."""

SAFE_MODES = {"land": Mode.LANDING, "level_and_descend": Mode.DESCENDING, "off": Mode.OFF}


TABLES = {"on board": SAFE_ACTIONS, "on the host": HOST_SAFE_ACTIONS}
"""The tables of safe actions, by where the policy runs."""


class Harness:
    def __init__(self, table=SAFE_ACTIONS):
        self.supervisor = Supervisor(FlightBehaviour(LIMITS, table))
        self.time = 0.0

    def step(self, request=Request.RUN, seen=None):
        self.time += PERIOD
        return self.supervisor.step(self.time, request, seen or look(command=TARGET))

    def fly(self):
        """Take off and reach the running mode."""
        self.step(Request.CHECK)
        self.step(Request.ARM)
        for _ in range(400):
            output = self.step(Request.START if self.supervisor.mode is Mode.ARMING else Request.RUN)
            if output.mode is Mode.RUNNING:
                return self
        raise AssertionError(f"stuck in {self.supervisor.mode}")


def test_a_descent_that_never_ends_is_ended():
    """A robot that neither sinks nor rests must not stay up for good: after a stated time the motors go off."""
    adrift = {"position_w": (0.2, 0.0, 1.2), "velocity_w": (0.6, 0.0, 0.0)}
    for request in (Request.END, Request.RUN):
        harness = Harness().fly()
        seen = look(adrift, operator_stop=request is Request.RUN)
        begun = harness.time
        while harness.supervisor.mode is not Mode.OFF:
            harness.step(request, seen)
            assert harness.time - begun < 60.0
        assert harness.time - begun > LATE_DESCENT_S


@pytest.fixture
def flying():
    return Harness().fly()


JOINT_FAULTS = {Fault.JOINT_RANGE, Fault.JOINT_SPEED, Fault.JOINT_TORQUE, Fault.TEMPERATURE}
IN_FLIGHT = [fault for fault in Fault if fault not in JOINT_FAULTS]


def test_every_fault_has_a_safe_action_and_an_example():
    assert set(SAFE_ACTIONS) == set(HOST_SAFE_ACTIONS) == set(IN_FLIGHT) == set(SHOWS)


@pytest.mark.parametrize("look_at", [aloft(policy_failed=True), aloft({"operator_stop": True})])
def test_a_fault_may_show_in_more_than_one_place(flying, look_at):
    expected = Fault.POLICY_NAN if look_at.policy_failed else Fault.OPERATOR_STOP
    assert [record.fault for record in flying.step(seen=look_at).new_faults] == [expected]


def test_nothing_is_commanded_before_take_off():
    harness = Harness()
    for request in (Request.CHECK, Request.ARM, Request.NONE, Request.RUN):
        assert harness.step(request).command is None


def test_take_off_ramps_from_the_ground(flying):
    assert flying.supervisor.mode is Mode.RUNNING
    assert flying.step().command == pytest.approx(TARGET, abs=0.011)


def test_take_off_waits_for_the_robot_to_be_armed_and_gives_up():
    harness = Harness()
    harness.step(Request.CHECK)
    harness.step(Request.ARM)
    modes = [harness.step(Request.START, look({"armed": False})).mode for _ in range(320)]
    assert modes[0] is Mode.ARMING
    assert modes[-1] is Mode.OFF
    assert Mode.RAMP not in modes


@pytest.mark.parametrize("where", TABLES)
@pytest.mark.parametrize("fault", IN_FLIGHT, ids=lambda fault: fault.value)
def test_every_fault_reaches_its_safe_action_in_the_step_that_shows_it(fault, where):
    table = TABLES[where]
    output = Harness(table).fly().step(seen=SHOWS[fault])
    expected = Mode.EMERGENCY_STOP if fault is Fault.KILL else SAFE_MODES[table[fault]]
    assert output.mode is expected
    assert [record.fault for record in output.new_faults] == [fault]
    record = output.new_faults[0]
    assert record.action == table[fault]
    assert record.detected_s - record.onset_s <= LIMITS.fault_budget_s


@pytest.mark.parametrize("fault", IN_FLIGHT, ids=lambda fault: fault.value)
def test_a_fault_that_goes_away_does_not_resume_the_mission(flying, fault):
    flying.step(seen=SHOWS[fault])
    for _ in range(50):
        output = flying.step(seen=look({"position_w": (0.0, 0.0, 0.5)}))
        assert output.mode not in (Mode.RAMP, Mode.RUNNING, Mode.HOLDING)


@pytest.mark.parametrize("first", IN_FLIGHT, ids=lambda fault: fault.value)
@pytest.mark.parametrize("second", IN_FLIGHT, ids=lambda fault: fault.value)
def test_a_safe_action_is_only_replaced_by_a_more_severe_one(first, second):
    flying = Harness().fly()
    flying.step(seen=SHOWS[first])
    before = flying.supervisor.mode
    after = flying.step(seen=SHOWS[second]).mode
    order = {Mode.LANDING: 1, Mode.DESCENDING: 2, Mode.OFF: 3, Mode.EMERGENCY_STOP: 4}
    assert order[after] >= order[before]
    if second is not Fault.KILL:
        expected = max(SEVERITY[SAFE_ACTIONS[first]], SEVERITY[SAFE_ACTIONS[second]])
        assert order[after] >= expected


ON_THE_GROUND = [fault for fault in IN_FLIGHT if fault not in (Fault.KILL, Fault.GEOFENCE)]
"""The fence is measured from where the robot stands; a kill has a test of its own."""


@pytest.mark.parametrize("fault", ON_THE_GROUND, ids=lambda fault: fault.value)
def test_a_fault_before_take_off_ends_the_flight_on_the_ground(fault):
    harness = Harness()
    harness.step(Request.CHECK)
    harness.step(Request.ARM)
    harness.step(Request.NONE)
    output = harness.step(Request.START, SHOWS[fault])
    assert output.mode is Mode.OFF
    assert output.command is None


def test_landing_sinks_at_the_landing_speed_and_ends_off(flying):
    heights = []
    for _ in range(600):
        output = flying.step(seen=aloft({"velocity_w": (0.0, 0.0, -0.3)}, operator_stop=True))
        if output.command is None:
            break
        heights.append(output.command[2])
    falls = [a - b for a, b in itertools.pairwise(heights) if a != b]
    assert max(falls) == pytest.approx(0.3 * PERIOD)
    assert output.mode is not Mode.OFF, "it is still seen in the air"
    output = flying.step(seen=look({"position_w": (0.0, 0.0, 0.02)}))
    assert output.mode is Mode.OFF
    assert output.action == "off"


def test_a_robot_that_landed_on_a_table_is_switched_off(flying):
    modes = [flying.step(seen=aloft(operator_stop=True)).mode for _ in range(600)]
    assert modes[0] is Mode.LANDING
    assert modes[-1] is Mode.OFF


def test_a_blind_landing_ends_off_by_time(flying):
    blind = aloft(state_age_s=1.0)
    modes = [flying.step(seen=blind).mode for _ in range(600)]
    assert modes[0] is Mode.LANDING
    assert modes[-1] is Mode.OFF
    assert modes.count(Mode.LANDING) * PERIOD == pytest.approx(0.8 / 0.3 + 1.5, abs=0.1)


def test_a_blind_descent_ends_off_by_time(flying):
    lost = aloft(connected=False, state_age_s=0.2, heard_age_s=0.2)
    modes = [flying.step(seen=lost).mode for _ in range(600)]
    assert modes[0] is Mode.DESCENDING
    assert modes[-1] is Mode.OFF


def test_a_command_that_is_not_a_number_never_leaves(flying):
    output = flying.step(seen=SHOWS[Fault.COMMAND_NAN])
    assert output.command is not None
    assert all(map(math.isfinite, output.command))


def test_a_late_step_moves_the_setpoint_no_further_than_a_bounded_time(flying):
    before = flying.step().command
    flying.time += 5.0
    after = flying.step(seen=look(command=(1.0, 0.0, 0.5, 0.0))).command
    assert math.dist(before[:3], after[:3]) <= 1.0 * 0.05 + 1e-9


def test_a_stall_of_the_host_is_not_the_robots_silence(flying):
    assert flying.step(seen=aloft(state_age_s=0.19, heard_age_s=0.18, host_stall_s=0.17)).mode is Mode.RUNNING
    assert flying.step(seen=aloft(state_age_s=0.33, heard_age_s=0.18, host_stall_s=0.17)).mode is Mode.LANDING
    assert flying.step(seen=aloft(state_age_s=0.28, heard_age_s=0.28)).mode is Mode.DESCENDING


def test_silence_is_called_a_lost_link_and_not_an_old_state(flying):
    """The last state is always older than the last packet; the name of the fault must not depend on it."""
    for age in (step * PERIOD for step in range(20)):
        output = flying.step(seen=aloft(state_age_s=age + 0.01, heard_age_s=age))
    assert flying.supervisor.faults[0].fault is Fault.LINK_LOST
    assert output.mode is Mode.DESCENDING


def test_only_reset_leaves_the_emergency_stop(flying):
    flying.step(seen=SHOWS[Fault.KILL])
    for request in Request:
        for seen in (look(), *SHOWS.values()):
            output = flying.step(request, seen)
            assert output.mode is Mode.EMERGENCY_STOP
            assert output.action == "off"
    flying.supervisor.reset()
    assert flying.step(Request.NONE).mode is Mode.IDLE


def test_hold_keeps_the_setpoint_until_told_to_fly(flying):
    held = flying.step(Request.HOLD).command
    for _ in range(10):
        assert flying.step(Request.HOLD, look(command=(1.0, 1.0, 1.0, 0.0))).command == held
    assert flying.step(Request.RUN).mode is Mode.RUNNING


def test_commands_leave_in_exactly_the_commanding_modes(flying):
    for seen in (look(), SHOWS[Fault.LOW_BATTERY], SHOWS[Fault.SPEED], SHOWS[Fault.TILT]):
        output = flying.step(seen=seen)
        assert (output.command is not None) == (output.mode in COMMANDING)


def test_a_fault_whose_action_was_in_force_already_was_answered_then(flying):
    first = flying.step(seen=aloft(connected=False, heard_age_s=0.11)).new_faults[0]
    assert first.in_force_since_s is None
    for _ in range(30):
        flying.step(seen=aloft(connected=False, heard_age_s=0.3))
    later = flying.step(seen=aloft(state_age_s=0.4)).new_faults[0]
    assert later.fault is Fault.STATE_STALE
    assert later.in_force_since_s == pytest.approx(first.detected_s)
    record = fault_dict(later, acted_s=flying.time)
    assert record["safe_action_ms"] == pytest.approx(1e3 * (first.detected_s - later.onset_s), abs=0.1)
    assert record["detected_ms"] == pytest.approx(400.0)


def test_two_faults_of_one_step_are_both_answered_in_it(flying):
    for record in flying.step(seen=aloft({"battery_v": 2.0, "crashed": True})).new_faults:
        assert record.in_force_since_s is None
