"""The numba twin of ``MemoryMlp``'s memory and features, with its hand-written adjoint.

The torch module is the policy; this is the same arithmetic fused into the learner's rollout. A
test compares both, forward and gradient. Memory row (17): fast average of the command (4), slow
average (4), integral of the position error (3), slow velocity (3), slow angular velocity (3); the
two commands before the last live in the rollout's command buffer.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from policies.learners.dense import tanh
from policies.networks.memory_mlp import MemoryMlp, gain
from sim.flight.rotor import FASTMATH

MEMORY_SIZE = 17
NOISE_SIZE = 18
"""Position (3), rotation (9), velocity (3), angular velocity (3)."""

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)


def constants(actor: MemoryMlp) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the actor's scalars (see ``remember``), feature offsets and feature scales."""
    c = actor.settings
    dt = c.control_period_s
    scalars = [
        gain(dt, c.fast_s), gain(dt, c.slow_s), 1.0 - gain(dt, c.integral_leak_s), gain(dt, c.velocity_s),
        dt, c.integral_range_m, c.position_range_m, c.velocity_range_m_s,
    ]  # fmt: skip
    offset, scale = actor.feature_offset.numpy(), actor.feature_scale.numpy()
    return np.array(scalars, np.float32), offset.copy(), scale.copy()


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


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def start_memory(fresh, state, noise, last, memory):
    """Build the memory from the first observation where ``fresh``; the observation is that of ``features``."""
    for n in range(state.shape[0]):
        if fresh[n]:
            _, _, v, w = _observe(state, noise, n)
            for i in range(4):
                memory[n, i] = last[n, i]
                memory[n, 4 + i] = last[n, i]
            for i in range(3):
                memory[n, 8 + i] = 0.0
                memory[n, 11 + i] = v[i]
                memory[n, 14 + i] = w[i]


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def features(state, noise, last, before, oldest, memory, scalars, offset, scale, memory_out, out):
    """Advance the memory by one observation and write the normalised features.

    Args:
        state: ``(N, 17)`` flight state.
        noise: ``(N, 18)`` observation noise in SI units.
        last: command of the previous period, ``(N, 4)``.
        before: the one before it.
        oldest: the one before that.
        memory: ``(N, 17)`` memory before this observation.
        scalars: constants of the actor.
        offset: ``(41,)`` subtracted from the features.
        scale: ``(41,)`` factor on them.
        memory_out: ``(N, 17)`` memory after it, written.
        out: ``(N, 41)`` features, written.
    """
    fast, slow, keep, filt, dt, ri, rp, rv = (
        scalars[0], scalars[1], scalars[2], scalars[3], scalars[4], scalars[5], scalars[6], scalars[7],
    )  # fmt: skip
    for n in range(state.shape[0]):
        p, r, v, w = _observe(state, noise, n)
        for i in range(4):
            a = last[n, i]
            memory_out[n, i] = memory[n, i] + fast * (a - memory[n, i])
            memory_out[n, 4 + i] = memory[n, 4 + i] + slow * (a - memory[n, 4 + i])
            out[n, 12 + i] = a
            out[n, 16 + i] = before[n, i]
            out[n, 20 + i] = oldest[n, i]
            out[n, 24 + i] = memory_out[n, i]
            out[n, 28 + i] = memory_out[n, 4 + i]
        for i in range(3):
            memory_out[n, 8 + i] = keep * memory[n, 8 + i] + dt * ri * tanh(p[i] / ri)
            memory_out[n, 11 + i] = memory[n, 11 + i] + filt * (v[i] - memory[n, 11 + i])
            memory_out[n, 14 + i] = memory[n, 14 + i] + filt * (w[i] - memory[n, 14 + i])
        px, py, pz = rp * tanh(p[0] / rp), rp * tanh(p[1] / rp), rp * tanh(p[2] / rp)
        vx, vy, vz = rv * tanh(v[0] / rv), rv * tanh(v[1] / rv), rv * tanh(v[2] / rv)
        ix, iy, iz = memory_out[n, 8], memory_out[n, 9], memory_out[n, 10]
        dx, dy, dz = v[0] - memory_out[n, 11], v[1] - memory_out[n, 12], v[2] - memory_out[n, 13]
        for i in range(3):
            out[n, i] = px * r[i] + py * r[3 + i] + pz * r[6 + i]
            out[n, 3 + i] = vx * r[i] + vy * r[3 + i] + vz * r[6 + i]
            out[n, 6 + i] = r[6 + i]
            out[n, 9 + i] = w[i]
            out[n, 32 + i] = ix * r[i] + iy * r[3 + i] + iz * r[6 + i]
            out[n, 35 + i] = dx * r[i] + dy * r[3 + i] + dz * r[6 + i]
            out[n, 38 + i] = w[i] - memory_out[n, 14 + i]
        for j in range(out.shape[1]):
            out[n, j] = (out[n, j] - offset[j]) * scale[j]


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def features_adjoint(
    state, noise, memory_out, scalars, scale, grad, grad_state, grad_memory, grad_last, grad_before, grad_oldest
):
    """Transposed derivative of ``features``.

    Args:
        state: as in ``features``.
        noise: as in ``features``.
        memory_out: as written by ``features``.
        scalars: as in ``features``.
        scale: as in ``features``.
        grad: gradient of the normalised features, ``(N, 41)``; overwritten.
        grad_state: ``(N, 17)``, added to.
        grad_memory: on entry that of ``memory_out``, on return that of ``memory``, ``(N, 17)``.
        grad_last: ``(N, 4)``, added to.
        grad_before: ``(N, 4)``, added to.
        grad_oldest: ``(N, 4)``, added to.
    """
    fast, slow, keep, filt, dt, ri, rp, rv = (
        scalars[0], scalars[1], scalars[2], scalars[3], scalars[4], scalars[5], scalars[6], scalars[7],
    )  # fmt: skip
    g = np.empty(9, np.float32)
    for n in range(state.shape[0]):
        for j in range(grad.shape[1]):
            grad[n, j] *= scale[j]
        p, r, v, _ = _observe(state, noise, n)
        for i in range(4):
            a = grad_memory[n, i] + grad[n, 24 + i]
            b = grad_memory[n, 4 + i] + grad[n, 28 + i]
            grad_last[n, i] += grad[n, 12 + i] + fast * a + slow * b
            grad_before[n, i] += grad[n, 16 + i]
            grad_oldest[n, i] += grad[n, 20 + i]
            grad_memory[n, i] = (_ONE - fast) * a
            grad_memory[n, 4 + i] = (_ONE - slow) * b
        for i in range(3):
            tp, tv = tanh(p[i] / rp), tanh(v[i] / rv)
            ti = tanh(p[i] / ri)
            # Rows of R times each body-frame gradient: back to the world.
            k = 3 * i
            gp = r[k] * grad[n, 0] + r[k + 1] * grad[n, 1] + r[k + 2] * grad[n, 2]
            gv = r[k] * grad[n, 3] + r[k + 1] * grad[n, 4] + r[k + 2] * grad[n, 5]
            gi = r[k] * grad[n, 32] + r[k + 1] * grad[n, 33] + r[k + 2] * grad[n, 34]
            gd = r[k] * grad[n, 35] + r[k + 1] * grad[n, 36] + r[k + 2] * grad[n, 37]
            difference = v[i] - memory_out[n, 11 + i]
            for j in range(3):
                g[k + j] = (
                    rp * tp * grad[n, j]
                    + rv * tv * grad[n, 3 + j]
                    + memory_out[n, 8 + i] * grad[n, 32 + j]
                    + difference * grad[n, 35 + j]
                )
            integral = grad_memory[n, 8 + i] + gi
            grad_state[n, i] += (_ONE - tp * tp) * gp + dt * (_ONE - ti * ti) * integral
            grad_memory[n, 8 + i] = keep * integral
            slow_velocity = grad_memory[n, 11 + i] - gd
            grad_state[n, 7 + i] += (_ONE - tv * tv) * gv + gd + filt * slow_velocity
            grad_memory[n, 11 + i] = (_ONE - filt) * slow_velocity
            slow_rate = grad_memory[n, 14 + i] - grad[n, 38 + i]
            grad_state[n, 10 + i] += grad[n, 9 + i] + grad[n, 38 + i] + filt * slow_rate
            grad_memory[n, 14 + i] = (_ONE - filt) * slow_rate
        for j in range(3):
            g[6 + j] += grad[n, 6 + j]
        q = rotation_adjoint(state[n, 3], state[n, 4], state[n, 5], state[n, 6], g)
        grad_state[n, 3] += q[0]
        grad_state[n, 4] += q[1]
        grad_state[n, 5] += q[2]
        grad_state[n, 6] += q[3]
