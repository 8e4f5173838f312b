"""The controller on board between a task's commands and the rotors, for a batch of robots.

A task that commands the rotors has none. Tasks that command rates, attitude, velocity or position meet
the loops of the Crazyflie's cascaded PID beneath their level (sim/flight/crazyflie_pid.py), written for the
nominal airframe whatever the drawn one is, at the physics step; they see the true state.
"""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numba import njit

from sim.errors import ConfigError
from sim.flight import crazyflie_pid as pid
from sim.flight.cascade import CASCADE, trim, velocity_trim
from sim.randomization import Sample
from sim.spec import ActionLevel, MultirotorParameters, TaskSpec


class Onboard(Protocol):
    """Turns commands into rotor commands once per physics step."""

    def restart(self, ids: np.ndarray, rotor_speed: np.ndarray, drawn: Sample) -> None:
        """Begin the episodes ``ids`` in flight: ``rotor_speed`` (len(ids), num_rotors), one draw per id."""
        ...

    def motors(self, rigid: np.ndarray, command: np.ndarray, set_point_w: np.ndarray) -> np.ndarray:
        """Return rotor speed fractions (num_envs, num_rotors) float32.

        Args:
            rigid: (num_envs, 13) true states.
            command: (num_envs, channels) what has arrived.
            set_point_w: (num_envs, 3) the task's set-point, from which positions are counted.
        """
        ...


class Direct(Onboard):
    """The command is the rotors'."""

    def restart(self, ids: np.ndarray, rotor_speed: np.ndarray, drawn: Sample) -> None:
        """Nothing to forget."""

    def motors(self, rigid: np.ndarray, command: np.ndarray, set_point_w: np.ndarray) -> np.ndarray:
        """Return the command."""
        return command


class CascadedPid(Onboard):
    """Set-points of one level (``cascade.CHANNELS``) to rotors.

    Episodes begin in the air, as if flight had gone on before: the lead's model is at the rotors'
    speed, and the integral parts have found the airframe's trim.
    """

    def __init__(self, level: ActionLevel, nominal: MultirotorParameters, num_envs: int, step_s: float) -> None:
        self.level = CASCADE[level]
        self._step_s = step_s
        self._nominal, self._max_thrust = nominal, nominal.max_thrust
        self._constants = pid.constants(nominal)
        self._memory = np.tile(pid.memory(nominal.num_rotors), (num_envs, 1))
        self._gains = np.ones((num_envs, 2))
        self._motors = np.zeros((num_envs, nominal.num_rotors), np.float32)

    def restart(self, ids: np.ndarray, rotor_speed: np.ndarray, drawn: Sample) -> None:
        """Begin in flight: trimmed, holding the present heading."""
        self._memory[ids] = pid.memory(rotor_speed.shape[1])
        self._memory[ids, pid.MODEL_SPEED :] = rotor_speed
        self._memory[ids, pid.TRIM_ROLL : pid.TRIM_YAW + 1] = trim(drawn, self._nominal)
        self._memory[ids, pid.VELOCITY_TRIM : pid.VELOCITY_TRIM + 3] = velocity_trim(drawn, self._nominal)
        self._gains[ids, 0], self._gains[ids, 1] = drawn.attitude_gain, drawn.rate_gain

    def motors(self, rigid: np.ndarray, command: np.ndarray, set_point_w: np.ndarray) -> np.ndarray:
        """Run the loops once."""
        _fly(
            self._step_s, self.level, self._max_thrust, rigid, command, set_point_w, self._gains, self._constants,
            self._memory, self._motors,
        )  # fmt: skip
        return self._motors


def onboard_controller(task: TaskSpec, nominal: MultirotorParameters, num_envs: int, step_s: float) -> Onboard:
    """Return what stands between a task's command and the rotors.

    Raises:
        ConfigError: for a level that no controller here understands.
    """
    level = task.action.level
    if level == "motor":
        return Direct()
    if level in CASCADE:
        return CascadedPid(level, nominal, num_envs, step_s)
    known = ", ".join(("motor", *CASCADE))
    raise ConfigError(f"the flight environment takes commands for {known}; the task's are for {level}")


@njit(cache=True)
def _fly(step_s, level, max_thrust, rigid, command, set_point_w, gains, constants, memory, motors):
    out = np.empty(motors.shape[1])
    for n in range(rigid.shape[0]):
        first, second, third, fourth = command[n, 0], command[n, 1], command[n, 2], command[n, 3]
        if level >= pid.VELOCITY:
            _, _, yaw = pid.roll_pitch_yaw(rigid[n])
            ahead, left = first, second
            first = math.cos(yaw) * ahead - math.sin(yaw) * left
            second = math.sin(yaw) * ahead + math.cos(yaw) * left
        if level == pid.POSITION:
            first, second, third = first + set_point_w[n, 0], second + set_point_w[n, 1], third + set_point_w[n, 2]
        pid.fly(
            step_s, level, rigid[n], first, second, third, fourth, max_thrust,
            gains[n, 0], gains[n, 1], constants, memory[n], out,
        )  # fmt: skip
        motors[n] = out
