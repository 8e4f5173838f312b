"""The policy on the ground, the stock controller in the air, and a bad radio between them, in lock-step.

Everything but cflib and the clock is the real thing: bundle, pilot, observation, conversion to the
legacy set-point, the virtual robot's decoder, delays and losses.
"""

import struct
from pathlib import Path

import numpy as np

import policies
from hardware.crazyflie.setpoints import legacy_setpoint
from hardware.flying.observation import FlightObservation
from hardware.pilot import HostPilot
from hardware.states import FlightState
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.faults import parse_fault
from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
from hardware.virtual.link_conditions import Channel
from policies.runtime import load_policy
from sim.robots.crazyflie.robot import ROBOT

BUNDLE = Path(policies.__file__).parent / "zoo" / "hover_attitude"
HEIGHT_M = 0.8
LOG_PERIOD_MS = 10
_LOG_DATA = Packet(Port.LOGGING, 2, b"").encode()
"""Makes the link's conditions treat a state as log data."""


class Ground:
    """The computer: state by the robot's log data, commands by legacy set-points."""

    def __init__(self, *faults, seed=0):
        bundle, policy = load_policy(BUNDLE)
        self.period_ms = round(1000 * bundle.info.timing.control_period_s)
        self.pilot = HostPilot(policy, FlightObservation(bundle.info))
        self.robot = VirtualCrazyflie(
            ROBOT.parameters(), None, Options("stock", seed=seed), [*map(parse_fault, faults)]
        )
        self.robot.new_client()
        self.downlink = Channel(self.robot.link, lambda: None)
        self.state = None
        self.path = []

    def send(self, port, channel, data):
        self.robot.receive(Packet(port, channel, data).encode())
        self.robot.take_outgoing()

    def arm(self):
        self.robot.advance(1500)
        self.robot.take_outgoing()
        self.send(Port.SUPERVISOR, 1, (bytes((1, 1))))
        self.send(Port.COMMANDER, 0, struct.pack("<fffH", 0.0, 0.0, 0.0, 0))  # unlocks the thrust
        self.robot.advance(500)

    def fly(self, seconds, height_m=HEIGHT_M):
        for _ in range(round(1000 * seconds / LOG_PERIOD_MS)):
            if self.robot.now_ms % self.period_ms == 0 and self.state is not None:
                command = self.pilot.command((0.0, 0.0, height_m, 0.0), self.state)
                roll, pitch, yaw_rate, thrust = legacy_setpoint(*command)
                # As cflib packs it (commander.py, send_setpoint).
                self.send(Port.COMMANDER, 0, struct.pack("<fffH", roll, -pitch, yaw_rate, thrust))
            self.robot.advance(LOG_PERIOD_MS)
            self.robot.take_outgoing()
            self.listen()
            self.path.append((*self.robot.body.position_w, *self.robot.body.attitude))

    def listen(self):
        now_ms, estimate = self.robot.now_ms, self.robot.estimator.estimate
        numbers = (*estimate.position_w, *estimate.velocity_w, *estimate.attitude, *estimate.angular_velocity_b)
        self.downlink.push(now_ms, _LOG_DATA + struct.pack("<I13f", now_ms, *numbers))
        for packet in self.downlink.pop(now_ms):
            sent_ms, *n = struct.unpack("<I13f", packet[len(_LOG_DATA) :])
            parts = (tuple(n[0:3]), tuple(n[3:6]), tuple(n[6:10]), tuple(n[10:13]))
            self.state = FlightState(now_ms * 1_000_000, sent_ms, *parts, 4.0, True, False, False, False, False, 0)

    def distance(self, last_s):
        path = np.array(self.path)[-round(1000 * last_s / LOG_PERIOD_MS) :, :3]
        return np.linalg.norm(path - (0.0, 0.0, HEIGHT_M), axis=1)
