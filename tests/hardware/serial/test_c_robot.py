"""The protocol in C for one's own microcontroller: the real link flies it; it takes what the Python side takes."""

import ctypes
import random
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from firmware_export.toolchain import STRICT_C99
from hardware.framing import FrameReader
from hardware.serial.hello import HelloRequest, encode_hello_request
from hardware.serial.link import SerialLink, check_robot
from hardware.serial.messages import encode_session
from hardware.serial.protocol import MessageType
from hardware.serial.states import Flag, Mode, decode_flight_report
from hardware.virtual.serial.wire import LONGEST
from sim.errors import LinkError
from tests.bench.fuzz_serial import Fuzzer, Result
from tests.hardware.serial.conftest import behind_a_port, eventually

COMMON = Path(__file__).parents[3] / "firmware_export" / "targets" / "common"
PUT = ctypes.CFUNCTYPE(None, ctypes.c_uint8)


class Estimate(ctypes.Structure):
    _fields_ = (
        ("position_w", ctypes.c_float * 3),
        ("velocity_w", ctypes.c_float * 3),
        ("orientation_wxyz", ctypes.c_float * 4),
        ("angular_velocity_b", ctypes.c_float * 3),
        ("battery_v", ctypes.c_float),
    )


class Config(ctypes.Structure):
    _fields_ = (
        ("put", PUT),
        ("name", ctypes.c_char_p),
        ("channels", ctypes.c_char_p * 4),
        ("firmware_id", ctypes.c_uint8 * 32),
        ("period_ms", ctypes.c_uint32),
    )


class CRobot:
    """The compiled firmware with a board made of Python."""

    def __init__(self, library, period_ms=10):
        self.library, self.out = library, bytearray()
        self._put = PUT(self.out.append)
        names = (ctypes.c_char_p * 4)(b"m1", b"m2", b"m3", b"m4")
        self._config = Config(self._put, b"crazyflie", names, (ctypes.c_uint8 * 32)(*range(32)), period_ms)
        self.estimate = Estimate((1, 2, 3), (0, 0, 0), (1, 0, 0, 0), (0, 0, 0), 3.9)
        library.serial_robot_channels.restype = ctypes.POINTER(ctypes.c_float)
        library.serial_robot_init(ctypes.byref(self._config))

    def receive(self, data):
        for byte in data:
            self.library.serial_robot_byte(byte)

    def tick(self, now_ms):
        self.library.serial_robot_tick(now_ms, ctypes.byref(self.estimate))

    def take(self):
        data = bytes(self.out)
        self.out.clear()
        return data

    @property
    def motors(self):
        return tuple(self.library.serial_robot_channels()[:4])

    @property
    def mode(self):
        return self.library.serial_robot_mode()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("c")
    sources = [COMMON / name for name in ("serial_robot.c", "framing.c")]
    sanitizers = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    command = ["gcc", *STRICT_C99, "-O1", "-g", "-fPIC", "-shared", *sanitizers, *sources, "-o", folder / "robot.so"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "robot.so"))


@pytest.fixture
def on_a_port(library):
    """The firmware at the far end of a real pseudo-terminal, in real time."""
    robot = CRobot(library)
    with behind_a_port(robot, 0.0005) as uri:
        yield robot, uri


def test_the_real_link_flies_the_c_firmware(on_a_port, pd_bundle):
    robot, uri = on_a_port
    with SerialLink(uri, level="motor") as link:
        assert check_robot(link.hello, pd_bundle).passed
        assert link.hello.identity == bytes(range(32))
        state = link.read()
        assert (state.position_w, state.battery_v) == ((1.0, 2.0, 3.0), pytest.approx(3.9))
        assert eventually(lambda: link.read().armed or link.request_arm(True))
        assert link.read().onboard_mode == Mode.IDLE
        assert eventually(lambda: link.write([0.125, 0.25, 0.5, 1.0]) or link.read().onboard_mode == Mode.COMMANDS)
        assert eventually(lambda: link.read().motors == (0.125, 0.25, 0.5, 1.0))
        assert eventually(lambda: link.read().dead_man), "silence: its failsafe"
        assert robot.motors == (0.0,) * 4
        assert eventually(lambda: link.write([0.5] * 4) or link.read().onboard_mode == Mode.COMMANDS)
        with pytest.raises(LinkError, match="in use"):
            SerialLink(uri).open()
        link.safe_stop("level_and_descend")
        assert eventually(lambda: link.read().onboard_mode == Mode.SAFE_ACTION)
        link.safe_stop("off")
        assert eventually(lambda: not link.read().armed)
        link.emergency_stop()
        assert eventually(lambda: link.read().crashed)
        link.request_arm(True)
        assert eventually(lambda: link.receiver.refusal is not None)
        assert "restart" in link.receiver.refusal.text


@pytest.mark.parametrize("seed", range(3))
def test_c_takes_exactly_the_commands_that_python_takes(library, seed):
    fuzzer = Fuzzer(random.Random(seed), Result())
    fuzzer.frames.restart()
    fuzzer._start_robot()
    robot, reader = CRobot(library, period_ms=1), FrameReader(LONGEST)
    frames, session = fuzzer.frames, fuzzer.frames.session
    robot.receive(frames.frame(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(session))))
    robot.receive(frames.frame(MessageType.ARM, encode_session(session)))
    taken = Counter()
    for _ in range(1500):
        chunk = frames.mutant()
        fuzzer._to_robot(chunk)
        robot.receive(chunk)
        robot.tick(0)
        head = decode_flight_report(reader.feed(robot.take())[-1].payload, 4).head
        assert head.command_sequence == fuzzer.endpoint.gate.sequence, chunk.hex()
        assert (Flag.ARMED in head.flags) == fuzzer.supervisor.armed, chunk.hex()
        taken[head.command_sequence] += 1
    assert fuzzer.result.failures == []
    assert len(taken) > 5
