"""Randomization of contact tasks: every table, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from sim.contact.randomizable import CONTACT_PARAMETERS, ContactTerm, draw_contacts
from sim.distributions import Uniform
from sim.envs.contact_task import contact_task_names
from sim.errors import ConfigError
from sim.randomization import RandomizationTable, Term
from sim.registry import load_task

TASKS = contact_task_names()
TABLES = [getattr(load_task(name), table) for name in TASKS for table in ("TRAINING_TABLE", "EVALUATION_TABLE")]


def test_the_four_tasks_are_there():
    assert {"peg_placement", "peg_insertion", "bolt_on_nut", "grasp_stability"} <= set(TASKS)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_draws_are_within_their_ranges_and_paired(table):
    draws = draw_contacts(table, np.random.default_rng(0), 200)
    assert {name: value.shape for name, value in draws.items()} == {
        name: (200, parameter.size) for name, parameter in CONTACT_PARAMETERS.items()
    }
    for term in table.terms:
        low, high = term.distribution.low, term.distribution.high
        nominal = np.asarray(term.info.nominal) if term.mode != "set" else 0.0
        drawn = draws[term.parameter] - nominal if term.mode == "add" else draws[term.parameter]
        assert low <= drawn.min() < low + 0.2 * (high - low)
        assert high - 0.2 * (high - low) < drawn.max() <= high
    fewer = RandomizationTable("fewer", table.terms[1:])
    again = draw_contacts(fewer, np.random.default_rng(0), 200)
    for term in fewer.terms:
        np.testing.assert_array_equal(again[term.parameter], draws[term.parameter])


def test_the_published_ranges_are_those_of_placement():
    ranges = {
        t.parameter: (t.distribution.low, t.distribution.high) for t in load_task("peg_placement").TRAINING_TABLE.terms
    }
    assert ranges["tool_xy"] == ranges["socket_xy"] == (-0.1, 0.1)
    assert ranges["tool_z"] == (-0.05, 0.05)
    assert ranges["tool_yaw"] == (-1.0, 1.0)
    assert ranges["grasp_offset"] == (-12.5e-3, 12.5e-3)
    assert ranges["grasp_tilt"] == (-0.628, 0.628)
    assert "socket_noise" not in ranges  # (nothing on a plate could tell)
    assert ranges["diameter"] == (4e-3, 16e-3)


def test_holes_are_known_to_five_millimetres():
    (noise,) = (t for t in load_task("peg_insertion").TRAINING_TABLE.terms if t.parameter == "socket_noise")
    assert (noise.distribution.low, noise.distribution.high) == (-5e-3, 5e-3)


def test_bad_terms_are_refused_by_name():
    with pytest.raises(ConfigError, match="cannot randomize 'mas'; choose one of: centre_of_mass, clearance"):
        ContactTerm("mas", Uniform(0.0, 1.0), "set", "test")
    with pytest.raises(ConfigError, match="cannot randomize 'diameter'"):
        Term("diameter", Uniform(0.0, 1.0), "set", "test")  # a parameter of hands, not of flight
    with pytest.raises(ConfigError, match="'diameter' cannot be randomized by 'scale'; choose: set"):
        ContactTerm("diameter", Uniform(0.0, 1.0), "scale", "test")
    table = RandomizationTable("thin", (ContactTerm("diameter", Uniform(-1.0, 0.0), "set", "test"),))
    with pytest.raises(ConfigError, match="table 'thin' drew diameter = -"):
        draw_contacts(table, np.random.default_rng(0), 4)
