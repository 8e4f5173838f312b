"""Where each quantity sits in the flat arrays of the flight kernel.

State, ``(num_envs, 13 + num_rotors)`` float32: position of the centre of mass in the world,
quaternion world<-body (wxyz), velocity of the centre of mass in the world, angular velocity in
the body, rotor speed fractions. Coefficients, ``(num_envs, 33 + 6 num_rotors)`` float32: what
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
FREE_ACCELERATION_W = slice(10, 13)
"""Gravity plus the force disturbance over mass, m/s^2."""
FREE_ANGULAR_ACCELERATION_B = slice(13, 16)
"""Torque disturbance over inertia, rad/s^2."""
GYROSCOPIC = slice(16, 19)
"""``(Jy-Jz)/Jx, (Jz-Jx)/Jy, (Jx-Jy)/Jz``."""
DEAD_ZONE = 19
"""Command below which a rotor stands still."""
BATTERY = slice(20, 22)
"""Open-circuit voltage, and its loss per squared rotor speed: fractions of a full pack's voltage."""
GROUND = slice(22, 24)
"""Height of the floor and a quarter of the rotors' radius, m; the floor is at minus infinity without ground effect."""
DRAG = slice(24, 27)
"""Deceleration per rotor speed fraction and m/s along body x, y, z; zero without drag."""
DRAG_TURN = slice(27, 33)
"""Angular acceleration per deceleration by drag: ``y/Jx, z/Jx, z/Jy, x/Jy, x/Jz, y/Jz`` times the
mass, for the rotors' middle ``(x, y, z)`` as seen from the centre of mass."""
FIRST_ROTOR = 33
"""Then six numbers per rotor: acceleration and angular acceleration (x, y, z, body) per newton of its thrust curve."""
ROTOR_STRIDE = 6


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
