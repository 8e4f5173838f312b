"""The reference of every comparison: a multilayer perceptron as anyone would write it in C, three plain loops."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.tables import define
from tests.bench.layers import Linear
from tests.bench.network_costs import excerpt_of, measure_costs
from tests.bench.networks import Network, load_network, mlp_layers

NETWORK = "mlp64"

_LAYER = """static void layer(const float *weight, const float *bias, const float *x, size_t inputs, float *y,
                  size_t outputs, int squash) {
  for (size_t row = 0U; row < outputs; ++row) {
    float sum = bias[row];
    for (size_t column = 0U; column < inputs; ++column) {
      sum += weight[row * inputs + column] * x[column];
    }
    y[row] = squash ? tanhf(sum) : sum;
  }
}
"""


def measure(repeats: int = 1) -> dict[str, object]:
    """Return ``plain_loops.mlp64.*``; ``repeats`` is ignored, the figures do not vary."""
    network = load_network(NETWORK)
    costs = measure_costs(network, foreign_files(network, plain_source(mlp_layers(NETWORK))))
    return {f"plain_loops.{NETWORK}.{key}": value for key, value in costs.items()}


def foreign_files(network: Network, source: str) -> dict[str, str]:
    """Return a policy's files with ``source`` for the generated ``policy.c``: the same interface and self-test."""
    return {**generate(network.model, excerpt=excerpt_of(network.run(2))).files, "policy.c": source}


def plain_source(layers: Sequence[Linear]) -> str:
    """Return ``policy.c`` of a tanh network; hidden layers alternate between two halves of the workspace."""
    tables, calls, source = [], [], "observation"
    for i, layer in enumerate(layers):
        last = i == len(layers) - 1
        inputs, outputs = layer.weight.shape
        target = "action" if last else ("workspace->value" if i % 2 == 0 else f"&workspace->value[{inputs}]")
        tables += [define(f"weight{i}", layer.weight.T.ravel()), define(f"bias{i}", layer.bias)]
        calls.append(f"  layer(weight{i}, bias{i}, {source}, {inputs}U, {target}, {outputs}U, {int(not last)});")
        source = target
    return "\n".join(
        [
            '#include "policy.h"\n\n#include <math.h>\n#include <stddef.h>\n',
            "const uint8_t policy_bundle_id[32] = {0};\n",
            *tables,
            _LAYER,
            "void policy_step(const float observation[POLICY_OBSERVATION_SIZE], float reset, policy_state_t *state,",
            "                 policy_workspace_t *workspace, float action[POLICY_ACTION_SIZE]) {",
            "  (void)reset;\n  (void)state;",
            *calls,
            "}\n",
        ]
    )
