"""The gap of a log of joints: how far simulation and log part, which joint first, and what may explain it."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from calibration.gap.joint_likely import explain_joints
from calibration.gap.joint_replay import InTheAir, World, targets_for
from calibration.gap.joint_segments import JointSegments, cut_joints
from calibration.gap.measure import EXPLAINED_S, Gap, SignalGap, signal_gap
from calibration.gap.on_feet import OnFeet
from calibration.joints.log import gravity_of
from calibration.joints.model import HeldRobot
from calibration.recording.record import Recording
from sim.bodies.dynamics import QUANTITIES
from sim.spec import JointParameters

Array = NDArray[np.float64]
LEAST_RAD, LEAST_RAD_S = 1e-3, 0.05
"""Noise is at least this: a step of a good encoder, and what it becomes as a speed."""
LEAST_TILT_RAD, LEAST_TURN_RAD_S = 5e-3, 0.05
"""The same of an inertial unit."""
NORMAL_MEDIAN = 0.6745
"""Of the size of a normal number with standard deviation one: few steps of a foot on the ground count for little."""
ON_FEET = (
    "on its feet a robot parts from any simulation by when its feet land, more than by any joint: hang it up, and say"
    " 'calibrate collect'"
)
LOOKED_AT = 24
"""Stretches that signatures are simulated for, evenly over the log."""


def measure_joints(recording: Recording, parameters: JointParameters, identified: Array | None, length_s: float) -> Gap:
    """Replay a log's targets in simulation and compare.

    Args:
        recording: of a robot with joints, aligned.
        parameters: whose gains followed the targets.
        identified: (6, n) dynamics to simulate, NaN where the nominal ones are meant; default: those everywhere.
        length_s: of each stretch.

    Raises:
        ConfigError: if the log lacks a stream, or holds too little.
    """
    segments = cut_joints(recording, length_s)
    held = HeldRobot(recording.robot, parameters, gravity_of(recording))
    dynamics = held.nominal.stacked
    if identified is not None:
        dynamics = np.where(np.isnan(identified), dynamics, identified)
    world, where, errors = _world(segments, held, parameters, recording.robot, dynamics)
    floor = _floor(errors, segments)
    early = int((segments.offset_s <= EXPLAINED_S + 1e-9).sum())
    some = np.unique(np.linspace(0, len(segments.time_s) - 1, LOOKED_AT).round().astype(np.intp))
    explanations = []
    if isinstance(world, InTheAir):
        explanations = explain_joints(
            segments.rows(some, early), world, dynamics, floor, parameters.joint_names, errors[some][:, :early]
        )
    signals = _signals(errors, floor, segments, parameters)
    joints = tuple(
        signal_gap(name, "rad", errors[..., [j]], floor[[j]], segments.offset_s, segments.start_s)
        for j, name in enumerate(parameters.joint_names)
    )
    rate = 1.0 / float(segments.offset_s[1])
    told = f"as logged, {rate:.0f} Hz; simulated {where}"
    gap = Gap(signals, tuple(explanations), segments.start_s, segments.offset_s, told, joints)
    return gap if isinstance(world, InTheAir) else dataclasses.replace(gap, unexplained=ON_FEET)


def _world(
    segments: JointSegments, held: HeldRobot, parameters: JointParameters, robot: str, dynamics: Array
) -> tuple[World, str, Array]:
    """Return the world whose joints move more as the log's did, its name, and their errors (S, T, columns).

    A log does not say whether the robot hung or stood; it shows.
    """
    n, best = parameters.num_joints, None
    for where, world in (("in the air", InTheAir(held)), ("on its feet", OnFeet(robot, parameters))):
        targets = targets_for(segments, dynamics[QUANTITIES.index("delay")], world)
        errors = world.errors(segments, dynamics[None], targets[None])[0]
        size = float(np.sqrt(np.mean(np.square(errors[..., :n]))))
        if best is None or size < best[0]:
            best = size, world, where, errors
    assert best is not None
    return best[1], best[2], best[3]


def _floor(errors: Array, segments: JointSegments) -> Array:
    """Return the noise of each column, (columns,).

    Two things bound it: what differs right after the first row, which is the log's own, and by how much rows differ
    from the line through their neighbours. A model that is far off raises the one, slow rows the other.
    """
    n, columns = segments.position.shape[-1], errors.shape[-1]
    least = np.repeat([LEAST_RAD, LEAST_RAD_S, LEAST_TILT_RAD, LEAST_TURN_RAD_S], (n, n, 3, 3))[:columns]
    head = errors[:, 1 : max(int((segments.offset_s <= 0.01).sum()), 2)]
    bound = np.median(np.abs(head), axis=(0, 1)) / NORMAL_MEDIAN
    logged = np.concatenate([segments.position, segments.velocity], axis=-1)
    bent = np.median(np.abs(np.diff(logged, 2, axis=1)), axis=(0, 1)) / NORMAL_MEDIAN / 6.0**0.5
    bound[: 2 * n] = np.minimum(bound[: 2 * n], bent)
    return np.maximum(bound, least)


def _signals(
    errors: Array, floor: Array, segments: JointSegments, parameters: JointParameters
) -> tuple[SignalGap, ...]:
    n = parameters.num_joints
    parts = [("joint position", "rad", slice(0, n)), ("joint velocity", "rad/s", slice(n, 2 * n))]
    if errors.shape[-1] > 2 * n:
        parts += [("attitude", "rad", slice(2 * n, 2 * n + 3)), ("angular velocity", "rad/s", slice(2 * n + 3, None))]
    return tuple(
        signal_gap(name, unit, errors[..., part], floor[part], segments.offset_s, segments.start_s)
        for name, unit, part in parts
    )
