"""From the reference to joint targets: the ramp to the first pose, then the policy, within every limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.joints.holding import holding_targets
from hardware.joints.observation import JointObservation
from hardware.pilot import AroundHostPilot, HostPilot
from hardware.states import JointState, RobotState
from policies.bundle import Bundle
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError
from sim.motion.clip import load_clip
from sim.motion.playback import Playback
from sim.spec import JointLimits


class TargetLimiter:
    """Keeps joint targets within the range of the joint and within what its motor may be asked for.

    The robot's controller turns a target into the torque ``kp (target - q) - kd v``; a target is
    moved towards the joint until that torque keeps to its limit.

    Args:
        limits: from the bundle.
        kp: (n,) N m/rad.
        kd: (n,) N m s/rad.
    """

    def __init__(self, limits: JointLimits, kp: Sequence[float], kd: Sequence[float]) -> None:
        self._low, self._high = np.asarray(limits.position_low_rad), np.asarray(limits.position_high_rad)
        self._torque = np.asarray(limits.torque_n_m)
        self._kp, self._kd = np.asarray(kp), np.asarray(kd)

    def limit(self, targets: np.ndarray, state: JointState) -> np.ndarray:
        """Return the nearest targets that keep to every limit, (n,) rad; ``state`` must be finite."""
        position, velocity = np.asarray(state.position), np.asarray(state.velocity)
        centre = position + self._kd * velocity / self._kp
        reach = self._torque / self._kp
        return np.clip(np.clip(targets, centre - reach, centre + reach), self._low, self._high)


class JointPilot(AroundHostPilot):
    """Moves to the first pose, from the targets that hold the robot as it is found, then lets the policy act.

    The first pose is the default one, or that of the motion which the policy follows; that begins with the policy.

    Args:
        policy: checked against its golden sequences.

    Raises:
        ConfigError: if the bundle is not one for a robot with joints, or its motion is of another.
    """

    def __init__(self, policy: OnnxPolicy) -> None:
        info = policy.bundle.info
        constants = info.robot.constants
        if not isinstance(info.limits, JointLimits) or not {"kp", "kd"} <= set(constants):
            raise ConfigError(f"bundle {policy.bundle.path} has no joint limits and gains: it is not for joints")
        self._limiter = TargetLimiter(info.limits, constants["kp"], constants["kd"])
        self._pose, self._kp = np.asarray(info.action.nominal), np.asarray(constants["kp"])
        self._playback = _playback(policy.bundle)
        if self._playback is not None:
            self._pose = self._playback.now.joint_position
        observe = JointObservation(info, self._playback)
        self._policy = HostPilot(policy, observe, self._limiter.limit, start=self._pose)
        self._start: np.ndarray | None = None
        self.failed = False

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return the joint targets of this period, rad, or ``None``: send none."""
        self.failed = False
        if reference is None or not isinstance(state, JointState) or not state.finite:
            self._start = None
            self._wait()
            return None
        if self._start is None:
            self._start = holding_targets(state.position, state.torque, self._kp)
        blend = reference[0]
        if blend < 1.0:
            self._wait()
            targets = self._start + blend * (self._pose - self._start)
            return self._limiter.limit(targets, state).tolist()
        command = self._policy.command(reference, state)
        self.failed = self._policy.failed
        if self._playback is not None:
            self._playback.advance()
        return command

    def _wait(self) -> None:
        """Let the policy and its motion begin anew when their time comes."""
        self._policy.command(None, None)
        if self._playback is not None:
            self._playback.rewind()


def _playback(bundle: Bundle) -> Playback | None:
    """Return the player of the motion in a bundle; ``None`` without one.

    Raises:
        ConfigError: if it is not a motion of these joints.
    """
    if bundle.clip_path is None:
        return None
    clip = load_clip(bundle.clip_path)
    if clip.joint_names != bundle.info.action.names:
        raise ConfigError(f"{bundle.clip_path} is a motion of other joints than the bundle's: train it again")
    return Playback(clip, bundle.info.timing.control_period_s)
