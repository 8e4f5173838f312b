"""crazyswarm2's services and subscriptions for one robot, turned into the wishes of an ``OperatorMission``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from crazyflie_interfaces.msg import FullState, Hover, Position, VelocityWorld
from crazyflie_interfaces.srv import Arm, GoTo, Land, NotifySetpointsStop, Takeoff
from geometry_msgs.msg import Twist
from std_msgs.msg import Bool
from std_srvs.srv import Empty, Trigger

from hardware.crazyflie.setpoints import FULL_THRUST, MOST_THRUST
from hardware.flying.by_hand import Attitude
from hardware.flying.operator_mission import OperatorMission
from sim.errors import ConfigError, Sim2MetalError
from sim2metal_nodes.conversions import RejectedInputError, orientation_wxyz, read_vector, yaw_of
from sim2metal_nodes.qos import ASKED, COMMAND
from sim2metal_nodes.rivals import subscribe_to_one


class FlightServices:
    """Offers ``takeoff``, ``land``, ``go_to``, ``arm``, ``emergency``, ... and the ``cmd_*`` subscriptions.

    Args:
        node: to offer them with.
        mission: returns the mission of the present or next flight.
        position: returns where the robot is, or ``None``.
        emergency: cuts the motors.
        by_hand: takes ``cmd_vel_legacy`` as roll, pitch (degrees, nose up), yaw rate (degrees per second, to the right)
            and thrust (0 to 60000); default: it is refused.
        refusal: says why the policy takes no wishes now, or ``None``.
    """

    def __init__(
        self,
        node: Any,
        mission: Callable[[], OperatorMission],
        position: Callable[[], tuple[float, ...] | None],
        emergency: Callable[[], None],
        by_hand: Callable[[Attitude], None] | None = None,
        refusal: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._by_hand, self._refusal = by_hand, refusal
        self._node, self._mission, self._position, self._emergency = node, mission, position, emergency
        node.create_service(Takeoff, "takeoff", self._takeoff)
        node.create_service(Land, "land", self._land)
        node.create_service(GoTo, "go_to", self._go_to)
        node.create_service(Arm, "arm", self._arm)
        node.create_service(NotifySetpointsStop, "notify_setpoints_stop", self._notify)
        node.create_service(Empty, "emergency", self._cut)
        node.create_service(Trigger, "emergency_stop", self._cut_with_answer)
        node.create_subscription(Bool, "emergency_stop", self._on_stop, ASKED)
        subscribe_to_one(node, Position, "cmd_position", self._on_position, COMMAND)
        subscribe_to_one(node, FullState, "cmd_full_state", self._on_full_state, COMMAND)
        subscribe_to_one(node, Hover, "cmd_hover", self._on_hover, COMMAND)
        subscribe_to_one(node, VelocityWorld, "cmd_velocity_world", self._on_velocity, COMMAND)
        subscribe_to_one(node, Twist, "cmd_vel_legacy", self._on_legacy, COMMAND)

    def _try(self, what: str, work: Callable[[], None]) -> bool:
        """Do what was asked; these services answer nothing, so a refusal is a line in the log."""
        try:
            if (refusal := self._refusal()) is not None:
                raise ConfigError(refusal)
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
        # In rad/s, counter-clockwise: crazyswarm2 makes the firmware's degrees and sign of it.
        velocity, turn = (message.vx, message.vy), message.yaw_rate
        self._try("cmd_hover", lambda: self._mission().hover(velocity, turn, message.z_distance))

    def _on_velocity(self, message: VelocityWorld) -> None:
        # crazyswarm2 hands the rate to the radio as degrees per second.
        velocity, turn = read_vector(message.vel), math.radians(message.yaw_rate)
        self._try("cmd_velocity_world", lambda: self._mission().move(velocity, turn))

    def _on_legacy(self, message: Twist) -> None:
        if self._by_hand is None:
            self._node.get_logger().error(
                "cmd_vel_legacy refused: attitude and thrust would go past the supervisor, and the policy takes"
                " positions; use cmd_hover or cmd_position",
                throttle_duration_sec=5.0,
            )
            return
        try:
            self._by_hand(read_legacy(message))
        except (Sim2MetalError, RejectedInputError) as error:
            self._node.get_logger().error(f"cmd_vel_legacy refused: {error}", throttle_duration_sec=1.0)


def read_legacy(message: Twist) -> Attitude:
    """Return what ``cmd_vel_legacy`` asks for.

    crazyswarm2 sends roll = linear.y, pitch = -linear.x (degrees), yaw rate = angular.z (degrees per second) and
    thrust = linear.z (0 to 60000) to cflib's ``send_setpoint``, where a positive pitch tips the nose down and a
    positive yaw rate turns to the right (``legacy_setpoint``).

    Raises:
        RejectedInputError: if the thrust is out of range, instead of crazyswarm2's clipping.
    """
    thrust = message.linear.z
    if not 0.0 <= thrust <= MOST_THRUST:
        raise RejectedInputError(f"thrust {thrust:g}, expected 0 to {MOST_THRUST}")
    return Attitude(
        roll_rad=math.radians(message.linear.y),
        pitch_rad=-math.radians(message.linear.x),
        yaw_rate_rad_s=-math.radians(message.angular.z),
        thrust=thrust / FULL_THRUST,
    )
