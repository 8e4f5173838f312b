"""Inputs of the supervisor of a robot with two joints: a healthy one and ways to spoil it."""

import dataclasses
import math

from hardware.faults import Observed
from hardware.states import JointState
from sim.spec import JointLimits

LIMITS = JointLimits(
    tilt_rad=math.radians(60.0),
    angular_rate_rad_s=6.0,
    battery_min_v=40.0,
    battery_takeoff_v=45.0,
    link_silence_s=0.1,
    state_age_s=0.1,
    fault_budget_s=0.2,
    position_low_rad=(-1.0, -0.5),
    position_high_rad=(1.0, 2.0),
    velocity_rad_s=(10.0, 20.0),
    torque_n_m=(50.0, 25.0),
    temperature_c=80.0,
)
RANGES = {"velocity_x": (-0.5, 1.0), "velocity_y": (-0.3, 0.3), "yaw_rate": (-1.0, 1.0)}

HEALTHY = JointState(
    received_ns=0,
    robot_ms=0,
    position=(0.1, 0.2),
    velocity=(0.0, 0.0),
    torque=(1.0, 2.0),
    temperature_c=(30.0, 35.0),
    orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
    angular_velocity_b=(0.0, 0.0, 0.0),
    battery_v=50.0,
    armed=True,
)

LOOK = Observed(state=HEALTHY, state_age_s=0.002, heard_age_s=0.002, connected=True, command=(0.5, 0.0, 0.0))


def look(state=None, **changes):
    """A healthy look with fields of the state and of the look replaced."""
    return dataclasses.replace(LOOK, state=dataclasses.replace(HEALTHY, **(state or {})), **changes)
