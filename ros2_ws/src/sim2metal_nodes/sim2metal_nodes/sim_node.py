"""A simulated robot on topics: MuJoCo and its own controller inside, sensors, commands and ``/clock`` outside."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from crazyflie_interfaces.msg import Status
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Bool, String

from hardware.operator_signals import OperatorSignals
from hardware.realtime import raised_priority
from policies.bundle import BundleInfo, load_bundle
from sim.errors import BundleError, ConfigError
from sim.registry import load_robot
from sim.spec import ArmParameters, JointParameters, MultirotorParameters
from sim2metal_nodes.conversions import RejectedInputError, stamp_ns, to_stamp
from sim2metal_nodes.diagnostics import OK, WARN, Diagnostics
from sim2metal_nodes.pace import CommandWatch, Pace
from sim2metal_nodes.parameters import base_frame, declare, declare_body_frame
from sim2metal_nodes.qos import ASKED, CLOCK, COMMAND
from sim2metal_nodes.rivals import Rivals
from sim2metal_nodes.runner import run_node
from sim2metal_nodes.simulated import SimulatedSide
from sim2metal_nodes.simulated_flight import SimulatedFlight
from sim2metal_nodes.simulated_joints import SimulatedJoints
from sim2metal_nodes.status import status_message
from sim2metal_nodes.topic_link import EMERGENCY

MS = 1_000_000
QUANTUM_MS = 1
"""Physics advances by this much at once: what a command waits for its effect."""
STATUS_MS, DISPLAY_MS, SLOW_MS = 20, 40, 100


class SimNode(Node):
    """See the module."""

    def __init__(self, _signals: OperatorSignals) -> None:
        super().__init__("sim_node")
        rate: float = declare(self, "rate", 100.0, "sensor messages per second", low=10.0, high=500.0)
        factor: float = declare(self, "real_time_factor", 1.0, "simulated seconds per second", low=0.01, high=100.0)
        self._body = declare_body_frame(self)
        self._period_ms = max(round(1000.0 / rate), 1)
        self._lock = threading.Lock()
        self._side = self._make_side()
        self._status_out = self.create_publisher(Status, "status", ASKED)
        self._clock_out = self.create_publisher(Clock, "/clock", CLOCK)
        self._rivals = Rivals(self, self._side.command_topic)
        self.create_subscription(self._side.command_type, self._side.command_topic, self._on_command, COMMAND)
        self.create_subscription(Bool, "arm_request", self._on_arm, ASKED)
        self.create_subscription(String, "safe_action", self._on_safe_action, ASKED)
        self.create_subscription(String, "inject_fault", self._on_fault, ASKED)
        self._commands = CommandWatch()
        self._rejected = 0
        self._pace = Pace(QUANTUM_MS / 1000.0, factor)
        self._diagnostics = Diagnostics(self, "sim_node", self._report)
        self._started_s = time.monotonic()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="simulation", daemon=True)
        self._thread.start()

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it."""
        return signals.stop or signals.kill or not self._thread.is_alive()

    def close(self) -> None:
        """Stop time."""
        self._stopping = True
        self._thread.join(2.0)

    def _make_side(self) -> SimulatedSide:
        name: str = declare(self, "robot", "crazyflie", "robot to simulate")
        chosen: str = declare(self, "parameter_set", "", "its named parameter set; empty: the default one")
        path: str = declare(self, "bundle", "", "bundle whose gains move the joints; empty: the parameter set's")
        hang: bool = declare(self, "hang", False, "robots with joints: start on the crane, feet off the ground")
        seed: int = declare(self, "seed", 0, "seed of all noise", low=0, high=2**31 - 1)
        given: str = declare(self, "faults", "", "faults to come, separated by spaces: kick=40@flying+2 ...")
        world: str = declare(self, "world_frame", "world", "frame of pose and twist; of an arm: its base")
        task: str = declare(self, "task", "", "arms: what is held and what for; empty: the bundle's")
        camera: bool = declare(self, "wrist", False, "arms: draw the wrist's camera even if the bundle does not see it")
        info = _read_bundle(path, name)
        parameters, faults = load_robot(name).parameters(chosen or None), given.split()
        self._body = self._body or base_frame(vars(parameters))
        if isinstance(parameters, MultirotorParameters):
            if hang:
                raise ConfigError(f"parameter 'hang': robot '{name}' flies, it does not hang on a crane")
            return SimulatedFlight(self, name, parameters, seed, faults, world, self._body)
        if isinstance(parameters, ArmParameters):
            if not (task or info):
                raise ConfigError("parameter 'task' is empty: an arm needs one, or a bundle that has one")
            from sim2metal_nodes.simulated_arm import SimulatedArm  # what flies needs neither pads nor their kernels

            wrist = camera or (info is not None and any(image.name == "wrist" for image in info.images))
            return SimulatedArm(self, task or info.task, seed, faults, world, wrist)
        assert isinstance(parameters, JointParameters)
        constants = {} if info is None else info.robot.constants
        gains = (constants["kp"], constants["kd"]) if {"kp", "kd"} <= set(constants) else None
        return SimulatedJoints(self, name, parameters.name, gains, seed, hang, faults, world, self._body)

    # Time ------------------------------------------------------------------------------------

    def _run(self) -> None:
        with raised_priority():
            while not self._stopping:
                if not self._pace.wait(self._late()):
                    continue
                with self._lock:
                    self._side.robot.advance(QUANTUM_MS)
                self._publish()

    def _late(self) -> bool:
        """Return whether a command should have come by now."""
        robot = self._side.robot
        if not self._side.awaits_commands:
            self._commands.forget()
        return not robot.stalled and self._commands.late(robot.now_ms)

    def _publish(self) -> None:
        robot, side, period_ms = self._side.robot, self._side, self._period_ms
        now_ms = robot.now_ms
        if now_ms % period_ms:
            return
        time_ns = now_ms * MS
        if not robot.stalled:
            side.sensors(time_ns)
            if now_ms % SLOW_MS < period_ms:
                side.slow_sensors(time_ns)
        if now_ms % STATUS_MS < period_ms:
            self._status_out.publish(status_message(self._body, time_ns, *side.status()))
        if now_ms % DISPLAY_MS < period_ms:
            side.display(time_ns)
        # Last, so that a loop that wakes by the clock finds the samples of that time.
        self._clock_out.publish(Clock(clock=to_stamp(time_ns)))

    # Topics ----------------------------------------------------------------------------------

    def _on_command(self, message: Any) -> None:
        if self._rivals.refuse():
            return  # the robot misses its commands and brings itself to safety
        try:
            values = self._side.read(message)
        except RejectedInputError as error:
            self._rejected += 1
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return
        with self._lock:
            self._commands.note(min(stamp_ns(message) / MS, self._side.robot.now_ms))
            self._side.robot.command(values)

    def _on_arm(self, message: Bool) -> None:
        with self._lock:
            self._side.robot.request_arm(message.data)

    def _on_safe_action(self, message: String) -> None:
        with self._lock:
            if message.data == EMERGENCY:
                self._side.robot.emergency_stop()
                return
            try:
                self._side.robot.safe_stop(message.data)  # type: ignore[arg-type]  (checked there)
            except ConfigError as error:
                self.get_logger().error(str(error), throttle_duration_sec=1.0)

    def _on_fault(self, message: String) -> None:
        try:
            with self._lock:
                self._side.inject(message.data)
        except ConfigError as error:
            self.get_logger().error(str(error))

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        robot, pace = self._side.robot, self._pace
        simulated_s, wall_s = robot.now_ms / 1000.0, time.monotonic() - self._started_s
        values = {"simulated, s": f"{simulated_s:.2f}", "slipped, s": f"{pace.slipped_s:.2f}"}
        values["waited for commands, s"] = f"{pace.waited_s:.2f}"
        values["real-time factor"] = f"{simulated_s / max(wall_s, 1e-9):.3f}"
        values["commands refused"] = str(robot.events.counters["refused"] + self._rejected)
        slow = pace.slipped_s > 0.01 * wall_s
        return (WARN if slow else OK), ("too slow for this computer" if slow else "running"), values


def _read_bundle(path: str, robot: str) -> BundleInfo | None:
    if not path:
        return None
    info = load_bundle(Path(path)).info
    if info.robot.name != robot:
        raise BundleError(f"{path}: this bundle is for robot '{info.robot.name}', not for '{robot}'")
    return info


def main() -> int:
    """Run the node."""
    return run_node(SimNode)
