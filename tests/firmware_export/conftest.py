"""Fixtures: the reference graphs and a compiler for policies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from firmware_export.host import HostPolicy, build_library
from firmware_export.onnx_to_c import generate
from tests.firmware_export.models import MemoryPolicy, export_torch, write_c


@pytest.fixture
def compile_policy(tmp_path) -> Callable[[bytes], HostPolicy]:
    """Generate C from a model, compile it with every warning an error, and load it."""
    count = iter(range(1000))

    def compile_(model: bytes) -> HostPolicy:
        folder = write_c(tmp_path / f"c{next(count)}", generate(model))
        return HostPolicy(build_library(folder, folder / "policy.so"))

    return compile_


@pytest.fixture(scope="session")
def memory_model() -> bytes:
    inputs = {"observation": 22, "state_in": 24, "reset": 1}
    return export_torch(MemoryPolicy(), inputs, ("action", "state_out"))


@pytest.fixture(scope="session")
def mlp_model() -> bytes:
    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(146, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, 4),
    ]
    return export_torch(torch.nn.Sequential(*layers), {"observation": 146}, ("action",))


@pytest.fixture(scope="session")
def memory_policy(memory_model, tmp_path_factory) -> HostPolicy:
    folder = write_c(tmp_path_factory.mktemp("memory"), generate(memory_model))
    return HostPolicy(build_library(folder, folder / "policy.so"))
