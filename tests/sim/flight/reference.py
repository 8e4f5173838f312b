"""The flight kernel's equations written again in float64 torch, for autodiff; shares no code with it."""

from __future__ import annotations

import numpy as np
import torch

from sim.flight.parameters import FlightParameters
from sim.spec import GRAVITY


def as_double(parameters: FlightParameters) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value.astype(np.float64)) for name, value in vars(parameters).items()}


def quaternion_product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    aw, av, bw, bv = a[:, :1], a[:, 1:], b[:, :1], b[:, 1:]
    return torch.cat([aw * bw - (av * bv).sum(1, keepdim=True), aw * bv + bw * av + torch.linalg.cross(av, bv)], dim=1)


def rotate(q: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Vector part of q (0, v) q*, not divided by |q|^2, as in the kernel's stages."""
    v = torch.cat([torch.zeros_like(q[:, :1]), vector], dim=1)
    return quaternion_product(quaternion_product(q, v), conjugate(q))[:, 1:]


def conjugate(q: torch.Tensor) -> torch.Tensor:
    return q * torch.tensor([1.0, -1.0, -1.0, -1.0], dtype=q.dtype)


class PassThrough(torch.autograd.Function):
    """Zero below the dead zone; the gradient goes through as if there were none."""

    @staticmethod
    def forward(ctx, command, dead_zone):
        return torch.where(command < dead_zone, 0.0, command)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def reachable(u, c, p):
    """Speed that commands lead to on the loaded battery."""
    voltage = p["battery_voltage"] - p["battery_sag"] * (u**2).mean(1)
    return PassThrough.apply(c, p["dead_zone"][:, None]) * voltage[:, None]


def ground_effect(z, p):
    """Cheeseman and Bennett, bounded at half a radius; no effect without discs, nor below the floor."""
    radius = torch.where(z < p["floor_height_w"], 0.0, p["rotor_radius_m"])
    height = torch.maximum(z - p["floor_height_w"], 0.5 * radius)
    return torch.where(radius > 0.0, 1.0 / (1.0 - (radius / (4.0 * torch.clamp(height, min=1e-9))) ** 2), 1.0)


def drag_b(state, wind, p):
    speed = rotate(conjugate(state[:, 3:7]), state[:, 7:10] - wind)
    return -p["rotor_drag"] * state[:, 13:].mean(1, keepdim=True) * speed


def rotor_integrals(u, c, p, dt):
    """Mean thrust over the step far from the ground, by Gauss-Legendre quadrature, and the speed at its end."""
    tau = torch.where(c > u, p["motor_rise_s"][:, None], p["motor_fall_s"][:, None])
    nodes, weights = np.polynomial.legendre.leggauss(12)
    thrust = torch.zeros_like(u)
    for node, weight in zip(nodes, weights):
        speed = c + (u - c) * torch.exp(-dt * 0.5 * (node + 1.0) / tau)
        c0, c1, c2 = (p["thrust_curve"][:, k, None] for k in range(3))
        thrust = thrust + 0.5 * weight * (c0 + c1 * speed + c2 * speed**2)
    return p["motor_gain"] * thrust, c + (u - c) * torch.exp(-dt / tau)


def step(state: torch.Tensor, command: torch.Tensor, p: dict, dt: float, wind: torch.Tensor | None = None):
    """One textbook RK4 step of the coupled rigid body, ``(N, 13 + R)`` float64."""
    thrust, speed = rotor_integrals(state[:, 13:], reachable(state[:, 13:], command, p), p, dt)
    thrust = thrust * ground_effect(state[:, 2], p)[:, None]
    arm = p["arm_scale"][:, None, None] * p["rotor_position_b"][None] - p["centre_of_mass_b"][:, None]
    force_b = thrust[..., None] * p["rotor_axis_b"]
    reaction = p["torque_per_thrust"][:, None, None] * p["yaw_sign"][None, :, None] * force_b
    drag = drag_b(state, torch.zeros_like(state[:, :3]) if wind is None else wind, p)
    torque = (torch.linalg.cross(arm, force_b) + reaction).sum(1) + p["torque_b"]
    torque = torque + torch.linalg.cross(arm.mean(1), drag)
    force_w = rotate(state[:, 3:7], drag) + p["force_w"]
    mass, inertia = p["mass"][:, None], p["inertia"]
    gravity = torch.tensor([0.0, 0.0, -GRAVITY], dtype=state.dtype)

    def derivative(x: torch.Tensor) -> torch.Tensor:
        q, v, w = x[:, 3:7], x[:, 7:10], x[:, 10:13]
        q_rate = 0.5 * quaternion_product(q, torch.cat([torch.zeros_like(w[:, :1]), w], dim=1))
        v_rate = (rotate(q, force_b.sum(1)) + force_w) / mass + gravity
        w_rate = (torque - torch.linalg.cross(w, inertia * w)) / inertia
        return torch.cat([v, q_rate, v_rate, w_rate], dim=1)

    x = state[:, :13]
    k1 = derivative(x)
    k2 = derivative(x + 0.5 * dt * k1)
    k3 = derivative(x + 0.5 * dt * k2)
    k4 = derivative(x + dt * k3)
    x = x + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    q = x[:, 3:7] / x[:, 3:7].norm(dim=1, keepdim=True)
    return torch.cat([x[:, :3], q, x[:, 7:], speed], dim=1)
