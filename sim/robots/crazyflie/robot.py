"""Crazyflie 2.x constants: two published parameter sets, each number with its source.

``l2f_paper`` is the set of "Learning to Fly in Seconds" (arXiv 2311.13081), the default for
every judged figure; ``l2f_v2`` is the later, heavier set of the PyPI package ``l2f`` 2.0.18.
"""

from __future__ import annotations

from math import radians
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_ARM = 0.028
"""Rotor hub offset along body x and y, m (both sets; X configuration)."""

_ROTORS = ((_ARM, -_ARM, 0.0), (-_ARM, -_ARM, 0.0), (-_ARM, _ARM, 0.0), (_ARM, _ARM, 0.0))
"""M1 front right, M2 back right, M3 back left, M4 front left (x forward, y left, z up)."""

_YAW_SIGN = (-1.0, 1.0, -1.0, 1.0)
"""Reaction torque about body z per positive thrust, M1..M4 (both sets)."""

_MAX_RPM = 21702.0
"""Rotor speed at full command (arXiv 2311.13081)."""

L2F_PAPER = MultirotorParameters(
    name="l2f_paper",
    mass=0.027,
    inertia=(3.85e-6, 3.85e-6, 5.9675e-6),
    rotor_position_b=_ROTORS,
    yaw_sign=_YAW_SIGN,
    thrust_curve=(0.0, 0.0, 3.16e-10 * _MAX_RPM**2),
    torque_per_thrust=0.005964552,
    motor_rise_s=0.15,
    motor_fall_s=0.15,
    max_rotor_speed_rpm=_MAX_RPM,
    source="arXiv 2311.13081 (2023)",
)

L2F_V2 = MultirotorParameters(
    name="l2f_v2",
    mass=0.0306,
    inertia=(9.4166e-6, 9.6441e-6, 1.74595e-5),
    rotor_position_b=_ROTORS,
    yaw_sign=_YAW_SIGN,
    thrust_curve=(0.00352526, 0.01437313, 0.09223048),
    torque_per_thrust=0.004665,
    motor_rise_s=0.05545,
    motor_fall_s=0.24939,
    max_rotor_speed_rpm=None,
    source="PyPI l2f 2.0.18 (27 g airframe plus decks)",
)

ROBOT = RobotSpec(
    name="crazyflie",
    description="Bitcraze Crazyflie 2.x, a 27 g nano quadrotor with an STM32F405",
    mjcf=Path(__file__).with_name("crazyflie.xml"),
    motor_names=("m1", "m2", "m3", "m4"),
    joint_names=(),
    parameter_sets={"l2f_paper": L2F_PAPER, "l2f_v2": L2F_V2},
    default_parameter_set="l2f_paper",
    command_unit="fraction of max rotor speed",
    limits=FlightLimits(
        tilt_rad=radians(70.0),
        geofence_radius_m=2.0,
        ceiling_m=2.5,
        speed_m_s=3.0,
        angular_rate_rad_s=35.0,
        battery_min_v=3.0,
        battery_takeoff_v=3.5,
        link_silence_s=0.1,
        state_age_s=0.15,
        fault_budget_s=0.2,
    ),
    sources=("arXiv 2311.13081", "PyPI l2f 2.0.18", "Bitcraze datasheets for layout and axes"),
)
