"""The C for one's own board with joints: the real link runs it, and it does what the virtual robot's firmware does."""

import ctypes
import dataclasses
import math
import random
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from firmware_export.toolchain import STRICT_C99
from hardware.framing import FrameReader
from hardware.serial.hello import Hello, HelloRequest, encode_hello_request
from hardware.serial.link import SerialLink
from hardware.serial.messages import encode_safe_action, encode_session
from hardware.serial.protocol import MessageType, Refusal
from hardware.serial.states import Mode, decode_joint_report
from hardware.virtual.events import EventLog
from hardware.virtual.joints.firmware import JointFirmware
from hardware.virtual.joints.sensors import Measurement
from hardware.virtual.serial.endpoint import Endpoint
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.wire import LONGEST
from sim.registry import load_robot
from tests.bench.serial_frames import FrameMaker
from tests.hardware.serial.conftest import behind_a_port, eventually

COMMON = Path(__file__).parents[3] / "firmware_export" / "targets" / "common"
PUT = ctypes.CFUNCTYPE(None, ctypes.c_uint8)
PARAMETERS = load_robot("g1").parameters()


class CRobot:
    """The firmware compiled for ``n`` joints, with a board made of Python."""

    def __init__(self, folder, n, names, low, high, period_ms=10):
        sources = [COMMON / name for name in ("serial_robot.c", "framing.c")]
        sanitizers = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
        built = folder / f"robot{n}.so"
        command = ["gcc", *STRICT_C99, f"-DSERIAL_JOINTS={n}U", "-O1", "-g", "-fPIC", "-shared", *sanitizers]
        subprocess.run([*command, *sources, "-o", built], check=True)
        floats = ctypes.c_float * n
        self.library, self.out, self.n = ctypes.CDLL(str(built)), bytearray(), n

        class Estimate(ctypes.Structure):
            _fields_ = (
                ("orientation_wxyz", ctypes.c_float * 4),
                ("angular_velocity_b", ctypes.c_float * 3),
                *((name, floats) for name in ("position", "velocity", "torque", "temperature_c")),
                ("battery_v", ctypes.c_float),
                ("operator_stop", ctypes.c_bool),
                ("motor_error", ctypes.c_bool),
            )

        class Config(ctypes.Structure):
            _fields_ = (
                ("put", PUT), ("name", ctypes.c_char_p), ("channels", ctypes.c_char_p * n),
                ("firmware_id", ctypes.c_uint8 * 32), ("period_ms", ctypes.c_uint32), ("low", floats), ("high", floats),
            )  # fmt: skip

        self._put = PUT(self.out.append)
        self._keep = [name.encode() for name in names]  # the firmware keeps pointers to them
        channels = (ctypes.c_char_p * n)(*self._keep)
        config = Config(self._put, b"g1", channels, (ctypes.c_uint8 * 32)(), period_ms, floats(*low), floats(*high))
        self.estimate = Estimate((1, 0, 0, 0), battery_v=50.0)
        self._config = config
        self.library.serial_robot_channels.restype = ctypes.POINTER(ctypes.c_float)
        self.library.serial_robot_init(ctypes.byref(config))
        self.tick(0)

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
    def targets(self):
        return tuple(self.library.serial_robot_channels()[: self.n])


@pytest.fixture
def on_a_port(tmp_path):
    """The firmware of a G1's board at the far end of a real pseudo-terminal, in real time."""
    p = PARAMETERS
    robot = CRobot(tmp_path, p.num_joints, p.joint_names, p.position_low_rad, p.position_high_rad)
    with behind_a_port(robot, 0.001) as uri:
        yield robot, uri


def test_the_real_link_runs_the_c_firmware(on_a_port):
    robot, uri = on_a_port
    robot.estimate.position[3] = 0.25
    with SerialLink(uri, level="joint_position") as link:
        assert link.hello.kind == "joint"
        assert link.command_names[3] == f"{PARAMETERS.joint_names[3]}_rad"
        assert eventually(lambda: link.read().position[3] == 0.25)
        assert eventually(lambda: link.read().armed or link.request_arm(True))
        assert link.read().onboard_mode == Mode.IDLE
        assert robot.targets[3] == 0.25, "armed, it holds the pose it is found in"
        targets = list(PARAMETERS.default_pose_rad)
        assert eventually(lambda: link.write(targets) or link.read().onboard_mode == Mode.COMMANDS)
        assert robot.targets == pytest.approx(targets)
        link.write([math.pi] * 29)
        assert eventually(lambda: link.receiver.refusal is not None)
        assert link.receiver.refusal.refusal is Refusal.OUT_OF_RANGE
        assert eventually(lambda: link.write(targets) or link.safe_stop("hold") or link.read().onboard_mode == 4)
        assert robot.targets == pytest.approx(targets), "hold keeps the last target"
        assert eventually(lambda: link.write(targets) or link.read().onboard_mode == Mode.COMMANDS)
        assert eventually(lambda: link.read().dead_man), "silence: its failsafe"
        assert not eventually(lambda: link.write(targets) or link.read().onboard_mode == Mode.COMMANDS, 0.3)
        link.safe_stop("off")
        assert eventually(lambda: not link.read().armed)
        robot.estimate.operator_stop = True
        assert eventually(lambda: link.read().operator_stop)
        link.receiver.refusal = None
        link.request_arm(True)
        assert eventually(lambda: link.receiver.refusal is not None)
        assert link.receiver.refusal.refusal is Refusal.CANNOT_ARM


class Reference:
    """The virtual robot's end of the protocol with four joints, fed with the same bytes."""

    def __init__(self):
        n = 4
        named = ("joint_names", "default_pose_rad", "kp", "kd", "action_scale_rad")
        parameters = dataclasses.replace(PARAMETERS, **{name: getattr(PARAMETERS, name)[:n] for name in named})
        self.events = EventLog()
        self.firmware = JointFirmware(parameters, self.events)
        hello = Hello(1, "joint", "joint_position", parameters.joint_names, 10_000, bytes(32), "g1")
        gate = CommandGate([0.0] * n, [1.0] * n)
        self.endpoint = Endpoint(hello, self.firmware, self.firmware, gate, self.events)
        self.reader = FrameReader(LONGEST)
        zero = np.zeros(n)
        unit = np.array([1.0, 0.0, 0.0, 0.0])
        self._measured = Measurement(zero, zero, zero, zero, zero, unit, np.zeros(3), np.zeros(3))
        self.tick(0)

    def receive(self, data):
        for frame in self.reader.feed(data):
            self.endpoint.handle(frame, 0)

    def tick(self, now_ms):
        self.events.tick_ms = now_ms
        self.firmware.step(self._measured, self.endpoint.sessions.silent_ms, False, False)


@pytest.mark.parametrize("seed", range(4))
def test_c_does_under_hostile_bytes_and_orders_what_the_virtual_robot_does(tmp_path, seed):
    rng = random.Random(seed)
    frames = FrameMaker(rng, Counter())
    names = PARAMETERS.joint_names[:4]
    robot, reference = CRobot(tmp_path, 4, names, [0.0] * 4, [1.0] * 4, period_ms=1), Reference()
    session, reader = frames.session, FrameReader(LONGEST)
    now, modes = 0, Counter()

    choices = {
        0: lambda: frames.frame(MessageType.ARM, encode_session(session)),
        1: lambda: frames.frame(MessageType.DISARM, encode_session(session)),
        2: lambda: frames.frame(MessageType.SAFE_ACTION, encode_safe_action(session, "hold")),
        3: lambda: frames.frame(MessageType.SAFE_ACTION, encode_safe_action(session, "damp")),
        4: lambda: frames.frame(MessageType.SAFE_ACTION, encode_safe_action(session, "land")),
        5: lambda: frames.frame(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(session))),
    }
    for number in range(1200):
        chunk = choices[5]() if number == 0 else choices[rng.randrange(6)]() if rng.random() < 0.1 else frames.mutant()
        if rng.random() < 0.1:
            chunk += choices[0]()
        now += rng.choice((1, 1, 1, 5, 5, 120, 1200)) if rng.random() < 0.2 else 1
        for end in (robot, reference):
            end.receive(chunk)
            end.tick(now)
        head = decode_joint_report(reader.feed(robot.take())[-1].payload, 4).head
        firmware = reference.firmware
        assert head.command_sequence == reference.endpoint.gate.sequence, chunk.hex()
        assert head.mode == firmware.mode, (number, chunk.hex())
        if firmware.mode is Mode.COMMANDS:
            assert robot.targets == tuple(firmware._targets)
        modes[head.mode] += 1
        if head.mode is Mode.STOPPED:
            break
    assert len(modes) >= 3
    assert number > 40
