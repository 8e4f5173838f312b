"""What is exported: a bundle, or a bare ONNX file with golden steps that onnxruntime makes for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_export.model_file import read_model_file
from firmware_export.onnx_to_c import Excerpt, GeneratedPolicy, generate
from firmware_export.onnx_to_c.graph import load_model
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.onnx_to_c.reader import read_quietly
from firmware_export.onnx_to_c.signature import read_signature
from firmware_export.reference_steps import random_observations, read_observations, replay_model, typical_scale
from policies.bundle import C_FOLDER, POLICY_FILE, Bundle, Golden, load_bundle
from sim.errors import ConfigError


@dataclass(frozen=True)
class PolicySource:
    """A policy with everything its C is made from and judged by.

    Attributes:
        name: the bundle's folder or the file's name.
        id: that the code carries: the bundle's, or the file's SHA-256; hexadecimal.
        onnx_sha256: of the ONNX file, hexadecimal.
        content: serialised ONNX model, weights inside.
        golden: sequences to replay.
        action_range: (action,) what errors of actions are relative to.
        state_scale: (state,) what errors of states are relative to.
        c_folder: where its C is written unless the user says otherwise.
    """

    name: str
    id: str
    onnx_sha256: str
    content: bytes
    golden: Golden
    action_range: np.ndarray
    state_scale: np.ndarray
    c_folder: Path

    def excerpt(self) -> Excerpt:
        """Return the first steps of the first sequence, as many as fit the self-test."""
        golden, scales = self.golden, (self.action_range, self.state_scale)
        whole = Excerpt(golden.observation[0], golden.action[0], golden.state[0, -1], *scales)
        steps = whole.shortened()
        return Excerpt(golden.observation[0, :steps], golden.action[0, :steps], golden.state[0, steps - 1], *scales)

    def generate(self, contract: bytes | None = None) -> GeneratedPolicy:
        """Translate it into C with its golden self-test.

        Args:
            contract: makes its weights replaceable at run time (``onnx_to_c.generate``).

        Raises:
            UnsupportedModelError: if the graph cannot be translated; the message names the node.
        """
        return generate(self.content, self.id, self.excerpt(), contract=contract)


def open_source(path: Path | str, golden: Path | None = None) -> PolicySource:
    """Open the folder of a bundle or an ONNX file.

    Args:
        path: either.
        golden: ``.npz`` file with observations for the golden steps of a bare file.

    Raises:
        BundleError: if it is neither, or cannot be translated.
        ConfigError: if ``golden`` does not fit, or is given for a bundle, which has its own.
    """
    path = Path(path)
    if path.is_file() or path.suffix == ".onnx":
        return file_source(path, golden)
    if golden is not None:
        raise ConfigError("--golden is for bare ONNX files: a bundle has golden sequences of its own")
    return bundle_source(load_bundle(path))


def bundle_source(bundle: Bundle, golden: Golden | None = None) -> PolicySource:
    """Return a bundle as what is exported.

    Args:
        bundle: a loaded bundle.
        golden: its sequences, if already loaded.
    """
    return PolicySource(
        name=bundle.path.name,
        id=bundle.id,
        onnx_sha256=bundle.files[POLICY_FILE],
        content=bundle.read_policy(),
        golden=golden or bundle.golden(),
        action_range=np.subtract(bundle.info.action.high, bundle.info.action.low).astype(np.float32),
        state_scale=np.asarray(bundle.info.state_scale, np.float32),
        c_folder=bundle.path / C_FOLDER,
    )


def file_source(path: Path, golden: Path | None = None) -> PolicySource:
    """Read an ONNX file and make its golden steps with onnxruntime.

    Args:
        path: the file; weights may lie in files beside it.
        golden: ``.npz`` file with observations; without it they are standard normal from a fixed seed.

    Raises:
        UnsupportedModelError: if the graph cannot be translated; the message names the node.
        ConfigError: if ``golden`` does not fit.
    """
    model = read_model_file(path)
    try:
        read_quietly(model.content)  # names the node that cannot be translated, before onnxruntime's opinion
    except UnsupportedModelError as error:
        raise UnsupportedModelError(f"{path}: {error}") from error
    signature = read_signature(load_model(model.content).graph)
    size = sum(port.size for port in signature.observation)
    observation = random_observations(size) if golden is None else read_observations(golden, size)
    steps = replay_model(model.content, str(path), signature, observation)
    return PolicySource(
        name=path.name,
        id=model.id,
        onnx_sha256=model.id,
        content=model.content,
        golden=steps,
        action_range=typical_scale(steps.action),
        state_scale=typical_scale(steps.state),
        c_folder=path.with_name(f"{path.stem}-{C_FOLDER}"),
    )
