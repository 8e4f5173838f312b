"""The extended Kalman filter that predicts each sample from those before it, and its replay at fixed gains.

The prediction-error method (Ljung, System Identification, 2nd ed. 1999, ch. 7.2 and 7.4; Mehra, IEEE TAC 1971): with

    e_k = y_k - h(x_k|k-1),   S_k = H P H^T + R,   x_k|k = x_k|k-1 + K_k e_k,   L_k L_k^T = S_k

the innovations ``L_k^-1 e_k`` of the right model are white with unit variance whatever shakes the body, so that
plain least squares on them is maximum likelihood and its J^T J is the Fisher information. ``run`` finds gains and
likelihood along the flight; ``replay`` predicts with those gains held fixed, which is a hundredth of the work and
differentiable. Held gains cost no validity: at the true parameters the innovations are white all the same.

Error state, in the order of the state with the quaternion's three small angles (body): ``(num_rotors + 12,)``.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from calibration.multirotor.body import (
    ACCELEROMETER,
    DRAG,
    FIRST_ROTOR,
    GYRO,
    GYROSCOPIC,
    LATENCY,
    LINEAR_SHARE,
    NUM_OUTPUTS,
    POSITION,
    RISE,
    ROTOR_STRIDE,
    advance,
    outputs,
    to_body,
    turn,
)

GYRO_STD, ACCELEROMETER_STD, POSITION_STD, TORQUE_WALK, FORCE_WALK, ROTOR_WALK = range(6)
"""Noise: standard deviation of one sample (rad/s, m/s^2, m), of what unmodelled torque and force add to rates and
velocity in one second (rad/s, m/s per sqrt(s)), and of rotor speeds (1/sqrt(s))."""


class Samples(NamedTuple):
    """A flight on the gyroscope's clock, for compiled code; without what is missing."""

    time_s: np.ndarray
    """(n,)"""
    measured: np.ndarray
    """(n, 9): gyroscope, accelerometer, position; zero where missing."""
    present: np.ndarray
    """(n, 3) bool, of each sensor."""
    position_offset_s: np.ndarray
    """(n,): how much later than ``time_s`` the position was measured, less than a period."""
    command_time_s: np.ndarray
    """(m,)"""
    command: np.ndarray
    """(m, num_rotors)"""
    command_error: np.ndarray
    """(m, num_rotors): standard error; zero for what was logged, else of a prediction (lost_commands.py)."""


@njit(cache=True, error_model="numpy")
def run(samples, c, noise, start, start_std, gain, whiten, residual, states):
    """Run the filter; write gains and whitened innovations; return minus twice the log-likelihood.

    Args:
        samples: of ``n`` times.
        c: coefficients (body.py).
        noise: (6,).
        start: state before the first sample, (num_rotors + 13,).
        start_std: of its error, (num_rotors + 12,).
        gain: written, (n, num_rotors + 12, 9).
        whiten: written, (n, 9, 9): innovations to residuals; zero in rows and columns of missing sensors.
        residual: written, (n, 9).
        states: written, (n, num_rotors + 13), after each sample.
    """
    num_rotors = samples.command.shape[1]
    size = num_rotors + 12
    x = start.copy()
    cov = np.diag(start_std * start_std)
    row = np.zeros((NUM_OUTPUTS, size))
    predicted = np.empty(NUM_OUTPUTS)
    change = np.empty(size)
    cost, newest = 0.0, 0
    for k in range(len(samples.time_s)):
        if k > 0:
            h = samples.time_s[k] - samples.time_s[k - 1]
            transition = transition_matrix(x, c, num_rotors, h)
            first = newest
            newest = advance(
                x, c, samples.command_time_s, samples.command, newest, samples.time_s[k - 1], samples.time_s[k]
            )
            cov = transition @ cov @ transition.T
            cov = 0.5 * (cov + cov.T)  # rounding would grow into a covariance that is none
            doubt(cov, transition, c, samples, first, newest, k)
            for i in range(num_rotors):
                cov[i, i] += noise[ROTOR_WALK] ** 2 * h
            for i in range(3):
                cov[num_rotors + i, num_rotors + i] += noise[TORQUE_WALK] ** 2 * h
                cov[num_rotors + 6 + i, num_rotors + 6 + i] += noise[FORCE_WALK] ** 2 * h
        outputs(x, c, num_rotors, samples.position_offset_s[k], predicted)
        output_rows(x, c, num_rotors, samples.position_offset_s[k], row)
        change[:] = 0.0
        gain[k] = 0.0
        whiten[k] = 0.0
        residual[k] = 0.0
        for j in range(NUM_OUTPUTS):
            sensor = j // 3
            if not samples.present[k, sensor]:
                continue
            # One output at a time: their noises are independent. Row j of ``whiten`` says what is new in it.
            cross = cov @ row[j]
            variance = noise[sensor] ** 2
            for i in range(size):
                variance += row[j, i] * cross[i]
            scale = 1.0 / math.sqrt(variance)
            whiten[k, j, j] = scale
            for m in range(j):
                dot = 0.0
                for i in range(size):
                    dot += row[j, i] * gain[k, i, m]
                whiten[k, j, m] = -scale * dot
            new = 0.0
            for m in range(j + 1):
                new += whiten[k, j, m] * (samples.measured[k, m] - predicted[m])
            residual[k, j] = new
            cost += new * new + math.log(variance)
            for i in range(size):
                step = cross[i] * scale
                change[i] += step * new
                for m in range(j + 1):
                    gain[k, i, m] += step * whiten[k, j, m]
            for i in range(size):
                for m in range(size):
                    cov[i, m] -= cross[i] * cross[m] * scale * scale
        correct(x, change, num_rotors)
        states[k] = x
    return cost


@njit(cache=True, error_model="numpy")
def replay(samples, c, start, gain, whiten, residual):
    """Predict along the flight with the gains of ``run``; write whitened innovations ``(n, 9)``."""
    num_rotors = samples.command.shape[1]
    x = start.copy()
    predicted, change = np.empty(NUM_OUTPUTS), np.empty(num_rotors + 12)
    newest = 0
    for k in range(len(samples.time_s)):
        if k > 0:
            newest = advance(
                x, c, samples.command_time_s, samples.command, newest, samples.time_s[k - 1], samples.time_s[k]
            )
        outputs(x, c, num_rotors, samples.position_offset_s[k], predicted)
        for j in range(NUM_OUTPUTS):
            predicted[j] = samples.measured[k, j] - predicted[j]
        for j in range(NUM_OUTPUTS):
            new = 0.0
            for m in range(j + 1):
                new += whiten[k, j, m] * predicted[m]
            residual[k, j] = new
        for i in range(len(change)):
            step = 0.0
            for m in range(NUM_OUTPUTS):
                step += gain[k, i, m] * predicted[m]
            change[i] = step
        correct(x, change, num_rotors)


@njit(cache=True, inline="always", error_model="numpy")
def correct(x, change, num_rotors):
    """Add an error to the state in place."""
    for i in range(num_rotors + 3):
        x[i] += change[i]
    turn(x, num_rotors + 3, change[num_rotors + 3], change[num_rotors + 4], change[num_rotors + 5])
    for i in range(6):
        x[num_rotors + 7 + i] += change[num_rotors + 6 + i]


@njit(cache=True, error_model="numpy")
def doubt(cov, transition, c, samples, first, last, k):
    """Add to the covariance what the errors of commands ``first`` to ``last`` do before sample ``k``.

    An error e that acts for t seconds moves the rotor by e (1 - exp(-t/tau)) and its integral by e (t - tau (...)),
    which goes on by e (1 - exp(-t/tau)) a second. Errors of one gap grow out of each other and add up.
    """
    start, end = samples.time_s[k - 1], samples.time_s[k]
    num_rotors = samples.command.shape[1]
    mean = (1.0 - math.exp(-(end - start) / c[RISE])) * c[RISE]
    effect = np.zeros(num_rotors + 12)
    for i in range(num_rotors):
        reached, area = 0.0, 0.0
        for command in range(first, last + 1):
            begin = max(start, samples.command_time_s[command] + c[LATENCY])
            until = end
            if command < last:
                until = min(end, samples.command_time_s[command + 1] + c[LATENCY])
            if until > begin:
                reach = 1.0 - math.exp(-(until - begin) / c[RISE])
                error = samples.command_error[command, i]
                reached += error * reach
                area += error * (until - begin - c[RISE] * reach + (end - until) * reach)
        if reached == 0.0:
            continue
        for m in range(num_rotors, num_rotors + 9):
            effect[m] = transition[m, i] * (area / mean)
        effect[i] = reached
        for m in range(num_rotors + 12):
            for j in range(num_rotors + 12):
                cov[m, j] += effect[m] * effect[j]
        effect[i] = 0.0


@njit(cache=True, error_model="numpy")
def transition_matrix(x, c, num_rotors, h):
    """First-order transition of the error over ``h`` seconds, ``(num_rotors + 12,) * 2``."""
    n = num_rotors
    f = np.eye(n + 12)
    w, a, v, p = n, n + 3, n + 6, n + 9
    rotation = rotation_matrix(x, n + 3)
    force = np.zeros(3)
    reach = math.exp(-h / c[RISE])
    mean = (1.0 - reach) * c[RISE]
    for i in range(n):
        k = FIRST_ROTOR + ROTOR_STRIDE * i
        slope = c[LINEAR_SHARE] + 2.0 * (1.0 - c[LINEAR_SHARE]) * x[i]
        thrust = x[i] * (c[LINEAR_SHARE] + (1.0 - c[LINEAR_SHARE]) * x[i])
        force += thrust * c[k : k + 3]
        f[i, i] = reach
        f[w : w + 3, i] = mean * slope * c[k + 3 : k + 6]
        f[v : v + 3, i] = mean * slope * (rotation @ c[k : k + 3])
    for i in range(3):
        j, m = (i + 1) % 3, (i + 2) % 3
        f[w + i, w + j] = h * c[GYROSCOPIC + i] * x[w + m]
        f[w + i, w + m] = h * c[GYROSCOPIC + i] * x[w + j]
    f[a : a + 3, a : a + 3] -= h * cross_matrix(x[w : w + 3])
    f[a : a + 3, w : w + 3] = h * np.eye(3)
    f[v : v + 3, a : a + 3] = -h * (rotation @ cross_matrix(force))
    f[p : p + 3, v : v + 3] = h * np.eye(3)
    f[p : p + 3, a : a + 3] = 0.5 * h * f[v : v + 3, a : a + 3]
    return f


@njit(cache=True, error_model="numpy")
def output_rows(x, c, num_rotors, position_offset_s, row):
    """Write the outputs' derivatives with respect to the error, ``(9, num_rotors + 12)``."""
    n = num_rotors
    w, a, v, p = n, n + 3, n + 6, n + 9
    row[:] = 0.0
    rotation = rotation_matrix(x, n + 3)
    total = 0.0
    for i in range(n):
        total += x[i]
        k = FIRST_ROTOR + ROTOR_STRIDE * i
        slope = c[LINEAR_SHARE] + 2.0 * (1.0 - c[LINEAR_SHARE]) * x[i]
        for m in range(3):
            row[ACCELEROMETER + m, i] = slope * c[k + m]
    bx, by, bz = to_body(x, n + 3, x[n + 7], x[n + 8], x[n + 9])
    seen = cross_matrix(np.array([bx, by, bz]))
    lever = rotation @ cross_matrix(c[14:17])
    for i in range(3):
        row[GYRO + i, w + i] = 1.0
        row[POSITION + i, p + i] = 1.0
        row[POSITION + i, v + i] = position_offset_s
        for m in range(3):
            row[ACCELEROMETER + i, v + m] = -total / n * c[DRAG + i] * rotation[m, i]
            row[ACCELEROMETER + i, a + m] = -total / n * c[DRAG + i] * seen[i, m]
            row[POSITION + i, a + m] = lever[i, m]


@njit(cache=True, error_model="numpy")
def rotation_matrix(x, q):
    """World<-body of the unit quaternion at ``x[q:q+4]``, (3, 3)."""
    a, b, c, d = x[q], x[q + 1], x[q + 2], x[q + 3]
    return np.array([
        [1.0 - 2.0 * (c * c + d * d), 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), 1.0 - 2.0 * (b * b + d * d), 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), 1.0 - 2.0 * (b * b + c * c)],
    ])  # fmt: skip


@njit(cache=True, error_model="numpy")
def cross_matrix(v):
    """[v]x, (3, 3)."""
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
