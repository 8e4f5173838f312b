"""What is sent to the motors: the newest target while it is fresh, and a safe thing whenever it is not.

Free of clocks, threads and DDS. Everything that takes the robot out of the policy's hands latches:
after damping it follows targets again only when it is armed again, because a robot that has sunk
into its joints must not be thrown back into a pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardware.dds.frames import Frame, GoLowCmd, HgLowCmd
from hardware.dds.profiles import DdsProfile
from hardware.joints.holding import holding_targets
from sim.errors import LinkError
from sim.spec import JointParameters

MAX_TARGET_AGE_NS = 100_000_000
"""Five periods of a 50 Hz policy: older targets are of a host that no longer runs."""
MAX_WAIT_NS = 5_000_000_000
"""From arming to the first target; a supervisor starts within three seconds, or gives up."""
DAMPING_KD = 8.0
"""N m s/rad (unitree_rl_gym's damping command)."""
MOTOR_ENABLED, MOTOR_OFF = 1, 0
PITCH_ROLL = 0
"""``mode_pr``: ankles and waist are commanded by pitch and roll."""
_GO_HEAD, _GO_LOW_LEVEL = (0xFE, 0xEF), 0xFF


class Drive(Enum):
    """What the motors are told."""

    SILENT = "silent"
    """Nothing is sent."""
    DAMP = "damp"
    """No stiffness, much damping: the robot sinks slowly."""
    FOLLOW = "follow"
    """The newest target, with its gains."""
    HOLD = "hold"
    """The last target, for as long as it takes."""
    OFF = "off"
    """Motors disabled."""


class CommandSource:
    """Decides what goes into the next ``LowCmd`` of one robot.

    Attributes:
        drive: what is sent now.
        reason: why this link itself took the robot out of the host's hands, for people; empty if it did not.
    """

    def __init__(self, profile: DdsProfile) -> None:
        self._profile = profile
        self._frame = HgLowCmd() if profile.family == "hg" else GoLowCmd()
        self._motors: NDArray[np.intp] = np.arange(len(profile.motor_joints))
        self._kp = self._kd = np.zeros(len(self._motors))
        self._target: NDArray[np.float64] | None = None
        self._target_ns = 0
        self._waits_until_ns: int | None = None
        self._locked = False
        self._disarmed = False
        self.drive = Drive.SILENT
        self.reason = ""

    def configure(self, parameters: JointParameters, machine_type: int) -> None:
        """Set joints, gains and the robot's type; before ``arm``.

        Raises:
            ConfigError: if the joints are not the robot's.
        """
        self._motors = np.asarray(self._profile.motor_indices(parameters.joint_names))
        self._kp, self._kd = np.asarray(parameters.kp), np.asarray(parameters.kd)
        self._effort = np.asarray(parameters.effort_n_m)
        record = self._frame.record
        if self._profile.family == "hg":
            record["mode_pr"], record["mode_machine"] = PITCH_ROLL, machine_type
        else:
            record["head"], record["level_flag"] = _GO_HEAD, _GO_LOW_LEVEL

    @property
    def armed(self) -> bool:
        """Whether this link has the robot, to move it or to damp it."""
        return self.drive in (Drive.FOLLOW, Drive.HOLD, Drive.DAMP) and not self._disarmed

    @property
    def following(self) -> bool:
        """Whether targets are followed."""
        return self.drive in (Drive.FOLLOW, Drive.HOLD)

    def holding(self, position: ArrayLike, torque: ArrayLike) -> NDArray[np.float64]:
        """Return the targets, (n,) rad, that hold the robot where it is by the torque it has; see ``arm``."""
        return holding_targets(position, np.clip(torque, -self._effort, self._effort), self._kp)

    def arm(self, pose: Sequence[float], now_ns: int) -> None:
        """Begin to send: hold a pose, (n,) rad, until the first target, which must come within ``MAX_WAIT_NS``.

        A robot that stands would sink if it were damped meanwhile, and also if it were held at the angles where it
        is; ``holding`` gives the pose that changes nothing.

        Raises:
            LinkError: after an emergency stop, or if the pose is not made of numbers.
        """
        if self._locked:
            raise LinkError("the robot was stopped for good: restart it and open the link again")
        target = np.asarray(pose, dtype=np.float64)
        if not np.isfinite(target).all():
            raise LinkError("the joints' positions are not numbers: the robot cannot be armed")
        self.drive, self.reason, self._target = Drive.HOLD, "", target
        self._disarmed, self._waits_until_ns = False, now_ns + MAX_WAIT_NS

    def disarm(self) -> None:
        """Give the robot up, damped; no target is accepted until ``arm``."""
        self._disarmed = True
        self.stop(Drive.DAMP)

    def stop(self, drive: Drive) -> None:
        """Damp or switch off because the host wants it; only ever towards less torque."""
        if self.drive is Drive.SILENT and not self._locked:
            return  # this link never commanded the robot: it leaves it as it is
        if self.drive is not Drive.OFF:
            self.drive = drive

    def catch(self, reason: str) -> None:
        """Damp a robot that its own controller let go and that could not be held: it would fall limp.

        Args:
            reason: for people.
        """
        if self.drive is Drive.SILENT:
            self.reason, self.drive = reason, Drive.DAMP
        else:
            self.give_up(reason)

    def give_up(self, reason: str) -> None:
        """Damp because the host cannot be relied on or must not have the robot any more.

        Args:
            reason: for people.
        """
        if self.following:
            self.reason = reason
            self.stop(Drive.DAMP)

    def lock(self) -> None:
        """Motors off for good."""
        self._locked = True
        self.stop(Drive.OFF)

    def follow(self, target: Sequence[float], now_ns: int) -> None:
        """Take a target, (n,) rad; ignored unless targets are followed, and damped if it is not made of numbers."""
        values = np.asarray(target, dtype=np.float64)
        if not self.following:
            return
        if values.shape != self._motors.shape or not np.isfinite(values).all():
            self.give_up("a target was not made of numbers, one per joint")
            return
        self._target, self._target_ns, self.drive = values, now_ns, Drive.FOLLOW
        self._waits_until_ns = None

    def hold(self) -> None:
        """Keep the last target for as long as it takes."""
        if self.following:
            self.drive, self._waits_until_ns = Drive.HOLD, None

    def next_frame(self, now_ns: int) -> Frame | None:
        """Return the sealed frame to send now, ``None`` for silence."""
        if self.drive is Drive.SILENT:
            return None
        if self.drive is Drive.FOLLOW and now_ns - self._target_ns > MAX_TARGET_AGE_NS:
            age_ms = (now_ns - self._target_ns) / 1e6
            self.give_up(f"no new target for {age_ms:.0f} ms")
        if self.drive is Drive.HOLD and self._waits_until_ns is not None and now_ns > self._waits_until_ns:
            self.give_up(f"no target within {MAX_WAIT_NS / 1e9:g} s after it was armed")
        self._fill()
        self._frame.seal()
        return self._frame

    def _fill(self) -> None:
        command = self._frame.record["motor_cmd"]
        stiff = self.following
        command["mode"][self._motors] = MOTOR_OFF if self.drive is Drive.OFF else MOTOR_ENABLED
        command["q"][self._motors] = self._target if stiff else 0.0
        command["kp"][self._motors] = self._kp if stiff else 0.0
        command["kd"][self._motors] = self._kd if stiff else (0.0 if self.drive is Drive.OFF else DAMPING_KD)
