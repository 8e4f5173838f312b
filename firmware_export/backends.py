"""The four back ends that must compute the same policy, each behind the one policy interface."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware_export.c_folder import c_folder
from policies.bundle import Bundle
from policies.policy import Policy
from sim.errors import ConfigError, ToolchainError, VerificationError


def _torch(bundle: Bundle, scratch: Path) -> Policy:
    """The actor rebuilt from the graph's own weights, on one thread (more only slow a small net)."""
    import torch

    from policies.export_onnx import rebuild_torch
    from policies.torch_policy import TorchPolicy

    torch.set_num_threads(1)
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


def _c_stm32f405(bundle: Bundle, scratch: Path) -> Policy:
    """The generated C on the emulated microcontroller, over its serial port."""
    from firmware_export.build import build_target
    from firmware_export.hil.policy import Stm32Policy
    from firmware_export.targets import load_target

    image = build_target(load_target("stm32f405"), c_folder(bundle, scratch), scratch / "stm32f405").artifact
    policy = Stm32Policy(image)
    try:
        require_bundle_id(policy.bundle_id, bundle, "the microcontroller's image")
    except VerificationError:
        policy.close()
        raise
    return policy


BACKENDS: dict[str, Callable[[Bundle, Path], Policy]] = {
    "torch": _torch,
    "onnx": _onnx,
    "c_host": _c_host,
    "c_stm32f405": _c_stm32f405,
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


def require_bundle_id(actual: str, bundle: Bundle, what: str) -> None:
    """Refuse code made from another bundle.

    Raises:
        VerificationError: with both ids.
    """
    if actual != bundle.id:
        raise VerificationError(
            f"{what} was generated from bundle {actual[:12]}, not {bundle.id[:12]}: run 'sim2metal export' again"
        )
