"""A simulated robot on topics: MuJoCo and its own controller inside, sensors, commands and ``/clock`` outside."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict

from actuator_msgs.msg import Actuators
from crazyflie_interfaces.msg import Status
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu
from std_msgs.msg import Bool, String

from hardware.flying.description import multirotor_urdf
from hardware.operator_signals import OperatorSignals
from hardware.realtime import raised_priority
from hardware.states import FlightState
from hardware.virtual.faults import read_fault
from hardware.virtual.multirotor.free_robot import KINDS, FreeMultirotor
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import MultirotorParameters
from sim2metal_nodes.conversions import quaternion_message, to_stamp
from sim2metal_nodes.diagnostics import OK, WARN, Diagnostics
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import ASKED, CLOCK, COMMAND, SENSOR
from sim2metal_nodes.robot_publisher import RobotPublisher
from sim2metal_nodes.runner import run_node
from sim2metal_nodes.topic_link import EMERGENCY

NS = 1_000_000_000
MS = 1_000_000
QUANTUM_MS = 1
"""Physics advances by this much at once: what a command waits for its effect."""
STATUS_MS, DISPLAY_MS = 20, 40
MAX_BEHIND_S = 0.1
"""Further behind than this, simulated time slips instead of running in bursts."""
GYRO_VARIANCE = 2e-3**2
"""(rad/s)^2; the noise of the virtual gyroscope (``hardware/virtual/multirotor/estimator.py``)."""


class SimNode(Node):
    """See the module."""

    def __init__(self, _signals: OperatorSignals) -> None:
        super().__init__("sim_node")
        robot: str = declare(self, "robot", "crazyflie", "robot to simulate")
        airframe: str = declare(self, "parameter_set", "", "its named parameter set; empty: the default one")
        seed: int = declare(self, "seed", 0, "seed of all noise", low=0, high=2**31 - 1)
        rate: float = declare(self, "rate", 100.0, "sensor messages per second", low=10.0, high=500.0)
        self._factor: float = declare(
            self, "real_time_factor", 1.0, "simulated seconds per second", low=0.01, high=100.0
        )
        faults: str = declare(self, "faults", "", "faults to come, separated by spaces: kick=40@flying+2 ...")
        self._world: str = declare(self, "world_frame", "world", "frame of pose and twist")
        self._body: str = declare(self, "body_frame", "base_link", "frame of imu")
        parameters = load_robot(robot).parameters(airframe or None)
        if not isinstance(parameters, MultirotorParameters):
            raise ConfigError(f"robot '{robot}' does not fly: this node simulates multirotors")
        self._period_ms = max(round(1000.0 / rate), 1)
        self._robot = FreeMultirotor(parameters, seed, [read_fault(text, KINDS) for text in faults.split()])
        self._lock = threading.Lock()
        self._advertise(multirotor_urdf(robot, asdict(parameters), self._body))
        self.create_subscription(Actuators, "command", self._on_command, COMMAND)
        self.create_subscription(Bool, "arm_request", self._on_arm, ASKED)
        self.create_subscription(String, "safe_action", self._on_safe_action, ASKED)
        self.create_subscription(String, "inject_fault", self._on_fault, ASKED)
        self._diagnostics = Diagnostics(self, "sim_node", self._report)
        self._slipped_s = 0.0
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

    # Time ------------------------------------------------------------------------------------

    def _run(self) -> None:
        with raised_priority():
            deadline = time.monotonic()
            while not self._stopping:
                deadline += QUANTUM_MS / 1000.0 / self._factor
                late_s = time.monotonic() - deadline
                if late_s < 0.0:
                    time.sleep(-late_s)
                elif late_s > MAX_BEHIND_S:
                    self._slipped_s += late_s
                    deadline += late_s
                with self._lock:
                    self._robot.advance(QUANTUM_MS)
                self._publish()

    def _publish(self) -> None:
        now_ms = self._robot.now_ms
        if now_ms % self._period_ms:
            return
        time_ns = now_ms * MS
        state = self._robot.state()
        if not self._robot.stalled:
            self._sensors(time_ns, state)
        if now_ms % STATUS_MS < self._period_ms:
            self._send_status(time_ns)
        if now_ms % DISPLAY_MS < self._period_ms and state.finite:
            self._about.for_display(time_ns, state)
        # Last, so that a loop that wakes by the clock finds the samples of that time.
        self._clock_out.publish(Clock(clock=to_stamp(time_ns)))

    def _sensors(self, time_ns: int, state: FlightState) -> None:
        self._about.pose(time_ns, state)
        twist = TwistStamped()
        twist.header.frame_id, twist.header.stamp = self._world, to_stamp(time_ns)
        vector = twist.twist.linear
        vector.x, vector.y, vector.z = state.velocity_w
        self._twist.publish(twist)
        imu = Imu(orientation=quaternion_message(state.orientation_wxyz))
        imu.header.frame_id, imu.header.stamp = self._body, to_stamp(time_ns)
        imu.angular_velocity.x, imu.angular_velocity.y, imu.angular_velocity.z = state.angular_velocity_b
        force = self._robot.specific_force_b
        imu.linear_acceleration.x, imu.linear_acceleration.y, imu.linear_acceleration.z = force
        imu.angular_velocity_covariance[0::4] = GYRO_VARIANCE
        self._imu.publish(imu)

    # Topics ----------------------------------------------------------------------------------

    def _advertise(self, description: str) -> None:
        self._about = RobotPublisher(self, self._world, self._body, description)
        self._imu = self.create_publisher(Imu, "imu", SENSOR)
        self._twist = self.create_publisher(TwistStamped, "twist", SENSOR)
        self._status_out = self.create_publisher(Status, "status", ASKED)
        self._clock_out = self.create_publisher(Clock, "/clock", CLOCK)

    def _send_status(self, time_ns: int) -> None:
        from sim2metal_nodes.status import status_message

        robot = self._robot
        bits = robot.supervisor.bitfield()
        self._status_out.publish(status_message(self._body, time_ns, bits, robot.battery.voltage))

    def _on_command(self, message: Actuators) -> None:
        with self._lock:
            self._robot.command(message.normalized)

    def _on_arm(self, message: Bool) -> None:
        with self._lock:
            self._robot.request_arm(message.data)

    def _on_safe_action(self, message: String) -> None:
        with self._lock:
            if message.data == EMERGENCY:
                self._robot.emergency_stop()
                return
            try:
                self._robot.safe_stop(message.data)  # type: ignore[arg-type]  (checked there)
            except ConfigError as error:
                self.get_logger().error(str(error), throttle_duration_sec=1.0)

    def _on_fault(self, message: String) -> None:
        try:
            fault = read_fault(message.data, KINDS)
        except ConfigError as error:
            self.get_logger().error(str(error))
            return
        with self._lock:
            self._robot.inject(fault)

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        simulated_s, wall_s = self._robot.now_ms / 1000.0, time.monotonic() - self._started_s
        values = {"simulated, s": f"{simulated_s:.2f}", "slipped, s": f"{self._slipped_s:.2f}"}
        values["real-time factor"] = f"{simulated_s / max(wall_s, 1e-9):.3f}"
        values["commands refused"] = str(self._robot.events.counters["refused"])
        slow = self._slipped_s > 0.01 * wall_s
        return (WARN if slow else OK), ("too slow for this computer" if slow else "running"), values


def main() -> int:
    """Run the node."""
    return run_node(SimNode)
