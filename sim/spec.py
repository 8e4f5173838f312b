"""What a robot, an observation, an action and a task are, as frozen data.

Training and deployment share these records through the bundle; nothing here imports a
simulator or a learning framework. SI units everywhere; quaternions are wxyz; names end in
``_w`` (world frame) or ``_b`` (body frame) where a frame matters.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, Literal, TypeVar

from sim.robot_parameters import GRAVITY as GRAVITY
from sim.robot_parameters import ArmParameters as ArmParameters
from sim.robot_parameters import JointParameters as JointParameters
from sim.robot_parameters import MultirotorParameters as MultirotorParameters

ActionLevel = Literal[
    "motor", "rates_thrust", "attitude_thrust", "velocity", "position", "joint_position", "end_effector_delta"
]
SafeAction = Literal["level_and_descend", "land", "hold", "damp", "off"]

ANY_AIRFRAME = "any"
"""Parameter set of policies trained over airframes of every size: they fly any robot with as many motors, in the
Crazyflie's order (clockwise from the front right)."""


@dataclass(frozen=True)
class ObservationTerm:
    """One named, ordered slice of the policy's flat observation, in raw SI units."""

    name: str
    size: int
    unit: str
    frame: str
    """Frame and layout, e.g. ``"world"``, ``"body"``, ``"world<-body, row-major"``."""
    source: str
    """Sensor or estimator that delivers it on the robot."""
    noise_std: float = 0.0
    """Standard deviation of the white noise assumed in training, in ``unit``."""
    quaternion_order: str | None = None
    """``"wxyz"`` for quaternion terms, ``None`` otherwise."""


@dataclass(frozen=True)
class ImageTerm:
    """An input with axes of its own beside the flat observation: a camera's picture, a taxel array's forces."""

    name: str
    shape: tuple[int, ...]
    """As the sensor gives it, rows before columns, channels last; without the batch."""
    unit: str
    frame: str
    """Frame and layout, e.g. ``"pad; pad, row, column, xyz"``."""
    source: str
    """Sensor that delivers it on the robot."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def pad(self) -> str | None:
        """Name of the tactile sensor that it comes from; ``None`` if it comes from another, or nobody said."""
        return self.source.removesuffix(ON_FINGERS) if self.source.endswith(ON_FINGERS) else None

    def from_pad(self, pad: str) -> ImageTerm:
        """Return it with the name of the tactile sensor that it comes from: on a robot it must be the same one."""
        return replace(self, source=f"{pad}{ON_FINGERS}")


ON_FINGERS = " on both fingers"
"""Behind the name of a tactile sensor in ``ImageTerm.source``."""


def reference_terms(horizons_s: Sequence[float]) -> tuple[ObservationTerm, ...]:
    """Return what a policy that tracks observes of its reference: velocity, and each position ahead less that now.

    Args:
        horizons_s: how far ahead, whole milliseconds, rising.
    """
    ahead = (
        ObservationTerm(f"reference_ahead_{round(1e3 * horizon)}ms_w", 3, "m", "world", "trajectory")
        for horizon in horizons_s
    )
    return ObservationTerm("reference_velocity_w", 3, "m/s", "world", "trajectory"), *ahead


def preview_s(terms: Iterable[ObservationTerm]) -> tuple[float, ...]:
    """Return how far ahead the terms look, s: their names say; () for a task that holds a set-point."""
    matches = (re.fullmatch(r"reference_ahead_(\d+)ms_w", term.name) for term in terms)
    return tuple(int(match[1]) / 1e3 for match in matches if match)


@dataclass(frozen=True)
class ActionSpec:
    """The physical command that leaves the policy."""

    level: ActionLevel
    names: tuple[str, ...]
    """Motor or joint names in policy order."""
    unit: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    nominal: tuple[float, ...]
    """Command that holds the **nominal** robot at rest (hover or default pose)."""
    slew_limit: tuple[float, ...]
    """Largest change per second in ``unit``/s that the supervisor lets through."""
    safe_action: SafeAction

    @property
    def size(self) -> int:
        """Number of command channels."""
        return len(self.names)

    @classmethod
    def joint_position(cls, parameters: JointParameters, slew_limit_rad_s: tuple[float, ...]) -> ActionSpec:
        """Return joint targets, rad, within a robot's ranges about its default pose; what fails is damped.

        Args:
            parameters: of the robot.
            slew_limit_rad_s: one per joint.
        """
        p = parameters
        pose = p.position_low_rad, p.position_high_rad, p.default_pose_rad
        return cls("joint_position", p.joint_names, "rad", *pose, slew_limit_rad_s, "damp")


@dataclass(frozen=True)
class Timing:
    """Clocking of the policy, seconds."""

    control_period_s: float
    """The policy's ``step`` is called once per this period, never faster."""
    physics_step_s: float
    """MuJoCo integration step of the evaluation environment."""
    latency_assumed_s: float
    """Mean sensor-to-actuator delay in training."""
    latency_budget_s: float
    """Largest delay the policy was judged with; the supervisor acts beyond it."""


@dataclass(frozen=True)
class Episode:
    """How long a policy acts at a stretch, and what ends it, which is not the policy's to decide.

    Attributes:
        steps: control periods; 0: as long as it is wanted.
        opens_at: step from which the hand is open and the policy's motions no longer count; ``None``: it keeps hold.
        rises_at: step from which the tool goes up.
        rise_m: by this much per step.
    """

    steps: int = 0
    opens_at: int | None = None
    rises_at: int | None = None
    rise_m: float = 0.0


ENDLESS = Episode()


@dataclass(frozen=True)
class SupervisorLimits:
    """Limits of every robot, whose violation triggers its safe action; each kind of robot adds its own."""

    tilt_rad: float
    """Angle between body z and world z."""
    angular_rate_rad_s: float
    battery_min_v: float
    """Loaded pack voltage below which the robot lands or rests."""
    battery_takeoff_v: float
    """Pack voltage below which it does not start."""
    link_silence_s: float
    """After this long without any packet from the robot the link counts as lost."""
    state_age_s: float
    """Oldest acceptable state estimate on the host; longer than the silence, which says more."""
    fault_budget_s: float
    """A fault visible to the host reaches its safe action within this time."""


@dataclass(frozen=True)
class FlightLimits(SupervisorLimits):
    """Limits of a flying robot."""

    geofence_radius_m: float
    """Horizontal distance from the take-off point."""
    ceiling_m: float
    """Height above the take-off point."""
    speed_m_s: float


@dataclass(frozen=True)
class JointLimits(SupervisorLimits):
    """Limits of a robot with joints; tuples in the bundle's joint order."""

    position_low_rad: tuple[float, ...]
    position_high_rad: tuple[float, ...]
    velocity_rad_s: tuple[float, ...]
    torque_n_m: tuple[float, ...]
    """Largest torque a target may ask of the joint's position controller."""
    temperature_c: float
    """Hottest acceptable motor."""


ParametersT = TypeVar("ParametersT", bound=MultirotorParameters | JointParameters | ArmParameters)


@dataclass(frozen=True)
class Mount:
    """Another model, an arm on a back, that is fixed to a site of a robot's own."""

    mjcf: Path
    site: str
    """Of the robot's MJCF: where the other model's origin goes."""
    prefix: str
    """In front of all its names."""


@dataclass(frozen=True)
class RobotSpec(Generic[ParametersT]):
    """A robot: its model file, its named parameter sets and its limits."""

    name: str
    description: str
    mjcf: Path
    motor_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    parameter_sets: dict[str, ParametersT]
    default_parameter_set: str
    limits: FlightLimits | JointLimits
    command_unit: str
    sources: tuple[str, ...] = field(default=())
    mounts: tuple[Mount, ...] = ()
    """What else belongs to its model, in the order of its joints."""

    def parameters(self, name: str | None = None) -> ParametersT:
        """Return the named parameter set (default: ``default_parameter_set``).

        Raises:
            ConfigError: if there is no such set; the message lists the valid names.
        """
        from sim.errors import ConfigError

        key = name or self.default_parameter_set
        if key not in self.parameter_sets:
            valid = ", ".join(sorted(self.parameter_sets))
            raise ConfigError(f"robot '{self.name}' has no parameter set '{key}'; choose one of: {valid}")
        return self.parameter_sets[key]

    def model_hash(self) -> str:
        """SHA-256 of the MJCF file, and of those mounted on it, hexadecimal."""
        files = (self.mjcf, *(mount.mjcf for mount in self.mounts))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@dataclass(frozen=True)
class RecoveryCriterion:
    """When a robot that began thrown, turning or upside down counts as caught: within these limits for good."""

    within_s: float
    """From this time on, until the episode's end."""
    tilt_rad: float
    """Angle between body z and world z."""
    speed_m_s: float
    angular_rate_rad_s: float


@dataclass(frozen=True)
class SuccessCriterion:
    """When an evaluation episode counts as a success."""

    max_distance_m: float
    """Never further than this from the target."""
    steady_distance_m: float
    """Within this distance throughout the last ``steady_window_s``."""
    steady_window_s: float
    box_m: float
    """Reported beside it: share of episodes with ``|p_i|`` inside this box throughout."""
    recovery: RecoveryCriterion | None = None
    """What else is asked where episodes begin out of control."""


@dataclass(frozen=True)
class PolicySpec:
    """What a policy of any kind of task is, sees and commands."""

    name: str
    description: str
    robot: str
    actor_terms: tuple[ObservationTerm, ...]
    critic_terms: tuple[ObservationTerm, ...]
    action: ActionSpec
    timing: Timing
    episode_s: float

    @property
    def observation_size(self) -> int:
        """Length of the flat actor observation."""
        return sum(term.size for term in self.actor_terms)

    @property
    def critic_size(self) -> int:
        """Length of the flat critic observation."""
        return sum(term.size for term in self.critic_terms)

    @property
    def control_steps(self) -> int:
        """Control steps in one episode."""
        return round(self.episode_s / self.timing.control_period_s)


@dataclass(frozen=True)
class TaskSpec(PolicySpec):
    """What a policy that flies is asked to do, what it sees and how it is judged."""

    success: SuccessCriterion
