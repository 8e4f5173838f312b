"""Golden sequences of a bare ONNX file, made by onnxruntime: seeded observations, its own state coming back to it."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import onnxruntime

from firmware_export.onnx_to_c.graph import LONGEST_REASON
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.onnx_to_c.signature import Port, Signature
from policies.bundle import Golden
from policies.runtime import open_session
from sim.errors import ConfigError

SEQUENCES = 2
STEPS = 500
"""Per sequence, long enough that the errors of recurrent policies would have grown."""
SEED = 0
MOST_STEPS = 100_000
"""Of all sequences of a user's file together."""


def random_observations(size: int) -> np.ndarray:
    """Return (SEQUENCES, STEPS, size) standard normal numbers from a fixed seed, float32."""
    return np.random.default_rng(SEED).normal(size=(SEQUENCES, STEPS, size)).astype(np.float32)


def read_observations(path: Path, size: int) -> np.ndarray:
    """Read array ``observation`` of an ``.npz`` file, such as a bundle's ``golden.npz``.

    Args:
        path: the file; its array has shape (steps, size) or (sequences, steps, size).
        size: numbers in one observation.

    Returns:
        (sequences, steps, size), float32.

    Raises:
        ConfigError: if there is no such array, it does not fit, or it is not finite.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as data:
            values = np.asarray(data["observation"], np.float32)
    except OSError as error:
        raise ConfigError(f"--golden {path}: {error.strerror or 'not an .npz file'}") from None
    except (ValueError, TypeError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error):
        raise ConfigError(f"--golden {path}: must be an .npz file with an array of numbers 'observation'") from None
    if values.ndim not in (2, 3) or values.shape[-1] != size or 0 in values.shape:
        raise ConfigError(
            f"--golden {path}: 'observation' has shape {values.shape}, expected (steps, {size}) or "
            f"(sequences, steps, {size})"
        )
    values = values.reshape(-1, *values.shape[-2:])
    if values.shape[0] * values.shape[1] > MOST_STEPS:
        raise ConfigError(f"--golden {path}: {values.shape[0] * values.shape[1]} steps; at most {MOST_STEPS}")
    if not np.isfinite(values).all():
        raise ConfigError(f"--golden {path}: 'observation' holds NaN or infinity")
    return values


def replay_model(content: bytes, name: str, signature: Signature, observation: np.ndarray) -> Golden:
    """Run a model over sequences on onnxruntime, each from a state of zeros and a reset.

    Args:
        content: serialised model, weights inside.
        name: what to call it in an error.
        signature: the roles of its inputs and outputs.
        observation: (sequences, steps, observation_size), float32.

    Raises:
        BundleError: if onnxruntime cannot load or run it, or an action or a state is no number.
    """
    sequences, steps, _ = observation.shape
    state_size = sum(port.size for port in signature.state)
    actions, states = [], np.zeros((sequences, steps, state_size), np.float32)
    reset = np.zeros((sequences, steps), np.float32)
    reset[:, 0] = 1.0
    session = open_session(content, name)
    quiet = onnxruntime.RunOptions()
    quiet.log_severity_level = 4  # what goes wrong is said in one line of ours
    try:
        for sequence in range(sequences):
            memory = np.zeros(state_size, np.float32)
            for step in range(steps):
                feeds = _feeds(signature, observation[sequence, step], memory, reset[sequence, step])
                action, *after = session.run([signature.action, *signature.next_state], feeds, quiet)
                actions.append(np.asarray(action).ravel())
                memory = np.concatenate([np.asarray(part).ravel() for part in after]) if after else memory
                states[sequence, step] = memory
    except Exception as error:  # noqa: BLE001 (onnxruntime has no common error class of its own)
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        raise UnsupportedModelError(f"{name}: onnxruntime cannot run it: {reason}") from None
    golden = Golden(observation, reset, states, np.reshape(actions, (sequences, steps, -1)))
    _require_finite(golden, name)
    return golden


def typical_scale(values: np.ndarray) -> np.ndarray:
    """Return what errors of each value are relative to: its largest magnitude, and at least 1 % of all values' largest.

    A bundle says the ranges of its actions; a bare file says nothing, so the golden steps must.

    Args:
        values: (sequences, steps, k).

    Returns:
        (k,), positive, float32.
    """
    each = np.abs(values).max(axis=(0, 1), initial=0.0)
    largest = each.max(initial=0.0)
    return np.maximum(each, 0.01 * largest if largest > 0.0 else 1.0).astype(np.float32)


def _feeds(signature: Signature, observation: np.ndarray, state: np.ndarray, reset: float) -> dict[str, np.ndarray]:
    feeds = {port.name: _part(observation, port) for port in signature.observation}
    feeds.update({port.name: _part(state, port) for port in signature.state})
    if signature.reset is not None:
        feeds[signature.reset.name] = np.full(signature.reset.shape, reset, np.float32)
    return feeds


def _part(values: np.ndarray, port: Port) -> np.ndarray:
    return values[port.start : port.start + port.size].reshape(port.shape)


def _require_finite(golden: Golden, name: str) -> None:
    if not (np.isfinite(golden.action).all() and np.isfinite(golden.state).all()):
        raise UnsupportedModelError(
            f"{name} computes NaN or infinity on these observations, which proves nothing: "
            "give some that it was made for (--golden FILE.npz)"
        )
