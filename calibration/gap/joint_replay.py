"""Give logged targets to simulated joints, every stretch from its logged state, with changed dynamics side by side.

A robot in the air is simulated as in the fit (``calibration.joints.model``), one on its feet with the training's
integrator and contacts (``calibration.gap.on_feet``). Delays are applied to the targets beforehand, because a
simulation that begins with a stretch knows no earlier ones.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from calibration.gap.joint_segments import JointSegments
from calibration.joints.model import HeldRobot, Motion, averaged_targets
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
_DELAY, _BIAS = QUANTITIES.index("delay"), QUANTITIES.index("bias")


class World(Protocol):
    """Where joints are simulated."""

    step_s: float
    late_s: float
    """Delay that its targets need beside the robot's."""
    columns: int
    """Of an error: two for each joint, angle and speed, and what else it can be compared by."""

    def errors(self, segments: JointSegments, stacked: Array, targets: Array) -> Array:
        """Return what the log says less what simulations do, (V, S, T, columns).

        Args:
            segments: of the log.
            stacked: (V, 6, n) dynamics; their delays are in the targets already.
            targets: (V, S, steps, n) rad as ``targets_for`` makes them.
        """
        ...


class InTheAir:
    """Joints of a robot whose base is held.

    Args:
        held: the robot.

    Attributes:
        groups: joints that do not feel each other, and so can be changed in one simulation: one of every limb.
    """

    def __init__(self, held: HeldRobot) -> None:
        self._held, self.step_s, self.late_s = held, held.step_s, 0.0
        self.columns = 2 * held.parameters.num_joints
        self.groups = [np.flatnonzero(held.slot == slot) for slot in range(int(held.slot.max()) + 1)]

    def felt(self, joint: int) -> NDArray[np.intp]:
        """Return the columns of an error that a change of one joint acts on: those of its limb."""
        limb = np.flatnonzero(self._held.branch == self._held.branch[joint])
        return np.concatenate([limb, limb + self.columns // 2])

    def errors(self, segments: JointSegments, stacked: Array, targets: Array) -> Array:
        """Return angles and speeds of the log less those of the simulations; see ``World``."""
        sets, count = targets.shape[:2]
        immediate = np.repeat(stacked, count, axis=0)
        immediate[:, _DELAY] = 0.0
        motion = self._held.simulate(
            immediate, targets.reshape(-1, *targets.shape[2:]), np.tile(segments.position[:, 0], (sets, 1)),
            np.tile(segments.velocity[:, 0], (sets, 1)),
        )  # fmt: skip
        return joint_errors(segments, motion, stacked[:, _BIAS])


def joint_errors(segments: JointSegments, motion: Motion, bias: Array) -> Array:
    """Return what was read less what simulations do, (V, S, T, 2 n): angles, then speeds.

    Args:
        segments: of the log.
        motion: of V times S simulations, the stretches fastest.
        bias: (V, n) what encoders read too much, rad.
    """
    sets, count = len(bias), len(segments.time_s)
    result = np.empty((sets, *segments.time_s.shape, 2 * bias.shape[-1]))
    for k in range(count):
        own = Motion(motion.time_s, motion.position[k::count], motion.velocity[k::count])
        after = segments.time_s[k] - segments.time_s[k, 0]
        angle, speed = own.positions_at(after) + bias[:, None], own.velocities_at(after)
        result[:, k] = np.concatenate([segments.position[k] - angle, segments.velocity[k] - speed], axis=-1)
    return result


def targets_for(segments: JointSegments, delay_s: Array, world: World) -> Array:
    """Return targets as they reach the motors in every stretch, (S, steps, n) rad.

    Args:
        segments: of the log.
        delay_s: (n,)
        world: that takes them.
    """
    sent, step_s, delay_s = segments.targets, world.step_s, delay_s + world.late_s
    longest = float(delay_s.max())
    spans = segments.time_s[:, -1] - segments.time_s[:, 0]
    steps = int(np.ceil(spans.max() / step_s)) + 2
    result = np.empty((len(spans), steps, sent.size))
    for k, start in enumerate(segments.time_s[:, 0]):
        first = max(int(np.searchsorted(sent.time_s, start - longest, side="right")) - 2, 0)
        last = int(np.searchsorted(sent.time_s, start + spans[k])) + 2
        time_s, values = sent.time_s[first:last] - start, sent.values[first:last]
        for delay in np.unique(delay_s):
            joints = delay_s == delay
            result[k][:, joints] = averaged_targets(time_s + delay, values[:, joints], steps, step_s)
    return result
