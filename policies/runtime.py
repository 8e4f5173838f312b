"""Run a bundle's ``policy.onnx`` on onnxruntime with one thread: the policy on the robot side.

Loading replays the golden sequences and refuses a bundle whose graph computes something else
(another onnxruntime, another CPU, a wrong export), so nothing moves with it. A NaN observation
gives a NaN action: the supervisor decides what that means, not the policy.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnxruntime as ort

from policies.bundle import Bundle, Golden, load_bundle
from policies.replay import parity_errors
from sim.errors import BundleError

SELF_CHECK_BOUND = 1e-4
"""Largest golden action error, relative to the action's range, with which a policy is run.

Ten times the bound of ``sim2metal verify``: other CPUs round differently, wrong graphs differ by
orders of magnitude more."""

_CPU = ("cpu", 0)


class OnnxPolicy:
    """A policy on onnxruntime, batched over environments or stepped alone (``single``)."""

    def __init__(self, source: Bundle | Path | str, *, self_check: bool = True) -> None:
        """Load the graph and replay the golden sequences.

        Args:
            source: a loaded bundle or the folder of one.
            self_check: replay the golden sequences and refuse on a mismatch.

        Raises:
            BundleError: if the bundle is not valid, its graph does not follow the contract, or
                it does not reproduce its golden sequences.
        """
        bundle = source if isinstance(source, Bundle) else load_bundle(source)
        self.bundle = bundle
        self.observation_size = bundle.info.input_size
        self._sizes = {"observation": (bundle.info.observation_size,)}
        self._sizes |= {image.name: image.shape for image in bundle.info.images}
        self.state_size = bundle.info.state_size
        self.action_size = bundle.info.action.size
        self._session = open_session(bundle.read_policy(), str(bundle.policy_path))
        self._check_signature()
        if self_check:
            self._check_golden(bundle.golden())

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step of ``N`` independent policies.

        Args:
            observation: (N, observation_size) float32, raw SI terms, and after them each image, row-major.
            state: (N, state_size) float32 from the previous step.
            reset: (N,) bool, true on an episode's first step.

        Returns:
            action (N, action_size) and next state (N, state_size), float32, newly allocated.

        Raises:
            BundleError: if an input has another shape.
        """
        observation = np.ascontiguousarray(observation, np.float32)
        _require_shape("observation", observation, (len(observation) if observation.ndim else 0, self.observation_size))
        feeds = self._parts(observation)
        if self.state_size == 0:
            action = self._session.run(["action"], feeds)[0]
            return np.asarray(action), np.zeros((len(observation), 0), np.float32)
        state = np.ascontiguousarray(state, np.float32)
        reset = np.ascontiguousarray(reset, np.float32)
        _require_shape("state", state, (len(observation), self.state_size))
        _require_shape("reset", reset, (len(observation),))
        feeds |= {"state_in": state, "reset": reset[:, None]}
        action, state_out = self._session.run(["action", "state_out"], feeds)
        return np.asarray(action), np.asarray(state_out)

    def single(self) -> SingleStep:
        """Return a stepper for one robot with preallocated buffers, for the control loop."""
        return SingleStep(self)

    def _parts(self, observation: np.ndarray) -> dict[str, np.ndarray]:
        """Return views of what is observed, (N, observation_size), as the graph's inputs."""
        parts, start = {}, 0
        for name, shape in self._sizes.items():
            stop = start + math.prod(shape)
            part = observation if stop - start == self.observation_size else observation[:, start:stop]
            parts[name] = part.reshape(len(observation), *shape)
            start = stop
        return parts

    def _check_signature(self) -> None:
        memory = self.state_size > 0
        inputs: dict[str, tuple[int, ...]] = dict(self._sizes)
        outputs: dict[str, tuple[int, ...]] = {"action": (self.action_size,)}
        if memory:
            inputs |= {"state_in": (self.state_size,), "reset": (1,)}
            outputs |= {"state_out": (self.state_size,)}
        for kind, nodes, expected in (
            ("input", self._session.get_inputs(), inputs),
            ("output", self._session.get_outputs(), outputs),
        ):
            actual = {node.name: node for node in nodes}
            if set(actual) != set(expected):
                raise BundleError(
                    f"{self.bundle.policy_path}: {kind}s are {sorted(actual)}, expected {sorted(expected)};"
                    " export the bundle again"
                )
            for name, shape in expected.items():
                node = actual[name]
                if node.type != "tensor(float)" or tuple(node.shape[1:]) != shape:
                    raise BundleError(
                        f"{self.bundle.policy_path}: {kind} '{name}' is {node.type} {node.shape},"
                        f" expected float32 (batch, {', '.join(map(str, shape))}); export the bundle again"
                    )

    def _check_golden(self, golden: Golden) -> None:
        error = parity_errors(self, golden, self.bundle.info).action
        if not error <= SELF_CHECK_BOUND:
            raise BundleError(
                f"{self.bundle.policy_path} does not reproduce its golden sequences: action off by {error:.1e} of its"
                f" range, bound {SELF_CHECK_BOUND:.0e}; do not fly it, export the bundle again"
            )


class SingleStep:
    """One robot's policy with its memory inside: bound buffers, no allocation in onnxruntime's inputs.

    The two state buffers alternate as ``state_in`` and ``state_out``, so no state is copied.
    """

    def __init__(self, policy: OnnxPolicy) -> None:
        self._run = policy._session.run_with_iobinding
        self._observation = np.zeros((1, policy.observation_size), np.float32)
        self._action = np.zeros((1, policy.action_size), np.float32)
        self._reset = np.ones((1, 1), np.float32)
        self._states = (np.zeros((1, policy.state_size), np.float32), np.zeros((1, policy.state_size), np.float32))
        self._bindings = tuple(
            self._bind(policy, source, target) for source, target in (self._states, self._states[::-1])
        )
        self._turn = 0

    @property
    def state(self) -> np.ndarray:
        """The memory after the last step, (state_size,) float32, a copy."""
        return self._states[self._turn][0].copy()

    def reset(self) -> None:
        """Make the next step the first of an episode: the graph rebuilds its memory."""
        self._reset[0, 0] = 1.0

    def step(self, observation: np.ndarray) -> np.ndarray:
        """Compute one control step.

        Args:
            observation: (observation_size,), raw SI terms, and after them each image, row-major.

        Returns:
            action (action_size,) float32, a copy.

        Raises:
            BundleError: if the observation has another shape.
        """
        target = self._observation[0]
        if np.shape(observation) != target.shape:
            raise BundleError(f"observation has shape {np.shape(observation)}, expected {target.shape}")
        target[:] = observation
        self._run(self._bindings[self._turn])
        self._turn ^= 1
        self._reset[0, 0] = 0.0
        return self._action[0].copy()

    def _bind(self, policy: OnnxPolicy, source: np.ndarray, target: np.ndarray) -> ort.IOBinding:
        binding = policy._session.io_binding()
        inputs = policy._parts(self._observation)
        outputs = {"action": self._action}
        if policy.state_size:
            inputs |= {"state_in": source, "reset": self._reset}
            outputs |= {"state_out": target}
        for name, array in inputs.items():
            binding.bind_input(name, *_CPU, np.float32, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, *_CPU, np.float32, array.shape, array.ctypes.data)
        return binding


def load_policy(path: Path | str) -> tuple[Bundle, OnnxPolicy]:
    """Load and check a bundle and its policy: everything a robot needs before it moves.

    Raises:
        BundleError: if either is not exactly what was trained; the message says why.
    """
    bundle = load_bundle(path)
    return bundle, OnnxPolicy(bundle)


def open_session(model: bytes, name: str) -> ort.InferenceSession:
    """Open an ONNX model on the CPU with one thread (a 64-wide policy is slower on two).

    Args:
        model: serialised model, weights inside.
        name: what to call it in an error.

    Raises:
        BundleError: if onnxruntime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime has no common error class of its own
        reason = str(error).splitlines()[0]
        raise BundleError(f"{name} cannot be loaded by onnxruntime ({reason}); export the bundle again") from None


def _require_shape(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise BundleError(f"policy input '{name}' has shape {array.shape}, expected {shape}")
