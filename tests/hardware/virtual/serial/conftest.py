"""Virtual serial robots stepped in lock-step inside the test, and a host that speaks the real protocol to them."""

import struct

import pytest

from hardware.flying.observation import FlightObservation
from hardware.framing import Frame, FrameReader, encode
from hardware.pilot import HostPilot
from hardware.serial.hello import HelloRequest, decode_hello, encode_hello_request
from hardware.serial.messages import Command, decode_nack, encode_command, encode_safe_action, encode_session
from hardware.serial.protocol import MessageType
from hardware.serial.states import decode_flight_report
from hardware.virtual.serial.build import build_virtual_serial_robot
from policies.runtime import OnnxPolicy

SESSION = 0x5E5510


class Bench:
    """A robot without ports and clocks, and a host at the other end of its line."""

    def __init__(self, robot, policy, session=SESSION, port=0):
        self.robot, self.session, self.port = robot, session, port
        self.pilot = HostPilot(policy, FlightObservation(policy.bundle.info))
        self.sequence = 0
        self.report = None
        self.answers = []
        self.sent = set()
        self._reader = FrameReader()
        self.damaged_at = lambda: self._reader.rejected

    def line(self, data):
        """Put bytes on the line; returns the frames that come back."""
        self.robot.receive(data, self.port)
        return self.listen()

    def listen(self):
        """Take what the robot said."""
        frames = self._reader.feed(self.robot.take_outgoing(self.port))
        for frame in frames:
            if frame.type == MessageType.FLIGHT_STATE:
                self.report = decode_flight_report(frame.payload, 4)
            else:
                self.answers.append(frame)
        return frames

    def ask(self, kind, payload=None, number=0):
        """Send a message; returns the answer that is no state, or ``None``."""
        payload = encode_session(self.session) if payload is None else payload
        frames = self.line(encode(Frame(kind, number, payload)))
        return next((frame for frame in frames if frame.type != MessageType.FLIGHT_STATE), None)

    def refusal(self, kind, payload=None):
        """Send a message that must be refused; returns why."""
        answer = self.ask(kind, payload)
        assert answer is not None, "not refused"
        assert answer.type == MessageType.NACK
        return decode_nack(answer.payload).refusal

    def hello(self):
        answer = self.ask(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(self.session)))
        return decode_hello(answer.payload)

    def arm(self):
        return self.ask(MessageType.ARM)

    def safe(self, action):
        return self.ask(MessageType.SAFE_ACTION, encode_safe_action(self.session, action))

    def command(self, *channels, sequence=None, session=None):
        """Send a command; returns the refusal's frame, or ``None``."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        channels = struct.unpack(f"<{len(channels)}f", struct.pack(f"<{len(channels)}f", *channels))
        self.sent.add(channels)
        command = Command(self.session if session is None else session, sequence, channels)
        return self.ask(MessageType.COMMAND, encode_command(command))

    @property
    def state(self):
        return self.report.state(0)

    def hold(self, seconds, x=0.0, y=0.0, z=0.5):
        """Fly the bundle's policy from the host at 100 Hz."""
        for _ in range(round(seconds * 100)):
            command = self.pilot.command((x, y, z, 0.0), self.state)
            if command is not None:
                self.command(*command)
            self.robot.advance(10)
            self.listen()

    def wait(self, seconds):
        """Let time pass in silence."""
        for _ in range(round(seconds * 100)):
            self.robot.advance(10)
            self.listen()

    def take_off(self, z=0.5):
        """Say hello, arm and climb; returns in stable flight."""
        self.wait(0.4)  # until the estimator knows where it is
        self.hello()
        self.arm()
        self.wait(0.1)
        self.hold(1.2 + 1.8 * z, z=z)
        assert self.robot.body.position_w[2] == pytest.approx(z, abs=0.1)

    def time_of(self, event):
        found = self.robot.events.first(event)
        return None if found is None else found["t_s"]


@pytest.fixture(scope="session")
def policy(pd_bundle):
    return OnnxPolicy(pd_bundle, self_check=False)


@pytest.fixture
def make_bench(policy):
    """Makes robots; whatever a test does to them, their physics must have stayed sound."""
    made = []

    def make(**options):
        made.append(Bench(build_virtual_serial_robot(**options), policy))
        return made[-1]

    yield make
    assert all(bench.robot.body.healthy for bench in made)


@pytest.fixture
def bench(make_bench):
    return make_bench()


@pytest.fixture
def second(bench, policy):
    """A stranger on a port of its own."""
    return Bench(bench.robot, policy, session=0xBAD, port=1)
