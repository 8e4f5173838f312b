"""Services and subscriptions of a robot with joints, turned into the wishes of a ``JointOperatorMission``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import TwistStamped
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from hardware.joints.operator_mission import JointOperatorMission
from sim.errors import Sim2MetalError
from sim2metal_nodes.qos import ASKED, COMMAND
from sim2metal_nodes.rivals import subscribe_to_one


class JointServices:
    """Offers ``start``, ``damp``, ``emergency_stop`` and ``cmd_vel``.

    Args:
        node: to offer them with.
        mission: returns the mission of the present or next run.
        emergency: switches the motors off.
        require_ready: asked at once before a start; a ``Sim2MetalError`` refuses it, and the answer says so.
    """

    def __init__(
        self,
        node: Any,
        mission: Callable[[], JointOperatorMission],
        emergency: Callable[[], None],
        require_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._node, self._mission, self._emergency, self._require_ready = node, mission, emergency, require_ready
        node.create_service(Trigger, "start", self._start)
        node.create_service(Trigger, "damp", self._damp)
        node.create_service(Trigger, "emergency_stop", self._stop)
        node.create_subscription(Bool, "emergency_stop", self._on_stop, ASKED)
        subscribe_to_one(node, TwistStamped, "cmd_vel", self._on_velocity, COMMAND)

    def _start(self, _request: Any, response: Any) -> Any:
        try:
            self._require_ready()
        except Sim2MetalError as error:
            self._node.get_logger().error(f"refused: {error}")
            response.success, response.message = False, str(error)
            return response
        self._mission().start()
        response.success, response.message = True, "asked for; mode and the log say what came of it"
        return response

    def _damp(self, _request: Any, response: Any) -> Any:
        self._mission().end()
        response.success = True
        return response

    def _stop(self, _request: Any, response: Any) -> Any:
        self._emergency()
        response.success, response.message = True, "motors off until reset"
        return response

    def _on_stop(self, message: Bool) -> None:
        if message.data:
            self._emergency()

    def _on_velocity(self, message: TwistStamped) -> None:
        twist = message.twist
        try:
            self._mission().set_velocity((twist.linear.x, twist.linear.y, twist.angular.z))
        except Sim2MetalError as error:
            self._node.get_logger().error(f"cmd_vel refused: {error}", throttle_duration_sec=1.0)
