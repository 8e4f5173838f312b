"""Crazyflie 2.1 Brushless constants, each number with its source.

``cf21b_500`` is the set identified at the University of Toronto (``utiasDSL/drone-models``,
``drone_models/data/params.toml``, entry ``cf21B_500``): propeller guards off, 350 mAh cell, markers.
"""

from __future__ import annotations

from math import radians
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_ARM = 0.035355
"""Rotor hub offset along body x and y, m: 0.050 m from the centre (crazyflie-firmware,
``platform_defaults_cf21bl.h``, ``ARM_LENGTH``) over the square root of 2."""

_ROTORS = ((_ARM, -_ARM, 0.0), (-_ARM, -_ARM, 0.0), (-_ARM, _ARM, 0.0), (_ARM, _ARM, 0.0))
"""M1 front right, M2 back right, M3 back left, M4 front left."""

_MAX_RPM = 21660.72
"""Speed at 0.2 N, the largest thrust per motor the firmware asks for (``THRUST_MAX``), on the thrust curve below."""

_THRUST_PER_RPM = (-3.133427287299859e-7, 4.407354891648379e-10)
"""Thrust in newtons over speed and over its square (``rpm2thrust``)."""

_HOVER_RPM = 15896.30
"""Where four rotors carry the weight, on the same curve."""

CF21B_500 = MultirotorParameters(
    name="cf21b_500",
    mass=0.04338,
    inertia=(25e-6, 28e-6, 49e-6),
    rotor_position_b=_ROTORS,
    yaw_sign=(-1.0, 1.0, -1.0, 1.0),
    thrust_curve=(0.0, _THRUST_PER_RPM[0] * _MAX_RPM, _THRUST_PER_RPM[1] * _MAX_RPM**2),
    torque_per_thrust=0.00593893,
    # Derived: the published dynamics d rpm/dt = a (c - rpm) + b (c^2 - rpm^2), linear about hover, have the
    # time constant 1 / (a + 2 b rpm); (a, b) = (14.0, 1.11e-4) while rising and (5.93, 3.20e-4) while falling.
    motor_rise_s=0.0571,
    motor_fall_s=0.0621,
    max_rotor_speed_rpm=_MAX_RPM,
    source="utiasDSL/drone-models, cf21B_500; crazyflie-firmware, platform_defaults_cf21bl.h",
    # Published at hover (``drag_matrix``); here at full speed, so over the hover speed.
    rotor_drag=(
        0.02149163 * _MAX_RPM / _HOVER_RPM,
        0.02149163 * _MAX_RPM / _HOVER_RPM,
        0.02359736 * _MAX_RPM / _HOVER_RPM,
    ),
    rotor_radius_m=0.0275,  # 55 mm propellers (Bitcraze, "Crazyflie 2.1 Brushless"); the firmware compensates the sag
)

ROBOT = RobotSpec(
    name="crazyflie_brushless",
    description="Bitcraze Crazyflie 2.1 Brushless, a 43 g nano quadrotor with the Crazyflie's STM32F405",
    mjcf=Path(__file__).with_name("crazyflie_brushless.xml"),
    motor_names=("m1", "m2", "m3", "m4"),
    joint_names=(),
    parameter_sets={"cf21b_500": CF21B_500},
    default_parameter_set="cf21b_500",
    command_unit="fraction of max rotor speed",
    # As the Crazyflie's; the battery's from ``DEFAULT_BAT_CRITICAL_LOW_VOLTAGE`` (3.0 V).
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
    sources=("utiasDSL/drone-models", "bitcraze/crazyflie-firmware", "Bitcraze, announcement of the brushless model"),
)
