"""Where each quantity sits in the flat arrays of the flight kernel.

State, ``(num_envs, 13 + num_rotors)`` float32: position of the centre of mass in the world,
quaternion world<-body (wxyz), velocity of the centre of mass in the world, angular velocity in
the body, rotor speed fractions. Coefficients, ``(num_envs, 20 + 4 num_rotors)`` float32: what
``FlightParameters.packed`` derives from the airframe and the time step, so that the kernel
itself neither divides nor takes exponentials.
"""

from __future__ import annotations

from sim.errors import ConfigError

POSITION_W = slice(0, 3)
QUATERNION = slice(3, 7)
VELOCITY_W = slice(7, 10)
ANGULAR_VELOCITY_B = slice(10, 13)
ROTOR_SPEED = slice(13, None)
RIGID_BODY_SIZE = 13

STEP_S = 0
"""Time step, s."""
RISE = slice(1, 4)
"""Lag coefficients ``(reached, mean, mean_square)`` while the rotor speeds up (see rotor.py)."""
FALL = slice(4, 7)
"""The same while it slows down."""
THRUST_CURVE = slice(7, 10)
"""``c0, c1, c2`` in newtons."""
INVERSE_MASS = 10
"""1/kg"""
FREE_ACCELERATION_W = slice(11, 14)
"""Gravity plus the force disturbance over mass, m/s^2."""
FREE_ANGULAR_ACCELERATION_B = slice(14, 17)
"""Torque disturbance over inertia, rad/s^2."""
GYROSCOPIC = slice(17, 20)
"""``(Jy-Jz)/Jx, (Jz-Jx)/Jy, (Jx-Jy)/Jz``."""
FIRST_ROTOR = 20
"""Then four numbers per rotor: thrust gain and angular acceleration per newton (x, y, z)."""
ROTOR_STRIDE = 4


def state_size(num_rotors: int) -> int:
    """Length of one state row."""
    return RIGID_BODY_SIZE + num_rotors


def packed_size(num_rotors: int) -> int:
    """Length of one coefficient row."""
    return FIRST_ROTOR + ROTOR_STRIDE * num_rotors


def require_array(name: str, array: object, shape: tuple[int, ...]) -> None:
    """Check that ``array`` is a C-contiguous float32 NumPy array of ``shape``.

    Raises:
        ConfigError: one line that names the array, what it is and what it must be.
    """
    import numpy as np

    if not isinstance(array, np.ndarray):
        raise ConfigError(f"flight kernel: '{name}' must be a NumPy array, got {type(array).__name__}")
    if array.shape != shape:
        raise ConfigError(f"flight kernel: '{name}' must have shape {shape}, got {array.shape}")
    if array.dtype != np.float32:
        raise ConfigError(f"flight kernel: '{name}' must be float32, got {array.dtype}; use .astype(np.float32)")
    if not array.flags.c_contiguous:
        raise ConfigError(f"flight kernel: '{name}' must be C-contiguous; use np.ascontiguousarray")
