"""crazyswarm2's services and subscriptions for one robot, turned into the wishes of an ``OperatorMission``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from crazyflie_interfaces.msg import FullState, Hover, Position
from crazyflie_interfaces.srv import Arm, GoTo, Land, NotifySetpointsStop, Takeoff
from geometry_msgs.msg import Twist
from std_msgs.msg import Bool
from std_srvs.srv import Empty, Trigger

from hardware.flying.operator_mission import OperatorMission
from sim.errors import Sim2MetalError
from sim2metal_nodes.conversions import RejectedInputError, orientation_wxyz, read_vector, yaw_of
from sim2metal_nodes.qos import ASKED, COMMAND


class FlightServices:
    """Offers ``takeoff``, ``land``, ``go_to``, ``arm``, ``emergency``, ... and the ``cmd_*`` subscriptions.

    Args:
        node: to offer them with.
        mission: returns the mission of the present or next flight.
        position: returns where the robot is, or ``None``.
        emergency: cuts the motors.
    """

    def __init__(
        self,
        node: Any,
        mission: Callable[[], OperatorMission],
        position: Callable[[], tuple[float, ...] | None],
        emergency: Callable[[], None],
    ) -> None:
        self._node, self._mission, self._position, self._emergency = node, mission, position, emergency
        node.create_service(Takeoff, "takeoff", self._takeoff)
        node.create_service(Land, "land", self._land)
        node.create_service(GoTo, "go_to", self._go_to)
        node.create_service(Arm, "arm", self._arm)
        node.create_service(NotifySetpointsStop, "notify_setpoints_stop", self._notify)
        node.create_service(Empty, "emergency", self._cut)
        node.create_service(Trigger, "emergency_stop", self._cut_with_answer)
        node.create_subscription(Bool, "emergency_stop", self._on_stop, ASKED)
        node.create_subscription(Position, "cmd_position", self._on_position, COMMAND)
        node.create_subscription(FullState, "cmd_full_state", self._on_full_state, COMMAND)
        node.create_subscription(Hover, "cmd_hover", self._on_hover, COMMAND)
        node.create_subscription(Twist, "cmd_vel_legacy", self._on_legacy, COMMAND)

    def _try(self, what: str, work: Callable[[], None]) -> bool:
        """Do what was asked; these services answer nothing, so a refusal is a line in the log."""
        try:
            work()
        except (Sim2MetalError, RejectedInputError) as error:
            self._node.get_logger().error(f"{what} refused: {error}", throttle_duration_sec=1.0)
            return False
        return True

    def _takeoff(self, request: Any, response: Any) -> Any:
        position = self._position()
        if position is None:
            self._node.get_logger().error("takeoff refused: the robot's position is not known yet")
        else:
            self._try("takeoff", lambda: self._mission().take_off(position, request.height))
        return response

    def _land(self, _request: Any, response: Any) -> Any:
        self._mission().land()
        return response

    def _go_to(self, request: Any, response: Any) -> Any:
        duration_s = request.duration.sec + request.duration.nanosec / 1e9
        goal = read_vector(request.goal)
        self._try("go_to", lambda: self._mission().go_to(goal, request.yaw, duration_s, request.relative))
        return response

    def _arm(self, request: Any, response: Any) -> Any:
        self._mission().arm(request.arm)
        return response

    def _notify(self, _request: Any, response: Any) -> Any:
        self._mission().end_stream()
        return response

    def _cut(self, _request: Any, response: Any) -> Any:
        self._emergency()
        return response

    def _cut_with_answer(self, _request: Any, response: Any) -> Any:
        self._emergency()
        response.success, response.message = True, "motors off until the robot is restarted"
        return response

    def _on_stop(self, message: Bool) -> None:
        if message.data:
            self._emergency()

    def _on_position(self, message: Position) -> None:
        # crazyswarm2 hands yaw to the radio as degrees (cflib's send_position_setpoint).
        place, yaw = (message.x, message.y, message.z), math.radians(message.yaw)
        self._try("cmd_position", lambda: self._mission().set_point(place, yaw))

    def _on_full_state(self, message: FullState) -> None:
        def work() -> None:
            yaw = yaw_of(orientation_wxyz("cmd_full_state", message.pose.orientation))
            self._mission().set_point(read_vector(message.pose.position), yaw)

        self._try("cmd_full_state", work)

    def _on_hover(self, message: Hover) -> None:
        turn = math.radians(message.yaw_rate)
        self._try("cmd_hover", lambda: self._mission().hover((message.vx, message.vy), turn, message.z_distance))

    def _on_legacy(self, _message: Twist) -> None:
        self._node.get_logger().error(
            "cmd_vel_legacy refused: attitude and thrust would go past the supervisor, and the policy takes positions;"
            " use cmd_hover or cmd_position",
            throttle_duration_sec=5.0,
        )
