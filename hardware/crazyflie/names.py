"""Names on the Crazyflie's radio protocol and what their values mean.

Sources: crazyflie-firmware (``supervisor.c``, ``stabilizer.c``, ``estimator_kalman.c``, deck drivers)
and ``firmware_export/onboard/s2m_controller.h`` for the group ``s2m``.
"""

from __future__ import annotations

BUNDLE_ID_PARAMS = tuple(f"s2m.id{i}" for i in range(8))
"""The 32-byte bundle id on board as eight big-endian uint32 words."""
SELF_TEST_PARAM = "s2m.selfTest"
"""1 if the policy on board computes its own golden steps."""

CONTROLLER_PARAM = "stabilizer.controller"
CONTROLLER_PID = 1
CONTROLLER_OUT_OF_TREE = 6
CONTROLLER_NAMES = {1: "PID", 2: "Mellinger", 3: "INDI", 4: "Brescianini", 5: "Lee", 6: "out-of-tree"}

ESTIMATOR_PARAM = "stabilizer.estimator"
ESTIMATOR_COMPLEMENTARY, ESTIMATOR_KALMAN = 1, 2
"""Of ``estimator.h``; the first takes no positions, and is what a Crazyflie without a deck may start with."""
ESTIMATOR_RESET_PARAM = "kalman.resetEstimation"
VARIANCES = ("kalman.varPX", "kalman.varPY", "kalman.varPZ")

POSITIONING_DECKS = ("bcFlow", "bcFlow2", "bcLighthouse4", "bcDWM1000", "bcLoco", "bcActiveMarker")
"""Decks that give a position or velocity estimate, as parameters of the group ``deck``."""

POSE_BLOCK = tuple(f"stateEstimate.{name}" for name in ("x", "y", "z", "vx", "vy", "vz"))
ATTITUDE_BLOCK = tuple(f"stateEstimate.{name}" for name in ("qx", "qy", "qz", "qw"))
GYRO_BLOCK = ("gyro.x", "gyro.y", "gyro.z")
MODE_LOG = "s2m.mode"
SUPERVISOR_LOG = "supervisor.info"
BATTERY_LOG = "pm.vbat"
MOTOR_BLOCK = ("motor.m1", "motor.m2", "motor.m3", "motor.m4")

# Bits of supervisor.info (crazyflie-firmware supervisor.c; the same in cflib's supervisor.py).
IS_ARMED = 1 << 1
IS_TUMBLED = 1 << 5
IS_LOCKED = 1 << 6
IS_CRASHED = 1 << 7

# Values of s2m.mode (s2m_mode_t in firmware_export/onboard/s2m_controller.h).
MODE_DEAD_MAN = 3
"""The set-points stopped arriving: the controller on board levels and descends."""
MODE_FAULT = 4
"""The policy returned a number that is not finite: motors off."""
MODE_LANDED = 5
"""It finished that descent: motors off."""
MODE_HANDED_OVER = 6
"""A guard ended the policy on a real robot: the firmware's own controller follows the set-points (``s2m_pilot.h``)."""
