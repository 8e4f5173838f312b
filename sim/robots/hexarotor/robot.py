"""Yuneec Typhoon H480 constants as PX4's Gazebo Classic model has them (its model ``typhoon_h480``)."""

from __future__ import annotations

from math import pi, radians
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_HEIGHT = 0.1249
"""Hubs above the centre of mass, m: 0.0822 above the frame's origin, the centre of mass 0.0427 below it."""

_ROTORS = (
    (0.2104, -0.1213, _HEIGHT),
    (0.0, -0.2427, _HEIGHT),
    (-0.2104, -0.1213, _HEIGHT),
    (-0.2104, 0.1213, _HEIGHT),
    (0.0, 0.2427, _HEIGHT),
    (0.2104, 0.1213, _HEIGHT),
)
"""Clockwise seen from above, from the front right: PX4's motors 4, 0, 3, 5, 1, 2 (counted from 0), m.
The file's hubs are up to 1.5 mm from these, their means over front and back."""

_YAW_SIGN = (-1.0, 1.0, -1.0, 1.0, -1.0, 1.0)
"""Opposite to the rotors' turning: 4, 3, 1 turn counter-clockwise, 0, 5, 2 clockwise."""

_MAX_RAD_S = 1500.0
"""``maxRotVelocity``."""

TYPHOON_H480 = MultirotorParameters(
    name="typhoon_h480",
    # Derived: the sum of frame (2.02), gimbal (4 x 0.1), legs (2 x 0.1), propellers (6 x 0.005) and sensor (0.015).
    mass=2.665,
    # Derived: those parts about their common centre by the parallel-axis theorem; the product of inertia x z, 5 % of
    # these, is left out, and the centre, 5 mm behind the rotors' middle, is put below it (battery pushed forward).
    inertia=(0.03462, 0.03675, 0.03512),
    rotor_position_b=_ROTORS,
    yaw_sign=_YAW_SIGN,
    thrust_curve=(0.0, 0.0, 8.54858e-06 * _MAX_RAD_S**2),
    torque_per_thrust=0.06,
    motor_rise_s=0.0125,
    motor_fall_s=0.025,
    max_rotor_speed_rpm=_MAX_RAD_S * 30.0 / pi,
    source="PX4/PX4-SITL_gazebo-classic, models/typhoon_h480",
    # Assumed: the 8.06428e-5 N s^2/m per rotor of the same propulsion in RotorS (firefly) and of PX4's X500; this
    # model's file has ten times as much without saying from where.
    rotor_drag=(6 * 8.06428e-05 * _MAX_RAD_S, 6 * 8.06428e-05 * _MAX_RAD_S, 0.0),
    rotor_radius_m=0.114,  # 9 inch propellers (Yuneec); the file's discs of 0.128 m would meet
)

ROBOT = RobotSpec(
    name="hexarotor",
    description="Yuneec Typhoon H480, a 2.7 kg hexarotor, as PX4's Gazebo Classic model has it",
    mjcf=Path(__file__).with_name("hexarotor.xml"),
    motor_names=("m1", "m2", "m3", "m4", "m5", "m6"),
    joint_names=(),
    parameter_sets={"typhoon_h480": TYPHOON_H480},
    default_parameter_set="typhoon_h480",
    command_unit="fraction of max rotor speed",
    # Assumed: a field; a 4S pack (Yuneec, 14.8 V) of 3.3 V and 3.6 V per cell.
    limits=FlightLimits(
        tilt_rad=radians(60.0),
        geofence_radius_m=15.0,
        ceiling_m=10.0,
        speed_m_s=8.0,
        angular_rate_rad_s=10.0,
        battery_min_v=13.2,
        battery_takeoff_v=14.4,
        link_silence_s=0.25,
        state_age_s=0.3,
        fault_budget_s=0.4,
    ),
    sources=("PX4/PX4-SITL_gazebo-classic", "ethz-asl/rotors_simulator for the drag", "Yuneec data sheet: battery"),
)
