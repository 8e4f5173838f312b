"""Terms of the reward: functions of a ``BodyState`` to (n,), each with its formula; weights are a task's.

They use only what NumPy's arrays and torch's tensors share: see ``sim.legged.state``.
"""

from __future__ import annotations

from sim.legged.state import Array, BodyState, exponential
from sim.robot_parameters import GRAVITY

MOVING = 0.1
"""Norm of a velocity command above which a robot is to walk, m/s; legged_gym's, there without the yaw rate, whose rad/s
count alike here."""


def track_velocity(s: BodyState, std: float) -> Array:
    """exp(-|c_xy - v_xy|^2 / std^2), horizontal velocity in the body's frame; legged_gym's tracking_lin_vel."""
    error = s.command[:, :2] - s.velocity_b[:, :2]
    return _bell((error * error).sum(1), std)


def track_yaw_rate(s: BodyState, std: float) -> Array:
    """exp(-(c_z - w_z)^2 / std^2); legged_gym's tracking_ang_vel."""
    error = s.command[:, 2] - s.angular_velocity_b[:, 2]
    return _bell(error * error, std)


def vertical_velocity(s: BodyState) -> Array:
    """v_z^2, m^2/s^2, in the body's frame; legged_gym's lin_vel_z."""
    return s.velocity_b[:, 2] ** 2


def roll_pitch_rate(s: BodyState) -> Array:
    """|w_xy|^2, rad^2/s^2, in the body's frame; legged_gym's ang_vel_xy."""
    return (s.angular_velocity_b[:, :2] ** 2).sum(1)


def tilt(s: BodyState) -> Array:
    """|g_xy|^2: the squared sine of the tilt; legged_gym's orientation."""
    return (s.gravity_b[:, :2] ** 2).sum(1)


def upright(s: BodyState, std: float) -> Array:
    """exp(-|g_xy|^2 / std^2)."""
    return _bell((s.gravity_b[:, :2] ** 2).sum(1), std)


def height(s: BodyState, std: float) -> Array:
    """exp(-(h - h0)^2 / std^2), h0 the base's height in the default pose."""
    error = s.position_w[:, 2] - s.robot.base_height
    return _bell(error * error, std)


def pose(s: BodyState) -> Array:
    """Mean of ((q - q0) / action scale)^2: soft joints may go further."""
    error = (s.joint_position - s.robot.default_pose) / s.robot.action_scale
    return (error * error).mean(1)


def stand_still(s: BodyState) -> Array:
    """Sum of |q - q0|, rad, where nothing is asked for; legged_gym's stand_still."""
    return abs(s.joint_position - s.robot.default_pose).sum(1) * (1.0 - moving(s))


def effort(s: BodyState) -> Array:
    """Mean of (torque / largest)^2."""
    share = s.torque / s.robot.effort
    return (share * share).mean(1)


def power(s: BodyState) -> Array:
    """Sum of |torque dq|, W; MuJoCo Playground's energy."""
    return abs(s.torque * s.joint_velocity).sum(1)


def joint_acceleration(s: BodyState) -> Array:
    """Sum of ((dq - dq_before) / period)^2, rad^2/s^4; legged_gym's dof_acc."""
    change = s.joint_velocity - s.last_joint_velocity
    return (change * change).sum(1) * (1.0 / s.robot.period_s**2)


def joint_speed(s: BodyState) -> Array:
    """Sum of dq^2, rad^2/s^2; legged_gym's dof_vel."""
    return (s.joint_velocity * s.joint_velocity).sum(1)


def joint_range(s: BodyState, share: float) -> Array:
    """How far joints are outside the middle ``share`` of their ranges, rad; legged_gym's dof_pos_limits."""
    r = s.robot
    middle, reach = 0.5 * (r.position_low + r.position_high), 0.5 * share * (r.position_high - r.position_low)
    return (abs(s.joint_position - middle) - reach).clip(0.0).sum(1)


def action_change(s: BodyState) -> Array:
    """Sum of (a - a_before)^2, a in action scales; legged_gym's action_rate."""
    change = s.action - s.last_action
    return (change * change).sum(1)


def foot_air_time(s: BodyState, least_s: float, most_s: float) -> Array:
    """Sum over landing feet of their time in the air beyond ``least_s``, up to ``most_s``, per period; while walking.

    After legged_gym's feet_air_time and MuJoCo Playground's cap, with two changes. It is divided by the period, so that
    a weight does not depend on how often one looks. And a short step costs nothing instead of much: exploration lifts
    feet for moments all the time.
    """
    beyond = s.air_time.clip(least_s, most_s) - least_s
    return (beyond * s.landed).sum(1) * moving(s) * (1.0 / s.robot.period_s)


def foot_slip(s: BodyState) -> Array:
    """Sum of |v_xy|^2 of feet on the floor, m^2/s^2; MuJoCo Playground's feet_slip, here for any command."""
    return ((s.foot_velocity_w[:, :, :2] ** 2).sum(2) * s.foot_contact).sum(1)


def foot_clearance(s: BodyState, height_m: float) -> Array:
    """Sum of |z - height| |v_xy| of feet, m^2/s, by which they are high where they are fast.

    After MuJoCo Playground's feet_clearance, which has the root of the speed: a foot that hardly moves costs more.
    """
    speed = (s.foot_velocity_w[:, :, :2] ** 2).sum(2) ** 0.5
    return (abs(s.foot_position_w[:, :, 2] - height_m) * speed).sum(1)


def single_support(s: BodyState) -> Array:
    """1 where just one foot touches the floor while walking, or all of them while standing."""
    touching, walks = s.foot_contact.sum(1), moving(s)
    feet = s.foot_contact.shape[1]
    return walks * (touching == 1) + (1.0 - walks) * (touching == feet)


def feet_down(s: BodyState) -> Array:
    """Share of the feet that touch the floor."""
    return s.foot_contact.mean(1)


def stillness(s: BodyState, std: float) -> Array:
    """exp(-|v_xy|^2 / std^2): a robot that is to stand does not drift."""
    return _bell((s.velocity_b[:, :2] ** 2).sum(1), std)


def balance(s: BodyState, std: float) -> Array:
    """exp(-|x - f|^2 / std^2), horizontal: x the extrapolated base, f the middle of the feet; a step brings it back.

    x = p + v / sqrt(g / h0) is where a body on stiff legs that moves so comes to rest, if it has support there (Hof et
    al. 2005); h0 is the base's height in the default pose, and the base stands for the centre of mass.
    """
    ahead_s = (s.robot.base_height / GRAVITY) ** 0.5
    error = s.position_w[:, :2] + ahead_s * s.velocity_w[:, :2] - s.foot_position_w[:, :, :2].mean(1)
    return _bell((error * error).sum(1), std)


def same_contacts(s: BodyState) -> Array:
    """Share of the feet that are on the floor where the motion has them, and in the air where not; PBHC's mask."""
    return (((s.foot_contact > 0.5) == s.tracked.reference.contact) * 1.0).mean(1)


def leg_pose(s: BodyState) -> Array:
    """Mean of ((q - q0) / action scale)^2 over joints that do not carry the hand."""
    error = (s.joint_position - s.robot.default_pose) / s.robot.action_scale
    return _share(error * error, 1.0 - s.hand.carrying)


def leg_stand_still(s: BodyState) -> Array:
    """Sum of |q - q0|, rad, over joints that do not carry the hand, where no velocity is asked for."""
    away = abs(s.joint_position - s.robot.default_pose) * (1.0 - s.hand.carrying)
    return away.sum(1) * (1.0 - moving(s))


def hand_position(s: BodyState, std: float) -> Array:
    """exp(-|e|^2 / std^2), e from the hand to its reference, m."""
    return _bell((s.hand.error_h[:, :3] ** 2).sum(1), std)


def hand_orientation(s: BodyState, std: float) -> Array:
    """exp(-|t|^2 / std^2), t the turn from the hand to its reference, rad."""
    return _bell((s.hand.error_h[:, 3:] ** 2).sum(1), std)


def hand_velocity(s: BodyState, std: float) -> Array:
    """exp(-|c - v|^2 / std^2), velocity of the hand and what its twist command asks for, m/s."""
    return _bell(((s.hand.command_h - s.hand.twist_h)[:, :3] ** 2).sum(1), std)


def hand_angular_velocity(s: BodyState, std: float) -> Array:
    """exp(-|c - w|^2 / std^2), angular velocity of the hand and what its twist command asks for, rad/s."""
    return _bell(((s.hand.command_h - s.hand.twist_h)[:, 3:] ** 2).sum(1), std)


def foot_height(s: BodyState, std: float) -> Array:
    """exp(-sum (z - c)^2 / std^2), heights of the feet and what the gait asks for, m."""
    error = s.foot_position_w[:, :, 2] - s.foot_height_command
    return _bell((error * error).sum(1), std)


def contact_schedule(s: BodyState) -> Array:
    """Share of the feet that touch the floor where the gait has them down, and do not where it lifts them."""
    lifted = (s.foot_height_command > 0.0) * 1.0
    return abs(s.foot_contact - lifted).mean(1)


def moving(s: BodyState) -> Array:
    """Return 1 where a velocity is asked for, else 0; (n,)."""
    return ((s.command * s.command).sum(1) > MOVING**2) * 1.0


def _share(values: Array, counts: Array) -> Array:
    """Return the mean of columns that count, (n, J) and (J,) -> (n,)."""
    return (values * counts).sum(1) / counts.sum()


def _bell(square: Array, std: float) -> Array:
    """Return exp(-square / std^2)."""
    return exponential(square * (-1.0 / std**2))
