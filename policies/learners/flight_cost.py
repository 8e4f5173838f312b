"""The differentiable cost of following a reference: fly toward it at a speed that falls with distance.

With e the distance to the reference and v its velocity, the velocity it asks for,
v_des = v - k e / sqrt(1 + (k |e| / v_max)^2), makes the cost informative far away and near; a
pseudo-Huber distance keeps pulling at centimetres, where a square is flat. The thrust axis should
point where the reference's acceleration and gravity ask for (differential flatness: Mellinger and
Kumar 2011, eq. 12); body rates, the commands' distance to the trim, the hover command of the drawn
airframe (privileged, so that trimming costs nothing), and to the previous command make it smooth.
Hovering is the reference that rests.
"""
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.rotor import FASTMATH
from sim.spec import GRAVITY

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_GRAVITY = np.float32(GRAVITY)

TARGET_SIZE = 9
"""A reference as the cost sees it: position, velocity, acceleration in the world, (3) each."""
CHANGE = 0.1
"""Weight on changing commands where neither the user nor the task sets one."""


@dataclass(frozen=True)
class FlightCost:
    """Weights of the cost per control step, SI units."""

    velocity: float = 2.0
    """On |v - v_des|^2."""
    position: float = 1.0
    """On |e|^2."""
    distance: float = 0.5
    """On sqrt(|e|^2 + r^2) - r."""
    distance_radius_m: float = 0.03
    """r, m: within it the cost is quadratic, beyond it linear."""
    tilt: float = 0.5
    """On 1 - cos(angle between the thrust axis and the one the reference asks for)."""
    rate: float = 0.01
    """On |omega|^2."""
    effort: float = 0.1
    """On |command - trim|^2; commands are fractions of their range."""
    change: float | None = None
    """On |command - previous command|^2; default: what the task asks for (``COMMAND_CHANGE_COST``), else 0.1."""
    approach_rate: float = 2.0
    """k, 1/s: speed of the desired approach per metre of distance."""
    approach_speed: float = 1.0
    """v_max, m/s: largest desired speed of approach."""

    def packed(self) -> NDArray[np.float32]:
        """Return the fields in order."""
        return np.array(astuple(self.for_task(None)), np.float32)

    def for_task(self, task: object) -> FlightCost:
        """Return these weights with those that were left to the task filled in."""
        change = getattr(task, "COMMAND_CHANGE_COST", CHANGE) if self.change is None else self.change
        return replace(self, change=change)


@njit(inline="always", fastmath=FASTMATH, error_model="numpy")
def _wanted_axis(target, n):
    """Direction of the thrust that the reference of environment ``n`` asks for, (3,)."""
    x, y, z = target[n, 6], target[n, 7], target[n, 8] + _GRAVITY
    scale = _ONE / np.sqrt(x * x + y * y + z * z)
    return scale * x, scale * y, scale * z


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def cost(state, target, command, previous, trim, weights, out):
    """Write the cost of reaching ``state`` with ``command`` into ``out`` (N,).

    Args:
        state: ``(N, 13 + ..)``.
        target: ``(N, 9)``, the reference at the same time.
        command: ``(N, k)``, fractions.
        previous: ``(N, k)``.
        trim: ``(N, k)``.
        weights: of the terms, ``FlightCost.packed`` as a tuple.
        out: written.
    """
    wv, wp, wd, radius, wt, ww, wu, wc, k, v_max = weights
    for n in range(state.shape[0]):
        px, py, pz = state[n, 0] - target[n, 0], state[n, 1] - target[n, 1], state[n, 2] - target[n, 2]
        squared = px * px + py * py + pz * pz
        slow = -k / np.sqrt(_ONE + squared * (k / v_max) * (k / v_max))
        ex = state[n, 7] - target[n, 3] - slow * px
        ey = state[n, 8] - target[n, 4] - slow * py
        ez = state[n, 9] - target[n, 5] - slow * pz
        wx, wy, wz = state[n, 10], state[n, 11], state[n, 12]
        qw, qx, qy, qz = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        ax, ay, az = _wanted_axis(target, n)
        tilt = _ONE - az - _TWO * (ax * (qx * qz + qw * qy) + ay * (qy * qz - qw * qx) - az * (qx * qx + qy * qy))
        total = wv * (ex * ex + ey * ey + ez * ez) + wp * squared
        total += wd * (np.sqrt(squared + radius * radius) - radius) + wt * tilt + ww * (wx * wx + wy * wy + wz * wz)
        for i in range(command.shape[1]):
            effort = command[n, i] - trim[n, i]
            change = command[n, i] - previous[n, i]
            total += wu * effort * effort + wc * change * change
        out[n] = total


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def cost_adjoint(state, target, command, previous, trim, weights, factor, grad_state, grad_command, grad_previous):
    """Add ``factor`` times the gradient of ``cost`` to the three gradients."""
    wv, wp, wd, radius, wt, ww, wu, wc, k, v_max = weights
    f = _TWO * factor
    for n in range(state.shape[0]):
        px, py, pz = state[n, 0] - target[n, 0], state[n, 1] - target[n, 1], state[n, 2] - target[n, 2]
        squared = px * px + py * py + pz * pz
        ratio = (k / v_max) * (k / v_max)
        inverse = _ONE / np.sqrt(_ONE + squared * ratio)
        slow = -k * inverse
        ex = state[n, 7] - target[n, 3] - slow * px
        ey = state[n, 8] - target[n, 4] - slow * py
        ez = state[n, 9] - target[n, 5] - slow * pz
        # d v_des = slow de - slow ratio inverse^2 e (e . de)
        along = (ex * px + ey * py + ez * pz) * slow * ratio * inverse * inverse
        pull = wp + wd / (_TWO * np.sqrt(squared + radius * radius))
        grad_state[n, 0] += f * (wv * (along * px - slow * ex) + pull * px)
        grad_state[n, 1] += f * (wv * (along * py - slow * ey) + pull * py)
        grad_state[n, 2] += f * (wv * (along * pz - slow * ez) + pull * pz)
        grad_state[n, 7] += f * wv * ex
        grad_state[n, 8] += f * wv * ey
        grad_state[n, 9] += f * wv * ez
        qw, qx, qy, qz = state[n, 3], state[n, 4], state[n, 5], state[n, 6]
        ax, ay, az = _wanted_axis(target, n)
        lean = f * wt
        grad_state[n, 3] -= lean * (qy * ax - qx * ay)
        grad_state[n, 4] -= lean * (qz * ax - qw * ay - _TWO * qx * az)
        grad_state[n, 5] -= lean * (qw * ax + qz * ay - _TWO * qy * az)
        grad_state[n, 6] -= lean * (qx * ax + qy * ay)
        for i in range(10, 13):
            grad_state[n, i] += f * ww * state[n, i]
        for i in range(command.shape[1]):
            effort = command[n, i] - trim[n, i]
            change = command[n, i] - previous[n, i]
            grad_command[n, i] += f * (wu * effort + wc * change)
            grad_previous[n, i] -= f * wc * change
