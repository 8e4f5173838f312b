"""Between the kernel's state (centre of mass) and MuJoCo's free joint (body origin).

MuJoCo's free joint keeps the position and velocity of the body frame's origin in the world and
the angular velocity in the body; with c the centre of mass in the body frame,
p_com = p_origin + R c and v_com = v_origin + R (omega x c).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.errors import ConfigError
from sim.flight import layout
from sim.flight.parameters import FlightParameters
from sim.flight.rotation import rotation_matrix


def to_body_origin(
    state: NDArray[np.floating], centre_of_mass_b: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return MuJoCo's ``qpos`` ``(num_envs, 7)`` and ``qvel`` ``(num_envs, 6)`` of the free joint.

    Args:
        state: ``(num_envs, 13 + num_rotors)``, of the centre of mass.
        centre_of_mass_b: offset from the body origin, ``(num_envs, 3)`` m.

    Raises:
        ConfigError: for arrays of another shape.
    """
    _require_columns("state", state, layout.RIGID_BODY_SIZE)
    _require_columns("centre_of_mass_b", centre_of_mass_b, 3)
    state = np.asarray(state, dtype=np.float64)
    omega_b = state[:, layout.ANGULAR_VELOCITY_B]
    offset_w, offset_velocity_w = _offset(state[:, layout.QUATERNION], omega_b, centre_of_mass_b)
    qpos = np.hstack([state[:, layout.POSITION_W] - offset_w, state[:, layout.QUATERNION]])
    qvel = np.hstack([state[:, layout.VELOCITY_W] - offset_velocity_w, omega_b])
    return qpos, qvel


def from_body_origin(
    qpos: NDArray[np.floating],
    qvel: NDArray[np.floating],
    rotor_speed: NDArray[np.floating],
    centre_of_mass_b: NDArray[np.floating],
) -> NDArray[np.float32]:
    """Return the kernel's state ``(num_envs, 13 + num_rotors)`` float32; inverse of ``to_body_origin``.

    Args:
        qpos: position of the body origin and quaternion (wxyz), ``(num_envs, 7)``.
        qvel: velocity of the body origin and angular velocity in the body, ``(num_envs, 6)``.
        rotor_speed: speed fractions, ``(num_envs, num_rotors)``.
        centre_of_mass_b: offset from the body origin, ``(num_envs, 3)`` m.

    Raises:
        ConfigError: for arrays of another shape.
    """
    _require_columns("qpos", qpos, 7)
    _require_columns("qvel", qvel, 6)
    _require_columns("centre_of_mass_b", centre_of_mass_b, 3)
    qpos, qvel = np.asarray(qpos, dtype=np.float64), np.asarray(qvel, dtype=np.float64)
    offset_w, offset_velocity_w = _offset(qpos[:, 3:], qvel[:, 3:], centre_of_mass_b)
    parts = [qpos[:, :3] + offset_w, qpos[:, 3:], qvel[:, :3] + offset_velocity_w, qvel[:, 3:], rotor_speed]
    return np.ascontiguousarray(np.hstack(parts), dtype=np.float32)


def hover_state(parameters: FlightParameters, position_w: ArrayLike = (0.0, 0.0, 0.0)) -> NDArray[np.float32]:
    """Return each environment level and at rest with its rotors at hover speed.

    Args:
        parameters: airframes of the batch.
        position_w: centre of mass, ``(3,)`` or ``(num_envs, 3)`` m.

    Returns:
        ``(num_envs, 13 + num_rotors)`` float32. An airframe too heavy to hover gets full speed.
    """
    state = np.zeros((parameters.num_envs, layout.state_size(parameters.num_rotors)), np.float32)
    state[:, layout.POSITION_W] = position_w
    state[:, layout.QUATERNION.start] = 1.0
    state[:, layout.ROTOR_SPEED] = np.nan_to_num(parameters.hover_speed(), nan=1.0)[:, None]
    return state


def _offset(
    quaternion: NDArray[np.float64], omega_b: NDArray[np.float64], centre_of_mass_b: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre of mass relative to the body origin, in the world: position and velocity, ``(N, 3)`` each."""
    rotation = rotation_matrix(quaternion)
    offset_b = np.asarray(centre_of_mass_b, dtype=np.float64)
    turn = np.cross(omega_b, offset_b)
    return np.einsum("nij,nj->ni", rotation, offset_b), np.einsum("nij,nj->ni", rotation, turn)


def _require_columns(name: str, array: NDArray[np.floating], columns: int) -> None:
    shape = np.shape(array)
    wanted = f"at least {columns}" if name == "state" else str(columns)
    if len(shape) != 2 or shape[1] < columns or (name != "state" and shape[1] != columns):
        raise ConfigError(f"flight frames: '{name}' must have shape (num_envs, {wanted}), got {shape}")
