"""What supervisor_node needs of each kind of robot: link, gate, mission, control loop and services."""

from __future__ import annotations

from typing import Any, Protocol

from hardware.clock import Clock
from hardware.control_loop import ControlLoop
from hardware.flight import Flight
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.faults import HOST_SAFE_ACTIONS
from hardware.flying.operator_mission import OperatorMission
from hardware.joints.behaviour import JointBehaviour
from hardware.joints.operator_mission import JointOperatorMission
from hardware.joints.pilot import TargetLimiter
from hardware.joints.session import JointSession
from hardware.log import RunLog
from hardware.log_schema import FLIGHT_STEP, JOINT_STEP, LogSchema
from hardware.supervisor import Supervisor
from policies.bundle import BundleInfo
from sim.errors import ConfigError
from sim.spec import FlightLimits, JointLimits
from sim2metal_nodes.flight_services import FlightServices
from sim2metal_nodes.gate import Gate
from sim2metal_nodes.joint_services import JointServices
from sim2metal_nodes.sorties import Sorties
from sim2metal_nodes.topic_link import FlightTopicLink, JointTopicLink, TopicLink


class Supervised(Protocol):
    """One kind of robot."""

    link: TopicLink[Any]
    gate: Gate
    schema: LogSchema

    def mission(self) -> Any:
        """Return the next mission."""
        ...

    def loop(self, mission: Any, log: RunLog, wishes: Any) -> ControlLoop[Any]:
        """Return the control loop of a run."""
        ...

    def offer(self, node: Any, sorties: Sorties[Any]) -> None:
        """Offer the services."""
        ...

    def rest(self, mission: Any) -> None:
        """Ask a mission to come to rest: what a button of the gamepad asks for."""
        ...


class SupervisedFlight:
    """A flying robot: a reference to be at, crazyswarm2's services, landing; see ``Supervised``."""

    schema = FLIGHT_STEP

    def __init__(self, node: Any, clock: Clock, info: BundleInfo, world: str, body: str) -> None:
        assert isinstance(info.limits, FlightLimits)
        self._limits, self._period_s = info.limits, info.timing.control_period_s
        self.link = FlightTopicLink(node, clock, world, body)
        self.gate = Gate(info, clock)

    def mission(self) -> OperatorMission:
        """Return the next mission."""
        return OperatorMission()

    def loop(self, mission: OperatorMission, log: RunLog, wishes: Any) -> Flight:
        """Return the control loop of a flight."""
        supervisor = Supervisor(FlightBehaviour(self._limits, HOST_SAFE_ACTIONS))
        return Flight(self.link, mission, supervisor, log, wishes, self.gate, self._period_s)

    def offer(self, node: Any, sorties: Sorties[OperatorMission]) -> None:
        """Offer crazyswarm2's services."""
        FlightServices(node, lambda: sorties.mission, self._position, sorties.emergency_stop)

    def rest(self, mission: OperatorMission) -> None:
        """Land."""
        mission.land()

    def _position(self) -> tuple[float, ...] | None:
        state = self.link.read()
        return state.position_w if state is not None and state.finite else None


class SupervisedJoints:
    """A robot with joints: a velocity to walk at, targets within range and torque, damping; see ``Supervised``."""

    schema = JOINT_STEP

    def __init__(self, node: Any, clock: Clock, info: BundleInfo, body: str, wait_s: float = 0.0) -> None:
        constants = info.robot.constants
        if not isinstance(info.limits, JointLimits) or not {"kp", "kd"} <= set(constants):
            raise ConfigError("the bundle has no joint limits and gains: it is not for joints")
        self._limits, self._ranges, self._wait_s = info.limits, info.command_ranges, wait_s
        JointBehaviour(self._limits, self._ranges, wait_s)  # a wait that is none is refused now
        self._clock, self._period_s = clock, info.timing.control_period_s
        self.link = JointTopicLink(node, clock, info.action.names, body)
        guard = TargetLimiter(info.limits, constants["kp"], constants["kd"])
        self.gate = Gate(info, clock, guard.limit)

    def mission(self) -> JointOperatorMission:
        """Return the next mission."""
        return JointOperatorMission(self._clock)

    def loop(self, mission: JointOperatorMission, log: RunLog, wishes: Any) -> JointSession:
        """Return the control loop of a run."""
        supervisor = Supervisor(JointBehaviour(self._limits, self._ranges, self._wait_s))
        return JointSession(self.link, mission, supervisor, log, wishes, self.gate, self._period_s)

    def offer(self, node: Any, sorties: Sorties[JointOperatorMission]) -> None:
        """Offer ``start``, ``damp`` and the rest."""
        JointServices(node, lambda: sorties.mission, sorties.emergency_stop, sorties.require_ready)

    def rest(self, mission: JointOperatorMission) -> None:
        """Damp."""
        mission.end()


def make_supervised(
    node: Any, clock: Clock, info: BundleInfo, world: str, body: str, wait_s: float = 0.0
) -> Supervised:
    """Return what the bundle's kind of robot needs.

    Args:
        node: to publish and subscribe with.
        clock: stamps arrivals.
        info: from the bundle.
        world: frame of poses and references.
        body: frame of the inertial unit.
        wait_s: joints: how long the default pose is held before the policy acts.

    Raises:
        ConfigError: for a bundle that no robot here obeys.
    """
    if isinstance(info.limits, JointLimits):
        return SupervisedJoints(node, clock, info, body, wait_s)
    return SupervisedFlight(node, clock, info, world, body)
