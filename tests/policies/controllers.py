"""Hand-made controllers with the policy interface, to prove what the environment and the judge do."""

import numpy as np

from sim.spec import GRAVITY, MultirotorParameters


class ConstantPolicy:
    """The same command for ever; not a number if asked for."""

    state_size = 0

    def __init__(self, command):
        self.command = np.asarray(command, np.float32)

    def step(self, observation, state, reset):
        return np.tile(self.command, (len(observation), 1)), state


class CascadedPolicy:
    """Position PD over attitude PD for one known airframe, with lead against the rotor lag.

    Memory: estimated rotor speeds (num_rotors), from the commands that come back as applied.
    """

    def __init__(self, airframe: MultirotorParameters, period_s: float = 0.01):
        self.airframe = airframe
        self.state_size = airframe.num_rotors
        self.decay = np.exp(-period_s / airframe.motor_rise_s)
        arm = np.array(airframe.rotor_position_b)
        wrench = np.stack(
            [np.ones(len(arm)), arm[:, 1], -arm[:, 0], airframe.torque_per_thrust * np.array(airframe.yaw_sign)]
        )
        self.allocation = np.linalg.pinv(wrench)  # (num_rotors, 4): thrust and torques to rotor thrusts

    def step(self, observation, state, reset):
        position, velocity, omega = observation[:, 0:3], observation[:, 12:15], observation[:, 15:18]
        rotation, applied = observation[:, 3:12].reshape(-1, 3, 3), observation[:, 18:]
        speed = np.where(reset[:, None], applied, applied + self.decay * (state - applied))
        wanted = -4.0 * position - 4.0 * velocity
        wanted[:, :2] = np.clip(wanted[:, :2], -4.0, 4.0)
        wanted[:, 2] = np.clip(wanted[:, 2], -4.0, 6.0) + GRAVITY
        thrust = self.airframe.mass * np.einsum("ni,ni->n", wanted, rotation[:, :, 2])
        direction_b = np.einsum("nij,ni->nj", rotation, wanted / np.linalg.norm(wanted, axis=1, keepdims=True))
        tilt = np.stack([-direction_b[:, 1], direction_b[:, 0], np.zeros(len(position))], axis=1)
        angular = np.array([120.0, 120.0, 0.0]) * tilt - np.array([18.0, 18.0, 4.0]) * omega
        torque = angular * np.array(self.airframe.inertia)
        forces = np.concatenate([np.clip(thrust, 0.2, 0.5)[:, None], torque], axis=1) @ self.allocation.T
        target = np.sqrt(np.clip(forces, 1e-3, None) / self.airframe.thrust_curve[2])
        command = speed + 10.0 * (target - speed)
        return np.clip(command, 0.0, 1.0).astype(np.float32), speed.astype(np.float32)
