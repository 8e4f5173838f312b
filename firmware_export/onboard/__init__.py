"""The on-board controller for this computer: the same C as on the robot, behind ctypes.

``build_onboard_library`` compiles ``s2m_controller.c`` with a folder of generated code;
``OnboardController`` calls it once per millisecond. The structures mirror ``s2m_controller.h``
and are checked against it when the library is loaded.
"""

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path

from firmware_export.host import compiler
from firmware_export.onboard.weights import OnboardWeights
from firmware_export.toolchain import STRICT_C99, run_tool
from sim.errors import ToolchainError

SOURCES = Path(__file__).parent
MODES = ("off", "idle", "policy", "dead_man", "policy_fault", "landed")
"""Names of ``s2m_mode_t``."""
SETPOINT_NONE, SETPOINT_STOP, SETPOINT_POSITION, SETPOINT_VELOCITY, SETPOINT_HOVER = range(5)

Vector3 = ctypes.c_float * 3
Motors = ctypes.c_float * 4


class Config(ctypes.Structure):
    """``s2m_config_t``."""

    _fields_ = (
        ("control_period_ms", ctypes.c_uint32),
        ("dead_man_ms", ctypes.c_uint32),
        ("descent_limit_ms", ctypes.c_uint32),
        ("warm_up_ms", ctypes.c_uint32),
        ("descent_m_s", ctypes.c_float),
        ("ground_clearance_m", ctypes.c_float),
        ("idle_command", ctypes.c_float),
        ("hover_command", ctypes.c_float),
        ("slew_per_s", ctypes.c_float),
        ("position_error_limit_m", ctypes.c_float),
        ("setpoint_low_w", Vector3),
        ("setpoint_high_w", Vector3),
    )


class EstimateC(ctypes.Structure):
    """``s2m_estimate_t``."""

    _fields_ = (
        ("position_w", Vector3),
        ("velocity_w", Vector3),
        ("attitude", ctypes.c_float * 4),
        ("angular_velocity_b", Vector3),
    )


class SetpointC(ctypes.Structure):
    """``s2m_setpoint_t``."""

    _fields_ = (
        ("mode", ctypes.c_uint32),
        ("tick_ms", ctypes.c_uint32),
        ("position_w", Vector3),
        ("velocity_w", Vector3),
    )


def build_onboard_library(c_folder: Path | str, out: Path | str) -> Path:
    """Compile the on-board controller with a folder of generated code into a shared library.

    Args:
        c_folder: folder with ``policy.h`` and ``policy.c``; with replaceable weights also ``policy_selftest.c``.
        out: the library to write.

    Returns:
        ``out``.

    Raises:
        ToolchainError: if a source or the compiler is missing or it fails; ``out`` is then untouched.
    """
    folder, out = Path(c_folder), Path(out)
    for name in ("policy.h", "policy.c"):
        if not (folder / name).is_file():
            raise ToolchainError(f"{folder / name} is missing: run 'sim2metal export' first")
    out.parent.mkdir(parents=True, exist_ok=True)
    names = ("s2m_controller.c", "s2m_weights.c", "host_access.c")
    sources = [*(SOURCES / name for name in names), folder / "policy.c"]
    options = []
    if (folder / "policy_selftest.c").is_file():
        sources, options = [*sources, folder / "policy_selftest.c"], ["-DS2M_SELF_TEST"]
    flags = [*STRICT_C99, *options, "-O2", "-fPIC", "-shared", f"-I{folder}", f"-I{SOURCES}"]
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        result = Path(scratch) / out.name
        run_tool([compiler(), *flags, *sources, "-lm", "-o", result])
        result.replace(out)
    return out


class OnboardController:
    """One on-board controller; call ``step`` once per millisecond.

    Attributes:
        config: the configuration in use; change it, then call ``restart``.
        estimate: fill in before ``step``.
        setpoint: fill in before ``step``.
        bundle_id: 32 bytes, the bundle the code was generated from.
        weights: takes new weights; ``None`` if the code was generated without that.
    """

    def __init__(self, library: Path | str, hover_command: float) -> None:
        """Load a library that ``build_onboard_library`` made.

        Args:
            library: its path.
            hover_command: nominal action of the bundle, reported as applied on the policy's first step.

        Raises:
            ToolchainError: if it cannot be loaded or was built from another version of the sources.
        """
        try:
            c = ctypes.CDLL(str(Path(library).resolve()))
            sizes = tuple((ctypes.c_uint32 * 4).in_dll(c, "s2m_sizes"))
            self.bundle_id = bytes((ctypes.c_uint8 * 32).in_dll(c, "policy_bundle_id"))
            weights_memory = ctypes.c_uint32.in_dll(c, "s2m_weights_memory").value
        except (OSError, ValueError) as error:
            raise ToolchainError(f"cannot load {library}: {error}; build it again") from None
        expected = tuple(map(ctypes.sizeof, (Config, EstimateC, SetpointC)))
        if sizes[:3] != expected:
            raise ToolchainError(f"{library}: structures of {sizes[:3]} bytes, expected {expected}; build it again")
        self.config, self.estimate, self.setpoint = Config(), EstimateC(), SetpointC()
        self._c = c
        self._memory = ctypes.create_string_buffer(sizes[3])
        self._motors = Motors()
        c.s2m_default_config.argtypes = [ctypes.POINTER(Config), ctypes.c_float]
        c.s2m_default_config(ctypes.byref(self.config), hover_command)
        c.s2m_steps_of.argtypes, c.s2m_steps_of.restype = [ctypes.c_char_p], ctypes.c_uint32
        c.s2m_observation_of.argtypes, c.s2m_observation_of.restype = [ctypes.c_char_p], ctypes.POINTER(ctypes.c_float)
        c.s2m_corrupt_policy.argtypes = c.s2m_corrupt_command.argtypes = [ctypes.c_char_p]
        self._step = c.s2m_step
        self._step.argtypes = [
            ctypes.c_char_p, ctypes.c_uint32, ctypes.c_bool,
            ctypes.POINTER(EstimateC), ctypes.POINTER(SetpointC), ctypes.POINTER(ctypes.c_float),
        ]  # fmt: skip
        self._step.restype = ctypes.c_uint32
        self._arguments = ctypes.byref(self.estimate), ctypes.byref(self.setpoint), self._motors
        self.weights = OnboardWeights(c, self._memory, weights_memory) if weights_memory else None
        self.restart()

    def restart(self) -> None:
        """Initialise the controller, disarmed, with the present ``config``."""
        self._c.s2m_init(self._memory, ctypes.byref(self.config))

    def step(self, tick_ms: int, armed: bool) -> int:
        """Run one millisecond; ``motors`` holds the result; returns the mode (index into ``MODES``)."""
        return self._step(self._memory, tick_ms & 0xFFFFFFFF, armed, *self._arguments)

    def self_test(self) -> bool | None:
        """Return whether the weights in flash compute their golden steps; ``None`` without a self-test on board.

        The controller must be disarmed: its workspace is used.
        """
        if not hasattr(self._c, "s2m_self_test_of"):
            return None
        self._c.s2m_self_test_of.argtypes = [ctypes.c_char_p]
        return self._c.s2m_self_test_of(self._memory) == 0

    @property
    def motors(self) -> tuple[float, float, float, float]:
        """Motor commands of the last step, rotor speed fractions."""
        a, b, c, d = self._motors
        return a, b, c, d

    @property
    def policy_steps(self) -> int:
        """Policy steps since the start."""
        return self._c.s2m_steps_of(self._memory)

    @property
    def observation(self) -> list[float]:
        """What the policy saw last, 22 numbers."""
        return self._c.s2m_observation_of(self._memory)[:22]

    def corrupt_policy(self) -> None:
        """Fault: write NaN into the policy's memory (without one: into the held command)."""
        self._c.s2m_corrupt_policy(self._memory)

    def corrupt_command(self) -> None:
        """Fault: write NaN into the command held between two policy steps."""
        self._c.s2m_corrupt_command(self._memory)
