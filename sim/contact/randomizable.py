"""Everything that the randomization of a contact task can name, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from sim.randomizable import Mode, Parameter
from sim.randomization import RandomizationTable, Term, check_bounds

Draws = dict[str, np.ndarray]
_SET: tuple[Mode, ...] = ("set",)
_ADD: tuple[Mode, ...] = ("add",)
_SCALE: tuple[Mode, ...] = ("scale",)
_SET_OR_ADD: tuple[Mode, ...] = ("set", "add")

CONTACT_PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "tool_xy": Parameter(2, "m", _ADD, "where the tool starts beside the middle of the work area"),
        "tool_z": Parameter(1, "m", _ADD, "the same in height"),
        "tool_tilt": Parameter(2, "rad", _ADD, "turn of the tool about x and y at the start"),
        "tool_yaw": Parameter(1, "rad", _ADD, "turn about the vertical at the start"),
        "socket_xy": Parameter(2, "m", _ADD, "place of the fixture beside the middle of the work area"),
        "socket_z": Parameter(1, "m", _ADD, "height of the fixture above its lowest"),
        "socket_noise": Parameter(3, "m", _ADD, "error of the fixture's place as the policy sees it, all episode long"),
        "grasp_offset": Parameter(1, "m", _ADD, "place of the object along its own axis in the grasp"),
        "grasp_tilt": Parameter(1, "rad", _ADD, "turn of the object in the grasp, about the fingers' way"),
        "diameter": Parameter(1, "m", _SET, "of the object", 8e-3, "positive"),
        "clearance": Parameter(1, "m", _SET, "hole's diameter less the object's", 0.5e-3, "positive"),
        "mass": Parameter(1, "kg", _SET, "of the object; default: its volume times its density", np.nan),
        "centre_of_mass": Parameter(1, "m", _SET_OR_ADD, "of the object along its axis from its middle"),
        "friction": Parameter(1, "1", _SCALE, "of object, fixture and gel", 1.0, "positive"),
        "gel_stiffness": Parameter(1, "1", _SCALE, "of both pads", 1.0, "positive"),
        "joint_damping": Parameter(7, "N m s/rad", _ADD, "of the arm's joints"),
        "grasp_force": Parameter(1, "N", _SET, "of each finger; thin objects are held with less", 5.0, "positive"),
    }
)
"""By name; without a term each has its nominal value."""


class ContactTerm(Term):
    """One randomized parameter of a contact task."""

    catalogue: ClassVar[Mapping[str, Parameter]] = CONTACT_PARAMETERS


def draw_contacts(table: RandomizationTable, rng: np.random.Generator, n: int) -> Draws:
    """Draw ``n`` episodes.

    Args:
        table: of ``ContactTerm``.
        rng: advanced by one draw whatever the table holds.
        n: number of episodes.

    Returns:
        Every parameter, randomized or nominal, (n, size) float64.

    Raises:
        ConfigError: if the table reaches values without physical meaning.
    """
    key = int(rng.integers(2**63))
    values = {
        name: np.broadcast_to(np.asarray(parameter.nominal, float), (n, parameter.size)).copy()
        for name, parameter in CONTACT_PARAMETERS.items()
    }
    for term in table.terms:
        values[term.parameter] = term.apply(values[term.parameter], term.draw(key, n))
    check_bounds(table, CONTACT_PARAMETERS, values)
    return values
