"""Figures: the 146-64-64-4 network by emlearn (PyPI) and as plain loops, built, served and measured as ours is.

emlearn's code is compiled as a system header, because it is not written to our warnings; optimisation is the same.
"""

from __future__ import annotations

import dataclasses
from importlib import metadata

from firmware_export.targets import load_target
from tests.bench import plain_loops
from tests.bench.network_costs import measure_costs
from tests.bench.networks import load_network, mlp_layers
from tests.bench.plain_loops import foreign_files

NETWORK = "mlp64"

_POLICY = """#include "policy.h"
#include "net.h"

const uint8_t policy_bundle_id[32] = {0};

void policy_step(const float observation[POLICY_OBSERVATION_SIZE], float reset, policy_state_t *state,
                 policy_workspace_t *workspace, float action[POLICY_ACTION_SIZE]) {
  (void)reset;
  (void)state;
  (void)workspace;
  (void)net_regress(observation, POLICY_OBSERVATION_SIZE, action, POLICY_ACTION_SIZE);
}
"""


def measure(repeats: int = 1) -> dict[str, object]:
    """Return ``emlearn.mlp64.*`` and ``plain_loops.mlp64.*`` of ``network_costs``, and emlearn's version.

    Args:
        repeats: ignored; the figures do not vary from run to run.

    Raises:
        ConfigError: if emlearn is not installed.
    """
    costs = measure_emlearn()
    named = {f"emlearn.{NETWORK}.{key}": value for key, value in costs.items()}
    return {"emlearn.version": metadata.version("emlearn"), **named, **plain_loops.measure(repeats)}


def measure_emlearn() -> dict[str, object]:
    """Return the costs of emlearn's code."""
    from sim.errors import ConfigError

    try:
        import emlearn
        from emlearn.net import c_generate_net_loadable
    except ImportError:
        raise ConfigError("emlearn is not installed: pip install 'sim2metal[bench]'") from None
    layers = mlp_layers(NETWORK)
    activations = ["tanh"] * (len(layers) - 1) + ["identity"]
    net = c_generate_net_loadable(
        activations, [layer.weight for layer in layers], [layer.bias for layer in layers], prefix="net"
    )
    network = load_network(NETWORK)
    files = {**foreign_files(network, _POLICY), "net.h": f"#pragma GCC system_header\n{net}"}
    board = load_target("stm32f405")
    target = dataclasses.replace(board, flags=(*board.flags, "-isystem", str(emlearn.includedir)))
    return measure_costs(network, files, target)
