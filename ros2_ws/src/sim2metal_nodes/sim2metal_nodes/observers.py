"""Which observation builder a bundle needs."""

from __future__ import annotations

from hardware.flying.observation import FlightObservation
from hardware.pilot import Observe
from policies.bundle import BundleInfo
from sim.errors import ConfigError
from sim.spec import FlightLimits


def observer_for(info: BundleInfo) -> Observe:
    """Return what fills the bundle's observation from state, reference and the command applied last.

    Raises:
        ConfigError: for a robot or a term that no topic here delivers.
    """
    if not isinstance(info.limits, FlightLimits):
        raise ConfigError(f"policies for '{info.robot.name}' are not flown: policy_node takes flying robots so far")
    return FlightObservation(info)
