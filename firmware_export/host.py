"""The generated C on this computer: a shared library behind the Python policy protocol."""

from __future__ import annotations

import ctypes
import os
import tempfile
from pathlib import Path

import numpy as np

from firmware_export.toolchain import STRICT_C99, require_tool, run_tool
from sim.errors import ConfigError, ToolchainError

HOST_SOURCES = Path(__file__).parent / "targets" / "host"
_FLOATS = ctypes.POINTER(ctypes.c_float)


def compiler() -> str:
    """Return the host's C compiler: ``$CC``, else gcc.

    Raises:
        ToolchainError: if it is not installed.
    """
    return require_tool(os.environ.get("CC", "gcc"), ["gcc", "libc6-dev"])


def build_library(c_folder: Path | str, out: Path | str) -> Path:
    """Compile ``policy.c`` of a folder into a shared library.

    Args:
        c_folder: folder with ``policy.h`` and ``policy.c``.
        out: the library to write, e.g. ``build/policy.so``.

    Returns:
        ``out``.

    Raises:
        ToolchainError: if the compiler is missing or fails; ``out`` is then untouched.
    """
    folder = Path(c_folder)
    sources = [_source(folder, "policy.c"), HOST_SOURCES / "library.c"]
    return _compile([*STRICT_C99, "-O2", "-fPIC", "-shared", f"-I{folder}", *sources], Path(out))


def run_self_test(c_folder: Path | str, *, sanitize: bool = False) -> float:
    """Compile the golden self-test, run it and return its largest relative error.

    Args:
        c_folder: folder with ``policy.h``, ``policy.c`` and ``policy_selftest.c``.
        sanitize: with gcc's address and undefined-behaviour sanitizers, which end the run at the first fault.

    Raises:
        ToolchainError: if the compiler is missing or fails, or the self-test or a sanitizer objects.
    """
    folder = Path(c_folder)
    names = ("policy.c", "policy_selftest.c")
    sources = [*(_source(folder, name) for name in names), HOST_SOURCES / "selftest_main.c"]
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"] if sanitize else ["-O2"]
    with tempfile.TemporaryDirectory() as scratch:
        program = _compile([*STRICT_C99, *flags, f"-I{folder}", *sources], Path(scratch) / "selftest")
        return float(run_tool([program]).split()[1])


def _source(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ToolchainError(f"{path} is missing: run 'sim2metal export' first")
    return path


def _compile(arguments: list[str | Path], out: Path) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        result = Path(scratch) / out.name
        run_tool([compiler(), *arguments, "-lm", "-o", result])
        result.replace(out)
    return out


class HostPolicy:
    """The compiled policy with the Python policy protocol.

    Attributes:
        observation_size: length of one observation.
        state_size: length of one state; 0 without memory.
        action_size: length of one action.
        bundle_id: hexadecimal id that the code carries.
    """

    def __init__(self, path: Path | str) -> None:
        """Load a library that ``build_library`` made.

        Args:
            path: the shared library.

        Raises:
            ToolchainError: if it cannot be loaded or is no policy.
        """
        try:
            library = ctypes.CDLL(str(Path(path).resolve()))
            sizes = (ctypes.c_int32 * 4).in_dll(library, "policy_sizes")
            self.bundle_id = bytes((ctypes.c_uint8 * 32).in_dll(library, "policy_bundle_id")).hex()
            self._step = library.policy_step_batch
        except (OSError, ValueError, AttributeError) as error:
            raise ToolchainError(f"cannot load {path}: {error}; build it again") from None
        self.observation_size, self.state_size, self.action_size, self.workspace_size = sizes
        self._step.argtypes = [ctypes.c_size_t, _FLOATS, _FLOATS, _FLOATS, _FLOATS]
        self._step.restype = None

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step of N independent policies.

        Args:
            observation: (N, observation_size) float32, raw SI.
            state: (N, state_size) float32; not changed.
            reset: (N,) bool, true on an episode's first step.

        Returns:
            action (N, action_size) and the next state (N, state_size), float32.

        Raises:
            ConfigError: if a shape does not fit the policy.
        """
        observation = np.ascontiguousarray(observation, np.float32)
        count = len(observation)
        following = np.array(state, np.float32, order="C", copy=True)
        flags = np.ascontiguousarray(np.asarray(reset).reshape(-1), np.float32)
        expected = ((count, self.observation_size), (count, self.state_size), (count,))
        actual = (observation.shape, following.shape, flags.shape)
        if actual != expected:
            raise ConfigError(f"policy step: observation, state and reset have shapes {actual}, expected {expected}")
        action = np.empty((count, self.action_size), np.float32)
        pointers = [array.ctypes.data_as(_FLOATS) for array in (observation, flags, following, action)]
        self._step(count, *pointers)
        return action, following
