"""The differentiable cost of hovering: fly toward the target at a speed that falls with distance.

The velocity it asks for, v_des = -k p / sqrt(1 + (k |p| / v_max)^2), makes the cost informative
far away and near; a pseudo-Huber distance keeps pulling at centimetres, where a square is flat.
Smoothness enters through tilt, body rates, and the commands' distance to the trim, the hover
command of the drawn airframe (privileged, so that trimming costs nothing), and to the previous command.
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.flight.rotor import FASTMATH

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)

CHANGE = 0.1
"""Weight on changing commands where neither the user nor the task sets one."""


@dataclass(frozen=True)
class HoverCost:
    """Weights of the cost per control step, SI units."""

    velocity: float = 2.0
    """On |v - v_des|^2."""
    position: float = 1.0
    """On |p|^2."""
    distance: float = 0.5
    """On sqrt(|p|^2 + r^2) - r."""
    distance_radius_m: float = 0.03
    """r, m: within it the cost is quadratic, beyond it linear."""
    tilt: float = 0.5
    """On 1 - cos(tilt)."""
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

    def for_task(self, task: object) -> HoverCost:
        """Return these weights with those that were left to the task filled in."""
        change = getattr(task, "COMMAND_CHANGE_COST", CHANGE) if self.change is None else self.change
        return replace(self, change=change)


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def cost(state, command, previous, trim, weights, out):
    """Write the cost of reaching ``state`` (N, 17) with ``command`` (N, 4), ``trim`` (N, 4), into ``out`` (N,)."""
    wv, wp, wd, radius, wt, ww, wu, wc, k, v_max = weights
    for n in range(state.shape[0]):
        px, py, pz = state[n, 0], state[n, 1], state[n, 2]
        squared = px * px + py * py + pz * pz
        slow = -k / np.sqrt(_ONE + squared * (k / v_max) * (k / v_max))
        ex, ey, ez = state[n, 7] - slow * px, state[n, 8] - slow * py, state[n, 9] - slow * pz
        wx, wy, wz = state[n, 10], state[n, 11], state[n, 12]
        tilt = _TWO * (state[n, 4] * state[n, 4] + state[n, 5] * state[n, 5])
        total = wv * (ex * ex + ey * ey + ez * ez) + wp * squared
        total += wd * (np.sqrt(squared + radius * radius) - radius) + wt * tilt + ww * (wx * wx + wy * wy + wz * wz)
        for i in range(4):
            effort = command[n, i] - trim[n, i]
            change = command[n, i] - previous[n, i]
            total += wu * effort * effort + wc * change * change
        out[n] = total


@njit(cache=True, forceinline=True, fastmath=FASTMATH, error_model="numpy")
def cost_adjoint(state, command, previous, trim, weights, factor, grad_state, grad_command, grad_previous):
    """Add ``factor`` times the gradient of ``cost`` to the three gradients."""
    wv, wp, wd, radius, wt, ww, wu, wc, k, v_max = weights
    f = _TWO * factor
    for n in range(state.shape[0]):
        px, py, pz = state[n, 0], state[n, 1], state[n, 2]
        squared = px * px + py * py + pz * pz
        ratio = (k / v_max) * (k / v_max)
        inverse = _ONE / np.sqrt(_ONE + squared * ratio)
        slow = -k * inverse
        ex, ey, ez = state[n, 7] - slow * px, state[n, 8] - slow * py, state[n, 9] - slow * pz
        # d v_des = slow dp - slow ratio inverse^2 p (p . dp)
        along = (ex * px + ey * py + ez * pz) * slow * ratio * inverse * inverse
        pull = wp + wd / (_TWO * np.sqrt(squared + radius * radius))
        grad_state[n, 0] += f * (wv * (along * px - slow * ex) + pull * px)
        grad_state[n, 1] += f * (wv * (along * py - slow * ey) + pull * py)
        grad_state[n, 2] += f * (wv * (along * pz - slow * ez) + pull * pz)
        grad_state[n, 4] += f * _TWO * wt * state[n, 4]
        grad_state[n, 5] += f * _TWO * wt * state[n, 5]
        grad_state[n, 7] += f * wv * ex
        grad_state[n, 8] += f * wv * ey
        grad_state[n, 9] += f * wv * ez
        for i in range(10, 13):
            grad_state[n, i] += f * ww * state[n, i]
        for i in range(4):
            effort = command[n, i] - trim[n, i]
            change = command[n, i] - previous[n, i]
            grad_command[n, i] += f * (wu * effort + wc * change)
            grad_previous[n, i] -= f * wc * change
