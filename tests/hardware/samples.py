"""Inputs of the supervisor for tests: a healthy robot and ways to spoil it."""

from __future__ import annotations

import dataclasses
import math

from hardware.faults import Observed
from hardware.states import FlightState
from sim.spec import FlightLimits

LIMITS = FlightLimits(
    tilt_rad=math.radians(70.0),
    geofence_radius_m=2.0,
    ceiling_m=2.5,
    speed_m_s=3.0,
    angular_rate_rad_s=35.0,
    battery_min_v=3.0,
    battery_takeoff_v=3.5,
    link_silence_s=0.1,
    state_age_s=0.15,
    fault_budget_s=0.2,
)

HEALTHY = FlightState(
    received_ns=0,
    robot_ms=0,
    position_w=(0.0, 0.0, 0.0),
    velocity_w=(0.0, 0.0, 0.0),
    orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
    angular_velocity_b=(0.0, 0.0, 0.0),
    battery_v=4.0,
    armed=True,
    crashed=False,
    policy_fault=False,
    dead_man=False,
    landed=False,
    onboard_mode=2,
)

LOOK = Observed(state=HEALTHY, state_age_s=0.01, heard_age_s=0.005, connected=True, command=(0.0, 0.0, 0.5, 0.0))


def look(state: dict | None = None, **changes) -> Observed:
    """A healthy look with fields of the state and of the look replaced."""
    return dataclasses.replace(LOOK, state=dataclasses.replace(HEALTHY, **(state or {})), **changes)


def rolled(angle_rad: float) -> tuple[float, ...]:
    """Quaternion of a roll, wxyz."""
    return (math.cos(angle_rad / 2), math.sin(angle_rad / 2), 0.0, 0.0)
