"""The supervisor between mission, policy and robot: limits references and commands, takes the safe actions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_msgs.msg import String
from std_srvs.srv import Trigger

from hardware.clock import HOST_CLOCK
from hardware.control_loop import ControlLoop
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from policies.bundle import load_bundle
from sim.errors import BundleError, ConfigError, FlightRefusedError
from sim2metal_nodes.clocks import SimulatedClock
from sim2metal_nodes.commands import message_type
from sim2metal_nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from sim2metal_nodes.identity import Identity
from sim2metal_nodes.joystick import Joystick
from sim2metal_nodes.parameters import base_frame, declare, declare_body_frame, declare_wait
from sim2metal_nodes.qos import ASKED, COMMAND, LATCHED
from sim2metal_nodes.rivals import Rivals
from sim2metal_nodes.runner import run_node
from sim2metal_nodes.sorties import LogBook, Sorties
from sim2metal_nodes.supervised import make_supervised

MODE_PERIOD_S = 0.05


class SupervisorNode(Node):
    """See the module."""

    def __init__(self, signals: OperatorSignals) -> None:
        super().__init__("supervisor_node")
        path: str = declare(self, "bundle", "", "folder of the policy bundle, whose limits are enforced")
        robot: str = declare(self, "robot", "", "robot that is connected; a bundle for another is refused")
        identity = Identity(self)
        world: str = declare(self, "world_frame", "world", "frame of pose, twist and reference")
        body, wait_s = declare_body_frame(self), declare_wait(self)
        real_time: bool = declare(self, "real_time", True, "real-time scheduling and locked memory, if allowed")
        logs: str = declare(self, "log_folder", "", "where flight logs (MCAP) go; empty: none are written")
        if not path:
            raise ConfigError("parameter 'bundle' is empty: give the bundle's folder")
        bundle = load_bundle(Path(path))
        info = bundle.info
        if robot and info.robot.name != robot:
            raise BundleError(f"{path}: this bundle is for robot '{info.robot.name}', not for '{robot}'")
        identity.check(bundle)
        self._limits = info.limits
        clock = SimulatedClock(self) if self.get_parameter("use_sim_time").value else HOST_CLOCK
        command = message_type(info)
        self._supervised = make_supervised(self, clock, info, world, body or base_frame(info.robot.constants), wait_s)
        self._link, self._gate = self._supervised.link, self._supervised.gate
        self._command_out = self.create_publisher(command, "command_out", COMMAND)
        self._rivals = Rivals(self, "command_in")
        self.create_subscription(command, "command_in", self._on_command, COMMAND)
        self._mode_out = self.create_publisher(String, "mode", LATCHED)
        self._mode = ""
        metadata = {"bundle_id": bundle.id, "uri": "ros2", "task": info.task, "robot": info.robot.name}
        metadata |= identity.metadata
        self._sorties = Sorties(
            self._supervised.mission,
            self._run,
            self._check_ready,
            self._link.emergency_stop,
            signals,
            LogBook(Path(logs) if logs else None, metadata, clock, self._supervised.schema),
            self._say,
            lambda: not self._link.status.armed,
            wants_real_time=real_time,
        )
        self._supervised.offer(self, self._sorties)
        self.create_service(Trigger, "reset", self._reset)
        self._joystick = Joystick(self, clock, self._sorties, self._supervised.rest)
        self.create_subscription(Joy, "joy", self._joystick.receive, ASKED)
        self._diagnostics = Diagnostics(self, "supervisor_node", self._report)
        self.create_timer(MODE_PERIOD_S, self._watch, clock=self._diagnostics.clock)

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it and the robot stands."""
        return (signals.stop or signals.kill) and not self._sorties.busy

    def close(self) -> None:
        """Land or damp, bounded."""
        self._sorties.close()

    # Runs ------------------------------------------------------------------------------------

    def _run(self, mission: Any, log: RunLog, wishes: Any) -> ControlLoop[Any]:
        self._gate.reset_gate()
        return self._supervised.loop(mission, log, wishes)

    def _check_ready(self) -> None:
        """Refuse a run of a robot that is not seen, not well or not charged."""
        state, missing = self._link.read(), self._link.missing
        if state is None or missing:
            raise FlightRefusedError(f"nothing heard on: {', '.join(missing)}")
        if self._rivals.reason:
            raise FlightRefusedError(self._rivals.reason)
        if state.crashed:
            raise FlightRefusedError("the robot says it tumbled, crashed or is locked: restart it")
        if not state.battery_v >= self._limits.battery_takeoff_v:
            raise FlightRefusedError(f"battery {state.battery_v:.2f} V, needed {self._limits.battery_takeoff_v:.2f} V")

    # Topics ----------------------------------------------------------------------------------

    def _on_command(self, message: Any) -> None:
        if self._rivals.refuse():
            self._gate.refuse(self._rivals.reason)
        elif (limited := self._gate.limit(message)) is not None:
            self._command_out.publish(limited)

    def _reset(self, _request: Any, response: Any) -> Any:
        response.success = self._sorties.reset()
        response.message = "idle" if response.success else "not while the robot moves: land or damp first"
        return response

    def _watch(self) -> None:
        self._joystick.watch()
        mode = self._sorties.mode
        if mode != self._mode:
            self._mode = mode
            self._mode_out.publish(String(data=mode))

    def _say(self, line: str, bad: bool) -> None:
        (self.get_logger().error if bad else self.get_logger().info)(line)

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        now_ns = self._link.clock.now_ns()
        values = self._link.inputs.report(now_ns)
        values["commands of two refused"] = f"{self._rivals.refused} {self._rivals.reason}".strip()
        values |= {"command age, ms": _ms(self._gate.age_s()), "commands rejected": self._gate.rejections}
        values |= {"joy age, ms": _ms(self._joystick.age_s()), "runs": str(self._sorties.done)}
        if self._sorties.locked:
            return ERROR, "emergency stop: restart the robot and call reset", values
        faults = self._sorties.faults
        return (WARN if faults else OK), ", ".join([self._sorties.mode, *faults]), values


def _ms(age_s: float) -> str:
    return f"{1e3 * age_s:.1f}" if math.isfinite(age_s) else "never"


def main() -> int:
    """Run the node."""
    return run_node(SupervisorNode)
