"""Virtual Crazyflies for tests: stepped in lock-step inside the test, or behind the real cflib in a child process."""

import contextlib
import struct
import threading

import pytest

from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.robot import Options


class Bench:
    """A robot without sockets and clocks, and the packets a client would send."""

    def __init__(self, robot):
        self.robot = robot
        self.robot.new_client()

    def send(self, port, channel, data=b""):
        """Send one packet; returns the replies of this moment."""
        self.robot.receive(Packet(port, channel, bytes(data)).encode())
        return self.replies()

    def replies(self):
        datagrams = self.robot.take_outgoing()
        return [Packet(d[0] >> 4, d[0] & 3, d[1:]) for d in datagrams]

    def arm(self, on=True):
        return self.send(Port.SUPERVISOR, 1, (1, on))

    def position(self, x, y, z):
        self.send(Port.COMMANDER_GENERIC, 0, struct.pack("<Bffff", 7, x, y, z, 0.0))

    def hold(self, seconds, x=0.0, y=0.0, z=0.5):
        """Stream a position set-point at 100 Hz."""
        for _ in range(round(seconds * 100)):
            self.position(x, y, z)
            self.robot.advance(10)

    def take_off(self, z=0.5):
        """Arm and climb; returns in stable flight."""
        self.robot.advance(1000)
        self.arm()
        self.robot.advance(600)
        self.hold(4.0, z=z)
        assert self.robot.body.position_w[2] == pytest.approx(z, abs=0.1)

    def write(self, name, value):
        """Write a parameter through the protocol."""
        parameter = self.robot.parameters[name]
        number = list(self.robot.parameters).index(parameter)
        return self.send(Port.PARAM, 2, struct.pack("<H", number) + parameter.kind.pack(value))

    def time_of(self, event):
        found = self.robot.events.first(event)
        return None if found is None else found["t_s"]


@pytest.fixture
def make_bench(pd_bundle):
    """Makes robots; whatever a test does to them, their physics must have stayed sound."""
    made = []

    def make(profile="policy", faults=(), **options):
        made.append(Bench(build_virtual_crazyflie(pd_bundle.path, Options(profile, **options), faults)))
        return made[-1]

    yield make
    assert all(bench.robot.body.healthy for bench in made)


@pytest.fixture
def bench(make_bench):
    return make_bench()


@pytest.fixture(scope="session", autouse=True)
def drivers():
    import cflib.crtp

    if not cflib.crtp.CLASSES:
        cflib.crtp.init_drivers()


@contextlib.contextmanager
def connected(uri, timeout_s=20.0):
    """The real, unmodified client, fully connected."""
    from cflib.crazyflie import Crazyflie

    client, ready, failed = Crazyflie(), threading.Event(), []
    client.fully_connected.add_callback(lambda _: ready.set())
    client.connection_failed.add_callback(lambda _, reason: (failed.append(reason), ready.set()))
    client.open_link(uri)
    try:
        assert ready.wait(timeout_s), "not fully connected"
        assert not failed, failed
        yield client
    finally:
        client.close_link()


@pytest.fixture
def connect():
    return connected
