"""Random graphs with int8 layers: the C, under gcc's sanitizers, against the quantized arithmetic in numpy.

The graphs are of layers, movements and clips: between layers nothing makes a small difference large, so the C must
compute what the arithmetic says, but for the last bit of a float sum, which may turn the rounding of a layer's input
(one step). NaN and infinity are among the inputs, and must come out where the arithmetic has them.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from firmware_export.onnx_to_c import generate, quantize
from firmware_export.onnx_to_c.fuse import fuse, remove_unused
from firmware_export.onnx_to_c.interpreter import run_program
from firmware_export.onnx_to_c.ir import Dense, Program
from firmware_export.onnx_to_c.planner import place_outputs
from firmware_export.onnx_to_c.quantize import CalibrationError, Samples
from firmware_export.onnx_to_c.reader import read_quietly
from firmware_export.toolchain import STRICT_C99
from tests.bench import graph_arithmetic, graph_layers, graph_maker, graph_movement, random_graphs
from tests.bench.graph_maker import RandomGraph, random_graph

STEPS = (
    (graph_layers.gemm, 4),
    (graph_layers.matmul, 2),
    (graph_layers.conv, 4),
    (graph_layers.pool, 1),
    (graph_layers.global_pool, 1),
    (graph_movement.to_rank, 2),
    (graph_movement.transpose, 2),
    (graph_movement.slice_, 1),
    (graph_movement.concat, 1),
    (graph_movement.pad, 1),
    (graph_arithmetic.clip, 2),
)
SMALLEST_LAYER = 8
"""Weights of the smallest int8 layer here, so that odd shapes are among them."""
EXACT = 1e-5
ONE_STEP = 0.01
"""What a turned rounding may change, relative to one more than the value: inputs have at least 8 bits."""


def check_graphs(seeds: range) -> dict[str, object]:
    """Return how many graphs have int8 layers, how many layers, values and values turned by a step, and failures."""
    figures: dict[str, object] = {"graphs": 0, "layers": 0, "values": 0, "turned": 0}
    failures: list[str] = []
    with (
        mock.patch.object(graph_maker, "STEPS", STEPS),
        mock.patch.object(quantize, "SMALLEST_LAYER", SMALLEST_LAYER),
        tempfile.TemporaryDirectory(prefix="sim2metal-int8-") as scratch,
    ):
        _check(seeds, Path(scratch), figures, failures)
    return {**figures, "failures": failures}


def _check(seeds: range, folder: Path, figures: dict, failures: list[str]) -> None:
    graphs = {seed: random_graph(seed) for seed in seeds}
    feeds = {seed: random_graphs._feeds(graph, seed) for seed, graph in graphs.items()}
    programs = {seed: program for seed in seeds if (program := _build(seed, graphs[seed], folder)) is not None}
    built = list(programs)
    result = random_graphs.Result()
    actual = random_graphs._run(built, graphs, feeds, folder, result)
    failures += result.failures
    for seed in built:
        layers = sum(isinstance(s, Dense) and s.quantized is not None for s in programs[seed].statements)
        figures["graphs"] += 1
        figures["layers"] += layers
        if seed in actual:
            feed = feeds[seed]
            expected = np.concatenate(run_program(programs[seed], feed.observation, feed.state, feed.reset), axis=1)
            _judge(seed, actual[seed], expected, figures, failures)


def _build(seed: int, graph: RandomGraph, folder: Path) -> Program | None:
    """Write and compile a graph's int8 C and return the program it came from; ``None`` if it has no int8 layer."""
    rng = np.random.default_rng([seed, 7])
    observation = rng.normal(0.0, 1.0, (200, graph.observation)).astype(np.float32)
    state = rng.uniform(-1.0, 1.0, (200, graph.state)).astype(np.float32)
    samples = Samples(observation, state, (np.arange(200) % 3 == 0).astype(np.float32))
    program = read_quietly(graph.model)
    fuse(program)
    place_outputs(program)
    remove_unused(program)
    own = folder / str(seed)
    own.mkdir()
    try:
        quantize.quantize(program, samples)
        for name, text in generate(graph.model, samples=samples).files.items():
            (own / name).write_text(text)
    except CalibrationError:
        return None
    names = [f"-D{name}={name}_{seed}" for name in ("policy_step", "policy_bundle_id")]
    flags = [*STRICT_C99, *random_graphs.SANITIZERS, *names, f"-I{own}"]
    subprocess.run(["gcc", *flags, "-c", own / "policy.c", "-o", own / "policy.o"], check=True)
    return program


def _judge(seed: int, actual: np.ndarray, expected: np.ndarray, figures: dict, failures: list[str]) -> None:
    finite = np.isfinite(expected)
    with np.errstate(invalid="ignore"):
        error = np.abs(np.where(finite, actual - expected, 0.0)) / (1.0 + np.abs(expected))
    figures["values"] += int(finite.sum())
    figures["turned"] += int((error > EXACT).sum())
    if (np.isfinite(actual) != finite).any():
        failures.append(f"seed {seed}: a value is finite on one side only")
    elif (error[finite] > ONE_STEP).any():
        failures.append(f"seed {seed}: off by {error[finite].max():.2e} of one more than the value")


if __name__ == "__main__":
    import sys

    count = int(sys.argv[1])
    for start in range(0, count, random_graphs.BATCH):
        sys.stdout.write(f"{check_graphs(range(start, min(start + random_graphs.BATCH, count)))}\n")
