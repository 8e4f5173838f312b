"""The numba twin of ``FlightFeatures``: memory and features, with its hand-written adjoint.

The torch module is the policy; this is the same arithmetic fused into the learner's rollout. A
test compares both, forward and gradient. For k command channels a memory row (2 k + 9 [+ 9]) holds:
fast average of the command (k), slow average (k), integral of the position error (3), slow velocity
(3), slow angular velocity (3), and with an observer position error (3), velocity (3), disturbance (3);
the two commands before the last live in the rollout's command buffer. What a drone sees of its reference is a row
(6 + 3 h): position (3), velocity (3), and for each look ahead the position then less that now (3).
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners.dense import tanh
from policies.networks.flight_features import OBSERVED, VECTORS, FlightFeatures, gain
from sim.flight.rotor import FASTMATH
from sim.spec import GRAVITY

NOISE_SIZE = 18
"""Position (3), rotation (9), velocity (3), angular velocity (3)."""

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_GRAVITY = np.float32(GRAVITY)
_OBSERVER, _PREVIEW = 9, 13
"""Places of the observer's gains and of the first look ahead among the scalars."""


def memory_size(actor: FlightFeatures) -> int:
    """Length of a memory row."""
    return actor.memory_size - 2 * actor.action_size


def constants(actor: FlightFeatures) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the actor's scalars (see ``remember``; then the looks ahead), feature offsets and feature scales."""
    c = actor.settings
    dt = c.control_period_s
    scalars = [
        gain(dt, c.fast_s), gain(dt, c.slow_s), 1.0 - gain(dt, c.integral_leak_s), gain(dt, c.velocity_s),
        dt, c.integral_range_m, c.position_range_m, c.velocity_range_m_s, c.preview_range_m_s2,
        *_observer_gains(actor), c.disturbance_range_m_s2, *c.preview_s,
    ]  # fmt: skip
    offset, scale = actor.feature_offset.numpy(), actor.feature_scale.numpy()
    return np.array(scalars, np.float32), offset.copy(), scale.copy()


def _observer_gains(actor: FlightFeatures) -> tuple[float, float, float]:
    """Return what a surprise of the observer moves: position, velocity, disturbance; see ``FlightFeatures``."""
    c = actor.settings
    if not actor.observes:
        return 0.0, 0.0, 0.0
    forget = gain(c.control_period_s, c.observer_s)
    return forget, 1.0 - (1.0 - forget) ** 2, forget**2 / c.control_period_s


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def rotation(qw, qx, qy, qz):
    """Row-major rotation matrix world<-body of a unit quaternion."""
    return (
        _ONE - _TWO * (qy * qy + qz * qz), _TWO * (qx * qy - qw * qz), _TWO * (qx * qz + qw * qy),
        _TWO * (qx * qy + qw * qz), _ONE - _TWO * (qx * qx + qz * qz), _TWO * (qy * qz - qw * qx),
        _TWO * (qx * qz - qw * qy), _TWO * (qy * qz + qw * qx), _ONE - _TWO * (qx * qx + qy * qy),
    )  # fmt: skip


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def rotation_adjoint(qw, qx, qy, qz, g):
    """Gradient with respect to the quaternion, given the gradient ``g`` (9) of its matrix."""
    return (
        _TWO * (qz * (g[3] - g[1]) + qy * (g[2] - g[6]) + qx * (g[7] - g[5])),
        _TWO * (qy * (g[1] + g[3]) + qz * (g[2] + g[6]) + qw * (g[7] - g[5]) - _TWO * qx * (g[4] + g[8])),
        _TWO * (qx * (g[1] + g[3]) + qz * (g[5] + g[7]) + qw * (g[2] - g[6]) - _TWO * qy * (g[0] + g[8])),
        _TWO * (qx * (g[2] + g[6]) + qy * (g[5] + g[7]) + qw * (g[3] - g[1]) - _TWO * qz * (g[0] + g[4])),
    )


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _observe(state, noise, n):
    """Noisy position, rotation, velocity and angular velocity of environment ``n``."""
    r = rotation(state[n, 3], state[n, 4], state[n, 5], state[n, 6])
    return (
        (state[n, 0] + noise[n, 0], state[n, 1] + noise[n, 1], state[n, 2] + noise[n, 2]),
        (
            r[0] + noise[n, 3], r[1] + noise[n, 4], r[2] + noise[n, 5],
            r[3] + noise[n, 6], r[4] + noise[n, 7], r[5] + noise[n, 8],
            r[6] + noise[n, 9], r[7] + noise[n, 10], r[8] + noise[n, 11],
        ),
        (state[n, 7] + noise[n, 12], state[n, 8] + noise[n, 13], state[n, 9] + noise[n, 14]),
        (state[n, 10] + noise[n, 15], state[n, 11] + noise[n, 16], state[n, 12] + noise[n, 17]),
    )  # fmt: skip


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def asked_acceleration(seen, scalars, n, h):
    """Acceleration that look ahead ``h`` of environment ``n`` asks for, squashed, (3,) in the world."""
    horizon, limit, k = scalars[_PREVIEW + h], scalars[8], 6 + 3 * h
    factor = _TWO / (horizon * horizon * limit)
    return (
        limit * tanh(factor * (seen[n, k] - seen[n, 3] * horizon)),
        limit * tanh(factor * (seen[n, k + 1] - seen[n, 4] * horizon)),
        limit * tanh(factor * (seen[n, k + 2] - seen[n, 5] * horizon)),
    )


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def start_memory(fresh, state, noise, seen, last, memory):
    """Build the memory from the first observation where ``fresh``; the observation is that of ``features``."""
    k = last.shape[1]
    for n in range(state.shape[0]):
        if fresh[n]:
            p, _, v, w = _observe(state, noise, n)
            for i in range(k):
                memory[n, i] = last[n, i]
                memory[n, k + i] = last[n, i]
            for i in range(3):
                memory[n, 2 * k + i] = 0.0
                memory[n, 2 * k + 3 + i] = v[i]
                memory[n, 2 * k + 6 + i] = w[i]
            if memory.shape[1] > 2 * k + VECTORS:
                for i in range(3):
                    memory[n, 2 * k + VECTORS + i] = p[i] - seen[n, i]
                    memory[n, 2 * k + VECTORS + 3 + i] = v[i]
                    memory[n, 2 * k + VECTORS + 6 + i] = 0.0


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def features(state, noise, seen, last, before, oldest, memory, scalars, offset, scale, memory_out, out):
    """Advance the memory by one observation and write the normalised features.

    Args:
        state: ``(N, 13 + ..)`` flight state.
        noise: ``(N, 18)`` observation noise in SI units.
        seen: ``(N, 6 + 3 h)`` what is known of the reference.
        last: command of the previous period, ``(N, k)``.
        before: the one before it.
        oldest: the one before that.
        memory: ``(N, 2 k + 9 [+ 9])`` memory before this observation.
        scalars: constants of the actor.
        offset: ``(F,)`` subtracted from the features.
        scale: ``(F,)`` factor on them.
        memory_out: its shape; memory after it, written.
        out: ``(N, F)`` features, written.
    """
    fast, slow, keep, filt, dt, ri, rp, rv = (
        scalars[0], scalars[1], scalars[2], scalars[3], scalars[4], scalars[5], scalars[6], scalars[7],
    )  # fmt: skip
    k, looks = last.shape[1], scalars.shape[0] - _PREVIEW
    m, b = 2 * k, 12 + 5 * k  # first vector of the memory, first feature after the commands
    for n in range(state.shape[0]):
        p, r, v, w = _observe(state, noise, n)
        for i in range(k):
            a = last[n, i]
            memory_out[n, i] = memory[n, i] + fast * (a - memory[n, i])
            memory_out[n, k + i] = memory[n, k + i] + slow * (a - memory[n, k + i])
            out[n, 12 + i] = a
            out[n, 12 + k + i] = before[n, i]
            out[n, 12 + 2 * k + i] = oldest[n, i]
            out[n, 12 + 3 * k + i] = memory_out[n, i]
            out[n, 12 + 4 * k + i] = memory_out[n, k + i]
        e = (p[0] - seen[n, 0], p[1] - seen[n, 1], p[2] - seen[n, 2])
        for i in range(3):
            memory_out[n, m + i] = keep * memory[n, m + i] + dt * ri * tanh(e[i] / ri)
            memory_out[n, m + 3 + i] = memory[n, m + 3 + i] + filt * (v[i] - memory[n, m + 3 + i])
            memory_out[n, m + 6 + i] = memory[n, m + 6 + i] + filt * (w[i] - memory[n, m + 6 + i])
        px, py, pz = rp * tanh(e[0] / rp), rp * tanh(e[1] / rp), rp * tanh(e[2] / rp)
        vx, vy, vz = (
            rv * tanh((v[0] - seen[n, 3]) / rv), rv * tanh((v[1] - seen[n, 4]) / rv),
            rv * tanh((v[2] - seen[n, 5]) / rv),
        )  # fmt: skip
        ix, iy, iz = memory_out[n, m], memory_out[n, m + 1], memory_out[n, m + 2]
        dx, dy, dz = v[0] - memory_out[n, m + 3], v[1] - memory_out[n, m + 4], v[2] - memory_out[n, m + 5]
        for i in range(3):
            out[n, i] = px * r[i] + py * r[3 + i] + pz * r[6 + i]
            out[n, 3 + i] = vx * r[i] + vy * r[3 + i] + vz * r[6 + i]
            out[n, 6 + i] = r[6 + i]
            out[n, 9 + i] = w[i]
            out[n, b + i] = ix * r[i] + iy * r[3 + i] + iz * r[6 + i]
            out[n, b + 3 + i] = dx * r[i] + dy * r[3 + i] + dz * r[6 + i]
            out[n, b + 6 + i] = w[i] - memory_out[n, m + 6 + i]
        if looks > 0:
            for i in range(3):
                out[n, b + 9 + i] = seen[n, 3] * r[i] + seen[n, 4] * r[3 + i] + seen[n, 5] * r[6 + i]
            for h in range(looks):
                ax, ay, az = asked_acceleration(seen, scalars, n, h)
                for i in range(3):
                    out[n, b + 12 + 3 * h + i] = ax * r[i] + ay * r[3 + i] + az * r[6 + i]
        if memory.shape[1] > m + VECTORS:
            _observe_more(n, m + VECTORS, e, v, seen, r, memory, scalars, memory_out, out)
        for j in range(out.shape[1]):
            out[n, j] = (out[n, j] - offset[j]) * scale[j]


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _observe_more(n, o, e, v, seen, r, memory, scalars, memory_out, out):
    """Advance the observer, whose memory begins at ``o``, and write its features, the last ones."""
    dt, rp, of_position, of_velocity, of_disturbance, rd = (
        scalars[4], scalars[6], scalars[_OBSERVER], scalars[_OBSERVER + 1], scalars[_OBSERVER + 2],
        scalars[_OBSERVER + 3],
    )  # fmt: skip
    last = out.shape[1] - OBSERVED
    pulling = _GRAVITY * (_TWO - r[8])
    thrust = (pulling * r[2], pulling * r[5], np.float32(0.0))
    for j in range(OBSERVED):
        out[n, last + j] = 0.0
    for i in range(3):
        moved = memory[n, o + i] + dt * (v[i] - seen[n, 3 + i])
        predicted = memory[n, o + 3 + i] + dt * (thrust[i] + memory[n, o + 6 + i])
        surprise = v[i] - predicted
        memory_out[n, o + i] = moved + of_position * (e[i] - moved)
        memory_out[n, o + 3 + i] = predicted + of_velocity * surprise
        memory_out[n, o + 6 + i] = memory[n, o + 6 + i] + of_disturbance * surprise
        position, disturbance = rp * tanh(memory_out[n, o + i] / rp), rd * tanh(memory_out[n, o + 6 + i] / rd)
        for j in range(3):
            out[n, last + j] += position * r[3 * i + j]
            out[n, last + 3 + j] += disturbance * r[3 * i + j]


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _observe_more_adjoint(n, o, r, memory_out, scalars, grad, grad_state, grad_memory, g):
    """Transposed derivative of ``_observe_more``; adds to ``grad_state`` and to the rotation's ``g`` (9)."""
    dt, rp, of_position, of_velocity, of_disturbance, rd = (
        scalars[4], scalars[6], scalars[_OBSERVER], scalars[_OBSERVER + 1], scalars[_OBSERVER + 2],
        scalars[_OBSERVER + 3],
    )  # fmt: skip
    last = grad.shape[1] - OBSERVED
    pulling = _GRAVITY * (_TWO - r[8])
    for i in range(3):
        tp, td = tanh(memory_out[n, o + i] / rp), tanh(memory_out[n, o + 6 + i] / rd)
        gp, gd = np.float32(0.0), np.float32(0.0)
        for j in range(3):
            gp += r[3 * i + j] * grad[n, last + j]
            gd += r[3 * i + j] * grad[n, last + 3 + j]
            g[3 * i + j] += rp * tp * grad[n, last + j] + rd * td * grad[n, last + 3 + j]
        position = grad_memory[n, o + i] + (_ONE - tp * tp) * gp
        disturbance = grad_memory[n, o + 6 + i] + (_ONE - td * td) * gd
        surprise = of_velocity * grad_memory[n, o + 3 + i] + of_disturbance * disturbance
        predicted = grad_memory[n, o + 3 + i] - surprise
        grad_state[n, i] += of_position * position
        grad_state[n, 7 + i] += (_ONE - of_position) * dt * position + surprise
        grad_memory[n, o + i] = (_ONE - of_position) * position
        grad_memory[n, o + 3 + i] = predicted
        grad_memory[n, o + 6 + i] = disturbance + dt * predicted
        if i < 2:
            g[3 * i + 2] += pulling * dt * predicted
            g[8] -= _GRAVITY * r[3 * i + 2] * dt * predicted


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def features_adjoint(
    state, noise, seen, memory_out, scalars, scale, grad, grad_state, grad_memory, grad_last, grad_before, grad_oldest
):
    """Transposed derivative of ``features``; the reference is given, so that it has no gradient.

    Args:
        state: as in ``features``.
        noise: as in ``features``.
        seen: as in ``features``.
        memory_out: as written by ``features``.
        scalars: as in ``features``.
        scale: as in ``features``.
        grad: gradient of the normalised features, ``(N, F)``; overwritten.
        grad_state: ``(N, 13 + ..)``, added to.
        grad_memory: on entry that of ``memory_out``, on return that of ``memory``, ``(N, 2 k + 9 [+ 9])``.
        grad_last: ``(N, k)``, added to.
        grad_before: ``(N, k)``, added to.
        grad_oldest: ``(N, k)``, added to.
    """
    fast, slow, keep, filt, dt, ri, rp, rv = (
        scalars[0], scalars[1], scalars[2], scalars[3], scalars[4], scalars[5], scalars[6], scalars[7],
    )  # fmt: skip
    k, looks = grad_last.shape[1], scalars.shape[0] - _PREVIEW
    m, b = 2 * k, 12 + 5 * k
    g = np.empty(9, np.float32)
    for n in range(state.shape[0]):
        for j in range(grad.shape[1]):
            grad[n, j] *= scale[j]
        p, r, v, _ = _observe(state, noise, n)
        for i in range(k):
            of_fast = grad_memory[n, i] + grad[n, 12 + 3 * k + i]
            of_slow = grad_memory[n, k + i] + grad[n, 12 + 4 * k + i]
            grad_last[n, i] += grad[n, 12 + i] + fast * of_fast + slow * of_slow
            grad_before[n, i] += grad[n, 12 + k + i]
            grad_oldest[n, i] += grad[n, 12 + 2 * k + i]
            grad_memory[n, i] = (_ONE - fast) * of_fast
            grad_memory[n, k + i] = (_ONE - slow) * of_slow
        for i in range(3):
            e = p[i] - seen[n, i]
            tp, tv, ti = tanh(e / rp), tanh((v[i] - seen[n, 3 + i]) / rv), tanh(e / ri)
            # Rows of R times each body-frame gradient: back to the world.
            q = 3 * i
            gp = r[q] * grad[n, 0] + r[q + 1] * grad[n, 1] + r[q + 2] * grad[n, 2]
            gv = r[q] * grad[n, 3] + r[q + 1] * grad[n, 4] + r[q + 2] * grad[n, 5]
            gi = r[q] * grad[n, b] + r[q + 1] * grad[n, b + 1] + r[q + 2] * grad[n, b + 2]
            gd = r[q] * grad[n, b + 3] + r[q + 1] * grad[n, b + 4] + r[q + 2] * grad[n, b + 5]
            difference = v[i] - memory_out[n, m + 3 + i]
            for j in range(3):
                g[q + j] = (
                    rp * tp * grad[n, j]
                    + rv * tv * grad[n, 3 + j]
                    + memory_out[n, m + i] * grad[n, b + j]
                    + difference * grad[n, b + 3 + j]
                )
            if looks > 0:
                for j in range(3):
                    g[q + j] += seen[n, 3 + i] * grad[n, b + 9 + j]
                for h in range(looks):
                    asked = asked_acceleration(seen, scalars, n, h)[i]
                    for j in range(3):
                        g[q + j] += asked * grad[n, b + 12 + 3 * h + j]
            integral = grad_memory[n, m + i] + gi
            grad_state[n, i] += (_ONE - tp * tp) * gp + dt * (_ONE - ti * ti) * integral
            grad_memory[n, m + i] = keep * integral
            slow_velocity = grad_memory[n, m + 3 + i] - gd
            grad_state[n, 7 + i] += (_ONE - tv * tv) * gv + gd + filt * slow_velocity
            grad_memory[n, m + 3 + i] = (_ONE - filt) * slow_velocity
            slow_rate = grad_memory[n, m + 6 + i] - grad[n, b + 6 + i]
            grad_state[n, 10 + i] += grad[n, 9 + i] + grad[n, b + 6 + i] + filt * slow_rate
            grad_memory[n, m + 6 + i] = (_ONE - filt) * slow_rate
        if grad_memory.shape[1] > m + VECTORS:
            _observe_more_adjoint(n, m + VECTORS, r, memory_out, scalars, grad, grad_state, grad_memory, g)
        for j in range(3):
            g[6 + j] += grad[n, 6 + j]
        quaternion = rotation_adjoint(state[n, 3], state[n, 4], state[n, 5], state[n, 6], g)
        grad_state[n, 3] += quaternion[0]
        grad_state[n, 4] += quaternion[1]
        grad_state[n, 5] += quaternion[2]
        grad_state[n, 6] += quaternion[3]
