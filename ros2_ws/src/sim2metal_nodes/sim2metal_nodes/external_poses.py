"""Motion capture's poses over topics, checked like those of ``sim2metal run --mocap``, for one robot's estimator."""

from __future__ import annotations

import math
import time
from typing import Any

from geometry_msgs.msg import PoseStamped

from hardware.crazyflie.link import CrazyflieLink
from hardware.mocap.feed import LEAST_HZ, BodyStatus
from hardware.mocap.frame import RigidBody
from hardware.mocap.gate import PoseGate
from sim.errors import Sim2MetalError
from sim2metal_nodes.conversions import RejectedInputError, check_frame
from sim2metal_nodes.qos import SENSOR


class ExternalPoseInputs:
    """Takes ``external_pose``, and this robot's pose of crazyswarm2's ``/poses``.

    Args:
        node: to listen with.
        link: open.
        world_frame: of ``external_pose``; ``/poses``, whose frame has the system's name, is taken as in the world's.
        body: name in ``/poses``; empty: not listened to.
    """

    def __init__(self, node: Any, link: CrazyflieLink, world_frame: str, body: str) -> None:
        self._node, self._link, self._world, self._body = node, link, world_frame, body
        self._gate, self._status = PoseGate(), BodyStatus()
        self._topic = "/poses" if body else "external_pose"
        node.create_subscription(PoseStamped, "external_pose", self._on_pose, SENSOR)
        if body:
            # Only those who use it need crazyswarm2's package beside a real ROS 2.
            from motion_capture_tracking_interfaces.msg import NamedPoseArray

            node.create_subscription(NamedPoseArray, "/poses", self._on_poses, SENSOR)
        link.external.expect(self.verdict)

    def verdict(self) -> tuple[bool, str]:
        """Return whether poses come well enough for a flight, and what to do if not."""
        status = self._status
        refused = f"; refused: {', '.join(status.refused)}" if status.refused else ""
        if not status.fresh:
            return False, f"none arrives on {self._topic}: is motion capture running, and this its topic?{refused}"
        if status.rate_hz < LEAST_HZ:
            return False, f"{status.rate_hz:.0f} Hz on {self._topic}; a flight needs {LEAST_HZ:g} Hz{refused}"
        return True, f"{status.rate_hz:.0f} Hz on {self._topic}{refused}"

    def _on_pose(self, message: PoseStamped) -> None:
        try:
            check_frame("external_pose", message, self._world)
        except RejectedInputError as error:
            self._refuse(str(error))
            return
        self._take(message.pose)

    def _on_poses(self, message: Any) -> None:
        for named in message.poses:
            if named.name == self._body:
                self._take(named.pose)

    def _take(self, pose: Any) -> None:
        q = pose.orientation
        now_ns, state = time.monotonic_ns(), self._link.read()
        # crazyswarm2 marks a pose of which only the position is known by a NaN in its orientation.
        known = not math.isnan(q.x)
        if known:
            orientation: tuple[float, ...] = (q.w, q.x, q.y, q.z)
        else:
            orientation = (1.0, 0.0, 0.0, 0.0) if state is None else tuple(state.orientation_wxyz)
        place = (pose.position.x, pose.position.y, pose.position.z)
        checked = self._gate.check(RigidBody(self._body, place, orientation), now_ns, state)
        if isinstance(checked, str):
            self._refuse(checked)
            return
        self._status.accepted += 1
        self._status.last = checked
        self._status.arrivals_s.append(now_ns / 1e9)
        try:
            self._link.send_external_pose(checked.position_w, checked.orientation_wxyz if known else None)
        except Sim2MetalError as error:
            self._refuse(str(error))

    def _refuse(self, reason: str) -> None:
        self._status.refused[reason] += 1
        self._node.get_logger().error(f"pose of motion capture refused: {reason}", throttle_duration_sec=1.0)
