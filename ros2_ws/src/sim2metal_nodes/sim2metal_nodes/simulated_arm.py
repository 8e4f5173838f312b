"""The simulated arm: joints, poses and what both pads feel and show out, Cartesian set-points in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from control_msgs.msg import GripperCommand
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import String

from hardware.arm.pilot import Phase
from hardware.tactile.difference import Nominal, as_picture
from hardware.virtual.arm.faults import EVENTS, KINDS
from hardware.virtual.arm.robot import Sample, VirtualArm
from hardware.virtual.faults import read_fault
from sim2metal_nodes.arm_inputs import FIXTURE, PADS, TOOL, WRIST, read_pose
from sim2metal_nodes.arm_side import GRIPPER, SETPOINTS
from sim2metal_nodes.conversions import check_frame, pose_message
from sim2metal_nodes.joint_publisher import JointPublisher
from sim2metal_nodes.qos import ASKED, LATCHED, SENSOR
from sim2metal_nodes.status import bits_of
from sim2metal_nodes.tactile_messages import cloud_message, header, image_message


class SimulatedArm:
    """An arm in sim_node; see ``SimulatedSide``. Its pads speak as ``tactile_node`` does, in ``left`` and ``right``.

    Args:
        node: to publish with.
        task: of ``sim.tasks``: what it holds and what for.
        seed: of the episode.
        faults: to come.
        world: frame of all poses: the arm's base.
        wrist: whether the camera at the hand draws.

    Raises:
        ConfigError: for a task in which nothing is held, or a fault that this robot cannot suffer.
        ToolchainError: for a wrist camera that cannot draw on this machine.
    """

    command_type, command_topic = PoseStamped, SETPOINTS

    def __init__(self, node: Any, task: str, seed: int, faults: Sequence[str], world: str, wrist: bool) -> None:
        cameras = ("image", "wrist") if wrist else ("image",)
        self.robot = robot = VirtualArm(task, seed, [read_fault(text, KINDS, EVENTS) for text in faults], cameras)
        self._node, self._world = node, world
        self._joints = JointPublisher(node, robot.joint_names, "", "")
        self._poses = {topic: node.create_publisher(PoseStamped, topic, SENSOR) for topic in (TOOL, FIXTURE)}
        self._truth = node.create_publisher(PoseStamped, "object_pose", SENSOR)
        self._clouds = [node.create_publisher(PointCloud2, f"{pad}/force_field", SENSOR) for pad in PADS]
        self._images = [node.create_publisher(Image, f"{pad}/image", SENSOR) for pad in PADS]
        self._differences = [node.create_publisher(Image, f"{pad}/difference", SENSOR) for pad in PADS]
        self._wrist = node.create_publisher(Image, WRIST, SENSOR) if wrist else None
        self._untouched = [Nominal(1, picture) for picture in robot.untouched]
        self._judgement = node.create_publisher(String, "judgement", LATCHED)
        self._mode = ""
        node.create_subscription(GripperCommand, GRIPPER, self._on_gripper, ASKED)
        node.create_subscription(String, "mode", self._on_mode, LATCHED)

    def read(self, message: PoseStamped) -> Sequence[float]:
        """Return a set-point, position and quaternion wxyz."""
        check_frame(SETPOINTS, message, self._world)
        return read_pose(SETPOINTS, message)

    def inject(self, text: str) -> None:
        """Add a fault."""
        self.robot.inject(read_fault(text, KINDS, EVENTS))

    @property
    def awaits_commands(self) -> bool:
        """Whether set-points come."""
        return self.robot.following

    def sensors(self, time_ns: int) -> None:
        """Publish all of it; pads and camera first, so that the newest pose is never older than they."""
        seen = self.robot.measure()
        if not self.robot.pads_stalled:
            self._pads(time_ns, seen)
        if self._wrist is not None and seen.wrist is not None:
            self._wrist.publish(image_message(header("wrist_camera", time_ns), seen.wrist))
        self._joints.states(time_ns, seen.joint_position.tolist(), seen.joint_velocity.tolist(), ())
        for topic, pose in ((TOOL, seen.tool), (FIXTURE, seen.fixture)):
            self._poses[topic].publish(pose_message(self._world, time_ns, pose[:3], pose[3:]))
        self._truth.publish(pose_message(self._world, time_ns, seen.object[:3], seen.object[3:]))

    def slow_sensors(self, time_ns: int) -> None:
        """Nothing: it hangs on the mains."""

    def display(self, time_ns: int) -> None:
        """Nothing: poses and pads are on their topics."""

    def status(self) -> tuple[int, float]:
        """Return the bits of an arm that follows or holds, and no voltage."""
        return bits_of(armed=True, crashed=False, flying=self.robot.following), 0.0

    def _pads(self, time_ns: int, seen: Sample) -> None:
        for number, pad in enumerate(PADS):
            head = header(f"{pad}_tactile_pad", time_ns)
            cloud = cloud_message(head, self.robot.taxels.positions, seen.force[number], seen.depth[number])
            self._clouds[number].publish(cloud)
            if seen.picture is not None:
                self._images[number].publish(image_message(head, seen.picture[number]))
                difference = self._untouched[number].difference(seen.picture[number])
                if difference is not None:
                    self._differences[number].publish(image_message(head, as_picture(difference)))

    def _on_gripper(self, message: GripperCommand) -> None:
        if message.position > 0.0:
            self.robot.open_hand()
        else:
            self._node.get_logger().warning(f"{GRIPPER}: this hand can only let go", throttle_duration_sec=1.0)

    def _on_mode(self, message: String) -> None:
        """Say what became of the episode that has just ended, which a real arm does not know."""
        if message.data == Phase.DONE.value != self._mode:
            distance_m, success = self.robot.judge()
            said = f"{'success' if success else 'failure'}: {1e3 * distance_m:.1f} mm from the goal"
            self._judgement.publish(String(data=said))
            self._node.get_logger().info(f"{self.robot.task.name}: {said}")
        self._mode = message.data
