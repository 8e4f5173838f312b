"""Checks before a robot with joints is armed; none of them moves anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hardware.checks import Check, check_battery, check_state
from hardware.dds.state import motor_errors
from hardware.dds.take_over import count_others
from policies.bundle import Bundle
from sim.errors import BundleError, ConfigError, LinkError
from sim.spec import JointLimits, JointParameters

if TYPE_CHECKING:
    from hardware.dds.link import DdsLink


def run_checks(link: DdsLink, bundle: Bundle) -> list[Check]:
    """Return every check, the state of the robot last; the link takes over the bundle's joints and gains.

    Args:
        link: open.
        bundle: whose policy is to run.
    """
    joints = _check_joints(link, bundle)
    if not joints.passed:
        return [joints]
    state = link.read()
    return [
        joints,
        check_motion_service(link),
        check_other_controllers(link),
        _check_motors(link, bundle),
        _check_remote(link),
        check_battery(state, bundle.info.limits),
        check_state(state),
    ]


def joint_parameters(constants: dict[str, Any], where: str = "the bundle") -> JointParameters:
    """Return the parameters a bundle carries as data.

    Raises:
        BundleError: if they are not those of a robot with joints.
    """
    try:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in constants.items()
        }
        parameters = JointParameters(**fields)
        sizes = {len(parameters.kp), len(parameters.kd), parameters.num_joints}
    except TypeError:
        raise BundleError(f"{where} holds no joint parameters: it is not for a robot with joints") from None
    if len(sizes) != 1:
        raise BundleError(f"{where} has gains of another number than joints")
    return parameters


def check_motion_service(link: DdsLink) -> Check:
    """Whether the robot's own controller can be asked to let go."""
    try:
        name = link.switcher.active_mode()
    except LinkError as error:
        return Check("built-in controller", False, str(error))
    if name:
        return Check(
            "built-in controller", True, f"'{name}' holds the robot; arming releases it and the robot goes limp"
        )
    return Check("built-in controller", True, "released")


def check_other_controllers(link: DdsLink) -> Check:
    """Whether somebody else commands the motors; the built-in controller may while it is at work."""
    name = "other controllers"
    count = count_others(link.exchange)
    if not count:
        return Check(name, True, "none")
    try:
        own = link.switcher.active_mode()
    except LinkError:
        own = ""
    if own:
        return Check(name, True, f"only the robot's own, '{own}'")
    return Check(name, False, f"{count} foreign commands on rt/lowcmd; stop the other program first")


def _check_joints(link: DdsLink, bundle: Bundle) -> Check:
    """Whether the bundle's joints are the robot's; they come before all that speaks of joints."""
    robot, profile = bundle.info.robot, link.exchange.profile
    try:
        if robot.name != profile.robot:
            raise BundleError(f"the bundle is for robot '{robot.name}', and this one is a '{profile.robot}'")
        parameters = joint_parameters(robot.constants)
        if tuple(bundle.info.action.names) != parameters.joint_names:
            raise BundleError("the policy's actions are not the joints of its robot, in their order")
        link.configure(parameters)
    except (BundleError, ConfigError) as error:
        return Check("joints", False, str(error))
    return Check("joints", True, f"{parameters.num_joints} joints of a {profile.robot}, gains '{parameters.name}'")


def _check_motors(link: DdsLink, bundle: Bundle) -> Check:
    state, frame = link.read(), link.exchange.states.frame
    limits = bundle.info.limits
    if state is None or frame is None:
        return Check("motors", False, "no state; try again")
    names = bundle.info.action.names
    faulty = motor_errors(frame, link.motors)
    if faulty:
        return Check("motors", False, f"motor {faulty[0]} reports an error; see the robot's app, restart it")
    hottest = max(range(len(names)), key=lambda k: state.temperature_c[k])
    temperature = state.temperature_c[hottest]
    if isinstance(limits, JointLimits) and not temperature < limits.temperature_c:
        return Check("motors", False, f"{names[hottest]} has {temperature:.0f} degrees C; let it cool down")
    return Check("motors", True, f"no errors, hottest {temperature:.0f} degrees C")


def _check_remote(link: DdsLink) -> Check:
    states = link.exchange.states
    states.clear_stop()
    if states.remote_stop:
        return Check("remote", False, "its stop buttons are down; release them")
    return Check("remote", True, "no stop asked for")
