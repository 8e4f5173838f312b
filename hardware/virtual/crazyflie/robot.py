"""The virtual Crazyflie itself: body, estimator, controllers and services, one millisecond at a time.

It knows neither sockets nor clocks: ``receive`` takes datagrams, ``advance`` moves time,
``take_outgoing`` gives what it sends. The server runs it in real time; tests may step it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from firmware_export.onboard import OnboardController
from hardware.virtual.crazyflie.boot_loader import BootLoader
from hardware.virtual.crazyflie.commander import Commander
from hardware.virtual.crazyflie.crtp import Port, is_lossy
from hardware.virtual.crazyflie.fault_effects import FaultEffects
from hardware.virtual.crazyflie.high_level import HighLevelCommander
from hardware.virtual.crazyflie.log_variables import log_variables
from hardware.virtual.crazyflie.parameter_effects import ParameterEffects
from hardware.virtual.crazyflie.parameters import (
    CONTROLLER_OUT_OF_TREE,
    CONTROLLER_PID,
    RATE_MODE,
    ParameterStore,
    bundle_words,
    standard_parameters,
)
from hardware.virtual.crazyflie.policy_controller import PolicyController
from hardware.virtual.crazyflie.radio import Radio, Service
from hardware.virtual.crazyflie.services.commander import CommanderService
from hardware.virtual.crazyflie.services.high_level import HighLevelService
from hardware.virtual.crazyflie.services.link import LinkService
from hardware.virtual.crazyflie.services.localization import LocalizationService
from hardware.virtual.crazyflie.services.log import LogService
from hardware.virtual.crazyflie.services.memory import MemoryService, configuration_eeprom, trajectory_memory
from hardware.virtual.crazyflie.services.param import ParamService
from hardware.virtual.crazyflie.services.platform import PlatformService
from hardware.virtual.crazyflie.services.supervisor import SupervisorService
from hardware.virtual.events import EventLog
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault
from hardware.virtual.link_conditions import LinkConditions
from hardware.virtual.mocap.faults import Sighting
from hardware.virtual.multirotor.battery import Battery
from hardware.virtual.multirotor.body import STEP_S, Body
from hardware.virtual.multirotor.estimator import Estimate, StateEstimator
from hardware.virtual.multirotor.motion_events import MotionEvents
from hardware.virtual.multirotor.quaternion import rotation_matrix, yaw_of
from hardware.virtual.multirotor.setpoint import Setpoint
from hardware.virtual.multirotor.stock_controller import OFF, Motors, StockController
from hardware.virtual.multirotor.supervisor import FlightSupervisor
from sim.spec import MultirotorParameters

Profile = Literal["policy", "stock"]
NO_SETPOINT_MS = 1 << 30
"""Age of the set-point before the first."""
BATTERY_PERIOD_MS = 10


@dataclass(frozen=True)
class Options:
    """How the virtual Crazyflie is equipped."""

    profile: Profile = "policy"
    seed: int = 0
    decks: tuple[str, ...] = ("bcLighthouse4",)
    """Attached decks; without a positioning deck the client must send positions."""
    charge: float = 0.95
    """Battery charge at start, 0 to 1."""


class VirtualCrazyflie:
    """One robot."""

    def __init__(
        self,
        parameters: MultirotorParameters,
        onboard: OnboardController | None = None,
        options: Options | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        """``onboard`` is required by the policy profile and makes controller 6 selectable in the stock profile."""
        self.options = options = options or Options()
        if options.profile == "policy" and onboard is None:
            raise ValueError("the policy profile needs an on-board controller")
        self.now_ms = 0
        self.events = EventLog()
        noise, radio = (np.random.default_rng(seed) for seed in np.random.SeedSequence(options.seed).spawn(2))
        self.body = Body(parameters)
        self.battery = Battery(parameters.hover_command, options.charge)
        self.estimator = StateEstimator(noise, deck="bcLighthouse4" in options.decks)
        self.supervisor = FlightSupervisor(self.events, watchdog=options.profile == "stock")
        self.high_level = HighLevelCommander(self.events)
        self.high_level.may_fly = lambda: self.supervisor.can_fly
        self.commander = Commander(self.events, self.high_level)
        # A flipped port would be another packet altogether, which a radio's own checksum rules out.
        self.link = LinkConditions(radio, is_lossy, spared_bytes=1)
        self.policy = PolicyController(onboard) if onboard else None
        self.stock = StockController(parameters)
        controller = CONTROLLER_OUT_OF_TREE if options.profile == "policy" else CONTROLLER_PID
        bundle_id = onboard.bundle_id if onboard else bytes(32)
        self_test = onboard.self_test() if onboard else None
        self.parameters = ParameterStore(standard_parameters(controller, bundle_id, options.decks, self_test))
        self._controller = self.parameters["stabilizer.controller"]
        self.sighting = Sighting()
        self.setpoint = Setpoint()
        self.motors: Motors = OFF
        effects = FaultEffects(self)
        self._faults = FaultSchedule(self.events, effects.apply, faults, effects.check)
        self._motion = MotionEvents(self.body, self.events)
        self.boot_loader = BootLoader(self._leave_or_enter_firmware, self.events.add)
        self.log = LogService(log_variables(self))
        self.param = ParamService(self.parameters)
        self._radio = Radio(self.link, self._services(), self.events)
        ParameterEffects(self)
        self.events.add("started", profile=options.profile, seed=options.seed)

    # Radio --------------------------------------------------------------------------------------

    def receive(self, datagram: bytes) -> None:
        """Take one datagram from the client; malformed ones are dropped and counted."""
        self._radio.receive(datagram)

    def take_outgoing(self) -> list[bytes]:
        """Return and forget the datagrams to send now."""
        return self._radio.take_outgoing()

    def new_client(self) -> None:
        """Forget the log blocks of the client before."""
        self.log.reset()
        self.events.add("connected")

    # Time ---------------------------------------------------------------------------------------

    def advance(self, duration_ms: int) -> None:
        """Let time pass in steps of one millisecond."""
        for _ in range(duration_ms):
            self._tick()

    @property
    def setpoint_age_ms(self) -> int:
        """Age of the set-point in use."""
        tick = self.commander.tick_ms
        return NO_SETPOINT_MS if tick is None else self.now_ms - tick

    @property
    def plan_ms(self) -> int:
        """When the plan of the high-level commander was last confirmed: what its age is counted from.

        With the policy on board that is the last packet of any kind, so that a silent host ends a planned
        flight as it ends a streamed one. The stock firmware confirms its own plan in every step
        (``stabilizer.c``) and flies it to the end.
        """
        return self._radio.heard_ms if self.policy_selected else self.now_ms

    @property
    def policy_selected(self) -> bool:
        """Whether the on-board policy is the selected controller."""
        return self._controller.value == CONTROLLER_OUT_OF_TREE

    def _tick(self) -> None:
        self.now_ms += 1
        self.events.tick_ms = self.commander.now_ms = self.now_ms
        self._radio.update(self.now_ms)
        self._faults.update()
        body = self.body
        estimate = self.estimator.step(STEP_S, body.position_w, body.velocity_w, body.attitude, body.angular_velocity_b)
        self.high_level.tell_state(self.now_ms, estimate.position_w, yaw_of(estimate.attitude))
        self.setpoint = self.commander.select(self.now_ms, self.plan_ms)
        self._supervise(estimate)
        self._drive(self._control(estimate))
        if self.now_ms % BATTERY_PERIOD_MS == 0:
            self.battery.step(body.rotor_speed, BATTERY_PERIOD_MS / 1000.0)
        self._radio.send(self.log.stream(self.now_ms, self.events.clock_ms))
        self._radio.send(self.param.updates())

    def _supervise(self, estimate: Estimate) -> None:
        supervisor = self.supervisor
        was_armed = supervisor.armed
        supervisor.high_level_active = self.high_level.active
        supervisor.high_level_finished = self.high_level.finished
        supervisor.watchdog_enabled = not self.policy_selected
        up = rotation_matrix(estimate.attitude)[8]
        supervisor.update(self.now_ms, up, max(self.motors), self.setpoint_age_ms)
        if was_armed and not supervisor.armed:
            self.high_level.interrupt()
            self.commander.forget()

    def _control(self, estimate: Estimate) -> Motors:
        can_fly = self.supervisor.can_fly
        if self.policy is not None:
            motors = self._run_policy(can_fly and self.policy_selected, estimate)
            if self.policy_selected:
                return motors
        if not can_fly or self.commander.tick_ms is None:
            self.stock.reset()
            return OFF
        return self.stock.step(STEP_S, estimate, self.setpoint, self.supervisor.level_out)

    def _run_policy(self, armed: bool, estimate: Estimate) -> Motors:
        policy = self.policy
        assert policy is not None
        before = policy.mode_name
        motors = policy.step(self.now_ms, armed, estimate, self.setpoint, self.commander.tick_ms)
        if policy.mode_name != before:
            self.events.add(policy.mode_name, before=before, setpoint_age_ms=self.setpoint_age_ms)
        return motors

    def _drive(self, motors: Motors) -> None:
        self._motion.motors(motors)
        self.motors = motors
        self.body.step(motors)
        self._motion.contact()

    def _take_weights(self, packet: bytes) -> bytes | None:
        """Hand a packet for the app on board to the receiver of new weights, and show whose are in use."""
        weights = self.policy.onboard.weights if self.policy is not None else None
        if weights is None:
            return None
        before = weights.bundle_id
        answer = weights.receive(packet, self.supervisor.armed)
        if weights.bundle_id != before:
            self._show_bundle(weights.bundle_id)
        return answer

    def _show_bundle(self, bundle_id: bytes) -> None:
        for i, word in enumerate(bundle_words(bundle_id)):
            self.parameters.change(f"s2m.id{i}", word)
        self.events.add("weights", bundle=bundle_id.hex()[:12])

    def _leave_or_enter_firmware(self, left: bool) -> None:
        """Without its firmware the robot falls; after a restart it has forgotten what was uploaded."""
        self.supervisor.disarm("restart")
        self.log.reset()
        self.events.add("boot_loader" if left else "restarted")
        onboard = self.policy.onboard if self.policy is not None else None
        if onboard is not None and onboard.weights is not None and left:
            onboard.weights.restart()
            onboard.restart()
            self._show_bundle(onboard.weights.bundle_id)

    def inject(self, fault: Fault) -> None:
        """Add a fault; one that is due begins at once."""
        self._faults.add(fault)

    def _services(self) -> dict[int, Service]:
        flight_modes = [self.parameters[f"flightmode.stabMode{axis}"] for axis in ("Roll", "Pitch")]
        setpoints = CommanderService(self.commander, lambda: all(mode.value == RATE_MODE for mode in flight_modes))
        return {
            Port.PARAM: self.param,
            Port.COMMANDER: setpoints,
            Port.MEM: MemoryService([configuration_eeprom(), trajectory_memory()]),
            Port.LOGGING: self.log,
            Port.LOCALIZATION: LocalizationService(self.estimator, self.supervisor, self.events),
            Port.COMMANDER_GENERIC: setpoints,
            Port.SETPOINT_HL: HighLevelService(self.high_level),
            Port.SUPERVISOR: SupervisorService(self.supervisor),
            Port.PLATFORM: PlatformService(self.supervisor, self._take_weights),
            Port.LINK: LinkService(),
        }
