"""The policy's control loop between topics: newest state and reference in, command or safe action out.

It knows no ROS: the node gives it functions. A fault stops the commands, asks for the bundle's safe
action and stays until the node is activated again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.clock import NS, Clock
from hardware.faults import Fault
from hardware.loop import HostStall, run_loop
from hardware.pilot import Pilot
from hardware.realtime import real_time_process, steady_interpreter
from hardware.states import RobotState
from sim.spec import SafeAction

REPEAT_S = 0.05
"""Time between repetitions of the safe action while a fault lasts."""
WINDOW = 2000
"""Steps over which jitter and latency are reported."""
JOIN_S = 2.0


@dataclass(frozen=True)
class Wiring:
    """What the loop reads and whom it tells.

    Attributes:
        state: newest state, or ``None``.
        reference: reference and its age in s, or ``None``.
        command: called with the command and the state it rests on.
        safe_action: called with the action and the reason.
        check: what is wrong with a state besides its age and its numbers, in words, or ``None``.
        slowest: which input is late, in words.
        silence: what it means that there is no reference, in words.
    """

    state: Callable[[], RobotState | None]
    reference: Callable[[int], tuple[Sequence[float], float] | None]
    command: Callable[[Sequence[float], RobotState], None]
    safe_action: Callable[[SafeAction, str], None]
    check: Callable[[Any], str | None] = lambda _state: None
    slowest: Callable[[int], str] = lambda _now_ns: "the state"
    silence: str = "the reference ended"


class PolicyLoop:
    """Steps a pilot at a fixed rate.

    Args:
        pilot: the bundle's policy with its limiter.
        wiring: see there.
        clock: the loop's time; states are stamped with ``stamp_clock``.
        stamp_clock: time of ``RobotState.received_ns``.
        period_s: between two looks at the inputs.
        divider: the policy is stepped at every ``divider``-th look; in between its command is repeated.
        state_age_s: oldest state to act on.
        reference_age_s: oldest reference to follow.
        safe_action: what ends a fault.
        wants_real_time: run with real-time scheduling where the system allows it.
    """

    def __init__(
        self,
        pilot: Pilot,
        wiring: Wiring,
        clock: Clock,
        stamp_clock: Clock,
        period_s: float,
        divider: int,
        state_age_s: float,
        reference_age_s: float,
        safe_action: SafeAction,
        wants_real_time: bool = False,
    ) -> None:
        self._wants_real_time = wants_real_time
        self.scheduling = ""
        """What the system granted."""
        self._pilot, self._wiring = pilot, wiring
        self._clock, self._stamp_clock = clock, stamp_clock
        self.period_s, self._divider = period_s, divider
        self._state_age_s, self._reference_age_s = state_age_s, reference_age_s
        self._safe_action = safe_action
        self._stall = HostStall(round(period_s * NS))
        self._repeat = max(round(REPEAT_S / period_s), 1)
        self._stopping = False
        self._ticks = 0
        self._last: Sequence[float] | None = None
        self._thread = threading.Thread(target=self._run, name="policy-loop", daemon=True)
        self.fault: str | None = None
        """Why the commands stopped for good."""
        self.waiting = ""
        """Why there is no command yet, although there is a reference; empty: there is none."""
        self.commands = 0
        self.starts_ns: deque[int] = deque(maxlen=WINDOW)
        self.latencies_ns: deque[int] = deque(maxlen=WINDOW)
        self.overruns = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop, then ask for the safe action if it was commanding; bounded."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join(JOIN_S)
        if self._last is not None:
            self._release("the node was deactivated")

    @property
    def commanding(self) -> bool:
        """Whether the last step gave a command."""
        return self._last is not None

    def timing(self) -> dict[str, float]:
        """Return jitter and latency percentiles, ms, over the last ``WINDOW`` steps, and all overruns."""
        periods = np.diff(np.array(self.starts_ns, dtype=np.float64)) / 1e6
        latencies = np.array(self.latencies_ns, dtype=np.float64) / 1e6
        figures = {"overruns": float(self.overruns)}
        if periods.size:
            jitter = np.abs(periods - 1e3 * self.period_s)
            figures |= {"jitter_p50_ms": float(np.percentile(jitter, 50))}
            figures |= {"jitter_p99_ms": float(np.percentile(jitter, 99))}
        if latencies.size:
            figures |= {"latency_p50_ms": float(np.percentile(latencies, 50))}
            figures |= {"latency_p99_ms": float(np.percentile(latencies, 99))}
        return figures

    def _run(self) -> None:
        with real_time_process(self._wants_real_time) as self.scheduling, steady_interpreter():
            try:
                run_loop(self._step, self.period_s, self._clock)
            except BaseException as error:
                self._fail(f"internal error: {type(error).__name__}: {error}")
                raise

    def _step(self, _now_ns: int) -> bool:
        if self._stopping:
            return False
        self._note_start(time.monotonic_ns())
        now_ns = self._stamp_clock.now_ns()
        allowed_s = self._stall.allowance_ns(now_ns) / NS
        self._ticks += 1
        if self.fault is not None:
            if self._ticks % self._repeat == 0:
                self._wiring.safe_action(self._safe_action, self.fault)
            return True
        reference = self._wiring.reference(now_ns)
        if reference is None or reference[1] > self._reference_age_s + allowed_s:
            self.waiting = ""
            if self._last is not None:
                self._release(self._wiring.silence)
            return True
        state = self._wiring.state()
        if fault := self._check(state, now_ns, allowed_s):
            self.waiting = fault
            if self._last is not None:
                self._fail(fault)
            return True
        assert state is not None
        self._command(reference[0], state)
        return True

    def _note_start(self, now_ns: int) -> None:
        if self.starts_ns:
            missed = round((now_ns - self.starts_ns[-1]) / (self.period_s * NS)) - 1
            self.overruns += max(missed, 0)
        self.starts_ns.append(now_ns)

    def _check(self, state: RobotState | None, now_ns: int, allowed_s: float) -> str | None:
        if state is None or (now_ns - state.received_ns) / NS > self._state_age_s + allowed_s:
            return f"{Fault.STATE_STALE.value}: {self._wiring.slowest(now_ns)}"
        return self._wiring.check(state) if state.finite else Fault.STATE_NAN.value

    def _command(self, reference: Sequence[float], state: RobotState) -> None:
        command = self._last
        if command is None or self._ticks % self._divider == 0:
            command = self._pilot.command(reference, state)
        if command is None:
            self._fail(Fault.POLICY_NAN.value)
            return
        self._last = command
        self._wiring.command(command, state)
        self.commands += 1
        self.latencies_ns.append(self._stamp_clock.now_ns() - state.received_ns)

    def _release(self, reason: str) -> None:
        """Stop commanding in order; commands may begin again."""
        self._last = None
        self._pilot.command(None, None)
        self._wiring.safe_action(self._safe_action, reason)

    def _fail(self, reason: str) -> None:
        self.fault = reason
        self._last = None
        self._wiring.safe_action(self._safe_action, reason)
