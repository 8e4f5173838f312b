"""The Crazyflie behind the ``Link`` protocol: unmodified cflib, the same code for radio, USB and UDP.

A policy on board gets position set-points. A policy on the host commands rates, attitude, velocity or
position of the firmware's own controllers (setpoints.py).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from cflib.crazyflie import Crazyflie

from hardware.checks import Check
from hardware.clock import HOST_CLOCK, Clock
from hardware.crazyflie import preflight
from hardware.crazyflie.connection import check_uri, connect, disconnect
from hardware.crazyflie.external import ExternalPoses
from hardware.crazyflie.parameters import write_parameter
from hardware.crazyflie.sender import Sender
from hardware.crazyflie.setpoints import sending
from hardware.crazyflie.stepping import Stepper
from hardware.crazyflie.telemetry import STATE_PERIOD_MS, Telemetry
from hardware.link import DESCENT_M_S, LinkHealth
from hardware.lock_step import LockStepClock, StepSender, not_in_lock_step, split_clock
from hardware.states import FlightState
from policies.bundle import Bundle
from sim.errors import ConfigError, LinkError
from sim.spec import ActionLevel, SafeAction

DRAIN_S = 0.2
"""Longest wait at the close for urgent requests (stop, disarm) to leave."""


COMMAND_NAMES: dict[ActionLevel, tuple[str, ...]] = {
    "position": ("x_m", "y_m", "z_m", "yaw_rad"),
    "velocity": ("x_m_s", "y_m_s", "z_m_s", "yaw_rate_rad_s"),
    "attitude_thrust": ("roll_rad", "pitch_rad", "yaw_rate_rad_s", "thrust_fraction"),
    "rates_thrust": ("roll_rate_rad_s", "pitch_rate_rad_s", "yaw_rate_rad_s", "thrust_fraction"),
}
"""What ``write`` takes at each level."""
LEVEL_OF: dict[ActionLevel, ActionLevel] = {"motor": "position", **{level: level for level in COMMAND_NAMES}}
"""Level on the radio for a policy's level: motors are commanded on board, where the policy then gets set-points."""


class CrazyflieLink:
    """A Crazyflie by URI (``radio://``, ``usb://``, ``udp://``).

    Args:
        uri: where it is.
        level: of the policy's action.
        stopped: asked during waits; true gives them up.
        external_position: positions come from outside (motion capture): no positioning deck is needed.
        motor_log: also have the robot report its motor commands.
        state_period_ms: of pose, attitude and motors, a multiple of 10; robots that share a radio have to report less.

    Raises:
        ConfigError: if the URI is malformed or the level none that a Crazyflie takes.
    """

    def __init__(
        self,
        uri: str,
        level: ActionLevel = "motor",
        stopped: Callable[[], bool] = lambda: False,
        external_position: bool = False,
        motor_log: bool = True,
        state_period_ms: int = STATE_PERIOD_MS,
    ) -> None:
        self._address, lock_step = split_clock(uri)
        scheme = check_uri(self._address)
        if lock_step and (scheme != "udp" or external_position):
            raise ConfigError(f"{uri}: clock=robot is for a virtual robot (udp) that needs no positions from outside")
        if level not in LEVEL_OF:
            raise ConfigError(f"a Crazyflie takes no commands of level '{level}'; it takes: {', '.join(LEVEL_OF)}")
        self.uri = uri
        self.level: ActionLevel = LEVEL_OF[level]
        self.command_names = COMMAND_NAMES[self.level]
        self.stopped = stopped
        self.external = ExternalPoses()
        self._external_position = external_position
        self._motor_log, self._state_period_ms = motor_log, state_period_ms
        self._crazyflie: Crazyflie | None = None
        self._lock_step = LockStepClock(self._step) if lock_step else None
        self.clock: Clock = self._lock_step or HOST_CLOCK
        self._stepper: Stepper | None = None
        self._sender: Sender | StepSender[Callable[[], None]] | None = None
        self._telemetry: Telemetry | None = None
        self._lost: str | None = None
        self._heard_ns = 0

    # Link protocol --------------------------------------------------------------------------

    def open(self) -> None:
        """Connect, start the log blocks and wait for the first state sample.

        Raises:
            LinkError: if nobody answers, the handshake stalls or no state arrives.
            FlightAbortedError: if the operator stopped it.
        """
        if self._crazyflie is not None:
            raise LinkError(f"{self.uri} is already open; close it first")
        self._lost = None
        self._crazyflie = connect(self._address, self.stopped)
        self._heard_ns = self.clock.now_ns()
        self._crazyflie.packet_received.add_callback(self._on_packet)
        self._crazyflie.connection_lost.add_callback(self._on_lost)
        try:
            self._sender = self._start_sender(self._crazyflie)
            self._telemetry = Telemetry(self._crazyflie, self._motor_log, self._state_period_ms, self.clock)
            self._telemetry.start()
        except BaseException:  # whatever it is, no thread and no socket stays behind
            self.close()
            raise

    def read(self) -> FlightState | None:
        """Return the newest state sample without waiting."""
        return self.telemetry.sample

    def health(self) -> LinkHealth:
        """Return the state of the connection without waiting."""
        cf, sender = self._crazyflie, self._sender
        if cf is None or sender is None:
            return LinkHealth(False, self._heard_ns, self.external.newest_ns)
        answers = self._lock_step is None or not self._lock_step.lost
        connected = answers and self._lost is None and cf.link is not None and sender.alive
        round_trip_ms = float(cf.link_statistics.latency.latency) or None  # 0 before the first answer
        return LinkHealth(connected, self._heard_ns, self.external.newest_ns, round_trip_ms)

    def write(self, command: Sequence[float]) -> None:
        """Hand over a command: ``command_names`` says of what.

        Raises:
            ConfigError: for a number that is none: the firmware would fly it.
        """
        if not all(map(math.isfinite, command)):
            raise ConfigError("a command with a number that is none")
        self.sender.setpoint(sending(self.crazyflie.commander, self.level, command))

    def checks(self, bundle: Bundle) -> list[Check]:
        """Return the outcome of every check before a flight; nothing moves."""
        return preflight.run_checks(self, bundle, self._external_position)

    def prepare(self) -> Check:
        """Choose the estimator that takes positions, reset it and wait until it has converged."""
        preflight.select_estimator(self)
        seconds = preflight.reset_estimator(self, self.stopped)
        return Check("state estimate", True, f"converged {seconds:.1f} s after its reset")

    def safe_stop(self, action: SafeAction) -> None:
        """Act without a position; returns at once and is repeated every period while it lasts.

        ``off``: stop set-point and disarm. ``level_and_descend``: a sinking velocity set-point,
        which needs no position; where it does not arrive the dead-man on board does the same
        by itself. ``land`` and ``hold`` need positions and are the supervisor's work.
        """
        if action == "off":
            cf = self.crazyflie
            self.sender.urgent(
                cf.commander.send_stop_setpoint, functools.partial(cf.supervisor.send_arming_request, False)
            )
        elif action == "level_and_descend":
            send = self.crazyflie.commander.send_velocity_world_setpoint
            self.sender.setpoint(functools.partial(send, 0.0, 0.0, -DESCENT_M_S, 0.0))

    def emergency_stop(self) -> None:
        """Cut the motors; the robot must be restarted before it arms again."""
        cf = self.crazyflie
        self.sender.urgent(cf.supervisor.send_emergency_stop, cf.commander.send_stop_setpoint)

    def close(self) -> None:
        """Release the connection in bounded time; never raises, sends nothing but what was asked before."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.drain(DRAIN_S)
            sender.stop()
        crazyflie, self._crazyflie = self._crazyflie, None
        if crazyflie is not None:
            disconnect(crazyflie)
        self._telemetry = self._stepper = None

    def __enter__(self) -> CrazyflieLink:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Crazyflie ------------------------------------------------------------------------------

    @property
    def crazyflie(self) -> Crazyflie:
        """The open cflib object.

        Raises:
            LinkError: if the link is not open.
        """
        return self._open(self._crazyflie)

    @property
    def sender(self) -> Sender | StepSender[Callable[[], None]]:
        """What sends for the open link."""
        return self._open(self._sender)

    @property
    def telemetry(self) -> Telemetry:
        """The log blocks of the open link."""
        return self._open(self._telemetry)

    def request_arm(self, armed: bool) -> None:
        """Ask the robot to arm or disarm; ``FlightState.armed`` tells when it did."""
        cf = self.crazyflie
        requests: list[Callable[[], None]] = [functools.partial(cf.supervisor.send_arming_request, armed)]
        if armed and self.level == "attitude_thrust":
            # The firmware locks the thrust of such set-points until it has seen one without any.
            requests.append(functools.partial(cf.commander.send_setpoint, 0.0, 0.0, 0.0, 0))
        self.sender.urgent(*requests)

    def send_external_pose(self, position_w: Sequence[float], orientation_wxyz: Sequence[float] | None = None) -> None:
        """Hand over a pose measured from outside (motion capture) for the estimator; the newest wins.

        Args:
            position_w: (3,) m.
            orientation_wxyz: (4,) unit quaternion, world<-body; ``None``: only the position is known.

        Raises:
            ConfigError: for a number that is none: the estimator would never recover from it.
        """
        self.external.send(self.crazyflie, self.sender, position_w, orientation_wxyz)

    def parameter(self, name: str) -> float | None:
        """Return a parameter's value as last reported; ``None`` if there is none or it is no finite number."""
        group, _, variable = name.partition(".")
        text = self.crazyflie.param.values.get(group, {}).get(variable)
        return float(text) if text is not None and math.isfinite(float(text)) else None

    def parameters(self, group: str) -> dict[str, float]:
        """Return all parameters of a group by name."""
        return {name: float(text) for name, text in self.crazyflie.param.values.get(group, {}).items()}

    def set_parameter(self, name: str, value: float) -> None:
        """Write a parameter and wait until the robot confirms it.

        Raises:
            LinkError: if the robot has no such parameter or does not confirm it in time.
        """
        write_parameter(self.crazyflie, name, value, self._lock_step, self.uri)

    def _open(self, part: Any) -> Any:
        if part is None:
            raise LinkError(f"{self.uri} is not open: cflib would drop the packet without a word")
        return part

    def _start_sender(self, crazyflie: Crazyflie) -> Sender | StepSender[Callable[[], None]]:
        if self._lock_step is None:
            return Sender(crazyflie)
        sender: StepSender[Callable[[], None]] = StepSender(lambda send: send())
        self._stepper = Stepper(crazyflie, sender)
        self._lock_step.start()
        if self._lock_step.lost:
            raise not_in_lock_step(self.uri)
        return sender

    def _step(self) -> int | None:
        return None if self._stepper is None else self._stepper.step()

    def _on_packet(self, packet: Any) -> None:
        if self._stepper is None or not self._stepper.take(packet):
            self._heard_ns = self.clock.now_ns()

    def _on_lost(self, _uri: str, message: str) -> None:
        self._lost = message
