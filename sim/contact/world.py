"""Many simulations of one contact task: their physics, the gel between hand and object, and how episodes begin."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from sim.arm.impedance import Impedance
from sim.arm.inverse import solve_inverse
from sim.arm.view import ArmView
from sim.contact import fixtures
from sim.contact.grip import GripDepth
from sim.contact.randomizable import Draws
from sim.contact.scene import FIXTURE_FORCE, GRIPPED, OBJECT, build_scene
from sim.contact.spec import ContactTaskSpec
from sim.quaternions import conjugate, from_rotation_vector, multiply, rotate
from sim.tactile.contact import GelContact
from sim.tactile.sensor import Pad
from sim.tactile.stiffness import nominal_stiffness

Array = NDArray[np.float64]
Ids = NDArray[np.integer]
TOOL_START_M = (0.5, 0.0, 0.15)
SOCKET_START_M = (0.5, 0.0, fixtures.BASE_M)
"""Middles of the drawn ranges (TacSL's public settings)."""
_DOWN = np.array([0.0, 1.0, 0.0, 0.0])
"""The tool pointing down."""
_UPSIDE_DOWN = np.array([0.0, 1.0, 0.0, 0.0])
"""From the tool's frame to that of an object that stands upright under it."""
_CURRENT = int(mujoco.mjtStage.mjSTAGE_VEL)


class ContactWorld:
    """The physics of a contact task.

    Attributes:
        batch: the simulations.
        arm: of each.
        impedance: the law that moves it.
        gel: the contact of both pads with the object.
        pad: the sensor.
        object_position_w: m; (n, 3).
        object_quaternion_w: wxyz; (n, 4).
        socket_position_w: middle of the fixture's face, m; (n, 3).
        socket_quaternion_w: wxyz; (n, 4).
    """

    def __init__(self, task: ContactTaskSpec, num_envs: int, threads: int = 0, pad: Pad | None = None) -> None:
        """Compile and allocate.

        Args:
            task: what to build.
            num_envs: simulations.
            threads: of the physics; 0: all processors.
            pad: another than the policies' one of the task.
        """
        scene = build_scene(task, pad)
        self.task, self.model, self.pad = task, scene.model, scene.pad
        self.batch = batch = Batch(scene.model, num_envs, threads, persistent=True)
        self.arm = ArmView(batch, scene.model, scene.arm)
        self._object = scene.model.body(OBJECT).id
        address = int(scene.model.joint(OBJECT).qposadr[0])
        self._pose = batch.bind("qpos")[:, address : address + 7]
        self.object_position_w, self.object_quaternion_w = self._pose[:, :3], self._pose[:, 3:]
        mocap = int(scene.model.body(fixtures.BODY).mocapid[0])
        self.socket_position_w = batch.bind("mocap_pos")[:, mocap]
        self.socket_quaternion_w = batch.bind("mocap_quat")[:, mocap]
        sensor = scene.model.sensor(FIXTURE_FORCE)
        self.fixture_force = batch.bind("sensordata")[:, int(sensor.adr[0]) : int(sensor.adr[0]) + 3]
        self._fields = {
            name: batch.expand(name)
            for name in (
                "geom_size",
                "geom_pos",
                "geom_friction",
                "body_mass",
                "body_inertia",
                "body_ipos",
                "dof_damping",
            )
        }
        self._damping = self._fields["dof_damping"][:, self.arm.dofs].copy()
        self._grip = GripDepth(self.pad)
        self.gel = GelContact(batch, scene.model, scene.pad, scene.mounts, [GRIPPED])
        self.impedance = Impedance(self.arm)

    def reset(self, ids: Ids, draws: Draws) -> None:
        """Begin episodes with drawn parameters, the object in the grasp, at rest.

        Args:
            ids: which simulations, (n,).
            draws: of ``randomizable.draw_contacts``, for these.
        """
        none = int(mujoco.mjtStage.mjSTAGE_NONE)
        self.batch.reset(ids, stage=none)
        self._set_bodies(ids, draws)
        self._set_fixture(ids, draws)
        self._set_arm(ids, draws)
        self._set_object(ids, draws)
        self._set_fingers(ids, draws)
        self.batch.forward(ids, stage=_CURRENT)
        self.impedance.hold(ids)

    def move(self, change: Array) -> None:
        """Set the tool's goals to where the tools are, and a step on.

        Args:
            change: m and rad (a rotation vector), base frame; (n, 6).
        """
        self.impedance.goal_position_w[:] = self.arm.position_w + change[:, :3]
        self.impedance.goal_quaternion_w[:] = multiply(from_rotation_vector(change[:, 3:]), self.arm.quaternion_w)

    def open_hand(self, ids: Ids) -> None:
        """Send the fingers apart."""
        self.arm.control[ids, self.arm.parameters.num_hinges :] = self.arm.parameters.position_high[-1]

    def advance(self, steps: int) -> None:
        """Step the physics of all simulations."""
        self.impedance.update_posture()
        for _ in range(steps):
            self.impedance.apply()
            self.gel.apply()
            self.batch.step(nstep=1, stage=_CURRENT)

    @property
    def joint_damping(self) -> Array:
        """Of the arm, N m s/rad; (n, hinges)."""
        return self._fields["dof_damping"][:, self.arm.dofs]

    def object_in_tool(self) -> tuple[Array, Array]:
        """Return the object's pose in the tool's frame: m, (n, 3), and wxyz, (n, 4)."""
        inverse = conjugate(self.arm.quaternion_w)
        return (
            rotate(inverse, self.object_position_w - self.arm.position_w),
            multiply(inverse, self.object_quaternion_w),
        )

    def goal(self) -> tuple[Array, Array]:
        """Return where the object's middle belongs, m, (n, 3), and how it is turned, (n, 4); turns about z are free."""
        above = np.array([0.0, 0.0, self.task.workpiece.goal_m + self.task.workpiece.length_m / 2.0])
        return self.socket_position_w + above, self.socket_quaternion_w

    def _set_bodies(self, ids: Ids, draws: Draws) -> None:
        """Write size, mass, inertia and friction, and what MuJoCo derives from them."""
        work, fields = self.task.workpiece, self._fields
        radius, length = draws["diameter"][:, 0] / 2.0, work.length_m
        solid = work.density_kg_m3 * math.pi * radius**2 * length
        mass = np.where(np.isnan(draws["mass"][:, 0]), solid, draws["mass"][:, 0])
        gripped = self.model.geom(GRIPPED).id
        fields["geom_size"][ids, gripped, 0] = radius
        self.gel.reset(ids)
        fields["body_mass"][ids, self._object] = mass
        fields["body_ipos"][ids, self._object, 2] = draws["centre_of_mass"][:, 0]
        across = mass * (3.0 * radius**2 + length**2) / 12.0  # a solid cylinder's
        fields["body_inertia"][ids, self._object] = np.stack([across, across, mass * radius**2 / 2.0], axis=1)
        fields["geom_friction"][ids, gripped, 0] = self.model.geom(GRIPPED).friction[0] * draws["friction"][:, 0]
        fields["dof_damping"][ids, self.arm.dofs] = np.maximum(self._damping[ids] + draws["joint_damping"], 0.0)
        self.batch.set_const(ids)
        self.gel.set_gel(
            ids,
            stiffness=nominal_stiffness(self.pad) * draws["gel_stiffness"][:, 0],
            friction=self.pad.gel.friction * draws["friction"][:, 0],
        )

    def _set_fixture(self, ids: Ids, draws: Draws) -> None:
        place = np.hstack([draws["socket_xy"], draws["socket_z"]]) + SOCKET_START_M
        place[:, 2] += self.task.workpiece.lift_m
        self.socket_position_w[ids] = place
        self.socket_quaternion_w[ids] = (1.0, 0.0, 0.0, 0.0)
        if self.task.workpiece.fixture == "socket":
            places, _ = fixtures.wall_places((draws["diameter"] + draws["clearance"])[:, 0])
            for number in range(places.shape[1]):
                self._fields["geom_pos"][ids, self.model.geom(fixtures.wall_name(number)).id] = places[:, number]

    def _set_arm(self, ids: Ids, draws: Draws) -> None:
        self.arm.joint_position[ids] = self.arm.parameters.home
        turn = np.hstack([draws["tool_tilt"], draws["tool_yaw"]])
        place = np.hstack([draws["tool_xy"], draws["tool_z"]]) + TOOL_START_M
        solve_inverse(self.batch, self.arm, ids, place, multiply(from_rotation_vector(turn), _DOWN))

    def _set_object(self, ids: Ids, draws: Draws) -> None:
        """Put the object into the grasp: turned about the fingers' way, then moved along its own axis."""
        tilt = np.zeros((len(ids), 3))
        tilt[:, 1] = draws["grasp_tilt"][:, 0]
        turn = from_rotation_vector(tilt)
        below = np.zeros((len(ids), 3))
        below[:, 2] = self.task.workpiece.grip_m + draws["grasp_offset"][:, 0]
        tool = self.arm.quaternion_w[ids]
        self._pose[ids, :3] = self.arm.position_w[ids] + rotate(tool, rotate(turn, below))
        self._pose[ids, 3:] = multiply(multiply(tool, turn), _UPSIDE_DOWN)

    def _set_fingers(self, ids: Ids, draws: Draws) -> None:
        """Put the fingers where the gel presses back as the servos press, so that nothing starts to move."""
        hinges, stiffness = self.arm.parameters.num_hinges, draws["gel_stiffness"][:, 0]
        depth, on_nominal = self._grip.hold(draws["diameter"][:, 0], draws["grasp_force"][:, 0] / stiffness)
        force = on_nominal * stiffness
        apart = np.maximum(draws["diameter"][:, 0] / 2.0 - depth, 0.0)
        self.arm.joint_position[ids, hinges:] = apart[:, None]
        self.arm.control[ids, hinges:] = (apart - force / self.arm.parameters.finger_kp)[:, None]
