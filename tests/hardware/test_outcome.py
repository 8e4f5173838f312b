"""The last words of a flight: the fault whose action was in force, and where the robot is now."""

import pytest

from hardware.flight import FlightRecord
from hardware.flying.job import flight_result
from hardware.flying.mission import Plan
from hardware.outcome import aborted
from sim.errors import FlightAbortedError


def fault(name, action, after_ms=5.0):
    return {"fault": name, "safe_action": action, "detected_ms": after_ms, "safe_action_ms": after_ms}


def last_words(**record):
    flight = flight_result(FlightRecord(**{"took_off": True, **record}), Plan())
    return str(aborted({"flight": flight, "log": "flight.mcap"}))


@pytest.mark.parametrize("order", [1, -1])
def test_the_most_severe_action_names_the_fault(order):
    faults = [fault("state_stale", "land", 154.0), fault("link_lost", "level_and_descend", 108.0)]
    what = "flight aborted: link_lost, safe action 'level_and_descend' after 108 ms"
    assert last_words(faults=faults[::order], disarmed=True) == f"{what}; the robot is disarmed; log flight.mcap"


def test_of_equally_severe_ones_the_first_is_named():
    words = last_words(faults=[fault("tilt", "off"), fault("crashed", "off")], disarmed=True)
    assert "tilt" in words
    assert "crashed" not in words


def test_a_robot_out_of_reach_is_said_to_act_by_itself():
    words = last_words(faults=[fault("link_lost", "level_and_descend")])
    assert "out of reach and lands by itself" in words


def test_a_robot_that_is_heard_but_does_not_confirm_is_not_called_out_of_reach():
    words = last_words(faults=[fault("state_stale", "land")])
    assert "did not confirm that it is disarmed" in words


def test_after_a_kill_the_robot_must_be_restarted():
    assert "locked until it is restarted" in last_words(faults=[fault("kill", "off")], disarmed=True)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"took_off": False, "disarmed": True}, "did not arm within 3 s"),
        ({"plan_done": True}, "fell silent after its landing"),
        ({"disarmed": True}, "before its plan did"),
    ],
)
def test_without_a_fault_it_says_what_else_went_wrong(record, words):
    assert words in last_words(**record)


@pytest.mark.parametrize("missing", ["plan_done", "disarmed"])
def test_a_flight_completes_only_with_its_plan_done_disarmed_and_without_a_fault(missing):
    whole = {"took_off": True, "plan_done": True, "disarmed": True}
    assert flight_result(FlightRecord(**whole), Plan())["completed"]
    assert not flight_result(FlightRecord(**{**whole, missing: False}), Plan())["completed"]
    assert not flight_result(FlightRecord(**whole, faults=[fault("tilt", "off")]), Plan())["completed"]
    assert isinstance(aborted({"flight": flight_result(FlightRecord(), Plan()), "log": ""}), FlightAbortedError)
