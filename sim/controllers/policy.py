"""A classical law behind the interface of a policy, so that whatever judges policies judges it too.

It obeys ``policies.policy.Policy``: observation and state in, command and state out. The state is the law's memory
and the number of steps flown, from which it knows where on its trajectory it should be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.controllers.controller import Controller, reference_rows
from sim.controllers.law import Law
from sim.controllers.layout import ESTIMATE_SIZE, REFERENCE_SIZE
from sim.spec import MultirotorParameters
from sim.trajectories import Trajectory


class ControllerPolicy:
    """``law`` on a nominal airframe, along a trajectory or holding the origin."""

    def __init__(
        self,
        law: Law,
        parameters: MultirotorParameters,
        period_s: float,
        gains: dict[str, float] | None = None,
        trajectory: Trajectory | None = None,
    ) -> None:
        """Choose what to fly.

        Args:
            law: the control law.
            parameters: the nominal airframe.
            period_s: control period.
            gains: by name; the published ones when None.
            trajectory: what to follow from the first step on; the origin when None. The observation's position error is
                then taken as measured from the trajectory's present point, as the tasks that track have it.

        Raises:
            ConfigError: for gains that are not the law's, or an airframe that no such law can fly.
        """
        self.law, self._parameters, self._period_s, self._gains = law, parameters, period_s, gains
        self._trajectory = trajectory
        self._controller = self._for(1)

    @property
    def state_size(self) -> int:
        """Length of the memory: the law's, the modelled rotors' and the step's number."""
        return self.law.memory + self._parameters.num_rotors + 1

    def step(
        self, observation: NDArray[np.floating], state: NDArray[np.floating], reset: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Compute one control step; see ``policies.policy.Policy``."""
        if len(observation) != self._controller.num_envs:
            self._controller = self._for(len(observation))
        controller, begins = self._controller, np.asarray(reset, bool)
        controller.memory[:] = state[:, :-1]
        controller.restart(begins)
        steps = np.where(begins, 0.0, state[:, -1]).astype(np.float64)
        estimate = np.array(observation[:, :ESTIMATE_SIZE], np.float64)
        reference = np.zeros((len(observation), REFERENCE_SIZE))
        if self._trajectory is not None:
            now = steps * self._period_s
            reference = reference_rows(self._trajectory.sample(now + controller.preview_s))
            here = self._trajectory.sample(now).position_w
            estimate[:, :3] += here
        command = controller.step(estimate, reference)
        memory = np.concatenate([controller.memory, steps[:, None] + 1.0], axis=1, dtype=np.float32)
        return command, memory

    def _for(self, flights: int) -> Controller:
        return Controller(self.law, self._parameters, flights, self._period_s, self._gains)
