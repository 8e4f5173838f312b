"""The model of a body on legs: the robot on a floor, delays in its commands, and the few sensors that terms read.

Sensors that only other users need go: an accelerometer alone makes MuJoCo compute every body's acceleration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.bodies.model import build_joint_spec, reset_to_default_pose
from sim.errors import ConfigError
from sim.flight.scene import FLOOR
from sim.legged.measured import add_measuring_sensors, initial_history
from sim.legged.physics import AS_TRAINED, Physics
from sim.legged.spec import LARGEST_DELAY_S
from sim.registry import load_robot
from sim.spec import JointParameters

_SEEN = {
    "seen position": mujoco.mjtSensor.mjSENS_FRAMEPOS,
    "seen quaternion": mujoco.mjtSensor.mjSENS_FRAMEQUAT,
    "seen velocity": mujoco.mjtSensor.mjSENS_FRAMELINVEL,
    "seen angular velocity": mujoco.mjtSensor.mjSENS_FRAMEANGVEL,
}
"""Sensors of a site, from the base."""
_SETTLE_S = 0.5
_STABLE_SPEED_RAD_S = 50.0
"""No joint of a robot that only holds its pose is this fast, even one that sinks or falls."""


@dataclass(frozen=True)
class LeggedScene:
    """A compiled model and where to find things in it.

    Attributes:
        model: MuJoCo's.
        parameters: the robot's constants.
        base: body that the free joint moves.
        foot_geoms: of each foot, those whose friction with the floor counts.
        foot_position: columns of ``sensordata``; (feet, 3).
        foot_velocity: columns of ``sensordata``; (feet, 3).
        foot_contact: columns of ``sensordata``: how many contacts a foot has; (feet,).
        sites: columns of ``sensordata`` by site: position, quaternion, velocity and angular velocity, as seen from the
            base and in its frame; (13,).
    """

    model: mujoco.MjModel
    parameters: JointParameters
    base: int
    foot_geoms: tuple[tuple[int, ...], ...]
    foot_position: NDArray[np.intp]
    foot_velocity: NDArray[np.intp]
    foot_contact: NDArray[np.intp]
    sites: Mapping[str, NDArray[np.intp]]


def build_legged_scene(
    robot: str,
    parameters: JointParameters,
    step_s: float,
    sites: tuple[str, ...] = (),
    physics: Physics = AS_TRAINED,
    exact_delays: bool = False,
    late_sensors: bool = False,
) -> LeggedScene:
    """Compile a robot with what its tasks need.

    Args:
        robot: its name.
        parameters: the set of constants.
        step_s: physics step.
        sites: whose motion is to be read beside the feet's.
        physics: how it is simulated.
        exact_delays: targets that arrive within a step act from then on; else with the next step. Both act no earlier
            than one step after they were given.
        late_sensors: have encoders and an inertial unit that remember, for ``sim.legged.measured``.

    Raises:
        ConfigError: if the model has no such foot or site, or no inertial unit on its base, or is not stable with these
            gains at this step.
    """
    spec = build_joint_spec(load_robot(robot), parameters, step_s)
    physics.apply(spec, parameters, step_s)
    for sensor in spec.sensors:
        spec.delete(sensor)
    for foot in parameters.feet:
        _add_foot_sensors(spec, robot, foot)
    for site in sites:
        _add_site_sensors(spec, robot, site)
    if late_sensors:
        add_measuring_sensors(spec, parameters.joint_names, step_s)
    for actuator in spec.actuators:
        actuator.nsample = math.ceil(LARGEST_DELAY_S / step_s) + exact_delays  # (one more for ``input_lead_s``)
        actuator.delay = step_s  # (a positive one: what is drawn for each simulation replaces it)
        actuator.interp = int(exact_delays)  # linear: the mean of a step in which the target changes
    model = spec.compile()
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)  # what diverges must show
    _require_inertial_unit(model, robot)
    _require_stable(model, robot, parameters, step_s)
    columns = {kind: _columns(model, parameters.feet, kind) for kind in ("position", "velocity", "contact")}
    return LeggedScene(
        model=model,
        parameters=parameters,
        base=int(model.jnt_bodyid[0]),
        foot_geoms=tuple(_touching(model, int(model.site(foot).bodyid[0])) for foot in parameters.feet),
        foot_position=columns["position"],
        foot_velocity=columns["velocity"],
        foot_contact=columns["contact"][:, 0],
        sites={site: np.concatenate([_columns(model, (site,), kind)[0] for kind in _SEEN]) for site in sites},
    )


def resting_history(model: mujoco.MjModel, parameters: JointParameters) -> NDArray[np.float64]:
    """Return the history of a robot whose targets have always been its default pose; (nhistory,)."""
    data = mujoco.MjData(model)
    for joint, angle in enumerate(parameters.default_pose_rad):
        samples = int(model.actuator_history[joint, 0])
        mujoco.mj_initCtrlHistory(model, data, joint, None, np.full((samples, 1), angle))
    initial_history(model, data)
    return data.history.copy()


def remembered_targets(model: mujoco.MjModel, joints: int) -> NDArray[np.intp]:
    """Return whose target each number of the history is, -1 where it is none; (nhistory,)."""
    histories = []
    for angles in (np.zeros(joints), np.arange(joints) + 1.0):
        data = mujoco.MjData(model)
        for joint, angle in enumerate(angles):
            mujoco.mj_initCtrlHistory(
                model, data, joint, None, np.full((int(model.actuator_history[joint, 0]), 1), angle)
            )
        histories.append(data.history.copy())
    return (histories[1] - histories[0]).round().astype(np.intp) - 1


def _add_foot_sensors(spec: mujoco.MjSpec, robot: str, foot: str) -> None:
    site = spec.site(foot)
    if site is None:
        raise ConfigError(f"robot '{robot}': its model has no site '{foot}' under a foot")
    for kind, what in (
        ("position", mujoco.mjtSensor.mjSENS_FRAMEPOS),
        ("velocity", mujoco.mjtSensor.mjSENS_FRAMELINVEL),
    ):
        spec.add_sensor(name=f"{foot} {kind}", type=what, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=foot)
    contact = spec.add_sensor(
        name=f"{foot} contact",
        type=mujoco.mjtSensor.mjSENS_CONTACT,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        objname=site.parent.name,
        reftype=mujoco.mjtObj.mjOBJ_GEOM,
        refname=FLOOR,
    )
    contact.intprm = [1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND), 0, 1]  # data, reduction, slots


def _add_site_sensors(spec: mujoco.MjSpec, robot: str, site: str) -> None:
    if spec.site(site) is None:
        raise ConfigError(f"robot '{robot}': its model has no site '{site}'")
    base = next(body.name for body in spec.bodies if body.joints)
    for kind, what in _SEEN.items():
        spec.add_sensor(
            name=f"{site} {kind}",
            type=what,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname=site,
            reftype=mujoco.mjtObj.mjOBJ_XBODY,
            refname=base,
        )


def _columns(model: mujoco.MjModel, feet: tuple[str, ...], kind: str) -> NDArray[np.intp]:
    sensors = [model.sensor(f"{foot} {kind}") for foot in feet]
    return np.array([np.arange(s.adr[0], s.adr[0] + s.dim[0]) for s in sensors])


def _touching(model: mujoco.MjModel, body: int) -> tuple[int, ...]:
    """Return the geoms of a foot's body whose friction counts: those of the highest priority that can touch."""
    first, count = int(model.body_geomadr[body]), int(model.body_geomnum[body])
    able = [geom for geom in range(first, first + count) if model.geom_contype[geom]]
    highest = max((int(model.geom_priority[geom]) for geom in able), default=0)
    return tuple(geom for geom in able if model.geom_priority[geom] == highest)


def _require_inertial_unit(model: mujoco.MjModel, robot: str) -> None:
    """Terms compute what an inertial unit measures from the base's motion: it must be fixed there, and not turned."""
    named = [model.site(k).name for k in range(model.nsite)]
    if "imu" in named:
        site = model.site("imu")
        if int(site.bodyid[0]) == int(model.jnt_bodyid[0]) and np.allclose(site.quat, (1.0, 0.0, 0.0, 0.0)):
            return
    raise ConfigError(f"robot '{robot}': its model needs a site 'imu' on the base, turned as the base is")


def _require_stable(model: mujoco.MjModel, robot: str, parameters: JointParameters, step_s: float) -> None:
    """Hold the default pose for a moment; a step too long for the gains shows at once."""
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    data.history[:] = resting_history(model, parameters)
    mujoco.mj_step(model, data, nstep=round(_SETTLE_S / step_s))
    fastest = np.abs(data.qvel[6:]).max()
    if not (np.isfinite(data.qpos).all() and fastest < _STABLE_SPEED_RAD_S):
        raise ConfigError(
            f"robot '{robot}' is unstable with the gains '{parameters.name}' at steps of {step_s:g} s:"
            " take a shorter physics step, or less stiffness and damping"
        )
