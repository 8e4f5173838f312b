"""A humanoid or quadruped of Unitree's behind the ``Link`` protocol: joint targets out, joint states in.

``dds://eth0`` is a robot on that network interface, ``dds://lo?domain=1`` a virtual one on this computer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from hardware.checks import Check
from hardware.clock import HOST_CLOCK, NS, Clock
from hardware.dds import preflight
from hardware.dds.command import Drive
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.exchange import Exchange
from hardware.dds.finder import find_robot
from hardware.dds.motion_switcher import MotionSwitcher
from hardware.dds.state import joint_state
from hardware.dds.stepping import Stepper
from hardware.dds.take_over import TakeOver
from hardware.link import LinkHealth
from hardware.lock_step import LockStepClock, not_in_lock_step, split_clock
from hardware.states import JointState
from policies.bundle import Bundle
from sim.errors import ConfigError, LinkError
from sim.spec import ActionLevel, JointParameters, SafeAction

STATE_TIMEOUT_S = 2.0
"""Longest wait for a good state of a robot that has been found."""
UNHEARD_NS = 200_000_000
"""Armed for this long with every motor off, or with nobody listening, means that commands do not arrive."""
_POLL_S = 0.005


class DdsLink:
    """A robot by URI; commands are joint targets in rad, sent with the gains of the bundle.

    Args:
        uri: where it is.
        level: of the policy's action.
        stopped: asked during waits; true gives them up.
        external_position: of no use to legs, which need no position; every link knows it.
        joints: order and gains; default: the bundle's, taken over by ``checks``.

    Raises:
        ConfigError: if the URI is malformed or the level another one.
    """

    level: ActionLevel = "joint_position"

    def __init__(
        self,
        uri: str,
        level: ActionLevel = "joint_position",
        stopped: Callable[[], bool] = lambda: False,
        external_position: bool = False,
        joints: JointParameters | None = None,
    ) -> None:
        if level != self.level:
            raise ConfigError(f"{uri}: this robot takes commands of level '{self.level}', not '{level}'")
        self.uri = uri
        address, lock_step = split_clock(uri)
        self._lock_step = LockStepClock(self._step) if lock_step else None
        self.clock: Clock = self._lock_step or HOST_CLOCK
        self._stepper: Stepper | None = None
        self.command_names: tuple[str, ...] = ()
        self._address = parse_uri(address)
        self._stopped = stopped
        self._joints = joints
        self._motors: np.ndarray[Any, np.dtype[np.intp]] | None = None
        self._exchange: Exchange | None = None
        self._switcher: MotionSwitcher | None = None
        self._take_over: TakeOver | None = None
        self._heard_ns = 0
        self._closing = threading.Event()
        self._participant: Any = None

    # Link protocol --------------------------------------------------------------------------

    def open(self) -> None:
        """Find the robot and wait for its first good state; nothing is sent to its motors.

        Raises:
            ToolchainError: if the DDS library cannot be used.
            LinkError: if there is no robot, more than one, or its states are not good.
            FlightAbortedError: if the operator stopped it.
        """
        if self._exchange is not None:
            raise LinkError(f"{self.uri} is already open; close it first")
        self._participant = participant = join(self._address)
        self._closing.clear()
        try:
            exchange = Exchange(participant, find_robot(participant, self.uri, self._gives_up), self.clock)
            self._exchange, self._switcher = exchange, MotionSwitcher(participant, self._gives_up)
            exchange.start()
            self._wait_for_state(exchange)
            if self._lock_step is not None:
                self._start_lock_step(self._lock_step, exchange)
            self._refuse_second_robot(exchange)
            if self._joints is not None:
                self.configure(self._joints)
        except BaseException:  # whatever it is, no thread stays behind
            self.close()
            raise

    def read(self) -> JointState | None:
        """Return the newest state without waiting, in the configured joint order."""
        exchange, motors = self.exchange, self._motors
        exchange.receive()
        states = exchange.states
        frame = states.frame
        if frame is None or motors is None:
            return None
        commands = exchange.commands
        lost = bool(commands.reason) or (commands.following and self._unheard(exchange))
        return joint_state(frame, motors, states.received_ns, commands.armed, lost, states.remote_stop)

    def health(self) -> LinkHealth:
        """Return the state of the connection without waiting."""
        exchange = self._exchange
        if exchange is None:
            return LinkHealth(False, self._heard_ns)
        exchange.receive()
        self._heard_ns = exchange.states.heard_ns
        answers = self._lock_step is None or not self._lock_step.lost
        return LinkHealth(answers and exchange.alive and not exchange.states.restarted, self._heard_ns)

    def write(self, command: Sequence[float]) -> None:
        """Hand over joint targets, (n,) rad in the configured order; ignored unless the robot is armed."""
        self.exchange.follow(command)

    def checks(self, bundle: Bundle) -> list[Check]:
        """Take over the bundle's joints and gains, and return the outcome of every check; nothing moves."""
        return preflight.run_checks(self, bundle)

    def prepare(self) -> Check:
        """Listen for other controllers once more; nothing moves."""
        return preflight.check_other_controllers(self)

    def safe_stop(self, action: SafeAction) -> None:
        """Start a safe action; returns at once, may be repeated.

        ``damp`` and ``off`` last until the robot is armed again; ``hold`` keeps the last target.
        ``land`` and ``level_and_descend`` mean nothing to legs: they damp.
        """
        exchange = self.exchange
        if action == "hold":
            exchange.apply(exchange.commands.hold)
        else:
            self._cancel_take_over()
            exchange.apply(exchange.commands.stop, Drive.OFF if action == "off" else Drive.DAMP)

    def request_arm(self, armed: bool) -> None:
        """Make the built-in controller let go and hold the robot in its pose; or give it up, damped.

        Returns at once: ``JointState.armed`` tells when it is done, ``problem`` why not.

        Raises:
            LinkError: if no joints and gains are known.
        """
        exchange = self.exchange
        if not armed:
            self._cancel_take_over()
            exchange.apply(exchange.commands.disarm)
            return
        if self._motors is None:
            raise LinkError(f"{self.uri}: no joints and gains are known: run the checks with a bundle first")
        if exchange.commands.following or (self._take_over is not None and self._take_over.under_way):
            return
        self._take_over = TakeOver(exchange, self.switcher, self._motors)

    def emergency_stop(self) -> None:
        """Switch the motors off until the link is opened anew; returns at once, may be repeated."""
        exchange = self.exchange
        self._cancel_take_over()
        exchange.apply(exchange.commands.lock)

    def close(self) -> None:
        """Release the connection in bounded time; never raises. A robot that still follows targets is damped first."""
        self._closing.set()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.stop()
        if self._take_over is not None:
            self._take_over.join()
        participant, self._participant = self._participant, None
        if participant is not None:
            leave(participant)
        self._take_over = self._switcher = self._motors = self._stepper = None
        self.command_names = ()

    def __enter__(self) -> DdsLink:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Unitree --------------------------------------------------------------------------------

    @property
    def exchange(self) -> Exchange:
        """The thread that talks to the robot.

        Raises:
            LinkError: if the link is not open.
        """
        if self._exchange is None:
            raise LinkError(f"{self.uri} is not open")
        return self._exchange

    @property
    def switcher(self) -> MotionSwitcher:
        """The robot's motion switcher.

        Raises:
            LinkError: if the link is not open.
        """
        if self._switcher is None:
            raise LinkError(f"{self.uri} is not open")
        return self._switcher

    @property
    def motors(self) -> tuple[int, ...]:
        """(n,) motor of each configured joint."""
        return () if self._motors is None else tuple(int(motor) for motor in self._motors)

    @property
    def problem(self) -> str:
        """Why the robot was not armed or is not any more, for people; empty while all is well."""
        exchange = self._exchange
        if exchange is not None and exchange.error is not None:
            return f"the exchange with the robot ended: {exchange.error}"
        attempt = self._take_over
        if attempt is not None and attempt.under_way:
            return ""
        return (attempt.failure if attempt else "") or ("" if exchange is None else exchange.commands.reason)

    def configure(self, joints: JointParameters) -> None:
        """Set the joint order and the gains of all that follows; not while the robot is armed.

        Raises:
            ConfigError: if the joints are not the robot's.
            LinkError: if the robot is armed.
        """
        exchange = self.exchange
        if exchange.commands.following:
            raise LinkError(f"{self.uri}: the robot is armed: its gains stay as they are")
        motors = np.asarray(exchange.profile.motor_indices(joints.joint_names))
        exchange.commands.configure(joints, exchange.states.machine_type)
        self._joints, self._motors = joints, motors
        self.command_names = tuple(f"{name}_rad" for name in joints.joint_names)

    def _cancel_take_over(self) -> None:
        if self._take_over is not None:
            self._take_over.cancel()

    def _gives_up(self) -> bool:
        return self._stopped() or self._closing.is_set()

    def _unheard(self, exchange: Exchange) -> bool:
        """Whether the robot shows no sign of hearing the commands, long after it was armed."""
        if self._take_over is None or self.clock.now_ns() - self._take_over.done_ns < UNHEARD_NS:
            return False
        frame = exchange.states.frame
        all_off = frame is not None and not frame.record["motor_state"]["mode"][self._motors].any()
        return all_off or not exchange.command_heard

    def _wait_for_state(self, exchange: Exchange) -> None:
        deadline = time.monotonic() + STATE_TIMEOUT_S
        while exchange.states.frame is None:
            if time.monotonic() > deadline:
                seen = ", ".join(f"{count} with {name}" for name, count in exchange.states.counters.items())
                raise LinkError(f"{self.uri}: no good state in {STATE_TIMEOUT_S:g} s ({seen or 'nothing came'})")
            exchange.receive()
            time.sleep(_POLL_S)

    def _start_lock_step(self, clock: LockStepClock, exchange: Exchange) -> None:
        self._stepper = Stepper(exchange, self.switcher)
        clock.start()
        if clock.lost:
            raise not_in_lock_step(self.uri)

    def _step(self) -> int | None:
        return None if self._stepper is None else self._stepper.step()

    def _refuse_second_robot(self, exchange: Exchange) -> None:
        self.clock.sleep_until(self.clock.now_ns() + round(STATE_TIMEOUT_S / 20.0 * NS))
        if exchange.states.counters["second_robot"]:
            raise LinkError(f"{self.uri}: two robots publish rt/lowstate here: give each its own network or domain")
