"""Holybro X500 constants as PX4's Gazebo model has them (``PX4/PX4-gazebo-models``, ``x500`` and ``x500_base``)."""

from __future__ import annotations

from math import pi, radians
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_ARM = 0.174
"""Rotor hub offset along body x and y, m."""
_HEIGHT = 0.0581
"""Hubs above the centre of mass, m: 0.060 above the frame's origin, less the centre's height below."""

_ROTORS = ((_ARM, -_ARM, _HEIGHT), (-_ARM, -_ARM, _HEIGHT), (-_ARM, _ARM, _HEIGHT), (_ARM, _ARM, _HEIGHT))
"""Front right, back right, back left, front left: the Crazyflie's order (PX4 numbers them 0, 3, 1... its own way)."""

_MAX_RAD_S = 1000.0
"""``maxRotVelocity``."""

GAZEBO = MultirotorParameters(
    name="gazebo",
    mass=2.0643,  # 2.0 kg of frame and four propellers of 16.1 g
    # Derived: the frame's (0.02167, 0.02167, 0.04) and the propellers' by the parallel-axis theorem, about the common
    # centre of mass, 1.9 mm above the frame's.
    inertia=(0.02384, 0.02394, 0.04400),
    rotor_position_b=_ROTORS,
    yaw_sign=(-1.0, 1.0, -1.0, 1.0),
    thrust_curve=(0.0, 0.0, 8.54858e-06 * _MAX_RAD_S**2),
    torque_per_thrust=0.016,
    motor_rise_s=0.0125,
    motor_fall_s=0.025,
    max_rotor_speed_rpm=_MAX_RAD_S * 30.0 / pi,
    source="PX4/PX4-gazebo-models, models x500 and x500_base",
    # ``rotorDragCoefficient`` 8.06428e-5 N s^2/m per rotor, times speed, across the disc, for four rotors.
    rotor_drag=(4 * 8.06428e-05 * _MAX_RAD_S, 4 * 8.06428e-05 * _MAX_RAD_S, 0.0),
    rotor_radius_m=0.1397,  # 0.2792 m propellers (11 inch)
)

ROBOT = RobotSpec(
    name="x500",
    description="Holybro X500, a 2 kg development quadrotor of PX4, as its Gazebo model has it",
    mjcf=Path(__file__).with_name("x500.xml"),
    motor_names=("m1", "m2", "m3", "m4"),
    joint_names=(),
    parameter_sets={"gazebo": GAZEBO},
    default_parameter_set="gazebo",
    command_unit="fraction of max rotor speed",
    # Assumed: a field; a 4S pack (Holybro) of 3.3 V and 3.6 V per cell.
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
    sources=("PX4/PX4-gazebo-models", "Holybro X500 data sheet for the battery"),
)
