"""The one thread that talks to the robot: states in and commands out, 500 times a second.

Unitree's motors expect commands at 500 Hz whatever the policy's rate (their examples repeat the newest
one from a thread of 2 ms); and the operator's remote must act within milliseconds even when the
control loop hangs. So the thread, not the loop, sends, and it damps by itself when targets get old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from cyclonedds.core import DDSException

from hardware.clock import HOST_CLOCK, NS, Clock
from hardware.dds import topics
from hardware.dds.command import CommandSource
from hardware.dds.frames import Frame, GoLowCmd, GoLowState, HgLowCmd, HgLowState
from hardware.dds.profiles import DdsProfile
from hardware.dds.state import StateReceiver
from sim.errors import LinkError

PERIOD_NS = 2_000_000
"""500 Hz (unitree_sdk2's low-level examples)."""
DEPTH = 16
"""States kept between two looks: 32 ms of them."""
JOIN_S = 1.0
DAMP_PERIODS = 5
"""Damping commands before the silence of a closed link: one of them arrives."""


class Exchange:
    """Everything that is sent and received; all methods may be called from any thread.

    Args:
        participant: in the robot's domain.
        profile: which robot.
        clock: of all stamps; unless it is the host's, no thread of its own runs, and ``cycle`` is called instead.

    Attributes:
        profile: which robot.
        states: the receiver.
        commands: what is sent.
        foreign_commands: commands of other controllers seen on ``rt/lowcmd``.
        unsent_commands: commands that DDS did not take.
        error: what ended the thread, ``None`` while it runs.
    """

    def __init__(self, participant: Any, profile: DdsProfile, clock: Clock = HOST_CLOCK) -> None:
        command, state = (HgLowCmd, HgLowState) if profile.family == "hg" else (GoLowCmd, GoLowState)
        self._writer = topics.writer(participant, topics.LOW_CMD, command)
        self._states = topics.reader(participant, topics.LOW_STATE, state, depth=DEPTH)
        self._others = topics.reader(participant, topics.LOW_CMD, command, depth=DEPTH, ignore_own=True)
        self.profile = profile
        self.states = StateReceiver(profile)
        self.commands = CommandSource(profile)
        self.clock = clock
        self.foreign_commands = 0
        self.unsent_commands = 0
        self.sent_commands = 0
        self.newest_tick = -1
        """Clock in the newest undamaged state, whatever became of it."""
        self._others_count_from_ns = 0
        self.error: Exception | None = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dds-exchange", daemon=True)

    def start(self) -> None:
        """Begin to receive; nothing is sent before the commands are armed."""
        if self.clock is HOST_CLOCK:
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive() if self.clock is HOST_CLOCK else not self._stopping.is_set()

    @property
    def command_heard(self) -> bool:
        """Whether anybody listens to the commands."""
        return topics.num_readers(self._writer) > 0

    def receive(self) -> None:
        """Take what has arrived."""
        with self._lock:
            now_ns = self.clock.now_ns()
            for frame in self._states.take(DEPTH):
                if isinstance(frame, Frame):
                    if frame.intact:
                        self.newest_tick = max(self.newest_tick, int(frame.record["tick"]))
                    self.states.take(frame, now_ns, frame.sample_info.publication_handle)
            # Only what a robot would obey: else any noise on the network could take the robot from its host.
            others = sum(isinstance(frame, Frame) and frame.intact for frame in self._others.take(DEPTH))
            if now_ns >= self._others_count_from_ns:
                self.foreign_commands += others

    def apply(self, change: Callable[..., None], *arguments: Any) -> None:
        """Change the commands without the thread in between, and send the outcome at once.

        Raises:
            LinkError: after ``stop``.
        """
        with self._lock:
            if self._stopping.is_set():
                raise LinkError("the link was closed")
            change(*arguments)
            self._send(self.clock.now_ns())

    def forget_refusals(self, grace_s: float = 0.0) -> None:
        """Before arming: forget other controllers and remote stops of the past.

        Args:
            grace_s: for this long from now the commands of others do not count.
        """
        with self._lock:
            self.receive()
            self.foreign_commands = 0
            self._others_count_from_ns = self.clock.now_ns() + round(grace_s * NS)
            self.states.clear_stop()

    def follow(self, target: Sequence[float]) -> None:
        """Hand over a target; it is sent at once and repeated."""
        self.apply(self.commands.follow, target, self.clock.now_ns())

    def stop(self) -> None:
        """Damp if targets are still followed, then end the thread; waits at most a second."""
        with self._lock:
            self.commands.give_up("the link was closed")
        self.clock.sleep_until(self.clock.now_ns() + DAMP_PERIODS * PERIOD_NS)
        with self._lock:
            self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        deadline_ns = time.monotonic_ns()
        try:
            while not self._stopping.is_set():
                deadline_ns = max(deadline_ns + PERIOD_NS, time.monotonic_ns())
                self.cycle()
                time.sleep(max(deadline_ns - time.monotonic_ns(), 0) / NS)
        except Exception as error:  # noqa: BLE001 (the thread's end is a lost link, and the robot is damped first)
            self.error = error
            with self._lock:
                self.commands.give_up("the exchange failed")
                self._send(time.monotonic_ns())

    def cycle(self) -> None:
        """Receive, look whether the host may keep the robot, and send."""
        self.receive()
        with self._lock:
            if self.states.remote_stop:
                self.commands.give_up("the operator's remote")
            if self.states.restarted:
                self.commands.give_up("the robot restarted")
            if self.foreign_commands:
                self.commands.give_up("another controller publishes on rt/lowcmd")
            self._send(self.clock.now_ns())

    def _send(self, now_ns: int) -> None:
        frame = self.commands.next_frame(now_ns)
        if frame is None:
            return
        try:
            self._writer.write(frame)
            self.sent_commands += 1
        except DDSException:  # a reader that is too slow: the next command comes in 2 ms
            self.unsent_commands += 1
