"""A policy that needs no training: position PD over attitude PD, as a torch module with the contract.

It flies the nominal airframe it is made for, so that everything after training (bundle, C,
virtual robot, link, supervisor) can be tested with something that really flies. Its memory is
an estimate of the rotor speeds, from the commands that come back as applied.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import nn

import sim.tasks.hover as hover
from policies.build import build_bundle
from policies.bundle import Bundle
from sim.spec import GRAVITY, MultirotorParameters

POSITION_P, VELOCITY_P = 6.0, 4.5
"""Acceleration per position error, 1/s^2, and per velocity error, 1/s."""
ATTITUDE_P, RATE_P = 80.0, 14.0
"""Angular acceleration per attitude error, 1/s^2, and per rate error, 1/s."""
YAW_P, YAW_RATE_P = 2.0, 4.0
LEAD = 6.0
"""How much faster than their lag the rotors are driven."""


class PdPolicy(nn.Module):
    """22 observations, 4 rotor speed estimates as memory, 4 rotor commands."""

    observation_size, state_size, action_size = 22, 4, 4
    state_scale = (1.0,) * 4

    def __init__(self, airframe: MultirotorParameters = hover.NOMINAL, period_s: float = 0.01):
        super().__init__()
        arm = np.array(airframe.rotor_position_b)
        wrench = np.stack([np.ones(4), arm[:, 1], -arm[:, 0], airframe.torque_per_thrust * np.array(airframe.yaw_sign)])
        torques_to_forces = np.linalg.pinv(wrench) @ np.diag([1.0, *airframe.inertia])
        self.register_buffer("allocation", torch.tensor(torques_to_forces.T, dtype=torch.float32))
        self.register_buffer("gravity", torch.tensor([[0.0, 0.0, GRAVITY]]))
        lag = 0.5 * (airframe.motor_rise_s + airframe.motor_fall_s)
        self.decay = math.exp(-period_s / lag)
        self.mass, self.max_thrust = airframe.mass, airframe.max_thrust
        self.curve = airframe.thrust_curve

    def config(self):
        return {"kind": "test_pd"}

    def forward(self, observation, state_in, reset):
        position, velocity = observation[:, 0:3], observation[:, 12:15]
        omega, applied = observation[:, 15:18], observation[:, 18:22]
        speed = torch.where(reset > 0.5, applied, applied + self.decay * (state_in - applied))
        wanted = torch.clamp(-POSITION_P * position - VELOCITY_P * velocity, -4.0, 4.0) + self.gravity
        body_x, body_y, body_z = (
            torch.cat([observation[:, 3 + i + 3 * k, None] for k in range(3)], 1) for i in range(3)
        )
        length = torch.sqrt((wanted * wanted).sum(1, keepdim=True))
        thrust = torch.clamp(
            self.mass * (wanted * body_z).sum(1, keepdim=True), 0.3 * self.mass * GRAVITY, 0.8 * self.max_thrust
        )
        tilt_x = -(wanted * body_y).sum(1, keepdim=True) / length
        tilt_y = (wanted * body_x).sum(1, keepdim=True) / length
        turn = torch.cat([ATTITUDE_P * tilt_x, ATTITUDE_P * tilt_y, -YAW_P * body_x[:, 1:2]], 1)
        damp = torch.cat([RATE_P * omega[:, 0:2], YAW_RATE_P * omega[:, 2:3]], 1)
        forces = torch.clamp(torch.cat([thrust, turn - damp], 1) @ self.allocation, min=1e-3)
        c0, c1, c2 = self.curve
        target = (torch.sqrt(c1 * c1 + 4.0 * c2 * torch.clamp(forces - c0, min=1e-4)) - c1) / (2.0 * c2)
        return torch.clamp(speed + LEAD * (target - speed), 0.0, 1.0), speed


def build_pd_bundle(folder: Path, seed: int = 0) -> Bundle:
    """Write the bundle of a ``PdPolicy`` for the hover task; different seeds give different ids."""
    return build_policy_bundle(folder, PdPolicy(), seed)


def build_policy_bundle(folder: Path, policy: nn.Module, seed: int) -> Bundle:
    """The same for a variation of it."""
    return build_bundle(folder, policy, hover, seed, {"policy": "hand-made PD, not trained"}, {})
