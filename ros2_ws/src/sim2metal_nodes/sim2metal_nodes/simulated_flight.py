"""The simulated multirotor's topics: ``imu``, ``pose`` and ``twist`` out, rotor speeds in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from actuator_msgs.msg import Actuators
from geometry_msgs.msg import TwistStamped
from sensor_msgs.msg import Imu

from hardware.flying.description import multirotor_urdf
from hardware.virtual.faults import read_fault
from hardware.virtual.multirotor.free_robot import KINDS, FreeMultirotor
from sim.spec import MultirotorParameters
from sim2metal_nodes.conversions import imu_message, to_stamp
from sim2metal_nodes.qos import SENSOR
from sim2metal_nodes.robot_publisher import RobotPublisher

GYRO_VARIANCE = 2e-3**2
"""(rad/s)^2; the noise of the virtual gyroscope (``hardware/virtual/multirotor/estimator.py``)."""


class SimulatedFlight:
    """A multirotor in sim_node; see ``SimulatedSide``.

    Args:
        node: to publish with.
        name: of the robot.
        parameters: airframe.
        seed: of all noise.
        faults: to come.
        world: frame of pose and twist.
        body: frame of imu.

    Raises:
        ConfigError: for a fault that this robot cannot suffer.
    """

    command_type, command_topic = Actuators, "command"

    def __init__(
        self,
        node: Any,
        name: str,
        parameters: MultirotorParameters,
        seed: int,
        faults: Sequence[str],
        world: str,
        body: str,
    ) -> None:
        self.robot = FreeMultirotor(parameters, seed, [read_fault(text, KINDS) for text in faults])
        self._world, self._body = world, body
        self._about = RobotPublisher(node, world, body, multirotor_urdf(name, asdict(parameters), body))
        self._imu = node.create_publisher(Imu, "imu", SENSOR)
        self._twist = node.create_publisher(TwistStamped, "twist", SENSOR)

    def read(self, message: Actuators) -> Sequence[float]:
        """Return rotor speeds as fractions."""
        return message.normalized

    def inject(self, text: str) -> None:
        """Add a fault."""
        self.robot.inject(read_fault(text, KINDS))

    @property
    def awaits_commands(self) -> bool:
        """Whether it is flown by commands."""
        return self.robot.following

    def sensors(self, time_ns: int) -> None:
        """Publish pose, twist and inertial unit."""
        state = self.robot.state()
        self._about.pose(time_ns, state)
        twist = TwistStamped()
        twist.header.frame_id, twist.header.stamp = self._world, to_stamp(time_ns)
        vector = twist.twist.linear
        vector.x, vector.y, vector.z = state.velocity_w
        self._twist.publish(twist)
        imu = imu_message(self._body, time_ns, state.orientation_wxyz, state.angular_velocity_b)
        force = self.robot.specific_force_b
        imu.linear_acceleration.x, imu.linear_acceleration.y, imu.linear_acceleration.z = force
        imu.angular_velocity_covariance[0::4] = GYRO_VARIANCE
        self._imu.publish(imu)

    def slow_sensors(self, time_ns: int) -> None:
        """Nothing: the battery is in the status."""

    def display(self, time_ns: int) -> None:
        """Publish odometry and transform."""
        state = self.robot.state()
        if state.finite:
            self._about.for_display(time_ns, state)

    def status(self) -> tuple[int, float]:
        """Return the bits of its own supervisor and its voltage."""
        return self.robot.supervisor.bitfield(), self.robot.battery.voltage
