"""The MuJoCo model of a multirotor, with any parameter set applied to its MJCF.

Conventions of every multirotor's MJCF: one body named as the robot, on a free joint ``root``,
and per motor a site and a ``motor`` actuator of the motor's name whose control is thrust in
newtons. The environment, the virtual robot and the kernel's parity tests build it here.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.flight.scene import add_scene
from sim.mjcf import open_mjcf
from sim.spec import MultirotorParameters, RobotSpec


def build_model(
    robot: RobotSpec | str,
    parameter_set: MultirotorParameters | str | None = None,
    timestep: float = 0.005,
    floor: bool = False,
) -> mujoco.MjModel:
    """Compile a robot's MJCF with a parameter set.

    Args:
        robot: the robot or its name.
        parameter_set: the set or its name; the robot's default when None.
        timestep: integration step, s.
        floor: add a floor to stand on, with sky and light; without it the robot floats in
            empty space, which is faster and what the flight tasks use.

    Returns:
        The compiled model; ``ctrl`` is one thrust per motor in newtons, in motor order.

    Raises:
        ConfigError: for an unknown robot or set, a time step that is not positive, or an MJCF
            that lacks what a multirotor needs.
    """
    return build_spec(robot, parameter_set, timestep, floor).compile()


def build_spec(
    robot: RobotSpec | str,
    parameter_set: MultirotorParameters | str | None = None,
    timestep: float = 0.005,
    floor: bool = False,
) -> mujoco.MjSpec:
    """Like ``build_model``, but still editable (cameras, obstacles, target markers)."""
    spec, robot, parameters = open_mjcf(robot, parameter_set, MultirotorParameters, timestep)
    _apply(spec, robot, parameters)
    if floor:
        add_scene(spec)
    return spec


def model_fields(model: mujoco.MjModel, robot: RobotSpec, parameters: FlightParameters) -> dict[str, NDArray]:
    """Return the model fields that hold each environment's airframe, by MuJoCo's field name.

    ``body_mass`` ``(num_envs, nbody)``, ``body_inertia`` and ``body_ipos`` ``(num_envs, nbody, 3)``,
    ``actuator_gear`` ``(num_envs, nu, 6)``: ready for ``mujoco.batch.Batch.expand``. Call the
    batch's ``set_const`` after writing them, or the centre of mass stays at the origin. Thrust curve,
    motor gains, time constants and battery act in ``rotor_bank.RotorBank``, drag and ground effect in
    ``air_bank.AirBank``; ``force_w`` goes to ``xfrc_applied``
    (it acts on the centre of mass) and ``torque_b`` to the free joint's rotational
    ``qfrc_applied``, which MuJoCo takes in the body frame.
    """
    n, body = parameters.num_envs, model.body(robot.name).id
    fields = {
        name: np.repeat(getattr(model, name)[None], n, axis=0)
        for name in ("body_mass", "body_inertia", "body_ipos", "actuator_gear")
    }
    fields["body_mass"][:, body] = parameters.mass
    fields["body_inertia"][:, body] = parameters.inertia
    fields["body_ipos"][:, body] = parameters.centre_of_mass_b
    motors = [model.actuator(name).id for name in robot.motor_names]
    fields["actuator_gear"][:, motors] = actuator_gear(parameters)
    return fields


def standing_height(model: mujoco.MjModel) -> float:
    """Return the height of the body's origin above a floor that its feet (spheres ``foot_...``) touch, m."""
    feet = [geom for geom in map(model.geom, range(model.ngeom)) if geom.name.startswith("foot_")]
    return max((float(foot.size[0] - foot.pos[2]) for foot in feet), default=0.0)


def actuator_gear(parameters: FlightParameters) -> NDArray[np.float64]:
    """Return force and torque at each rotor's hub per newton of thrust, ``(num_envs, num_rotors, 6)``."""
    axis = parameters.rotor_axis_b.astype(np.float64)
    reaction = parameters.torque_per_thrust[:, None, None] * (parameters.yaw_sign[:, None] * axis)
    return np.concatenate([np.broadcast_to(axis, reaction.shape), reaction], axis=2)


def _apply(spec: mujoco.MjSpec, robot: RobotSpec, parameters: MultirotorParameters) -> None:
    """Write the parameter set's constants over those of the MJCF."""
    body = spec.body(robot.name)
    if body is None:
        raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no body named '{robot.name}'")
    body.mass = parameters.mass
    body.inertia = parameters.inertia
    body.ipos = (0.0, 0.0, 0.0)
    body.simple = False  # else MuJoCo assumes for good that the centre of mass is at the origin
    if len(robot.motor_names) != parameters.num_rotors:
        raise ConfigError(
            f"robot '{robot.name}': {len(robot.motor_names)} motors, but set '{parameters.name}' "
            f"has {parameters.num_rotors} rotors"
        )
    gears = actuator_gear(FlightParameters.nominal(parameters, 1))[0]
    for name, position, gear in zip(robot.motor_names, parameters.rotor_position_b, gears, strict=True):
        site, motor = spec.site(name), spec.actuator(name)
        if site is None or motor is None:
            raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no site or no actuator named '{name}'")
        site.pos, site.quat = position, (1.0, 0.0, 0.0, 0.0)
        motor.gear = gear
