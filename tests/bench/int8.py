"""Figures: the benchmark networks with int8 layers on the STM32F405, and what int8 costs in flight.

Costs and errors are of the networks of ``networks.py``, calibrated with other observations than they are judged by.
``success_loss`` is of policies that fly: the trained hover policy (41-64-64-4) for ``mlp64`` and its students for
``mlp512`` and ``gru64`` (``hover_students.py``); that of ``tactile_cnn`` is a part of its own (``int8_touch.py``).
"""

from __future__ import annotations

from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.quantize import Samples
from tests.bench import hover_students
from tests.bench.network_costs import excerpt_of, measure_costs
from tests.bench.networks import NETWORKS, Network, load_network

CALIBRATION_STEPS = 1000
CALIBRATION_SEED = 2


def measure(repeats: int = 1, episodes: int = hover_students.EPISODES) -> dict[str, object]:
    """Return ``NETWORK.int8.FIGURE`` of every network, and the flights.

    Args:
        repeats: ignored; the figures do not vary from run to run.
        episodes: flown with float and with int8.
    """
    figures: dict[str, object] = {}
    for name in NETWORKS:
        network = load_network(name)
        figures |= {f"{name}.int8.{key}": value for key, value in measure_costs(network, int8_files(network)).items()}
    return {**figures, **hover_students.measure(episodes=episodes)}


def int8_files(network: Network) -> dict[str, str]:
    """Return the C of a benchmark network with int8 layers."""
    seen = network.run(CALIBRATION_STEPS, seed=CALIBRATION_SEED)
    excerpt = excerpt_of(network.run(2))
    samples = Samples(seen.observation, seen.state_before, seen.reset)
    return generate(network.model, excerpt=excerpt, samples=samples).files


if __name__ == "__main__":
    import sys

    for key, value in measure().items():
        sys.stdout.write(f"{key}: {value}\n")
