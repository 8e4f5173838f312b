"""A ducted 35 g micro quadrotor with a wheelbase of 75 mm (the class of the BetaFPV Meteor75 Pro).

No identified model of this class is published: its data sheets give wheelbase, propellers, motors and
take-off mass (30 to 36 g with its 1S cell); the rest is derived or assumed, number by number.
"""

from __future__ import annotations

from math import radians
from pathlib import Path

from sim.spec import FlightLimits, MultirotorParameters, RobotSpec

_ARM = 0.0265
"""Rotor hub offset along body x and y, m: a wheelbase of 75 mm over twice the square root of 2."""

_ROTORS = ((_ARM, -_ARM, 0.0), (-_ARM, -_ARM, 0.0), (-_ARM, _ARM, 0.0), (_ARM, _ARM, 0.0))
"""Front right, back right, back left, front left."""

_MAX_THRUST = 0.30
"""Per rotor, N. Assumed: 30 g as Bitcraze gives for motors of this size on one cell; pilots report three to four
times the weight, which this is (3.5)."""

WHOOP75 = MultirotorParameters(
    name="whoop75",
    mass=0.035,
    # Derived: four motors with propellers of 2.8 g each at the hubs and the remaining 23.8 g as a box of
    # 30 x 30 x 18 mm (electronics, canopy, cell) in the middle.
    inertia=(1.029e-05, 1.029e-05, 1.930e-05),
    rotor_position_b=_ROTORS,
    yaw_sign=(-1.0, 1.0, -1.0, 1.0),
    thrust_curve=(0.0, 0.0, _MAX_THRUST),
    # Derived: torque over thrust goes with the diameter; the Crazyflie Brushless has 5.94 mm at 55 mm.
    torque_per_thrust=0.0043,
    # Assumed: between the Crazyflie Brushless (0.057 s) and the racer (0.033 s); lighter propellers, passive braking.
    motor_rise_s=0.035,
    motor_fall_s=0.050,
    max_rotor_speed_rpm=None,
    source="BetaFPV Meteor75 Pro data sheet (wheelbase, propellers, mass); derived and assumed values beside each",
    # Derived: the Crazyflie Brushless' drag over rotor area, with half as much again for the ducts (assumed).
    rotor_drag=(0.023, 0.023, 0.026),
    rotor_radius_m=0.020,
    # Assumed: 0.3 V of 4.0 V are lost at full load through cell and connector, as measured on the Crazyflie.
    battery_sag=0.075,
)

ROBOT = RobotSpec(
    name="micro35",
    description="ducted 35 g micro quadrotor of 75 mm wheelbase",
    mjcf=Path(__file__).with_name("micro35.xml"),
    motor_names=("m1", "m2", "m3", "m4"),
    joint_names=(),
    parameter_sets={"whoop75": WHOOP75},
    default_parameter_set="whoop75",
    command_unit="fraction of max rotor speed",
    # As the Crazyflie's: a room, one cell.
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
    sources=("BetaFPV Meteor75 Pro data sheet", "Bitcraze, announcement of the Crazyflie 2.1 Brushless"),
)
