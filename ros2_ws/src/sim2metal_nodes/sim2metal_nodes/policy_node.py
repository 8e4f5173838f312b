"""A policy bundle as a life-cycle node: configure loads and verifies it, activate starts its control loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_msgs.msg import String

from hardware.clock import HOST_CLOCK
from hardware.operator_signals import OperatorSignals
from hardware.phase_lock import PhaseLockedClock
from hardware.states import RobotState
from policies.bundle import BundleInfo
from policies.runtime import OnnxPolicy, load_policy
from sim.errors import BundleError, ConfigError, Sim2MetalError
from sim.spec import SafeAction
from sim2metal_nodes.arm_side import ArmOptions
from sim2metal_nodes.clocks import SimulatedClock
from sim2metal_nodes.diagnostics import ERROR, OK, WARN, Diagnostics
from sim2metal_nodes.identity import Identity
from sim2metal_nodes.parameters import base_frame, declare, declare_body_frame, declare_wait
from sim2metal_nodes.policy_loop import PolicyLoop, Wiring
from sim2metal_nodes.qos import ASKED
from sim2metal_nodes.runner import run_node
from sim2metal_nodes.sides import Side, check_policy, make_side

MAX_RATE_HZ = 500.0
RATE_TOLERANCE = 0.01


class PolicyNode(LifecycleNode):
    """See the module; parameters are read-only and described by ``ros2 param describe``."""

    def __init__(self, _signals: OperatorSignals | None = None) -> None:
        super().__init__("policy_node")
        self._bundle_path: str = declare(self, "bundle", "", "folder of the policy bundle")
        self._robot: str = declare(self, "robot", "", "robot that is connected; a bundle for another is refused")
        self._identity = Identity(self)
        self._rate: float = declare(
            self, "rate", 0.0, "loop rate, Hz: the bundle's (0) or a whole multiple", low=0.0, high=MAX_RATE_HZ
        )
        self._world: str = declare(
            self, "world_frame", "world", "frame of pose, twist and reference; of an arm: its base, frame of all poses"
        )
        self._body = declare_body_frame(self)
        self._reference_s: float = declare(
            self,
            "reference_timeout",
            0.2,
            "oldest reference to follow, or enable of an arm, s; 0: any",
            low=0.0,
            high=10.0,
        )
        self._wait_s = declare_wait(self)
        self._arm = ArmOptions(self, self._world)
        self._real_time: bool = declare(self, "real_time", True, "real-time scheduling and locked memory, if allowed")
        self._sim_time: bool = bool(self.get_parameter("use_sim_time").value)
        self._loop_clock = SimulatedClock(self) if self._sim_time else HOST_CLOCK
        self._policy: OnnxPolicy | None = None
        self._side: Side | None = None
        self._loop: PolicyLoop | None = None
        self._phase: PhaseLockedClock | None = None
        self._diagnostics = Diagnostics(self, "policy_node", self._report)

    # Life cycle ------------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and verify the bundle; nothing is subscribed before."""
        try:
            self._policy = self._load()
        except Sim2MetalError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        info = self._policy.bundle.info
        self._safe = self.create_publisher(String, "safe_action", ASKED)
        silence_s = self._reference_s or math.inf
        self._side = make_side(
            self,
            self._loop_clock,
            self._policy,
            self._world,
            self._body or base_frame(info.robot.constants),
            self._on_sensor,
            silence_s,
            self._arm,
            self._wait_s,
        )
        self.get_logger().info(
            f"bundle {self._policy.bundle.id[:12]}: task {info.task} on {info.robot.name},"
            f" {1.0 / info.timing.control_period_s:g} Hz"
        )
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the loop; commands flow as soon as state and reference are there."""
        policy, side = self._policy, self._side
        assert policy is not None
        assert side is not None
        info = policy.bundle.info
        period_s, divider = loop_rate(self._rate, info)
        self._phase = None if self._sim_time else PhaseLockedClock(period_s)
        side.begin()
        self._loop = PolicyLoop(
            side.pilot(),
            Wiring(
                side.state,
                side.reference,
                self._send,
                self._ask_safe_action,
                side.check,
                side.inputs.slowest,
                side.silence,
            ),
            self._phase or self._loop_clock,
            self._loop_clock,
            period_s,
            divider,
            info.limits.state_age_s,
            self._reference_s or math.inf,
            info.action.safe_action,
            self._real_time,
        )
        self._loop.start()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the loop and leave the robot in its safe action."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the bundle."""
        self._forget()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop in order, whatever the state."""
        self._stop()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop in order; the node may be configured again."""
        self._stop()
        self._forget()
        return TransitionCallbackReturn.SUCCESS

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it."""
        return signals.stop or signals.kill

    def close(self) -> None:
        """Leave the robot in its safe action."""
        self._stop()

    def _load(self) -> OnnxPolicy:
        if not self._bundle_path:
            raise ConfigError("parameter 'bundle' is empty: give the bundle's folder")
        bundle, policy = load_policy(Path(self._bundle_path))
        info = bundle.info
        if self._robot and info.robot.name != self._robot:
            raise BundleError(f"{bundle.path}: this bundle is for robot '{info.robot.name}', not for '{self._robot}'")
        self._identity.check(bundle)
        loop_rate(self._rate, info)
        check_policy(policy, self._arm)
        return policy

    def _stop(self) -> None:
        if self._loop is not None:
            self._loop.stop()
            self._loop = None

    def _forget(self) -> None:
        if self._side is not None:
            self._side.close(self)
            self.destroy_publisher(self._safe)
        self._side = self._policy = None

    # Topics ----------------------------------------------------------------------------------

    def _on_sensor(self, arrival_ns: int) -> None:
        if self._phase is not None:
            self._phase.observe(arrival_ns)

    def _send(self, command: Sequence[float], state: RobotState) -> None:
        assert self._side is not None
        self._side.send(command, self._side.stamp_ns)

    def _ask_safe_action(self, action: SafeAction, reason: str) -> None:
        if self._side is not None:
            self._side.hold(reason)
        self._safe.publish(String(data=action))
        self.get_logger().warning(f"safe action '{action}': {reason}", throttle_duration_sec=1.0)

    # Diagnostics -----------------------------------------------------------------------------

    def _report(self) -> tuple[bytes, str, dict[str, str]]:
        loop, side, policy = self._loop, self._side, self._policy
        values: dict[str, str] = {}
        if policy is not None:
            values["bundle"] = policy.bundle.id[:12]
        if side is not None:
            values |= side.inputs.report(self._loop_clock.now_ns())
            values["reference rejected"] = str(side.rejected)
        if loop is None:
            return OK, "inactive", values
        values["scheduling"] = loop.scheduling
        values["rate, Hz"] = f"{1.0 / loop.period_s:g}"
        values |= {name: f"{value:.3f}" for name, value in loop.timing().items()}
        values["commands"] = str(loop.commands)
        if loop.fault is not None:
            return ERROR, f"stopped: {loop.fault}; deactivate and activate to go on", values
        if not loop.commanding:
            missing = f" ({loop.waiting})" if loop.waiting else ""
            return WARN, f"waiting for state and {side.wish}{missing}", values
        return OK, "commanding", values


def loop_rate(rate_hz: float, info: BundleInfo) -> tuple[float, int]:
    """Return the loop's period, s, and how many of its steps make one step of the policy.

    Raises:
        ConfigError: if the rate is no whole multiple of the policy's, which is stepped as it was trained.
    """
    period_s = info.timing.control_period_s
    divider = round(rate_hz * period_s) if rate_hz else 1
    if divider < 1 or (rate_hz and abs(rate_hz * period_s / divider - 1.0) > RATE_TOLERANCE):
        raise ConfigError(
            f"rate {rate_hz:g} Hz: the policy was trained at {1.0 / period_s:g} Hz and is stepped at no other rate;"
            " give 0 or a whole multiple"
        )
    if 1.0 / period_s > MAX_RATE_HZ * (1.0 + RATE_TOLERANCE):
        raise ConfigError(f"the bundle's {1.0 / period_s:g} Hz is faster than {MAX_RATE_HZ:g} Hz, the most a node does")
    return period_s / divider, divider


def main() -> int:
    """Run the node."""
    return run_node(PolicyNode)
