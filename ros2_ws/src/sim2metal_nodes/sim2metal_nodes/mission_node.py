"""A small mission over crazyswarm2's services: take off, hold, visit way-points, land; ends with its result."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from builtin_interfaces.msg import Duration
from crazyflie_interfaces.srv import GoTo, Land, Takeoff
from geometry_msgs.msg import Point, PoseStamped
from rclpy.node import Node
from std_msgs.msg import String

from hardware.behaviour import Mode
from hardware.clock import HOST_CLOCK, NS
from hardware.operator_signals import OperatorSignals
from hardware.samples import Samples
from sim2metal_nodes.clocks import SimulatedClock
from sim2metal_nodes.conversions import read_vector
from sim2metal_nodes.diagnostics import OK, Diagnostics
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import LATCHED, SENSOR
from sim2metal_nodes.runner import run_node

PATIENCE_S = 60.0
"""Longest wait for services, a pose, a take-off or a landing, and for a simulation that stands still."""
FLYING = ("ramp", "running", "holding")
ASK_EVERY_S = 1.0
SETTLE_S = 1.0
"""Transient after a move that the error leaves out, as in ``sim2metal run``."""


class MissionNode(Node):
    """See the module; with ``use_sim_time`` every pause and wait is one of simulated time."""

    def __init__(self, _signals: OperatorSignals) -> None:
        super().__init__("mission_node")
        self._height: float = declare(self, "height", 0.5, "height above the take-off point, m", low=0.1, high=10.0)
        self._hold: float = declare(self, "hold", 5.0, "time at each place, s", low=0.0, high=3600.0)
        self._step: float = declare(self, "step", 0.5, "side of the square, m; 0 holds only", low=0.0, high=10.0)
        self._move: float = declare(self, "move", 1.5, "time of a move, s", low=0.1, high=60.0)
        self._mode = ""
        self._flew = False
        self._place: tuple[float, ...] | None = None
        self._goal: tuple[float, float, float] | None = None
        self._errors = Samples()
        self._takeoff = self.create_client(Takeoff, "takeoff")
        self._go_to = self.create_client(GoTo, "go_to")
        self._land = self.create_client(Land, "land")
        self.create_subscription(String, "mode", self._on_mode, LATCHED)
        self.create_subscription(PoseStamped, "pose", self._on_pose, SENSOR)
        self.exit_code = 1
        self._over = False
        self._steps = self._mission()
        self._time = SimulatedClock(self) if self.get_parameter("use_sim_time").value else HOST_CLOCK
        self._moved = (self._now_s(), time.monotonic())
        """Newest time seen, and the wall time when it was."""
        self._wake_s = -math.inf
        self._diagnostics = Diagnostics(self, "mission_node", lambda: (OK, self._mode or "waiting", {}))
        self.create_timer(0.02, self._advance, clock=self._diagnostics.clock)

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the mission is over or the operator stopped it."""
        return self._over or signals.stop or signals.kill

    def close(self) -> None:
        """Ask for the landing if the robot still flies."""
        if self._mode in FLYING and not self._over:
            self._land.call_async(Land.Request(height=0.0))
            time.sleep(0.1)  # the request leaves before the node does

    # Mission ---------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Run the mission's generator up to its next pause."""
        now_s = self._now_s()
        if self._over or self._stands_still(now_s) or now_s < self._wake_s:
            return
        try:
            self._wake_s = now_s + next(self._steps)
        except StopIteration as end:
            self._end(end.value)

    def _stands_still(self, now_s: float) -> bool:
        """Whether there was no new time for so long that the mission has failed."""
        if now_s != self._moved[0]:
            self._moved = (now_s, time.monotonic())
        elif time.monotonic() - self._moved[1] > PATIENCE_S:
            self._end("simulated time stands still")
        return self._over

    def _end(self, failure: str | None) -> None:
        self._over, self.exit_code = True, 0 if failure is None else 1
        if failure is None:
            self.get_logger().info(f"mission completed: {self._judgement()}")
        else:
            self.get_logger().error(f"mission failed: {failure}")

    def _now_s(self) -> float:
        return self._time.now_ns() / NS

    def _mission(self) -> Iterator[float]:
        """Yield pauses in seconds; return what went wrong, or nothing."""
        clients = (self._takeoff, self._go_to, self._land)
        if not (yield from self._until(lambda: all(client.service_is_ready() for client in clients))):
            return "nobody offers takeoff, go_to and land"
        if not (yield from self._until(lambda: self._place is not None and self._mode == Mode.IDLE.value)):
            return f"no pose, or mode '{self._mode}' instead of idle"
        assert self._place is not None
        x, y, z = self._place
        self.get_logger().info(f"taking off to {self._height:g} m")
        if not (yield from self._take_off()):
            return f"{'take-off broken off' if self._flew else 'no take-off'}: mode '{self._mode}'"
        stops = [(0.0, 0.0)]
        if self._step:
            stops += [(self._step, 0.0), (self._step, self._step), (0.0, self._step), (0.0, 0.0)]
        for number, (dx, dy) in enumerate(stops):
            goal = (x + dx, y + dy, z + self._height)
            if number:
                self._go_to.call_async(self._request(goal))
            yield self._move + SETTLE_S
            self._goal = goal
            if not (yield from self._stay()):
                return f"left the air before its time: mode '{self._mode}'"
            self._goal = None
        self._land.call_async(Land.Request(height=0.0, duration=_duration(2.0)))
        if not (yield from self._until(lambda: self._mode == Mode.IDLE.value)):
            return f"no landing: mode '{self._mode}'"
        return None

    def _take_off(self) -> Iterator[float]:
        """Ask until the supervisor follows: a robot that has just started may refuse at first.

        Once it has left the ground a safe action is the end: nobody asks a robot with a fault to fly again.
        """
        deadline = self._now_s() + PATIENCE_S
        while self._now_s() < deadline and self._mode not in ("running", "emergency_stop"):
            if self._flew and self._mode not in FLYING:
                return False
            if self._mode == Mode.IDLE.value:
                self._takeoff.call_async(Takeoff.Request(height=self._height, duration=_duration(2.0)))
                yield ASK_EVERY_S
            yield 0.02
        return self._mode == "running"

    def _stay(self) -> Iterator[float]:
        deadline = self._now_s() + self._hold
        while self._now_s() < deadline and self._mode in FLYING:
            yield 0.02
        return self._mode in FLYING

    def _until(self, condition: Any) -> Iterator[float]:
        deadline = self._now_s() + PATIENCE_S
        while not condition() and self._now_s() < deadline:
            yield 0.02
        return condition()

    def _request(self, goal: tuple[float, float, float]) -> Any:
        x, y, z = goal
        return GoTo.Request(goal=Point(x=x, y=y, z=z), yaw=0.0, relative=False, duration=_duration(self._move))

    def _judgement(self) -> str:
        rms, largest = self._errors.rms, self._errors.maximum
        if rms is None or largest is None:
            return "no place was judged"
        return f"{100 * rms:.1f} cm rms, {100 * largest:.1f} cm largest error at the set-points"

    # Topics ----------------------------------------------------------------------------------

    def _on_mode(self, message: String) -> None:
        self._mode = message.data
        self._flew |= self._mode in FLYING

    def _on_pose(self, message: PoseStamped) -> None:
        self._place = read_vector(message.pose.position)
        if self._goal is not None and self._mode in FLYING:
            self._errors.add(math.dist(self._place, self._goal))


def _duration(seconds: float) -> Duration:
    return Duration(sec=int(seconds), nanosec=round((seconds % 1.0) * 1e9))


def main() -> int:
    """Run the node."""
    return run_node(MissionNode)
