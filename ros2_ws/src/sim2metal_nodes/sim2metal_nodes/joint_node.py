"""A robot with joints behind a link (Unitree's DDS topics, a serial line) as a node; the policy runs here."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import Imu
from std_msgs.msg import String
from std_srvs.srv import Trigger

from hardware.checks import require
from hardware.clock import NS
from hardware.joints.behaviour import JointBehaviour
from hardware.joints.operator_mission import JointOperatorMission
from hardware.joints.pilot import JointPilot
from hardware.joints.session import JointSession
from hardware.link import Link
from hardware.log import RunLog
from hardware.log_schema import JOINT_STEP
from hardware.operator_signals import OperatorSignals
from hardware.registry import create_link, moves_metal, scheme_of
from hardware.states import JointState as JointSample
from hardware.supervisor import Supervisor
from policies.runtime import load_policy
from sim.errors import ConfigError, FlightRefusedError, LinkError
from sim.spec import JointLimits
from sim2metal_nodes.conversions import imu_message
from sim2metal_nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from sim2metal_nodes.identity import Identity
from sim2metal_nodes.joint_publisher import JointPublisher, read_description
from sim2metal_nodes.joint_services import JointServices
from sim2metal_nodes.parameters import base_frame, declare, declare_body_frame, declare_wait
from sim2metal_nodes.qos import LATCHED, SENSOR
from sim2metal_nodes.runner import connect, run_node
from sim2metal_nodes.sorties import LogBook, Sorties

STATE_PERIOD_S = 0.01
DISPLAY_EVERY = 4
"""States per transforms of the links."""
LOST_S = 2.0
"""A link silent for longer, with nothing running, ends the node."""


class JointNode(Node):
    """See the module."""

    def __init__(self, signals: OperatorSignals) -> None:
        super().__init__("joint_node")
        path: str = declare(self, "bundle", "", "folder of the policy bundle that moves the robot")
        uri: str = declare(self, "uri", "dds://lo?domain=1", "where the robot is: dds://INTERFACE or serial://")
        arm: bool = declare(self, "arm", False, "allow runs of a robot outside this computer: its joints move")
        patience_s: float = declare(
            self, "connect_timeout", 10.0, "how long to look for the robot, s", low=0.0, high=600.0
        )
        real_time: bool = declare(self, "real_time", True, "real-time scheduling and locked memory, if allowed")
        logs: str = declare(self, "log_folder", "", "where logs (MCAP) go; empty: none are written")
        identity, body, self._wait_s = Identity(self), declare_body_frame(self), declare_wait(self)
        described: str = declare(self, "description_file", "", "the robot's URDF, for RViz; empty: none is published")
        if not path:
            raise ConfigError("parameter 'bundle' is empty: give the bundle's folder")
        scheme_of(uri)
        description = read_description(described)
        self._bundle, self._policy = load_policy(Path(path))
        identity.check(self._bundle, uri)
        info = self._bundle.info
        if not isinstance(info.limits, JointLimits):
            raise ConfigError(f"{path}: this bundle is for '{info.robot.name}', a robot that flies; use crazyflie_node")
        self._limits, self._body = info.limits, body or base_frame(info.robot.constants)
        self._may_move = arm or not moves_metal(uri)
        self.exit_code = 0
        self._link: Link[JointSample] = create_link(
            uri, level=info.action.level, stopped=lambda: signals.stop or signals.kill
        )
        connect(self, self._link, patience_s, signals)
        # Before the first look at the robot: the checks tell the link the order of the joints.
        self._checked = self._link.checks(self._bundle)
        self._joints = JointPublisher(self, info.action.names, description, self._body)
        if description:
            self._description_out = self.create_publisher(String, "robot_description", LATCHED)
            self._description_out.publish(String(data=description))
        self._imu_out = self.create_publisher(Imu, "imu", SENSOR)
        self._mode_out = self.create_publisher(String, "mode", LATCHED)
        self._mode = ""
        self._newest_ns = self._seen = 0
        metadata = {"bundle_id": self._bundle.id, "uri": uri, "task": info.task, "robot": info.robot.name}
        metadata |= identity.metadata
        self._sorties = Sorties(
            JointOperatorMission,
            self._session,
            self._check_ready,
            self._link.emergency_stop,
            signals,
            LogBook(Path(logs) if logs else None, metadata, self._link.clock, JOINT_STEP),
            self._say,
            wants_real_time=real_time,
        )
        self._offer()
        self._diagnostics = Diagnostics(self, "joint_node", self._report)
        self.create_timer(STATE_PERIOD_S, self._look, clock=self._diagnostics.clock)
        self.get_logger().info(f"connected to {uri}, bundle {self._bundle.id[:12]}")

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it, or the robot is gone, and nothing runs."""
        if self._sorties.busy:
            return False
        health = self._link.health()
        if health.connected and (time.monotonic_ns() - health.heard_ns) / NS <= LOST_S:
            return signals.stop or signals.kill
        self.get_logger().error(f"the robot at {self._link.uri} is gone: nothing heard for {LOST_S:g} s")
        self.exit_code = LinkError.exit_code
        return True

    def close(self) -> None:
        """Damp if it moves, then hang up; bounded."""
        self._sorties.close()
        self._link.close()

    # Runs ------------------------------------------------------------------------------------

    def _session(self, mission: JointOperatorMission, log: RunLog, wishes: Any) -> JointSession:
        info = self._bundle.info
        supervisor = Supervisor(JointBehaviour(self._limits, info.command_ranges, self._wait_s))
        pilot, period_s = JointPilot(self._policy), info.timing.control_period_s
        return JointSession(self._link, mission, supervisor, log, wishes, pilot, period_s)

    def _check_ready(self) -> None:
        if not self._may_move:
            raise FlightRefusedError(f"the robot at {self._link.uri} would move: clear the space and set arm")
        require(self._link.checks(self._bundle))
        require([self._link.prepare()])

    # Topics ----------------------------------------------------------------------------------

    def _offer(self) -> None:
        JointServices(self, lambda: self._sorties.mission, self._sorties.emergency_stop)
        self.create_service(Trigger, "reset", self._reset)

    def _reset(self, _request: Any, response: Any) -> Any:
        response.success = self._sorties.reset()
        response.message = "idle" if response.success else "still moving: damp first"
        return response

    def _look(self) -> None:
        mode = self._sorties.mode
        if mode != self._mode:
            self._mode = mode
            self._mode_out.publish(String(data=mode))
        state = self._link.read()
        if state is None or state.received_ns == self._newest_ns:
            return
        self._newest_ns = state.received_ns
        time_ns = self.get_clock().now().nanoseconds - (time.monotonic_ns() - state.received_ns)
        self._joints.states(time_ns, state.position, state.velocity, state.torque)
        imu = imu_message(self._body, time_ns, state.orientation_wxyz, state.angular_velocity_b)
        imu.linear_acceleration_covariance[0] = -1.0  # not measured (sensor_msgs/Imu.msg)
        self._imu_out.publish(imu)
        self._seen += 1
        if self._seen % DISPLAY_EVERY == 0 and state.finite:
            self._joints.transforms(time_ns, state.position, state.orientation_wxyz)

    def _say(self, line: str, bad: bool) -> None:
        (self.get_logger().error if bad else self.get_logger().info)(line)

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        state, faults = self._link.read(), self._sorties.faults
        values = {"uri": self._link.uri, "bundle": self._bundle.id[:12], "runs": str(self._sorties.done)}
        if state is not None:
            values["state age, ms"] = f"{(time.monotonic_ns() - state.received_ns) / 1e6:.1f}"
            values["battery, V"] = f"{state.battery_v:.1f}" if math.isfinite(state.battery_v) else "unknown"
            values["hottest motor, C"] = f"{max(state.temperature_c):.0f}"
            values["tilt, degrees"] = f"{math.degrees(state.tilt_rad):.1f}"
        if self._sorties.locked:
            return ERROR, "emergency stop: call reset", values
        return (WARN if faults else OK), ", ".join([self._sorties.mode, *faults]), values


def main() -> int:
    """Run the node."""
    return run_node(JointNode)
