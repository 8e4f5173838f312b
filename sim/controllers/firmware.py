"""The Crazyflie firmware's units, so that its published gains mean the same on any airframe.

Its older laws (PID, Mellinger, INDI) answer in counts of motor power: 65,535 is ``THRUST_MAX``, in proportion
(``powerDistributionForceTorque``). A gain in counts is therefore a force or torque on the Crazyflie, and over
the Crazyflie's mass or inertia a gain in accelerations: that is what is flown here, times the mass and
inertia of the airframe under control. The INDI law checks the conversion: its measured effectiveness G1 is
0.00661, 0.00521 and 0.00150 rad/s^2 a count about x, y, z (``controller_indi.h``); by the constants
below it is 0.00674, 0.00671 and 0.00140.

All constants: crazyflie-firmware at 2a18fc2 (August 2026).
"""

from __future__ import annotations

import math

MASS = 0.029
"""kg: ``CF_MASS`` in ``platform_defaults_cf2.h``."""
INERTIA = (16.571710e-6, 16.655602e-6, 29.261652e-6)
"""kg m^2: ``controller_lee.c``, from Foerster 2015, ETH Zurich."""
ROTOR_ARM = 0.046 * math.sqrt(0.5)
"""Hub offset along x and y, m: ``ARM_LENGTH`` in ``platform_defaults_cf2.h``."""
TORQUE_PER_THRUST = 0.005964552
"""m: ``THRUST2TORQUE`` in ``platform_defaults.h``."""
NEWTONS_PER_COUNT = 0.1125 / 65535
"""One rotor: ``THRUST_MAX`` in ``platform_defaults.h``."""
MELLINGER_NEWTONS_PER_COUNT = 1.0 / (4 * 132000)
"""One rotor: Mellinger has its own factor from newtons to counts, ``massThrust`` in ``controller_mellinger.c``."""
DEGREES = 180.0 / math.pi

THRUST_PER_COUNT = 4 * NEWTONS_PER_COUNT / MASS
"""Acceleration of a count of thrust, m/s^2: all four rotors get it."""
ROLL_PER_COUNT = 4 * 0.5 * NEWTONS_PER_COUNT * ROTOR_ARM / INERTIA[0]
"""Angular acceleration of a count of roll or pitch, rad/s^2; each rotor gets half (``powerDistributionLegacy``)."""
YAW_PER_COUNT = 4 * NEWTONS_PER_COUNT * TORQUE_PER_THRUST / INERTIA[2]
"""Angular acceleration of a count of yaw, rad/s^2."""
