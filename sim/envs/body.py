"""Many MuJoCo simulations of one multirotor, each with its own airframe: the rigid-body part.

``mujoco.batch.Batch`` runs them on a thread pool with results that do not depend on the number
of threads. Thrust enters as ``ctrl`` in newtons; rotors are the environment's business.

The body frame is moved to each airframe's centre of mass (the rotors' sites are shifted, not
the inertia), so that states are those of the flight kernel and MuJoCo keeps its fast path for
free bodies.
"""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco import batch

from sim.flight.model import actuator_gear, build_spec
from sim.flight.parameters import FlightParameters
from sim.spec import MultirotorParameters, RobotSpec

_AIRFRAME_FIELDS = ("body_mass", "body_inertia", "site_pos", "actuator_gear")

_FREE_FLIGHT = (
    mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    | mujoco.mjtDisableBit.mjDSBL_CONTACT
    | mujoco.mjtDisableBit.mjDSBL_SENSOR
    | mujoco.mjtDisableBit.mjDSBL_AUTORESET
)
"""Nothing to touch in the air, so nothing to solve for (a fifth of the time); a diverged state
must stay visible instead of silently starting over."""


class MultirotorBatch:
    """Batched free flight of one robot.

    The rows of ``qpos`` (num_envs, 7: position_w, quaternion wxyz) and ``qvel`` (num_envs, 6:
    velocity_w, angular_velocity_b) are live views, float64, of the centre of mass.
    """

    def __init__(
        self,
        robot: RobotSpec,
        nominal: MultirotorParameters,
        step_s: float,
        num_envs: int,
        *,
        threads: int | None = None,
    ) -> None:
        """Build the simulations.

        Args:
            robot: whose MJCF to fly.
            nominal: parameter set; ``load`` replaces what an airframe may change.
            step_s: physics step.
            num_envs: number of simulations.
            threads: size of the thread pool; ``None`` for one per CPU.

        Raises:
            ConfigError: if the MJCF lacks what a multirotor needs.
        """
        model = _free_flight_model(robot, nominal, step_s)
        self.step_s = step_s
        self.num_envs = num_envs
        self._body = model.body(robot.name).id
        self._sites = np.array([model.site(name).id for name in robot.motor_names])
        self.batch = batch.Batch(model, nsim=num_envs, nthread=threads or 0)
        self.qpos = self.batch.bind("qpos")
        self.qvel = self.batch.bind("qvel")
        self._thrust = self.batch.bind("ctrl")
        self._timestep = self.batch.expand("opt.timestep")
        self._constant_force_w = np.zeros((num_envs, 3), np.float32)
        self._constant_torque_b = np.zeros((num_envs, 3), np.float32)
        self._force_w = self.batch.bind("xfrc_applied")[:, self._body, 0:3]
        self._torque_b = self.batch.bind("qfrc_applied")[:, 3:6]
        self._fields = {name: self.batch.expand(name) for name in _AIRFRAME_FIELDS}

    def load(self, ids: np.ndarray, flight: FlightParameters, state: np.ndarray) -> None:
        """Give the simulations ``ids`` their airframes and states.

        Args:
            ids: sorted indices.
            flight: one row per id.
            state: (len(ids), 13 or more): position_w, quaternion wxyz, velocity_w, angular_velocity_b.
        """
        body = self._body
        self._fields["body_mass"][ids, body] = flight.mass
        self._fields["body_inertia"][ids, body] = flight.inertia
        self._fields["site_pos"][ids[:, None], self._sites] = flight.hubs_b()
        self._fields["actuator_gear"][ids] = actuator_gear(flight)
        self.batch.set_const(ids)
        self.batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        self.qpos[ids] = state[:, 0:7]
        self.qvel[ids] = state[:, 7:13]
        # A wrench of xfrc_applied acts at the centre of mass and keeps its world direction; the
        # angular part of a free joint's qfrc_applied turns with the body.
        self._force_w[ids] = self._constant_force_w[ids] = flight.force_w
        self._torque_b[ids] = self._constant_torque_b[ids] = flight.torque_b

    def set_step(self, step_s: np.ndarray) -> None:
        """Integrate by steps of another length from now on, (num_envs,) s."""
        self._timestep[:] = step_s

    def push(self, force_w: np.ndarray, torque_b: np.ndarray) -> None:
        """Add a wrench to the constant one until the next call: (num_envs, 3) N at the centre of mass and N m."""
        self._force_w[:] = self._constant_force_w + force_w
        self._torque_b[:] = self._constant_torque_b + torque_b

    def step(self, thrust: np.ndarray, active: np.ndarray | None = None) -> None:
        """Advance by one physics step with constant thrust.

        Args:
            thrust: (num_envs, num_rotors) newtons.
            active: (num_envs,) bool; the others keep their state. ``None`` for all.
        """
        self._thrust[:] = thrust
        self.batch.step(active)


def _free_flight_model(robot: RobotSpec, nominal: MultirotorParameters, step_s: float) -> mujoco.MjModel:
    """The robot's MJCF without what only rendering, contact and sensors need: same dynamics, less work."""
    spec = build_spec(robot, nominal, step_s)
    for element in (*spec.geoms, *spec.sensors, *spec.cameras):
        spec.delete(element)
    model = spec.compile()
    model.opt.disableflags |= int(_FREE_FLIGHT)
    return model
