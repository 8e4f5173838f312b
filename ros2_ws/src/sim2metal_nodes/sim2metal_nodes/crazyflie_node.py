"""A Crazyflie as a node with crazyswarm2's names: ``takeoff``, ``go_to``, ``cmd_position``, ``pose``, ``status``."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from crazyflie_interfaces.msg import Status
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from hardware.checks import require
from hardware.flight import Flight
from hardware.flying.description import multirotor_urdf
from hardware.flying.job import make_pilot
from hardware.flying.operator_mission import OperatorMission
from hardware.link import policy_on_board
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from hardware.registry import create_link, moves_metal, scheme_of
from hardware.states import FlightState
from policies.runtime import load_policy
from sim.errors import ConfigError, FlightRefusedError, LinkError
from sim2metal_nodes.by_hand import HandFlights
from sim2metal_nodes.conversions import to_stamp
from sim2metal_nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from sim2metal_nodes.external_poses import ExternalPoseInputs
from sim2metal_nodes.flight_services import FlightServices
from sim2metal_nodes.identity import Identity
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import ASKED, LATCHED, SENSOR
from sim2metal_nodes.robot_publisher import RobotPublisher
from sim2metal_nodes.runner import connect, run_node
from sim2metal_nodes.sorties import LogBook, Sorties
from sim2metal_nodes.status import bits_of, status_message

STATE_PERIOD_S = 0.01
"""How often a new state is looked for; the radio brings 100 of them a second."""
STATUS_EVERY, DISPLAY_EVERY = 5, 4
"""States per status, and per odometry and transform."""
LOST_S = 2.0
"""A link silent for longer, with no flight under way, ends the node."""


class CrazyflieNode(Node):
    """See the module."""

    def __init__(self, signals: OperatorSignals) -> None:
        super().__init__("crazyflie_node")
        path: str = declare(self, "bundle", "", "folder of the policy bundle that flies the robot")
        uri: str = declare(self, "uri", "udp://127.0.0.1:19850", "where the robot is: radio://, usb:// or udp://")
        arm: bool = declare(self, "arm", False, "allow flights of a robot outside this computer: propellers turn")
        identity = Identity(self)
        mocap_body: str = declare(self, "mocap_body", "", "name in crazyswarm2's /poses; empty: not listened to")
        external: bool = declare(self, "external_position", False, "positions come from motion capture: no deck needed")
        external = external or bool(mocap_body)
        patience_s: float = declare(
            self, "connect_timeout", 10.0, "how long to look for the robot, s", low=0.0, high=600.0
        )
        by_hand: bool = declare(
            self, "by_hand", False, "take cmd_vel_legacy: who arms while it is streamed flies without the policy"
        )
        real_time: bool = declare(self, "real_time", True, "real-time scheduling and locked memory, if allowed")
        logs: str = declare(self, "log_folder", "", "where flight logs (MCAP) go; empty: none are written")
        world: str = declare(self, "world_frame", "world", "frame of pose and odom")
        self._body: str = declare(self, "body_frame", "base_link", "frame of the robot")
        self._world = world
        if not path:
            raise ConfigError("parameter 'bundle' is empty: give the bundle's folder")
        scheme_of(uri)
        self._bundle, self._policy = load_policy(Path(path))
        identity.check(self._bundle, uri)
        info = self._bundle.info
        self._may_fly = arm or not moves_metal(uri)
        self.exit_code = 0
        self._signals = signals
        self._link = create_link(
            uri, level=info.action.level, stopped=lambda: signals.stop or signals.kill, external_position=external
        )
        make_pilot(self._policy, self._link)  # refuses a bundle that cannot fly here before the robot is called
        connect(self, self._link, patience_s, signals)
        self._hand = HandFlights(self._link, self._bundle, lambda: self._sorties.busy, external)
        self._about = RobotPublisher(
            self, world, self._body, multirotor_urdf(info.robot.name, info.robot.constants, self._body)
        )
        self._twist = self.create_publisher(TwistStamped, "twist", SENSOR)
        self._status_out = self.create_publisher(Status, "status", ASKED)
        self._mode_out = self.create_publisher(String, "mode", LATCHED)
        self._mode = ""
        self._seen = 0
        self._newest_ns = 0
        metadata = {"bundle_id": self._bundle.id, "uri": uri, "task": info.task, "robot": info.robot.name}
        metadata |= identity.metadata
        self._sorties = Sorties(
            OperatorMission,
            self._flight,
            self._check_ready,
            self._link.emergency_stop,
            signals,
            LogBook(Path(logs) if logs else None, metadata, self._link.clock),
            self._say,
            wants_real_time=real_time,
        )
        FlightServices(
            self,
            lambda: self._sorties.mission,
            self._position,
            self._sorties.emergency_stop,
            self._hand.take if by_hand else None,
            self._hand.refusal,
        )
        self.create_service(Trigger, "reset", self._reset)
        if external:
            ExternalPoseInputs(self, self._link, world, mocap_body)
        self._diagnostics = Diagnostics(self, "crazyflie_node", self._report)
        self.create_timer(STATE_PERIOD_S, self._look, clock=self._diagnostics.clock)
        self.get_logger().info(f"connected to {uri}, bundle {self._bundle.id[:12]}")

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it, or the robot is gone, and nothing flies."""
        if self._sorties.busy:
            return False
        if not self._silent():
            return signals.stop or signals.kill
        self.get_logger().error(f"the robot at {self._link.uri} is gone: nothing heard for {LOST_S:g} s")
        self.exit_code = LinkError.exit_code
        return True

    def close(self) -> None:
        """Land if it flies, then hang up; bounded."""
        self._sorties.close()
        self._hand.close()
        self._link.close()

    def _silent(self) -> bool:
        health = self._link.health()
        return not health.connected or (time.monotonic_ns() - health.heard_ns) / 1e9 > LOST_S

    def _flight(self, mission: OperatorMission, log: RunLog, wishes: Any) -> Flight:
        if self._hand.flying:
            return self._hand.flight(mission, log, wishes)
        pilot, supervisor, period_s = make_pilot(self._policy, self._link)
        return Flight(self._link, mission, supervisor, log, wishes, pilot, period_s)

    def _check_ready(self) -> None:
        if not self._may_fly:
            raise FlightRefusedError(
                f"the robot at {self._link.uri} would turn its propellers: clear the space and set the parameter arm"
            )
        require(self._hand.begin(self._sorties.mission))
        require([self._link.prepare()])

    def _position(self) -> tuple[float, ...] | None:
        state = self._link.read()
        return state.position_w if state is not None and state.finite else None

    # Topics ----------------------------------------------------------------------------------

    def _look(self) -> None:
        mode = self._sorties.mode
        if mode != self._mode:
            self._mode = mode
            self._mode_out.publish(String(data=mode))
        state = self._link.read()
        if state is None or state.received_ns == self._newest_ns:
            return
        self._newest_ns = state.received_ns
        self._seen += 1
        # The robot's clock starts at its own zero: stamps are this computer's, less the sample's age.
        time_ns = self.get_clock().now().nanoseconds - (time.monotonic_ns() - state.received_ns)
        if state.finite:
            self._about.pose(time_ns, state)
            self._send_twist(time_ns, state)
            if self._seen % DISPLAY_EVERY == 0:
                self._about.for_display(time_ns, state)
        if self._seen % STATUS_EVERY == 0:
            bits = bits_of(armed=state.armed, crashed=state.crashed, flying=self._sorties.busy and state.armed)
            self._status_out.publish(status_message(self._body, time_ns, bits, state.battery_v))

    def _send_twist(self, time_ns: int, state: FlightState) -> None:
        message = TwistStamped()
        message.header.frame_id, message.header.stamp = self._world, to_stamp(time_ns)
        vector = message.twist.linear
        vector.x, vector.y, vector.z = state.velocity_w
        self._twist.publish(message)

    def _reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._sorties.reset()
        response.message = "idle" if response.success else "not in flight: land first"
        return response

    def _say(self, line: str, bad: bool) -> None:
        (self.get_logger().error if bad else self.get_logger().info)(line)

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        state, faults = self._link.read(), self._sorties.faults
        values = {"uri": self._link.uri, "bundle": self._bundle.id[:12], "flights": str(self._sorties.done)}
        on_board = policy_on_board(self._link.level, self._bundle.info.action.level)
        values["policy"] = "on board" if on_board else f"here, commanding {self._link.level}"
        if state is not None:
            age_ms = (time.monotonic_ns() - state.received_ns) / 1e6
            voltage = f"{state.battery_v:.2f}" if math.isfinite(state.battery_v) else "unknown"
            values |= {"state age, ms": f"{age_ms:.1f}", "battery, V": voltage}
        if self._sorties.locked:
            return ERROR, "emergency stop: restart the robot and call reset", values
        return (WARN if faults else OK), ", ".join([self._sorties.mode, *faults]), values


def main() -> int:
    """Run the node."""
    return run_node(CrazyflieNode)
