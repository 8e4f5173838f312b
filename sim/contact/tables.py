"""The published randomization, as terms that tasks put together.

Where no other source is named: TacSL (arXiv 2408.06506) and its public settings.
"""

from __future__ import annotations

from sim.contact.randomizable import ContactTerm
from sim.distributions import Distribution, LogUniform, Uniform

_TACSL = "TacSL, arXiv 2408.06506, public settings"


def _symmetric(parameter: str, reach: float, source: str = _TACSL) -> ContactTerm:
    return ContactTerm(parameter, Uniform(-reach, reach), "add", source)


def grasp_terms(offset_m: float = 12.5e-3, tilt_rad: float = 0.628) -> tuple[ContactTerm, ...]:
    """Return how differently the object lies in the hand."""
    tilt = (_symmetric("grasp_tilt", tilt_rad),) if tilt_rad else ()
    return _symmetric("grasp_offset", offset_m), *tilt


def diameter_term(low_m: float = 4e-3, high_m: float = 16e-3) -> ContactTerm:
    """Return the thicknesses of pegs."""
    return ContactTerm("diameter", Uniform(low_m, high_m), "set", "TacSL: pegs of 4 to 16 mm")


def set_term(parameter: str, distribution: Distribution, source: str) -> ContactTerm:
    """Return a parameter drawn as it is."""
    return ContactTerm(parameter, distribution, "set", source)


START = (
    _symmetric("tool_xy", 0.1),
    _symmetric("tool_z", 0.05),
    _symmetric("tool_tilt", 0.1),
    _symmetric("tool_yaw", 1.0),
)
PLACE = (
    _symmetric("socket_xy", 0.1),
    ContactTerm("socket_z", Uniform(0.0, 0.02), "add", _TACSL),
)
SOCKET = (*PLACE, _symmetric("socket_noise", 5e-3))
PHYSICS = (
    ContactTerm("friction", LogUniform(0.8, 1.2), "scale", _TACSL),
    ContactTerm("gel_stiffness", Uniform(0.6, 1.4), "scale", f"{_TACSL}: 150 to 350 N/m, over their middle"),
    _symmetric("joint_damping", 1.5),
)
