"""Figures: the policy node between processes: jitter of its loop, sensor message to command message, overruns.

A robot of our own (this process) publishes imu, pose and twist at the policy's rate and takes the
commands; the node runs in a process of its own, as users run it. The latency is measured here, from just
before the last sensor message is handed to DDS to the arrival of the command that rests on it, so it holds two
ways through DDS and Python's part of them on both sides.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hardware import ros2
from hardware.clock import NS
from hardware.loop import run_loop
from hardware.realtime import real_time, real_time_process, steady_interpreter

ROOT = Path(__file__).parents[2]
WARM_UP_S = 6.0
"""Time for the loop to find the phase of the sensor and to forget its start; not measured."""
START_S = 60.0


def measure(repeats: int = 1, seconds: float = 20.0, slow_seconds: float = 600.0) -> dict[str, object]:
    """Return the figures.

    Args:
        repeats: ignored: a longer run says more than the best of several.
        seconds: measured time at 500 Hz.
        slow_seconds: measured time of the large policy at 50 Hz.
    """
    fast = run(rate_hz=500.0, seconds=seconds)
    figures: dict[str, object] = {f"policy_node.{name}": value for name, value in fast.items()}
    slow = run(rate_hz=50.0, seconds=slow_seconds, inputs=400, hidden=(512, 256, 128))
    return figures | {f"policy_node.large_50hz.{name}": value for name, value in slow.items()}


def run(rate_hz: float, seconds: float, inputs: int = 22, hidden: tuple[int, ...] = (64, 64)) -> dict[str, float]:
    """Run one policy for a time.

    Args:
        rate_hz: of policy and sensors.
        seconds: measured time.
        inputs: size of the observation.
        hidden: layers of the policy.

    Returns:
        ``jitter_p99_ms``, ``latency_median_ms``, ``latency_p99_ms``, ``overruns``, ``commands`` and ``cpu_share``
        (CPU seconds of the node per second).
    """
    from tests.support.timing_bundles import build_timing_bundle

    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 101)))
    ros2.install()
    with tempfile.TemporaryDirectory() as name:
        build_timing_bundle(Path(name) / "bundle", 1.0 / rate_hz, inputs, hidden)
        with _node(Path(name) / "bundle") as process:
            return _measure(process, 1.0 / rate_hz, seconds)


def _node(bundle: Path) -> subprocess.Popen[bytes]:
    package = ROOT / "ros2_ws" / "src" / "sim2metal_nodes"
    start = [
        sys.executable,
        "-m",
        "hardware.ros2.launching.start_node",
        str(package),
        "sim2metal_nodes.policy_node:main",
    ]
    options = ["--ros-args", "-p", f"bundle:={bundle}", "-r", "__ns:=/bench"]
    return subprocess.Popen([*start, *options], env={**os.environ, "PYTHONPATH": str(ROOT)})


def _measure(process: subprocess.Popen[bytes], period_s: float, seconds: float) -> dict[str, float]:
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        robot = _Robot(period_s)
        executor = SingleThreadedExecutor()
        executor.add_node(robot.node)
        robot.bring_up(executor)
        thread = threading.Thread(target=robot.publish, daemon=True)
        # Memory is locked before the sensors begin: that stops every thread of a process for tens of milliseconds.
        with real_time_process(True), steady_interpreter():
            thread.start()
            _spin(executor, lambda: len(robot.latencies_ns) > 0, START_S)
            _spin(executor, lambda: False, WARM_UP_S)
            robot.forget()
            before, cpu_before = robot.overruns, _cpu_s(process.pid)
            start_s = time.monotonic()
            _spin(executor, lambda: robot.fault != "", seconds)
            elapsed_s, cpu_s = time.monotonic() - start_s, _cpu_s(process.pid) - cpu_before
        _spin(executor, lambda: False, 1.2)  # one more diagnostics message
        robot.stop = True
        thread.join(2.0)
        if robot.fault:
            raise RuntimeError(f"policy_node stopped: {robot.fault}")
        latencies_ms = np.array(robot.latencies_ns) / 1e6
        return {
            "jitter_p99_ms": robot.worst_jitter_ms,
            "latency_median_ms": float(np.median(latencies_ms)),
            "latency_p99_ms": float(np.percentile(latencies_ms, 99)),
            "overruns": robot.overruns - before,
            "commands": float(len(latencies_ms)),
            "cpu_share": cpu_s / elapsed_s,
        }
    finally:
        process.terminate()
        rclpy.try_shutdown()


class _Robot:
    """Sensors out, commands in, diagnostics read."""

    def __init__(self, period_s: float) -> None:
        import rclpy
        from actuator_msgs.msg import Actuators
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import PoseStamped, TwistStamped
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import Imu

        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.node = node = rclpy.create_node("bench_robot", namespace="/bench")
        self.period_s = period_s
        self.stop = False
        self.latencies_ns: list[int] = []
        self.overruns = 0.0
        self.worst_jitter_ms = 0.0
        self.fault = ""
        """What the node's diagnostics complain about."""
        self._imu, self._imu_out = Imu(), node.create_publisher(Imu, "imu", newest)
        self._pose, self._pose_out = PoseStamped(), node.create_publisher(PoseStamped, "pose", newest)
        self._twist, self._twist_out = TwistStamped(), node.create_publisher(TwistStamped, "twist", newest)
        self._reference, self._reference_out = PoseStamped(), node.create_publisher(PoseStamped, "reference", newest)
        self._imu.header.frame_id = "base_link"
        for message in (self._pose, self._twist, self._reference):
            message.header.frame_id = "world"
        node.create_subscription(Actuators, "command", self._on_command, newest)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def bring_up(self, executor: Any) -> None:
        """Configure and activate the node."""
        from lifecycle_msgs.srv import ChangeState

        client = self.node.create_client(ChangeState, "policy_node/change_state")
        if not client.wait_for_service(timeout_sec=START_S):
            raise RuntimeError("policy_node did not start")
        for transition in (1, 3):
            request = ChangeState.Request()
            request.transition.id = transition
            future = client.call_async(request)
            executor.spin_until_future_complete(future, timeout_sec=START_S)
            if not future.done() or not future.result().success:
                raise RuntimeError(f"policy_node refused transition {transition}")

    def publish(self) -> None:
        """Publish sensors at the rate until ``stop``."""
        with real_time(True):
            run_loop(self._publish_once, self.period_s)

    def forget(self) -> None:
        """Begin to measure."""
        self.latencies_ns.clear()
        self.worst_jitter_ms = 0.0

    def _publish_once(self, _now_ns: int) -> bool:
        now_ns = time.monotonic_ns()
        for message in (self._pose, self._twist, self._reference, self._imu):
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(now_ns, NS)
        self._reference_out.publish(self._reference)
        self._pose_out.publish(self._pose)
        self._twist_out.publish(self._twist)
        self._imu_out.publish(self._imu)
        return not self.stop

    def _on_command(self, message: Any) -> None:
        stamp = message.header.stamp
        self.latencies_ns.append(time.monotonic_ns() - stamp.sec * NS - stamp.nanosec)

    def _on_diagnostics(self, message: Any) -> None:
        from diagnostic_msgs.msg import DiagnosticStatus

        for status in message.status:
            if status.name == "policy_node":
                values = {entry.key: entry.value for entry in status.values}
                self.fault = status.message if status.level == DiagnosticStatus.ERROR else ""
                self.overruns = float(values.get("overruns", 0.0))
                self.worst_jitter_ms = max(self.worst_jitter_ms, float(values.get("jitter_p99_ms", 0.0)))


def _spin(executor: Any, done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not done():
        executor.spin_once(timeout_sec=0.1)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
