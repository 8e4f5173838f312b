"""Which kernel trains which actor, by the ``kind`` in its configuration."""

from __future__ import annotations

from policies.learners import gru_kernel, mlp_kernel
from policies.learners.network_kernel import NetworkKernel
from policies.networks.flight_features import FlightFeatures
from sim.errors import ConfigError

KERNELS: dict[str, NetworkKernel] = {"gru_memory": gru_kernel.KERNEL, "memory_mlp": mlp_kernel.KERNEL}
"""Adding a network is adding a line."""


def kernel_of(actor: FlightFeatures) -> NetworkKernel:
    """Return how an actor is trained.

    Raises:
        ConfigError: for an actor that no kernel here trains.
    """
    kind = actor.config()["kind"]  # type: ignore[operator]
    if kind not in KERNELS:
        raise ConfigError(f"no learner trains networks of kind '{kind}'; choose one of: {', '.join(KERNELS)}")
    return KERNELS[kind]
