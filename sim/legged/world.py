"""Many simulations of one body on legs: their physics, what differs between them, and how episodes begin.

``mujoco.batch.Batch`` steps them on a thread pool of the CPU, with results that do not depend on the number of threads,
or ``mujoco_warp`` on a GPU, with the same results to float32's rounding (``sim.legged.warp_batch``). Motion is
read from the state itself, which is always current; what needs kinematics (feet, contacts) is one physics step older,
as MuJoCo leaves it, because bringing it up to date would cost a twelfth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from sim.legged.measured import Measured
from sim.legged.physics import added_inertia, input_lead_s
from sim.legged.randomizable import OBSERVATION_DELAY, Draws
from sim.legged.scene import build_legged_scene, remembered_targets, resting_history
from sim.legged.spec import LeggedTaskSpec
from sim.legged.state import BodyConstants, BodyState, gravity_direction, turned_back
from sim.motion.reference import State
from sim.quaternions import from_rotation_vector, multiply

if TYPE_CHECKING:
    from sim.legged.warp_batch import WarpBatch

Array = NDArray[np.float64]
Ids = NDArray[np.integer]
Engine = Literal["mujoco", "warp"]
"""``"mujoco"``: on the CPU; ``"warp"``: on an NVIDIA GPU, or, slowly, on Warp's CPU device."""
_NONE = int(mujoco.mjtStage.mjSTAGE_NONE)
_MASS_FIELDS = ("body_mass", "body_inertia", "body_ipos", "dof_armature")
"""What ``set_const`` has to follow."""
_FIELDS = (
    *_MASS_FIELDS, "geom_friction", "actuator_gainprm", "actuator_biasprm", "actuator_forcerange", "dof_damping",
    "dof_frictionloss", "actuator_delay",
)  # fmt: skip


@dataclass(frozen=True)
class SiteMotion:
    """Of a site in n simulations, as seen from the base and in its frame."""

    position_b: Array
    """(n, 3) m"""
    quaternion_b: Array
    """(n, 4) wxyz, base<-site."""
    velocity_b: Array
    """(n, 3) m/s"""
    angular_velocity_b: Array
    """(n, 3) rad/s"""


class LeggedWorld:
    """The physics of a task.

    Attributes:
        scene: the model.
        batch: the simulations.
        state: what terms read; ``read`` brings it up to date.
    """

    def __init__(
        self,
        task: LeggedTaskSpec,
        num_envs: int,
        threads: int = 0,
        engine: Engine = "mujoco",
        late_sensors: bool = False,
    ) -> None:
        """Compile and allocate.

        Args:
            task: what to build.
            num_envs: simulations.
            threads: of the physics on the CPU; 0: all processors.
            engine: what steps the physics.
            late_sensors: whether what is measured is older than what is.

        Raises:
            ConfigError: if the robot's model lacks what the task needs or is not stable, or for an engine that is not
                installed.
        """
        sites = tuple(site for asked in task.asked for site in asked.sites(task.parameters))
        self.scene = scene = build_legged_scene(
            task.robot, task.parameters, task.timing.physics_step_s, sites, task.physics, task.constants is not None,
            late_sensors,
        )  # fmt: skip
        self._identified = task.constants is not None
        self.substeps = round(task.timing.control_period_s / task.timing.physics_step_s)
        self.batch = batch = _make_batch(scene.model, num_envs, threads, engine)
        self._position, self._velocity = batch.bind("qpos"), batch.bind("qvel")
        self._control, self._history = batch.bind("ctrl"), batch.bind("history")
        self._pushing = batch.bind("qfrc_applied")[:, 6:]
        self._force, self._sensors = batch.bind("actuator_force"), batch.bind("sensordata")
        self._fields = {name: batch.expand(name) for name in _FIELDS}
        self._measured = Measured(scene.model, batch, scene.parameters.num_joints) if late_sensors else None
        self._resting = resting_history(scene.model, scene.parameters)
        slots = remembered_targets(scene.model, scene.parameters.num_joints)
        self._remembered = np.flatnonzero(slots >= 0)
        self._remembered_joint = slots[self._remembered]
        self._pose = np.array(scene.parameters.default_pose_rad)
        self._effort = np.array(scene.parameters.effort_n_m, np.float32)
        self._links = [scene.model.joint(name).bodyid[0] for name in scene.parameters.joint_names]
        self.state = _empty_state(BodyConstants.of(task), num_envs, len(scene.parameters.feet))
        self.joint_offset = np.zeros((num_envs, scene.parameters.num_joints), np.float32)
        """(n, J) rad: encoders read this much more than there is."""
        self.gyro_bias = np.zeros((num_envs, 3), np.float32)
        """(n, 3) rad/s"""
        self._torque_noise = np.zeros((num_envs, 1), np.float32)

    def reset(self, ids: Ids, draws: Draws, start: State | None = None) -> None:
        """Begin episodes with drawn parameters, near the default pose or another start.

        Args:
            ids: which simulations, rising; (n,).
            draws: of ``EpisodeDraws.draw``, for these.
            start: where they begin; default: the default pose, at rest.
        """
        self.batch.reset(ids, stage=_NONE)
        self._set_bodies(ids, draws)
        self._set_motors(ids, draws)
        self._set_start(ids, draws, start)
        if self._measured is not None:
            self._measured.begin(ids, draws[OBSERVATION_DELAY], self._position, self._velocity)
        self.batch.forward(ids)
        lowest = self._sensors[ids][:, self.scene.foot_position[:, 2]].min(1)
        self._position[ids, 2] -= np.minimum(lowest, 0.0)  # no foot begins in the floor
        state = self.state
        state.air_time[ids], state.landed[ids] = 0.0, 0.0
        state.target[ids], state.action[ids] = self._control[ids], 0.0
        self.read()
        state.last_joint_velocity[ids] = state.joint_velocity[ids]

    def advance(self, torque_noise: NDArray[np.float32]) -> None:
        """Let one control period pass at the present targets, and read what came of it.

        Args:
            torque_noise: in [-1, 1), of the drawn largest torque; (n, J).
        """
        state = self.state
        np.subtract(state.target, self.joint_offset, out=self._control)
        np.multiply(torque_noise, self._torque_noise * self._effort, out=self._pushing)
        state.last_joint_velocity[:] = state.joint_velocity
        self.batch.step(nstep=self.substeps)

    def push(self, ids: Ids, change: Array) -> None:
        """Change the base's horizontal velocity at once, and all that it carries with it.

        Args:
            ids: which simulations; (n,).
            change: in the world; (n, 2) m/s.
        """
        self._velocity[ids, :2] += change

    def diverged(self) -> Ids:
        """Return the simulations whose state is no longer made of numbers, and put them back to rest."""
        sound = np.isfinite(self._position.sum(1) + self._velocity.sum(1))
        ids = np.flatnonzero(~sound)
        if len(ids):
            self.batch.reset(ids, stage=_NONE)
            self._put_to_rest(ids)
            if self._measured is not None:
                self._measured.remember(ids, self._position, self._velocity)
            self.batch.forward(ids)
        return ids

    def measured(self) -> BodyState:
        """Return the state as sensors say it is, without noise."""
        return self.state if self._measured is None else self._measured.seen(self.state)

    def read(self) -> None:
        """Bring ``state`` up to date with the simulations, but for contacts' times."""
        s, position, velocity = self.state, self._position, self._velocity
        s.position_w[:] = position[:, :3]
        s.quaternion_w[:] = position[:, 3:7]
        s.joint_position[:] = position[:, 7:]
        s.velocity_w[:] = velocity[:, :3]
        s.angular_velocity_b[:] = velocity[:, 3:6]
        s.joint_velocity[:] = velocity[:, 6:]
        s.velocity_b = turned_back(s.quaternion_w, s.velocity_w)
        s.gravity_b = gravity_direction(s.quaternion_w)
        s.torque[:] = self._force
        scene, sensors = self.scene, self._sensors
        s.foot_position_w[:] = sensors[:, scene.foot_position]
        s.foot_velocity_w[:] = sensors[:, scene.foot_velocity]
        s.foot_contact[:] = sensors[:, scene.foot_contact] > 0.0

    def centre_of_mass_w(self) -> Array:
        """Return the whole body's, one physics step ago; (n, 3) m."""
        return self.batch.bind("subtree_com")[:, self.scene.base].copy()

    def site(self, name: str) -> SiteMotion:
        """Return the motion of a site that the task asks about, one physics step ago."""
        seen = self._sensors[:, self.scene.sites[name]]
        return SiteMotion(seen[:, :3], seen[:, 3:7], seen[:, 7:10], seen[:, 10:])

    def count_contacts(self) -> None:
        """Count how long feet have been in the air; call once per control step, before ``read``."""
        s = self.state
        touching = self._sensors[:, self.scene.foot_contact] > 0.0
        flown = s.air_time * (1.0 - s.foot_contact)  # those that touched a step ago begin anew
        s.air_time[:] = flown + s.robot.period_s * (~touching)
        s.landed[:] = touching & (s.foot_contact < 0.5)

    def _set_bodies(self, ids: Ids, draws: Draws) -> None:
        """Write masses, inertias and friction, and what MuJoCo derives from them."""
        model, base, fields = self.scene.model, self.scene.base, self._fields
        added = draws["base_mass"][:, 0]
        scale = np.ones((len(ids), model.nbody))
        scale[:, self._links] = draws["link_mass"]
        scale[:, base] = 1.0 + added / model.body_mass[base]
        fields["body_mass"][ids] = model.body_mass * scale
        fields["body_inertia"][ids] = model.body_inertia * scale[:, :, None]
        fields["body_ipos"][ids, base] = model.body_ipos[base] + draws["centre_of_mass"]
        fields["dof_armature"][ids, 6:] = self._armature(draws)
        self.batch.set_const(ids)
        friction = draws["friction"]
        for geoms in self.scene.foot_geoms:
            own = model.geom_friction[list(geoms), 0]
            fields["geom_friction"][ids[:, None], geoms, 0] = np.where(np.isnan(friction), own, friction)
        self.state.friction[ids] = np.where(np.isnan(friction), own[:1], friction)
        self.state.base_mass[ids] = draws["base_mass"]

    def _set_motors(self, ids: Ids, draws: Draws) -> None:
        """Write gains, strength, friction, delay and errors of the joints."""
        model, fields, strength = self.scene.model, self._fields, draws["motor_strength"]
        kp, kd = strength * draws["kp"], strength * draws["kd"]
        fields["actuator_gainprm"][ids, :, 0] = model.actuator_gainprm[:, 0] * kp
        fields["actuator_biasprm"][ids, :, 1] = model.actuator_biasprm[:, 1] * kp
        fields["actuator_biasprm"][ids, :, 2] = model.actuator_biasprm[:, 2] * kd
        fields["dof_frictionloss"][ids, 6:] = draws["joint_friction"]
        fields["actuator_forcerange"][ids] = model.actuator_forcerange * strength[:, :, None]
        fields["dof_damping"][ids, 6:] = self._damping(draws)
        lead_s = input_lead_s(model) if self._identified else 0.0
        fields["actuator_delay"][ids] = draws["action_delay_s"] + lead_s
        self.state.action_delay[ids] = draws["action_delay_s"].mean(axis=1, keepdims=True)
        self.joint_offset[ids] = draws["joint_offset"]
        self.gyro_bias[ids] = draws["gyro_bias_b"]
        self._torque_noise[ids] = draws["torque_noise"]

    def _armature(self, draws: Draws) -> Array:
        """Return the joints' armature in the simulations, (n, J) kg m^2: of an identified robot less what these add."""
        model = self.scene.model
        armature = model.dof_armature[6:] * draws["armature"]
        if not self._identified:
            return armature
        gain = -model.actuator_biasprm[:, 2] * draws["motor_strength"] * draws["kd"]
        return np.maximum(armature - added_inertia(model, self._damping(draws), gain), 0.0)

    def _damping(self, draws: Draws) -> Array:
        """Return the joints' viscous damping, (n, J) N m s/rad."""
        drawn = draws["joint_damping"]
        return np.where(np.isnan(drawn), self.scene.model.dof_damping[6:], drawn)

    def _set_start(self, ids: Ids, draws: Draws, start: State | None) -> None:
        p, tilt = self.scene.parameters, np.zeros((len(ids), 3))
        tilt[:, :2] = draws["start_tilt"]
        self._put_to_rest(ids)
        if start is not None:
            self._put_to(ids, start)
        self._position[ids, 3:7] = multiply(self._position[ids, 3:7], from_rotation_vector(tilt))
        pose = self._position[ids, 7:] + draws["start_joint_position"]
        self._position[ids, 7:] = np.clip(pose, p.position_low_rad, p.position_high_rad)
        self._velocity[ids, :3] += draws["start_velocity"]
        self._velocity[ids, 3:6] += draws["start_angular_velocity"]

    def _put_to(self, ids: Ids, start: State) -> None:
        """Move as a motion does, with targets that have always been its joints."""
        turn, pose = start.root_quaternion_w, start.joint_position
        self._position[ids] = np.concatenate([start.root_position_w, turn, pose], axis=1)
        spin = turned_back(turn, start.root_angular_velocity_w)
        self._velocity[ids] = np.concatenate([start.root_velocity_w, spin, start.joint_velocity], axis=1)
        self._control[ids] = pose
        self._history[ids[:, None], self._remembered] = pose[:, self._remembered_joint]

    def _put_to_rest(self, ids: Ids) -> None:
        """Stand in the default pose, with targets that have always been there."""
        height = self.scene.parameters.base_height_m
        self._position[ids] = np.concatenate([(0.0, 0.0, height, 1.0, 0.0, 0.0, 0.0), self._pose])
        self._velocity[ids] = 0.0
        self._control[ids] = self._pose
        self._history[ids] = self._resting


def _make_batch(model: mujoco.MjModel, num_envs: int, threads: int, engine: Engine) -> Batch | WarpBatch:
    if engine == "mujoco":
        return Batch(model, num_envs, threads)
    from sim.legged.warp_batch import WarpBatch

    return WarpBatch(model, num_envs)


def _empty_state(robot: BodyConstants, n: int, feet: int) -> BodyState:
    joints = len(robot.default_pose)
    shapes = {
        "position_w": (3,), "quaternion_w": (4,), "velocity_w": (3,), "velocity_b": (3,), "angular_velocity_b": (3,),
        "gravity_b": (3,), "joint_position": (joints,), "joint_velocity": (joints,), "last_joint_velocity": (joints,),
        "torque": (joints,), "foot_position_w": (feet, 3), "foot_velocity_w": (feet, 3), "foot_contact": (feet,),
        "air_time": (feet,), "landed": (feet,), "command": (3,), "centre": (joints,), "target": (joints,),
        "action": (joints,), "last_action": (joints,), "friction": (1,), "base_mass": (1,), "action_delay": (1,),
    }  # fmt: skip
    state = BodyState(robot, **{name: np.zeros((n, *shape), np.float32) for name, shape in shapes.items()})
    state.centre[:] = robot.default_pose
    return state
