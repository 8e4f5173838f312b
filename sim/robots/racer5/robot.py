"""A 5-inch racing quadrotor of the Agilicious class ("Kingfisher"), each number with its source.

Foehn et al. 2022, "Agilicious", Science Robotics 7(67); the same airframe was flown and weighed for
NeuroBEM (Bauersfeld et al. 2021, arXiv 2106.08015). Its numbers stand in that group's public code:
mass, inertia, hub positions, thrust bound and torque constant in Agilicious' MPC wrapper, thrust map
and motor time constant in Flightmare's dynamics.
"""

from __future__ import annotations

from math import pi, radians, sqrt
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_X, _Y = 0.075, 0.100
"""Rotor hub offsets along body x and y, m (Agilicious)."""

_ROTORS = ((_X, -_Y, 0.0), (-_X, -_Y, 0.0), (-_X, _Y, 0.0), (_X, _Y, 0.0))
"""Front right, back right, back left, front left: the Crazyflie's order, not Betaflight's."""

_MAX_THRUST = 8.5
"""Per rotor, N (Agilicious' bound; NeuroBEM measured 33 N statically with all four)."""

_THRUST_MAP = 1.562522e-6
"""N s^2 of thrust per squared rotor speed (Flightmare's model of this airframe)."""

KINGFISHER = MultirotorParameters(
    name="kingfisher",
    mass=0.752,
    inertia=(0.0025, 0.0021, 0.0043),
    rotor_position_b=_ROTORS,
    yaw_sign=(-1.0, 1.0, -1.0, 1.0),
    thrust_curve=(0.0, 0.0, _MAX_THRUST),
    torque_per_thrust=0.022,
    motor_rise_s=0.033,
    motor_fall_s=0.033,
    max_rotor_speed_rpm=sqrt(_MAX_THRUST / _THRUST_MAP) * 30.0 / pi,  # derived
    source="Agilicious (Science Robotics 2022), NeuroBEM (arXiv 2106.08015), Flightmare",
    # Derived: the same linear drag over weight as the X500's in Gazebo, because both come from propellers of
    # one family at like disc loading (assumed); the published racing models are polynomials at 15 m/s.
    rotor_drag=(0.12, 0.12, 0.0),
    rotor_radius_m=0.0648,  # 5.1 inch propellers
)

ROBOT = RobotSpec(
    name="racer5",
    description="5-inch racing quadrotor of the Agilicious class, 0.75 kg with thrust for 4.6 times its weight",
    mjcf=Path(__file__).with_name("racer5.xml"),
    motor_names=("m1", "m2", "m3", "m4"),
    joint_names=(),
    parameter_sets={"kingfisher": KINGFISHER},
    default_parameter_set="kingfisher",
    command_unit="fraction of max rotor speed",
    # Assumed: a netted hall; a 4S pack (Agilicious) of 3.3 V and 3.6 V per cell.
    limits=FlightLimits(
        tilt_rad=radians(80.0),
        geofence_radius_m=8.0,
        ceiling_m=6.0,
        speed_m_s=10.0,
        angular_rate_rad_s=25.0,
        battery_min_v=13.2,
        battery_takeoff_v=14.4,
        link_silence_s=0.1,
        state_age_s=0.15,
        fault_budget_s=0.2,
    ),
    sources=("Agilicious, Science Robotics 7(67), 2022", "NeuroBEM, arXiv 2106.08015", "uzh-rpg/flightmare"),
)
