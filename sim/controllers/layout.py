"""Where a control law finds each quantity in the rows it is given.

Estimate, ``(18,)``: the first terms of every flight task's observation, as the actor sees them,
noisy and delayed. Reference, ``(14,)``: the point of the trajectory to be at now, with the
derivatives that feed forward.
"""

from __future__ import annotations

POSITION_W, ROTATION, VELOCITY_W, ANGULAR_VELOCITY_B = 0, 3, 12, 15
"""First elements of the estimate's terms; the rotation world<-body is row-major."""
ESTIMATE_SIZE = 18

REF_POSITION_W, REF_VELOCITY_W, REF_ACCELERATION_W, REF_JERK_W = 0, 3, 6, 9
"""First elements of the reference's vectors, in the world frame: m, m/s, m/s^2, m/s^3."""
REF_YAW, REF_YAW_RATE = 12, 13
"""Heading, rad, and its rate, rad/s."""
REFERENCE_SIZE = 14
