"""The simulated robot with joints: ``joint_states``, ``imu`` and temperatures out, joint targets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from control_msgs.msg import DynamicJointState
from sensor_msgs.msg import Imu, JointState

from hardware.virtual.faults import read_fault
from hardware.virtual.joints.free_robot import EVENTS, KINDS, FreeJointRobot, Gains
from hardware.virtual.joints.sensors import GYRO_STD_RAD_S
from sim.bodies.urdf import joint_robot_urdf
from sim2metal_nodes.commands import by_name
from sim2metal_nodes.conversions import imu_message
from sim2metal_nodes.joint_publisher import JointPublisher
from sim2metal_nodes.qos import SENSOR
from sim2metal_nodes.robot_publisher import RobotPublisher
from sim2metal_nodes.status import bits_of
from sim2metal_nodes.temperatures import temperature_message


@dataclass(frozen=True)
class Base:
    """Where the robot's base really is, for display."""

    position_w: Sequence[float]
    velocity_w: Sequence[float]
    orientation_wxyz: Sequence[float]
    angular_velocity_b: Sequence[float]


class SimulatedJoints:
    """A robot with joints in sim_node; see ``SimulatedSide``.

    Args:
        node: to publish with.
        name: of the robot.
        parameter_set: its constants; ``None``: the default ones.
        gains: that targets are followed with; ``None``: the parameter set's.
        seed: of all noise.
        hang: start on the crane.
        faults: to come.
        world: frame of the odometry.
        body: frame of imu; the base's link.

    Raises:
        ConfigError: for a robot, set, frame or fault that is none of this robot's.
    """

    command_type, command_topic = JointState, "command"

    def __init__(
        self,
        node: Any,
        name: str,
        parameter_set: str | None,
        gains: Gains | None,
        seed: int,
        hang: bool,
        faults: Sequence[str],
        world: str,
        body: str,
    ) -> None:
        waiting = [read_fault(text, KINDS, EVENTS) for text in faults]
        self.robot = FreeJointRobot(name, parameter_set, gains, seed, hang, waiting)
        self._names = self.robot.parameters.joint_names
        self._body = body
        urdf = joint_robot_urdf(name, self.robot.parameters)
        self._joints = JointPublisher(node, self._names, urdf, body)
        self._about = RobotPublisher(node, world, body, urdf, measured=False)
        self._imu = node.create_publisher(Imu, "imu", SENSOR)
        self._warm = node.create_publisher(DynamicJointState, "dynamic_joint_states", SENSOR)

    def read(self, message: JointState) -> Sequence[float]:
        """Return joint targets, rad, in the robot's order."""
        return by_name("command", message, self._names)

    def inject(self, text: str) -> None:
        """Add a fault."""
        self.robot.inject(read_fault(text, KINDS, EVENTS))

    @property
    def awaits_commands(self) -> bool:
        """Whether its motors follow targets."""
        return self.robot.following

    def sensors(self, time_ns: int) -> None:
        """Publish joints and inertial unit."""
        measured = self.robot.measured
        imu = imu_message(self._body, time_ns, measured.orientation_wxyz.tolist(), measured.angular_velocity_b.tolist())
        force = imu.linear_acceleration
        force.x, force.y, force.z = measured.specific_force_b.tolist()
        imu.angular_velocity_covariance[0::4] = GYRO_STD_RAD_S**2
        self._imu.publish(imu)
        self._joints.states(time_ns, measured.position, measured.velocity, measured.torque)

    def slow_sensors(self, time_ns: int) -> None:
        """Publish the motors' temperatures."""
        self._warm.publish(temperature_message(time_ns, self._names, self.robot.measured.temperature_c))

    def display(self, time_ns: int) -> None:
        """Publish odometry and the transforms of base and links."""
        if not self.robot.body.healthy:
            return
        position, velocity = self.robot.base_w
        data = self.robot.body.data
        base = Base(position, velocity, data.qpos[3:7].tolist(), data.qvel[3:6].tolist())
        self._about.for_display(time_ns, base)
        self._joints.transforms(time_ns, self.robot.body.position)

    def status(self) -> tuple[int, float]:
        """Return armed, crashed and following (as "flying") and the pack's voltage."""
        robot = self.robot
        bits = bits_of(armed=robot.firmware.armed, crashed=robot.crashed, flying=robot.following)
        return bits, robot.power.voltage
