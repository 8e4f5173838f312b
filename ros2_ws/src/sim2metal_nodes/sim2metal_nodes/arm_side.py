"""An arm as policy_node sees it: its topics, the operator's dead-man switch, set-points, and what ``mode`` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from control_msgs.msg import GripperCommand
from geometry_msgs.msg import PoseStamped
from std_msgs.msg import Bool, String

from hardware.arm.guard import ArmGuard, Workspace
from hardware.arm.observation import ArmObservation
from hardware.arm.pilot import ArmPilot, Phase
from hardware.arm.state import ArmState
from hardware.clock import NS, Clock
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from sim2metal_nodes.arm_inputs import TOOL, ArmInputs, ArmTopics
from sim2metal_nodes.conversions import pose_message
from sim2metal_nodes.inputs import Inputs
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import ASKED, LATCHED, SETPOINT
from sim2metal_nodes.references import Referenced

SETPOINTS, SWITCH, GRIPPER = "target_pose", "enable", "gripper_command"
OPEN_EFFORT_N = 10.0
"""With what the fingers open: nothing is between them to press on; assumed."""


class ArmOptions:
    """Parameters of an arm; those of a node whose bundle is of another robot do nothing.

    Args:
        node: to declare them on.
        base: frame of all poses.
    """

    def __init__(self, node: Any, base: str) -> None:
        low: list[float] = declare(node, "workspace_low", [0.2, -0.4, -0.05], "arm: least x y z of the tool, m")
        high: list[float] = declare(node, "workspace_high", [0.8, 0.4, 0.6], "arm: largest x y z of the tool, m")
        names: str = declare(
            node, "joint_names", "", "arm: names in joint_states, in the bundle's order; empty: its own"
        )
        fixture_s: float = declare(
            node,
            "fixture_patience",
            1.0,
            "arm: by how much fixture_pose may be older than the rest, s",
            low=0.0,
            high=60.0,
        )
        no_shear: bool = declare(node, "no_shear", False, "arm: shear that a pad does not know counts as none")
        self.workspace = Workspace(tuple(low), tuple(high))
        self.topics = ArmTopics(base, tuple(names.split()), fixture_s, no_shear)


class ArmSide(Referenced):
    """Acts while the switch is held, one episode each time; see ``Side``."""

    inputs: Inputs
    wish, silence = "the operator's switch (enable)", "the switch is not held"

    def __init__(self, node: Any, clock: Clock, policy: OnnxPolicy, options: ArmOptions, arrival: Any) -> None:
        super().__init__(node, clock, Bool, SWITCH)
        info = policy.bundle.info
        self._policy, self._base, self._options = policy, options.topics.base, options
        self._guard = ArmGuard(info, options.workspace)
        self._pilot = ArmPilot(policy, options.workspace)
        self._open_m = max(high for _, high in _fingers(info))
        self.inputs = inputs = ArmInputs(node, clock, info, options.topics, arrival)
        self.state = inputs.state
        self._mode_out = node.create_publisher(String, "mode", LATCHED)
        self._goal_out = node.create_publisher(PoseStamped, SETPOINTS, SETPOINT)
        self._gripper_out = node.create_publisher(GripperCommand, GRIPPER, ASKED)
        self._mode = ""
        self._say(Phase.WAITING.value)

    def pilot(self) -> ArmPilot:
        """Return a new pilot; what held before the node was activated no longer does."""
        self._pilot = ArmPilot(self._policy, self._options.workspace)
        return self._pilot

    def begin(self) -> None:
        """Forget the switch and where the arm was."""
        super().begin()
        self._guard.reset()
        self._say(Phase.WAITING.value)

    def check(self, state: ArmState) -> str | None:
        """Return what is wrong with a state."""
        return self._guard.check(state)

    def reference(self, now_ns: int) -> tuple[Sequence[float], float] | None:
        """Return something and its age, s, while the switch was last heard to be held."""
        newest = self._newest
        return None if newest is None or not newest[0][0] else (newest[0], (now_ns - newest[1]) / NS)

    @property
    def stamp_ns(self) -> int:
        """Stamp of the tool's pose."""
        return self.inputs.newest[TOOL].stamp_ns

    def send(self, command: Sequence[float], stamp_ns: int) -> None:
        """Publish a set-point, (7,) position and wxyz, and open the hand when it is time."""
        self._goal_out.publish(pose_message(self._base, stamp_ns, command[:3], command[3:]))
        phase = self._pilot.phase
        if phase is Phase.RELEASING and self._mode != phase.value:
            message = GripperCommand(position=self._open_m, max_effort=OPEN_EFFORT_N)
            self._gripper_out.publish(message)
        self._say(phase.value)

    def hold(self, reason: str) -> None:
        """Publish the last set-point again, which most Cartesian controllers hold by themselves, and some do not."""
        goal = self._pilot.setpoint
        if goal is not None:
            self._goal_out.publish(pose_message(self._base, self.stamp_ns, goal[:3], goal[3:]))
        self._say(f"holding: {reason}")

    def close(self, node: Any) -> None:
        """Unsubscribe and unpublish."""
        super().close(node)
        self.inputs.close(node)
        for publisher in (self._mode_out, self._goal_out, self._gripper_out):
            node.destroy_publisher(publisher)

    def _read(self, message: Bool) -> tuple[float, ...]:
        return (float(message.data),)

    def _say(self, mode: str) -> None:
        if mode != self._mode:
            self._mode = mode
            self._mode_out.publish(String(data=mode))


def check_arm(policy: OnnxPolicy, options: ArmOptions) -> None:
    """Refuse a policy that no arm can run, or joint names that are not as many as its joints.

    Raises:
        ConfigError: saying why.
    """
    info = policy.bundle.info
    ArmObservation(info)
    names, joints = options.topics.joints, info.robot.joint_names
    if names and len(set(names)) != len(joints):
        raise ConfigError(f"parameter 'joint_names' needs {len(joints)} names, in the order of: {' '.join(joints)}")
    ArmPilot(policy, options.workspace)
    ArmGuard(info, options.workspace)


def _fingers(info: Any) -> list[tuple[str, float]]:
    """Return the fingers, the joints behind the hinges, and how far each opens, m."""
    constants = info.robot.constants
    return list(zip(info.robot.joint_names, constants["position_high"]))[-2:]
