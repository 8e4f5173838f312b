"""Which commands the humanoid obeys, and what it does when none comes.

What the real robot does when ``LowCmd`` stops is not published; this one damps after 200 ms, the time
within which every robot here must be safe, and obeys again when good commands come back: a host must
not count on the robot to stay damped. Whoever commands it is the only one until it falls silent.
"""

from __future__ import annotations

import numpy as np

from hardware.dds.command import DAMPING_KD
from hardware.dds.frames import HgLowCmd
from hardware.virtual.events import EventLog
from hardware.virtual.humanoid.motion_service import MotionService
from hardware.virtual.joints.drive import Drive, damping, holding
from sim.spec import JointParameters

WATCHDOG_MS = 200
MACHINE_TYPE = 5
"""``mode_machine`` of the 29-joint G1, revision 1.0 (unitree_ros' table)."""
MAX_TARGET_RAD, MAX_SPEED_RAD_S = 4.0 * np.pi, 100.0
MAX_KP, MAX_KD = 1000.0, 100.0
"""Beyond these a command is no command."""


class Commander:
    """Takes ``LowCmd`` frames and decides what the motors do.

    Args:
        parameters: of the robot.
        service: its own controller, which comes first.
        events: where everything noteworthy goes.
    """

    def __init__(self, parameters: JointParameters, service: MotionService, events: EventLog) -> None:
        n = parameters.num_joints
        self._service, self._events = service, events
        self._effort = np.asarray(parameters.effort_n_m)
        self._built_in = holding(parameters, parameters.default_pose_rad)
        self._damped = damping(n, DAMPING_KD)
        self._commanded: Drive | None = None
        self._command_ms = 0
        self._owner: int | None = None
        self._watchdog = False
        self._kind = ""

    @property
    def obeying(self) -> bool:
        """Whether the motors follow commands from outside."""
        return self._commanded is not None and not self._service.name and not self._watchdog

    def receive(self, frame: HgLowCmd, writer: int) -> bool:
        """Take a frame or refuse it, counted by the reason; returns whether it was taken."""
        reason = self._refusal(frame, writer)
        if reason:
            if self._events.counters[reason] == 0:
                self._events.add(reason)
            self._events.count(reason)
            return False
        now_ms = self._events.tick_ms
        if self._commanded is None:
            self._events.add("armed")
        elif self._watchdog:
            self._events.add("commands_back")
        self._owner, self._command_ms, self._watchdog = writer, now_ms, False
        self._commanded = self._decode(frame)
        self._note(self._commanded)
        self._events.count("commands")
        self._events.mark("last_command")
        return True

    def drive(self) -> Drive:
        """Return what the motors do now."""
        if self._service.name:
            self._commanded = None
            self._service.commanded = False
            return self._built_in
        age_ms = self._events.tick_ms - self._command_ms
        if self._commanded is not None and age_ms > WATCHDOG_MS and not self._watchdog:
            self._watchdog = True
            self._events.add("watchdog_damp", command_age_ms=age_ms)
        self._service.commanded = self._commanded is not None and not self._watchdog
        if self._commanded is None or self._watchdog:
            return self._damped
        return self._commanded

    def _refusal(self, frame: HgLowCmd, writer: int) -> str:
        """Return why a frame is not obeyed, ``""`` if it is."""
        if not frame.intact:
            return "bad_checksum"
        if int(frame.record["mode_machine"]) != MACHINE_TYPE:
            return "other_machine_type"
        if int(frame.record["mode_pr"]) != 0:
            return "parallel_mode_unknown"
        if not self._in_range(frame):
            return "out_of_range"
        if self._service.name:
            return "refused_before_release"
        if self._commanded is not None and writer != self._owner and not self._watchdog:
            return "second_controller"
        return ""

    def _in_range(self, frame: HgLowCmd) -> bool:
        motors = frame.record["motor_cmd"][: len(self._effort)]
        limits = (("q", MAX_TARGET_RAD), ("dq", MAX_SPEED_RAD_S), ("kp", MAX_KP), ("kd", MAX_KD))
        # A comparison with NaN is false.
        sizes = all((np.abs(motors[name]) <= limit).all() for name, limit in limits)
        gains = (motors["kp"] >= 0.0).all() and (motors["kd"] >= 0.0).all()
        return bool(sizes and gains and (np.abs(motors["tau"]) <= self._effort).all() and (motors["mode"] <= 1).all())

    def _decode(self, frame: HgLowCmd) -> Drive:
        motors = frame.record["motor_cmd"][: len(self._effort)]
        enabled = motors["mode"] == 1
        q, dq, tau, kp, kd = (motors[name].astype(np.float64) * enabled for name in ("q", "dq", "tau", "kp", "kd"))
        return Drive(q, dq, tau, kp, kd, enabled)

    def _note(self, drive: Drive) -> None:
        """Record changes between stiff, damped and off."""
        if drive.kind != self._kind:
            self._kind = drive.kind
            self._events.add({"off": "motors_off", "damped": "commanded_damp", "stiff": "stiff"}[drive.kind])
