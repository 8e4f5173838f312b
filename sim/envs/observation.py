"""The flat observations of the flight environment: what the actor sees and what the critic may."""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.airframes import torque_to_inertia
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable, Sample
from sim.spec import ObservationTerm, preview_s, reference_terms

ACTOR_LAYOUT = ("position_error_w", "rotation", "velocity_w", "angular_velocity_b", "applied_action")
"""Terms this environment can measure, in the order ``observe`` writes them; those of a reference may follow."""


def check_actor_terms(terms: tuple[ObservationTerm, ...]) -> None:
    """Refuse a task whose actor terms this environment does not deliver.

    Raises:
        ConfigError: with the terms it delivers.
    """
    names = tuple(term.name for term in terms)
    looks = preview_s(terms)
    expected = ACTOR_LAYOUT + tuple(term.name for term in reference_terms(looks) if looks)
    if names != expected:
        raise ConfigError(f"the flight environment observes {', '.join(ACTOR_LAYOUT)}; the task asks for {names}")


def noise_std(terms: tuple[ObservationTerm, ...], table: RandomizationTable) -> np.ndarray:
    """Return the table's noise per observation element, (observation_size,) float32.

    Raises:
        ConfigError: if the table names a term that is not observed.
    """
    by_name = dict(table.noise_std)
    unknown = sorted(set(by_name) - {term.name for term in terms})
    if unknown:
        raise ConfigError(f"table '{table.name}' adds noise to '{unknown[0]}', which is not observed")
    return np.repeat([by_name.get(t.name, 0.0) for t in terms], [t.size for t in terms]).astype(np.float32)


@njit(cache=True)
def observe(state, set_point, applied, noise, std, out):  # noqa: ANN001, ANN201
    """Write the actor's observation.

    Args:
        state: (num_envs, 13): position_w, quaternion wxyz (normalised here), velocity_w,
            angular_velocity_b; delayed already.
        set_point: (num_envs, 3) position_w to hold.
        applied: (num_envs, k) command applied in the previous period.
        noise: (num_envs, 18) standard normal draws.
        std: (18 + k,) standard deviations; ``applied`` is exact.
        out: (num_envs, 18 + k or more) float32; the first 18 + k columns are overwritten.
    """
    two = np.float32(2.0)
    for i in range(state.shape[0]):
        w, x, y, z = state[i, 3], state[i, 4], state[i, 5], state[i, 6]
        s = two / (w * w + x * x + y * y + z * z)
        for k in range(3):
            out[i, k] = state[i, k] - set_point[i, k]
            out[i, 12 + k] = state[i, 7 + k]
            out[i, 15 + k] = state[i, 10 + k]
        out[i, 3] = np.float32(1.0) - s * (y * y + z * z)
        out[i, 4] = s * (x * y - w * z)
        out[i, 5] = s * (x * z + w * y)
        out[i, 6] = s * (x * y + w * z)
        out[i, 7] = np.float32(1.0) - s * (x * x + z * z)
        out[i, 8] = s * (y * z - w * x)
        out[i, 9] = s * (x * z - w * y)
        out[i, 10] = s * (y * z + w * x)
        out[i, 11] = np.float32(1.0) - s * (x * x + y * y)
        for k in range(18):
            out[i, k] += std[k] * noise[i, k]
        for k in range(applied.shape[1]):
            out[i, 18 + k] = applied[i, k]


def airframe_terms(sample: Sample) -> dict[str, np.ndarray]:
    """Return the privileged terms that stay constant over an episode, (num_envs, size) each."""
    flight = sample.flight
    return {
        "force_disturbance_w": flight.force_w,
        "torque_disturbance_b": flight.torque_b,
        "mass": flight.mass[:, None],
        "inertia": flight.inertia,
        "centre_of_mass_b": flight.centre_of_mass_b,
        "thrust_scale": sample.thrust_scale[:, None],
        "torque_per_thrust": flight.torque_per_thrust[:, None],
        "motor_time_constants": np.stack([flight.motor_rise_s, flight.motor_fall_s], axis=1),
        "motor_gain": flight.motor_gain,
        "delays": np.stack([sample.action_delay_s, sample.observation_delay_s], axis=1),
        "packet_loss": sample.packet_loss[:, None],
        "loop_gains": np.stack([sample.attitude_gain, sample.rate_gain], axis=1),
        **_in_own_units(flight),
    }


def _in_own_units(flight: FlightParameters) -> dict[str, np.ndarray]:
    """Return what tells airframes of very different sizes apart, each in its own mass, length and inertia."""
    arm = np.hypot(*flight.rotor_position_b[:, :2].T).mean() * flight.arm_scale
    full = flight.thrust_curve.sum(axis=1)
    return {
        "disturbance_acceleration_w": flight.force_w / flight.mass[:, None],
        "disturbance_angular_acceleration_b": flight.torque_b / flight.inertia,
        "thrust_to_weight": flight.thrust_to_weight()[:, None],
        "log_torque_to_inertia": np.log(torque_to_inertia(flight))[:, None],
        "log_yaw_torque_to_inertia": np.log(flight.torque_per_thrust * full / flight.inertia[:, 2])[:, None],
        "thrust_linear_share": (flight.thrust_curve[:, 1] / full)[:, None],
        "centre_of_mass_per_arm": flight.centre_of_mass_b / arm[:, None],
        "log_arm": np.log(arm)[:, None],
    }


def critic_observation(
    terms: tuple[ObservationTerm, ...], true_observation: np.ndarray, rotor_speed: np.ndarray, sample: Sample
) -> np.ndarray:
    """Assemble the privileged, noise-free observation in the order of ``terms``.

    Args:
        terms: the task's critic terms.
        true_observation: (num_envs, >=18) ``observe`` of the present state without noise.
        rotor_speed: (num_envs, num_rotors) speed fractions.
        sample: the airframes.

    Returns:
        (num_envs, sum of term sizes) float32.

    Raises:
        ConfigError: for a term this environment does not know.
    """
    known = airframe_terms(sample) | {
        "position_error_w": true_observation[:, 0:3],
        "rotation": true_observation[:, 3:12],
        "velocity_w": true_observation[:, 12:15],
        "angular_velocity_b": true_observation[:, 15:18],
        "rotor_speed": rotor_speed,
    }
    unknown = [term.name for term in terms if term.name not in known]
    if unknown:
        raise ConfigError(f"the flight environment has no critic term '{unknown[0]}'; choose: {', '.join(known)}")
    return np.concatenate([known[term.name] for term in terms], axis=1, dtype=np.float32)
