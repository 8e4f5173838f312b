"""The physical constants of a robot, as frozen data: an airframe, joints with their gains, or an arm.

SI units; names end in ``_b`` where they are in the body frame. ``sim.spec`` offers them to everyone else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GRAVITY = 9.81
"""Standard gravity used by every model here, m/s^2 (MuJoCo's default)."""

ACTION_SHARE = 0.25
"""Share of a motor's largest torque that action one asks for by the stiffness (BeyondMimic, arXiv 2508.08241)."""


@dataclass(frozen=True)
class MultirotorParameters:
    """Physical constants of one multirotor airframe (a named parameter set).

    Rotor speed is the fraction ``u`` in [0, 1] of the maximum; thrust per rotor is
    ``c0 + c1 u + c2 u^2`` newtons; ``u`` follows its command as a first-order lag. Terms with a
    default are absent by default; docs/flight.md has their formulas.

    Raises:
        ConfigError: for a term that no airframe can have.
    """

    name: str
    mass: float
    """kg"""
    inertia: tuple[float, float, float]
    """Principal moments about the centre of mass, kg m^2."""
    rotor_position_b: tuple[tuple[float, float, float], ...]
    """Rotor hubs from the nominal centre of mass, m; ``(num_rotors, 3)``."""
    yaw_sign: tuple[float, ...]
    """Sign of each rotor's reaction torque about body z for positive thrust."""
    thrust_curve: tuple[float, float, float]
    """``c0, c1, c2`` in newtons."""
    torque_per_thrust: float
    """Reaction torque over thrust, m."""
    motor_rise_s: float
    """Time constant when the command is above the rotor speed."""
    motor_fall_s: float
    """Time constant when the command is below the rotor speed."""
    max_rotor_speed_rpm: float | None
    """Rotor speed at ``u = 1`` where the source states it."""
    source: str
    rotor_axis_b: tuple[tuple[float, float, float], ...] = ()
    """Unit direction of each rotor's thrust, ``(num_rotors, 3)``; empty for body z (arms without tilt).
    The reaction torque is about the same axis."""
    rotor_drag: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Drag along body x, y, z over speed relative to the air, N s/m, with all rotors at full speed;
    it scales with the mean rotor speed (Foerster 2015, ETH Zurich, "System Identification of the
    Crazyflie 2.0 Nano Quadrocopter": K_aero times the sum of rotor speeds) and acts at the hubs."""
    rotor_radius_m: float = 0.0
    """Radius of the rotors' discs; thrust near a floor grows with it (Cheeseman and Bennett 1955).
    0: no ground effect."""
    battery_sag: float = 0.0
    """Share of the pack's voltage that is lost with all rotors at full speed, through its resistance.
    A brushed motor's speed follows the voltage; its current follows its torque, so the loss goes
    with the mean square of the rotor speeds (measured: Bitcraze, "PWM to thrust")."""
    dead_zone: float = 0.0
    """Command (fraction of max rotor speed) below which a rotor stands still."""

    def __post_init__(self) -> None:
        from sim.errors import ConfigError

        axes = self.rotor_axis_b or ((0.0, 0.0, 1.0),) * self.num_rotors
        object.__setattr__(self, "rotor_axis_b", axes)
        if len(axes) != self.num_rotors or not all(abs(math.hypot(*axis) - 1.0) < 1e-3 for axis in axes):
            raise ConfigError(f"parameter set '{self.name}': 'rotor_axis_b' must be one unit vector per rotor")
        if not 0.0 <= self.battery_sag < 1.0 or not 0.0 <= self.dead_zone < 1.0:
            raise ConfigError(f"parameter set '{self.name}': 'battery_sag' and 'dead_zone' must be in [0, 1)")
        if not min(*self.rotor_drag, self.rotor_radius_m) >= 0.0:
            raise ConfigError(f"parameter set '{self.name}': 'rotor_drag' and 'rotor_radius_m' must not be negative")

    @property
    def num_rotors(self) -> int:
        """Number of rotors."""
        return len(self.rotor_position_b)

    @property
    def max_thrust(self) -> float:
        """Thrust along body z with every rotor at full speed, N."""
        return sum(axis[2] for axis in self.rotor_axis_b) * sum(self.thrust_curve)

    @property
    def thrust_to_weight(self) -> float:
        """Largest total thrust over weight."""
        return self.max_thrust / (self.mass * GRAVITY)

    @property
    def hover_speed(self) -> float:
        """Rotor speed fraction at which thrust along body z equals weight."""
        c0, c1, c2 = self.thrust_curve
        target = self.mass * GRAVITY / sum(axis[2] for axis in self.rotor_axis_b)
        if c2 == 0.0:
            return (target - c0) / c1
        return (-c1 + math.sqrt(c1 * c1 - 4.0 * c2 * (c0 - target))) / (2.0 * c2)

    @property
    def hover_command(self) -> float:
        """Command that keeps the rotors at ``hover_speed`` with the battery full: above it if the battery sags."""
        speed = self.hover_speed
        return speed / (1.0 - self.battery_sag * speed**2)


@dataclass(frozen=True)
class JointParameters:
    """Physical constants and gains of one robot with joints (a named parameter set).

    Tuples of joints are (n,) in the order of ``joint_names``; each joint has one position
    actuator of the same name whose torque is ``kp (target - q) - kd dq``, at most ``effort``.
    """

    name: str
    joint_names: tuple[str, ...]
    position_low_rad: tuple[float, ...]
    position_high_rad: tuple[float, ...]
    velocity_rad_s: tuple[float, ...]
    """Largest speed."""
    effort_n_m: tuple[float, ...]
    """Largest torque."""
    armature_kg_m2: tuple[float, ...]
    """Inertia of rotor and gears seen at the joint."""
    default_pose_rad: tuple[float, ...]
    """The pose that action zero means."""
    kp: tuple[float, ...]
    """Stiffness, N m/rad."""
    kd: tuple[float, ...]
    """Damping, N m s/rad."""
    base_height_m: float
    """Height of the base above the ground in the default pose."""
    link_names: tuple[str, ...]
    """Bodies, the base first."""
    link_mass: tuple[float, ...]
    """kg, in the order of ``link_names``."""
    source: str
    action_scale_rad: tuple[float, ...] = ()
    """Target away from the default pose that action one means; empty for ``ACTION_SHARE`` of what the gains can ask."""
    feet: tuple[str, ...] = ()
    """Sites under the feet."""
    hands: tuple[str, ...] = ()
    """Sites in the hands, the left one first, or the end-effector of an arm."""
    head: str = ""
    """Site in the head; empty without one."""

    def __post_init__(self) -> None:
        from sim.errors import ConfigError

        if not self.action_scale_rad:
            scale = tuple(ACTION_SHARE * effort / kp for effort, kp in zip(self.effort_n_m, self.kp))
            object.__setattr__(self, "action_scale_rad", scale)
        if len(self.action_scale_rad) != self.num_joints:
            raise ConfigError(f"parameter set '{self.name}': 'action_scale_rad' must be one number per joint")

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.joint_names)

    @property
    def mass(self) -> float:
        """Mass of the whole robot, kg."""
        return sum(self.link_mass)


@dataclass(frozen=True)
class ArmParameters:
    """Physical constants of one arm with a parallel gripper, bolted to its table (a named parameter set).

    Tuples of joints are in the order of ``joint_names``: the arm's hinges, driven by torque, then both fingers,
    driven to positions.
    """

    name: str
    joint_names: tuple[str, ...]
    position_low: tuple[float, ...]
    """rad; fingers m, each from the middle."""
    position_high: tuple[float, ...]
    velocity: tuple[float, ...]
    """Largest speed, rad/s; fingers m/s."""
    effort: tuple[float, ...]
    """Largest torque, N m; fingers N."""
    armature: tuple[float, ...]
    """Inertia of rotor and gears seen at the joint, kg m^2; fingers kg."""
    damping: tuple[float, ...]
    """N m s/rad; fingers N s/m."""
    home: tuple[float, ...]
    """The posture that null-space control returns to."""
    finger_kp: float
    """Stiffness of a finger's servo, N/m."""
    finger_kd: float
    """Its damping, N s/m."""
    source: str

    @property
    def num_hinges(self) -> int:
        """Joints of the arm alone."""
        return len(self.joint_names) - 2
