"""A humanoid or quadruped of Unitree's behind the ``Link`` protocol: joint targets out, joint states in.

``dds://eth0`` is a robot on that network interface, ``dds://lo?domain=1`` a virtual one on this computer.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from hardware.checks import Check
from hardware.clock import HOST_CLOCK, NS
from hardware.dds import preflight
from hardware.dds.command import Drive
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.exchange import Exchange
from hardware.dds.finder import find_robot
from hardware.dds.motion_switcher import MotionSwitcher
from hardware.dds.state import joint_state
from hardware.link import LinkHealth
from hardware.states import JointState
from policies.bundle import Bundle
from sim.errors import ConfigError, LinkError, Sim2MetalError
from sim.spec import ActionLevel, JointParameters, SafeAction

STATE_TIMEOUT_S = 2.0
"""Longest wait for a good state of a robot that has been found."""
LISTEN_S = 0.3
"""How long other controllers are listened for: 150 periods of one that sends at 500 Hz."""
SETTLE_S = 0.05
"""After the release: until the last commands of the built-in controller are through."""
UNHEARD_NS = 200_000_000
"""Armed for this long with every motor off, or with nobody listening, means that commands do not arrive."""
ARM_JOIN_S = 1.0
"""Longest wait at the close for an arming under way to notice it."""
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

    clock = HOST_CLOCK
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
        self.command_names: tuple[str, ...] = ()
        self._address = parse_uri(uri)
        self._stopped = stopped
        self._joints = joints
        self._motors: np.ndarray[Any, np.dtype[np.intp]] | None = None
        self._exchange: Exchange | None = None
        self._switcher: MotionSwitcher | None = None
        self._arming: threading.Thread | None = None
        self._armed_ns = 0
        self._heard_ns = 0
        self._failure = ""
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
        self._failure = ""
        try:
            exchange = Exchange(participant, find_robot(participant, self.uri, self._gives_up))
            self._exchange, self._switcher = exchange, MotionSwitcher(participant, self._gives_up)
            exchange.start()
            self._wait_for_state(exchange)
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
        return LinkHealth(exchange.alive and not exchange.states.restarted, self._heard_ns)

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
            exchange.apply(exchange.commands.stop, Drive.OFF if action == "off" else Drive.DAMP)

    def request_arm(self, armed: bool) -> None:
        """Make the built-in controller let go and hold the robot in its pose; or give it up, damped.

        Returns at once: ``JointState.armed`` tells when it is done, ``problem`` why not.

        Raises:
            LinkError: if no joints and gains are known.
        """
        exchange = self.exchange
        if not armed:
            exchange.apply(exchange.commands.disarm)
            return
        if self._motors is None:
            raise LinkError(f"{self.uri}: no joints and gains are known: run the checks with a bundle first")
        if exchange.commands.following or (self._arming is not None and self._arming.is_alive()):
            return
        self._failure = ""
        self._arming = threading.Thread(target=self._arm, args=(exchange,), name="dds-arm", daemon=True)
        self._arming.start()

    def emergency_stop(self) -> None:
        """Switch the motors off until the link is opened anew; returns at once, may be repeated."""
        exchange = self.exchange
        exchange.apply(exchange.commands.lock)

    def close(self) -> None:
        """Release the connection in bounded time; never raises. A robot that still follows targets is damped first."""
        self._closing.set()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.stop()
        if self._arming is not None:
            self._arming.join(ARM_JOIN_S)
        participant, self._participant = self._participant, None
        if participant is not None:
            leave(participant)
        self._arming = self._switcher = self._motors = None
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
        if self._arming is not None and self._arming.is_alive():
            return ""
        return self._failure or ("" if exchange is None else exchange.commands.reason)

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

    def count_other_controllers(self) -> int:
        """Return how many commands of others come in ``LISTEN_S``."""
        exchange = self.exchange
        before = exchange.foreign_commands
        self._pause(LISTEN_S)
        exchange.receive()
        return exchange.foreign_commands - before

    def _gives_up(self) -> bool:
        return self._stopped() or self._closing.is_set()

    def _arm(self, exchange: Exchange) -> None:
        """Take the motors over from the built-in controller, and from nobody else.

        A released robot is limp, so it is held at once and listened to afterwards; one that was
        released before may be somebody's, so it is listened to first.
        """
        try:
            if self.switcher.active_mode():
                self.switcher.release()
                self._take_over(exchange, SETTLE_S)
                self._refuse_others()
            else:
                self._refuse_others()
                self._take_over(exchange, 0.0)
        except Sim2MetalError as error:
            self._failure = str(error)
            with contextlib.suppress(LinkError):  # closed meanwhile: nothing is sent any more
                exchange.apply(exchange.commands.give_up, str(error))

    def _take_over(self, exchange: Exchange, grace_s: float) -> None:
        exchange.forget_refusals(grace_s)
        state = self.read()
        if state is None or state.operator_stop:
            raise LinkError("the stop buttons of the remote are down: release them and try again")
        self._armed_ns = self.clock.now_ns()
        exchange.apply(exchange.commands.arm, state.position)

    def _refuse_others(self) -> None:
        if others := self.count_other_controllers():
            raise LinkError(
                f"another controller publishes on rt/lowcmd ({others} commands in {LISTEN_S:g} s): stop it first"
            )

    def _unheard(self, exchange: Exchange) -> bool:
        """Whether the robot shows no sign of hearing the commands, long after it was armed."""
        if self.clock.now_ns() - self._armed_ns < UNHEARD_NS:
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
            self._pause(_POLL_S)
        self._pause(STATE_TIMEOUT_S / 20.0)
        if exchange.states.counters["second_robot"]:
            raise LinkError(f"{self.uri}: two robots publish rt/lowstate here: give each its own network or domain")

    def _pause(self, seconds: float) -> None:
        self.clock.sleep_until(self.clock.now_ns() + round(seconds * NS))
