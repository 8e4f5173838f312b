"""The Crazyflie app's C on this computer, behind the firmware's interface types."""

import ctypes
import itertools
import math
import re
from pathlib import Path

import numpy as np

from firmware_export.host import compiler
from firmware_export.onboard import SOURCES as ONBOARD
from firmware_export.targets import load_target
from firmware_export.toolchain import STRICT_C99, run_tool

APP_SOURCES = load_target("crazyflie").folder / "src"
HERE = Path(__file__).parent
FIRMWARE = HERE / "firmware"
PROBE = HERE / "probe"
CHIP_ONLY = ("s2m_cycles.c",)
"""Sources that touch the chip's registers."""
C11 = ["-std=c11", *(flag for flag in STRICT_C99 if not flag.startswith("-std"))]
"""The firmware's own headers need unnamed unions."""

DISABLE, ABSOLUTE, VELOCITY = range(3)
LEGACY, FORCE_TORQUE, FORCE = range(3)
NOBODY, POLICY, PID = range(3)
OFF, IDLE, FLYING, DEAD_MAN, FAULT, LANDED, HANDED_OVER = range(7)
NO_FAULT, SELF_TEST, ESTIMATE, TILT, POLICY_NAN, TIME, DISABLED = range(7)

f32, u8, u32, i16 = ctypes.c_float, ctypes.c_uint8, ctypes.c_uint32, ctypes.c_int16
TYPES = {0x08: u8, 0x09: ctypes.c_uint16, 0x0A: u32, 0x06: f32, 1: u8, 2: ctypes.c_uint16, 3: u32, 7: f32}
READ_ONLY = 0x100


class Axis3(ctypes.Structure):
    _fields_ = (("x", f32), ("y", f32), ("z", f32))


class Stamped(ctypes.Structure):
    _fields_ = (("timestamp", u32), ("x", f32), ("y", f32), ("z", f32))


class Attitude(ctypes.Structure):
    _fields_ = (("timestamp", u32), ("roll", f32), ("pitch", f32), ("yaw", f32))


class Quaternion(ctypes.Structure):
    _fields_ = (("x", f32), ("y", f32), ("z", f32), ("w", f32))


class Modes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_int) for name in ("x", "y", "z", "roll", "pitch", "yaw", "quat"))


class Setpoint(ctypes.Structure):
    _fields_ = (
        ("timestamp", u32), ("attitude", Attitude), ("attitudeRate", Attitude), ("attitudeQuaternion", Quaternion),
        ("thrust", f32), ("position", Stamped), ("velocity", Stamped), ("acceleration", Stamped), ("jerk", Stamped),
        ("velocity_body", ctypes.c_bool), ("mode", Modes),
    )  # fmt: skip


class State(ctypes.Structure):
    _fields_ = (
        ("attitude", Attitude), ("attitudeQuaternion", Quaternion),
        ("position", Stamped), ("velocity", Stamped), ("acc", Stamped),
    )  # fmt: skip


class Sensors(ctypes.Structure):
    _fields_ = (
        ("acc", Axis3),
        ("gyro", Axis3),
        ("mag", Axis3),
        ("baro", f32 * 3),
        ("interruptTimestamp", ctypes.c_uint64),
    )


class Legacy(ctypes.Structure):
    _fields_ = (("roll", i16), ("pitch", i16), ("yaw", i16), ("thrust", f32))


class Command(ctypes.Union):
    _fields_ = (("legacy", Legacy), ("forces", f32 * 4))


class Control(ctypes.Structure):
    _anonymous_ = ("command",)
    _fields_ = (("command", Command), ("mode", ctypes.c_int))


class World(ctypes.Structure):
    _fields_ = (
        ("tick_ms", u32), ("slow_us", u32),
        ("can_fly", u8), ("flying", u8), ("connected", u8), ("pid_ready", u8), ("priority", ctypes.c_int32),
        ("pid_calls", u32), ("pid_resets", u32), ("setpoints_sent", u32), ("queue", Setpoint),
    )  # fmt: skip


class Variable(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("type", ctypes.c_int), ("address", ctypes.c_void_p))


def build_app(out, policy, values, flags=("-O2",)):
    """Compile the app's sources against the interface types; return the library."""
    return compile_app(out, policy, values, [*flags, "-fPIC", "-shared"])


def compile_app(out, policy, values, flags, *more_sources):
    """Compile the app into a library or, with a source that has ``main``, a program."""
    folder = out.parent / f"{out.stem}-source"
    folder.mkdir()
    header = (APP_SOURCES.parent / "s2m_bundle.h.in").read_text()
    (folder / "s2m_bundle.h").write_text(re.sub("@([A-Z_]+)@", lambda match: values[match[1]], header))
    app = [path for path in sorted(APP_SOURCES.glob("*.c")) if path.name not in CHIP_ONLY]
    sources = [
        *app,
        ONBOARD / "s2m_controller.c",
        ONBOARD / "s2m_weights.c",
        policy / "policy.c",
        policy / "policy_selftest.c",
        FIRMWARE / "interface.c",
        *more_sources,
    ]
    folders = [f"-I{path}" for path in (folder, APP_SOURCES, ONBOARD, policy, FIRMWARE)]
    run_tool([compiler(), *C11, *flags, *folders, *sources, "-lm", "-o", out])
    return out


class Firmware:
    """The rest of the firmware around the app: fill in ``state`` and ``sensors``, send set-points, ``step``."""

    def __init__(self, library):
        self.c = ctypes.CDLL(str(library))
        sizes = tuple((u32 * 5).in_dll(self.c, "interface_sizes"))
        assert sizes == tuple(map(ctypes.sizeof, (World, Setpoint, State, Sensors, Control)))
        self.world = World.in_dll(self.c, "world")
        self.world.can_fly = self.world.connected = self.world.pid_ready = 1
        self.world.tick_ms = 1000
        self.state, self.sensors, self.control = State(), Sensors(), Control()
        self.attitude(1.0, 0.0, 0.0, 0.0)
        self._variables = {**self._table("param_s2m"), **{f"log.{k}": v for k, v in self._table("log_s2m").items()}}
        self.c.controllerOutOfTreeTest.restype = ctypes.c_bool
        self._thrust_ms = -(10**9)
        self.step_number = 0
        self.grounded = False
        """Whether the stabilizer replaces set-points by the null set-point, as it does while nothing may fly."""

    def _table(self, symbol):
        table, rows = ctypes.cast(getattr(self.c, symbol), ctypes.POINTER(Variable)), {}
        for row in itertools.takewhile(lambda row: row.name is not None, table):
            kind = TYPES[row.type & 0xFF]
            rows[row.name.decode()] = (kind.from_address(row.address), bool(row.type & READ_ONLY))
        return rows

    def start(self):
        """As stabilizer.c does at power-on; return the outcome of the test."""
        self.c.controllerOutOfTreeInit()
        return self.c.controllerOutOfTreeTest()

    def param(self, name):
        return self._variables[name][0].value

    def log(self, name):
        return self._variables[f"log.{name}"][0].value

    def set_param(self, name, value):
        variable, read_only = self._variables[name]
        assert not read_only
        variable.value = value

    def attitude(self, w, x, y, z):
        """Set the quaternion, and the Euler angles as the firmware has them: degrees, pitch inverted."""
        q, a = self.state.attitudeQuaternion, self.state.attitude
        q.w, q.x, q.y, q.z = w, x, y, z
        a.roll = math.degrees(math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)))
        a.pitch = -math.degrees(math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x)))))
        a.yaw = math.degrees(math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)))

    def send(self, modes=(ABSOLUTE,) * 3, position=(0, 0, 0), velocity=(0, 0, 0), body=False, thrust=0.0, priority=2):
        """A set-point from the host."""
        s = Setpoint()
        s.mode.x, s.mode.y, s.mode.z = modes
        s.position.x, s.position.y, s.position.z = position
        s.velocity.x, s.velocity.y, s.velocity.z = velocity
        s.velocity_body, s.thrust, s.timestamp = body, thrust, self.world.tick_ms
        self.world.queue, self.world.priority = s, priority

    def stop(self):
        self.send((DISABLE,) * 3)

    def place(self, x, y, z):
        p = self.state.position
        p.x, p.y, p.z = x, y, z

    def step(self, count=1, keep_alive=False):
        """Advance by milliseconds; the supervisor sees turning motors for two seconds, as the real one."""
        for _ in range(count):
            self.world.tick_ms = (self.world.tick_ms + 1) & 0xFFFFFFFF
            self.step_number += 1
            if keep_alive:
                self.world.queue.timestamp = self.world.tick_ms
            heard = self.world.can_fly and not self.grounded
            setpoint = Setpoint.from_buffer_copy(self.world.queue) if heard else Setpoint()
            arguments = (self.control, setpoint, self.sensors, self.state)
            self.c.controllerOutOfTree(*map(ctypes.byref, arguments), u32(self.step_number))
            if self.world.can_fly and self.turning():
                self._thrust_ms = self.step_number
            self.world.flying = self.step_number - self._thrust_ms < 2000
        return self

    def turning(self):
        if self.control.mode == FORCE:
            return any(force > 0.0 for force in self.control.forces)
        return self.control.legacy.thrust > 0.0

    @property
    def forces(self):
        assert self.control.mode == FORCE
        return list(self.control.forces)

    @property
    def observation(self):
        return np.array((f32 * 22).in_dll(self.c, "probe_observation"))

    def answer(self, *action):
        (f32 * 4).in_dll(self.c, "probe_action")[:] = action

    def break_self_test(self, wrong):
        ctypes.c_int.in_dll(self.c, "probe_wrong").value = wrong

    def take_off(self, position=(0.0, 0.0, 1.0)):
        """Warm up on the ground and fly at ``position`` with a fresh set-point there."""
        self.place(0.0, 0.0, 0.0)
        self.send(position=position)
        self.step(501, keep_alive=True)
        self.place(*position)
        self.step(10, keep_alive=True)
        assert (self.log("flies"), self.log("mode")) == (POLICY, FLYING)
        return self


def who(firmware):
    """Who flies, in which mode, and what ended the policy."""
    return firmware.log("flies"), firmware.log("mode"), firmware.log("fault")
