"""What policy_node needs of each kind of robot: topics for state and reference, and a pilot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from geometry_msgs.msg import PoseStamped, TwistStamped

from hardware.arm.pilot import LEVEL
from hardware.behaviour import Mode
from hardware.clock import NS, Clock
from hardware.flying.observation import FlightObservation
from hardware.flying.setpoint import CONVERSIONS
from hardware.joints.behaviour import JointBehaviour
from hardware.joints.pilot import JointPilot
from hardware.pilot import HostPilot, Pilot
from hardware.states import RobotState
from policies.runtime import OnnxPolicy
from sim.spec import JointLimits
from sim2metal_nodes.arm_side import ArmOptions, ArmSide, check_arm
from sim2metal_nodes.commands import CommandPort, message_type
from sim2metal_nodes.conversions import check_frame, read_reference
from sim2metal_nodes.flight_inputs import FlightInputs
from sim2metal_nodes.inputs import Inputs
from sim2metal_nodes.joint_inputs import JointInputs
from sim2metal_nodes.references import Referenced

Arrival = Callable[[int], None]


class Side(Protocol):
    """One kind of robot."""

    inputs: Inputs
    rejected: int
    """References that were refused."""
    wish: str
    """What a reference is called."""
    silence: str
    """What it means that there is no reference any more, in words."""

    def pilot(self) -> Pilot:
        """Return a new pilot; asked at every activation."""
        ...

    def state(self) -> RobotState | None:
        """Return the newest state."""
        ...

    def reference(self, now_ns: int) -> tuple[Sequence[float], float] | None:
        """Return reference and its age, s; ``None`` before the first."""
        ...

    def begin(self) -> None:
        """Forget references: the node was activated."""
        ...

    def check(self, state: Any) -> str | None:
        """Return what is wrong with a state that is new and finite, in words, or ``None``."""
        ...

    @property
    def stamp_ns(self) -> int:
        """Stamp of the measurement that the newest command rests on."""
        ...

    def send(self, command: Sequence[float], stamp_ns: int) -> None:
        """Publish a command that rests on a measurement of ``stamp_ns``."""
        ...

    def hold(self, reason: str) -> None:
        """Leave the robot in its safe action, as far as that is a matter of commands."""
        ...

    def close(self, node: Any) -> None:
        """Unsubscribe and unpublish."""
        ...


class _Commanded(Referenced):
    """What robots that take commands of their own have in common: the command's topic."""

    def __init__(self, node: Any, clock: Clock, policy: OnnxPolicy, kind: type[Any], topic: str) -> None:
        super().__init__(node, clock, kind, topic)
        self._port = CommandPort(node, policy.bundle.info)

    def check(self, state: Any) -> str | None:
        """Nothing more: the supervisor looks at the rest."""
        return None

    def send(self, command: Sequence[float], stamp_ns: int) -> None:
        """Publish a command."""
        self._port.send(command, stamp_ns)

    def hold(self, reason: str) -> None:
        """Nothing: the supervisor and the robot are told on ``safe_action``."""

    def close(self, node: Any) -> None:
        """Unsubscribe and unpublish."""
        super().close(node)
        self._port.close(node)


class FlightSide(_Commanded):
    """Follows ``reference``, a pose in the world frame."""

    def __init__(self, node: Any, clock: Clock, policy: OnnxPolicy, world: str, body: str, arrival: Arrival) -> None:
        super().__init__(node, clock, policy, PoseStamped, "reference")
        self._policy, self._world = policy, world
        self._observe = FlightObservation(policy.bundle.info)
        self.inputs = FlightInputs(node, clock, world, body, arrival)
        self.state = self.inputs.state

    def pilot(self) -> Pilot:
        """Return a new pilot."""
        convert = CONVERSIONS.get(self._policy.bundle.info.action.level)
        return HostPilot(self._policy, self._observe, convert=convert)

    def reference(self, now_ns: int) -> tuple[Sequence[float], float] | None:
        """Return x, y, z (m) and yaw (rad), and their age, s."""
        newest = self._newest
        return None if newest is None else (newest[0], (now_ns - newest[1]) / NS)

    @property
    def stamp_ns(self) -> int:
        """Stamp of the inertial unit's newest message."""
        return self.inputs.newest["imu"].stamp_ns

    def _read(self, message: Any) -> tuple[float, ...]:
        check_frame(self._topic, message, self._world)
        return read_reference(self._topic, message)

    def close(self, node: Any) -> None:
        """Unsubscribe."""
        super().close(node)
        self.inputs.close(node)


class JointSide(_Commanded):
    """Follows ``cmd_vel`` within the ranges the policy was trained for, after a ramp to the default pose.

    Whenever ``cmd_vel`` begins anew after a silence, so does the ramp: the robot may have sunk meanwhile.
    """

    def __init__(
        self,
        node: Any,
        clock: Clock,
        policy: OnnxPolicy,
        body: str,
        arrival: Arrival,
        silence_s: float,
        wait_s: float = 0.0,
    ) -> None:
        super().__init__(node, clock, policy, TwistStamped, "cmd_vel")
        info = policy.bundle.info
        assert isinstance(info.limits, JointLimits)
        self._policy, self._silence_s = policy, silence_s
        self._behaviour = JointBehaviour(info.limits, info.command_ranges, wait_s)
        self._looked_ns: int | None = None
        self.inputs = JointInputs(node, clock, info.action.names, body, arrival)
        self.state = self.inputs.state

    def pilot(self) -> Pilot:
        """Return a new pilot."""
        return JointPilot(self._policy)

    def begin(self) -> None:
        """Forget references and start with the ramp."""
        super().begin()
        self._behaviour.reset()
        self._behaviour.begin()
        self._looked_ns = None

    def reference(self, now_ns: int) -> tuple[Sequence[float], float] | None:
        """Return (blend, ahead, left, turn) and the age of ``cmd_vel``, s."""
        newest = self._newest
        if newest is None:
            return None
        dt_s = 0.0 if self._looked_ns is None else (now_ns - self._looked_ns) / NS
        self._looked_ns = now_ns
        age_s = (now_ns - newest[1]) / NS
        if age_s > self._silence_s:
            self._behaviour.begin()
            return newest[0], age_s
        mode = Mode.RUNNING if self._behaviour.ramped(newest[0]) else Mode.RAMP
        return self._behaviour.reference(mode, newest[0], min(dt_s, 0.05)), age_s

    @property
    def stamp_ns(self) -> int:
        """Stamp of the newest joint states."""
        return self.inputs.newest["joint_states"].stamp_ns

    def _read(self, message: Any) -> tuple[float, ...]:
        twist = message.twist
        return (twist.linear.x, twist.linear.y, twist.angular.z)

    def close(self, node: Any) -> None:
        """Unsubscribe."""
        super().close(node)
        self.inputs.close(node)


def check_policy(policy: OnnxPolicy, arm: ArmOptions) -> None:
    """Refuse a policy whose observation or commands no topic here carries.

    Raises:
        ConfigError: naming what is missing.
    """
    info = policy.bundle.info
    if info.action.level == LEVEL:
        check_arm(policy, arm)
        return
    message_type(info)
    if isinstance(info.limits, JointLimits):
        JointPilot(policy)
    else:
        FlightObservation(info)


def make_side(
    node: Any,
    clock: Clock,
    policy: OnnxPolicy,
    world: str,
    body: str,
    arrival: Arrival,
    silence_s: float,
    arm: ArmOptions | None = None,
    wait_s: float = 0.0,
) -> Side:
    """Return the side of the policy's kind of robot.

    Args:
        node: to subscribe with.
        clock: stamps arrivals.
        policy: its bundle says which kind.
        world: frame of poses and references.
        body: frame of the inertial unit.
        arrival: told of every message of the fastest topic.
        silence_s: a reference older than this has ended.
        arm: parameters of an arm; needed by a policy that moves one.
        wait_s: joints: how long the default pose is held before the policy acts.
    """
    if policy.bundle.info.action.level == LEVEL:
        assert arm is not None
        return ArmSide(node, clock, policy, arm, arrival)
    if isinstance(policy.bundle.info.limits, JointLimits):
        return JointSide(node, clock, policy, body, arrival, silence_s, wait_s)
    return FlightSide(node, clock, policy, world, body, arrival)
