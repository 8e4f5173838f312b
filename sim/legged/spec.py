"""What a task for a body on legs is, as data: its rewards, what ends it, its command; and how it fits any robot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sim.bodies.parameters import joint_parameters
from sim.errors import ConfigError
from sim.legged.asked import Command
from sim.legged.physics import AS_TRAINED, Physics
from sim.spec import ActionSpec, JointParameters, ObservationTerm, PolicySpec, Timing

CONTROL_PERIOD_S = 0.02
PHYSICS_STEP_S = 0.005
"""50 and 200 Hz: legged_gym (arXiv 2109.11978), MuJoCo Playground (arXiv 2502.08844)."""
EPISODE_S = 20.0
"""legged_gym, MuJoCo Playground."""
ACTION_REACH = 4.0
"""Largest action, in action scales: a normal action of one scale is cut once in ten thousand."""
LARGEST_DELAY_S = 0.04
"""What ``action_delay_s`` and ``observation_delay_s`` may be drawn up to: two control periods (PBHC, arXiv 2506.12851:
0 to 2 steps)."""


@dataclass(frozen=True)
class RewardTerm:
    """One weighted term of the reward.

    What it computes is the function of its name in ``sim.legged.rewards``. With a tolerance it is
    exp(-error / tolerance), the error being that of its name in ``sim.legged.tracking_errors``.
    """

    name: str
    weight: float
    """Per second: a term of one at a weight of one gives 1 in a second."""
    source: str
    parameters: tuple[tuple[str, Any], ...] = ()
    """Keyword arguments of the function."""
    feet: int | None = None
    """For robots with this many feet only."""
    group: str = "task"
    """Terms of a group can have a critic of their own."""
    tolerance: float | None = None
    """In units of the error; training may tighten it (``sim.legged.tolerances``)."""


@dataclass(frozen=True)
class EndTerm:
    """One reason to end an episode in failure; its function is of its name in ``sim.legged.ends``."""

    name: str
    source: str
    parameters: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class VelocityCommand:
    """A velocity of the base that is asked for, in its own heading: ahead, to the left, and turning."""

    velocity_x: tuple[float, float]
    """m/s"""
    velocity_y: tuple[float, float]
    """m/s"""
    yaw_rate: tuple[float, float]
    """rad/s"""
    period_s: float
    """A new one is drawn after this time."""
    still_share: float
    """Of the commands that are to stand."""
    source: str

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """By the names of a bundle's command ranges."""
        return {name: getattr(self, name) for name in ("velocity_x", "velocity_y", "yaw_rate")}


@dataclass(frozen=True)
class LeggedTaskSpec(PolicySpec):
    """What a policy that moves a whole body is asked to do, sees and commands."""

    parameter_set: str
    """Of the robot: its gains."""
    rewards: tuple[RewardTerm, ...]
    ends: tuple[EndTerm, ...]
    command: VelocityCommand | None
    least_reward: float
    """Of the summed terms, per second; 0 as legged_gym's only_positive_rewards: punished too much, a robot would learn
    to end its episode. Each group of rewards counts for itself."""
    asked: tuple[Command, ...] = ()
    """Beside the velocity."""
    feet: int | None = None
    """Of the robots that its settings are for; ``None``: any number."""
    physics: Physics = AS_TRAINED
    """How it is simulated."""
    constants: JointParameters | None = None
    """Of one identified robot, instead of those of its parameter set. Armature and delay are then those of
    the joints: what the integrator adds is taken off (``sim.legged.physics``). Published ranges are for simulations
    that add it."""
    measured_terms: tuple[ObservationTerm, ...] | None = None
    """What the robot's sensors give, where the actor is told more (``told_all``); ``None``: what the actor sees."""

    @property
    def privileged(self) -> bool:
        """Whether the actor sees what only a simulator knows."""
        return self.measured_terms is not None

    @property
    def tolerances(self) -> dict[str, float]:
        """Of the terms that track, at the start of a training."""
        return {term.name: term.tolerance for term in self.rewards if term.tolerance is not None}

    @property
    def parameters(self) -> JointParameters:
        """Constants of the robot."""
        return self.constants or joint_parameters(self.robot, self.parameter_set)

    @property
    def reward_groups(self) -> tuple[str, ...]:
        """Names of the groups of rewards that the robot has, in order."""
        feet = len(self.parameters.feet)
        return tuple(dict.fromkeys(term.group for term in self.rewards if term.feet in (None, feet)))

    @property
    def centre_term(self) -> str | None:
        """Observation that joint targets are counted from, (n, J) rad; ``None``: from the default pose."""
        return next((what.centre_term for what in self.asked if what.centre_term), None)

    @property
    def asked_errors(self) -> dict[str, float]:
        """What an error of one costs in the score, by the errors of what is asked beside the velocity."""
        return {name: cost for what in self.asked for name, cost in what.error_weights().items()}

    def under(self, physics: Physics) -> LeggedTaskSpec:
        """Return the same task, simulated otherwise."""
        step_s = physics.step_s or self.timing.physics_step_s
        return replace(self, physics=physics, timing=replace(self.timing, physics_step_s=step_s))

    def told_all(self) -> LeggedTaskSpec:
        """Return the same task with a privileged actor: it sees what the critic sees, as no robot can."""
        return replace(self, actor_terms=self.critic_terms, measured_terms=self.actor_terms)

    def on(self, robot: str) -> LeggedTaskSpec:
        """Return the same task for another robot.

        Raises:
            ConfigError: if it does not know the robot, or the robot has no legs, or too many.
        """
        return legged_task(
            self.name, self.description, robot, self.rewards, self.ends, self.command,
            self.parameter_set, self.episode_s, self.least_reward, self.asked, self.feet,
        )  # fmt: skip


def legged_task(
    name: str,
    description: str,
    robot: str,
    rewards: tuple[RewardTerm, ...],
    ends: tuple[EndTerm, ...],
    command: VelocityCommand | None = None,
    parameter_set: str = "policy",
    episode_s: float = EPISODE_S,
    least_reward: float = 0.0,
    asked: tuple[Command, ...] = (),
    feet: int | None = None,
) -> LeggedTaskSpec:
    """Return a task whose observations and actions fit a robot.

    Raises:
        ConfigError: for an unknown robot or parameter set, or a robot without joints or feet, or with another number of
            them than the task is for.
    """
    p = joint_parameters(robot, parameter_set)
    if feet not in (None, len(p.feet)):
        raise ConfigError(
            f"task '{name}' is for robots on {feet} feet, and '{robot}' has {len(p.feet)}: train 'velocity',"
            " or another robot by --robot"
        )
    actor = actor_terms(p.num_joints, command is not None)
    actor += tuple(term for what in asked for term in what.actor_terms(p))
    asked_terms = tuple(term for what in asked for term in what.critic_terms(p))
    return LeggedTaskSpec(
        name=name,
        description=description,
        robot=robot,
        actor_terms=actor,
        critic_terms=(*actor, *_privileged_terms(p), *asked_terms),
        action=ActionSpec.joint_position(
            p, tuple(2.0 * ACTION_REACH * scale / CONTROL_PERIOD_S for scale in p.action_scale_rad)
        ),
        timing=Timing(
            CONTROL_PERIOD_S,
            PHYSICS_STEP_S,
            latency_assumed_s=0.5 * CONTROL_PERIOD_S,
            latency_budget_s=CONTROL_PERIOD_S,
        ),
        episode_s=episode_s,
        parameter_set=parameter_set,
        rewards=rewards,
        ends=ends,
        command=command,
        least_reward=least_reward,
        asked=asked,
        feet=feet,
    )


def actor_terms(num_joints: int, commanded: bool) -> tuple[ObservationTerm, ...]:
    """Return what an actor sees: what the robot's own sensors give, what is asked for, what it commanded."""
    command = ObservationTerm("velocity_command", 3, "m/s, rad/s", "body; ahead, left, turn", "operator")
    return (
        ObservationTerm("gravity_b", 3, "1", "body", "inertial unit"),
        ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "gyroscope"),
        *((command,) if commanded else ()),
        ObservationTerm("joint_position_offset", num_joints, "rad", "joint, from the default pose", "encoders"),
        ObservationTerm("joint_velocity", num_joints, "rad/s", "joint", "encoders"),
        ObservationTerm("applied_action", num_joints, "rad", "joint", "supervisor"),
    )


def _privileged_terms(p: JointParameters) -> tuple[ObservationTerm, ...]:
    """Return what a critic sees beside the actor's terms, which it gets without noise."""
    feet = len(p.feet)
    return (
        ObservationTerm("velocity_b", 3, "m/s", "body", "simulation"),
        ObservationTerm("base_height", 1, "m", "world", "simulation"),
        ObservationTerm("foot_height", feet, "m", "world", "simulation"),
        ObservationTerm("foot_contact", feet, "1", "foot", "simulation"),
        ObservationTerm("air_time", feet, "s", "foot", "simulation"),
        ObservationTerm("friction", 1, "1", "feet", "simulation"),
        ObservationTerm("base_mass", 1, "kg", "added", "simulation"),
        ObservationTerm("action_delay", 1, "s", "", "simulation"),
    )
