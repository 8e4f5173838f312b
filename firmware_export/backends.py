"""The four back ends that must compute the same policy, each behind the one policy interface."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from policies.bundle import C_FOLDER, Bundle
from policies.policy import Policy
from sim.errors import ConfigError, ToolchainError, VerificationError


def _torch(bundle: Bundle, scratch: Path) -> Policy:
    """The actor rebuilt from the graph's own weights."""
    from policies.export_onnx import rebuild_torch
    from policies.torch_policy import TorchPolicy

    return TorchPolicy(rebuild_torch(bundle))


def _onnx(bundle: Bundle, scratch: Path) -> Policy:
    """onnxruntime; without its own check at load, because the replay is that check."""
    from policies.runtime import OnnxPolicy

    return OnnxPolicy(bundle, self_check=False)


def _c_host(bundle: Bundle, scratch: Path) -> Policy:
    """The generated C, compiled by the host's compiler."""
    from firmware_export.host import HostPolicy, build_library

    policy = HostPolicy(build_library(c_folder(bundle, scratch), scratch / "policy.so"))
    require_bundle_id(policy.bundle_id, bundle, "the C library")
    return policy


BACKENDS: dict[str, Callable[[Bundle, Path], Policy]] = {
    "torch": _torch,
    "onnx": _onnx,
    "c_host": _c_host,
}
"""Name -> opener(bundle, scratch folder); an opened policy with ``close`` is closed after use."""


@contextlib.contextmanager
def open_backend(name: str, bundle: Bundle) -> Iterator[Policy]:
    """Open a back end for a ``with`` block.

    Args:
        name: a key of ``BACKENDS``.
        bundle: what to run.

    Raises:
        ConfigError: for an unknown back end.
        ToolchainError: if its compiler or emulator is missing; says what to install.
        BundleError: if the bundle cannot be run.
        VerificationError: if exported C belongs to another bundle.
    """
    if name not in BACKENDS:
        raise ConfigError(f"unknown back end '{name}'; choose among: {', '.join(BACKENDS)}")
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        try:
            policy = BACKENDS[name](bundle, Path(scratch))
        except ToolchainError as error:
            others = " ".join(other for other in BACKENDS if other != name)
            raise ToolchainError(f"{error} (or leave {name} out: --backends {others})") from error
        close = getattr(policy, "close", None)
        if close is not None:
            stack.callback(close)
        yield policy


def c_folder(bundle: Bundle, scratch: Path) -> Path:
    """Return the bundle's exported C, or generate it into ``scratch`` when there is none."""
    from firmware_export.onnx_to_c import generate

    exported = bundle.path / C_FOLDER
    if (exported / "policy.c").is_file():
        return exported
    for name, text in generate(bundle.read_policy(), bundle.id).files.items():
        (scratch / name).write_text(text)
    return scratch


def require_bundle_id(actual: str, bundle: Bundle, what: str) -> None:
    """Refuse code made from another bundle.

    Raises:
        VerificationError: with both ids.
    """
    if actual != bundle.id:
        raise VerificationError(
            f"{what} was generated from bundle {actual[:12]}, not {bundle.id[:12]}: run 'sim2metal export' again"
        )
