"""Figures: thousands of random ONNX graphs, generated C against onnxruntime, under gcc's sanitizers.

Each graph is stepped on ordinary numbers and on numbers with NaN, infinity and signed zeros among
them. What is right, and where that can be said, is ``graph_answers``'s business.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.reader import supported_operators
from firmware_export.toolchain import STRICT_C99
from tests.bench.graph_answers import Feeds, kind, right_answers, rows_that_onnxruntime_spoils
from tests.bench.graph_maker import RandomGraph, random_graph

GRAPHS = 10_000
BATCH = 25
"""Graphs in one program: starting it and linking it cost as much as some graphs."""
ROWS = 6
"""Steps per graph: half of them with special values."""
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
SANITIZERS = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass
class Result:
    """What a run found."""

    graphs: int = 0
    values: int = 0
    judged: int = 0
    operators: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Add another run."""
        self.graphs += other.graphs
        self.values += other.values
        self.judged += other.judged
        self.operators += other.operators
        self.failures += other.failures


def measure(repeats: int = 1, graphs: int = GRAPHS) -> dict[str, object]:
    """Return the figures of the full run."""
    start_s = time.monotonic()
    result = run_graphs(range(graphs))
    return {
        "random_graphs.count": result.graphs,
        "random_graphs.failures": len(result.failures),
        "random_graphs.judged": result.judged / max(result.values, 1),
        "random_graphs.operators": len(result.operators),
        "random_graphs.operators_missing": sorted(set(supported_operators()) - result.operators.keys()),
        "random_graphs.wall_s": time.monotonic() - start_s,
        **({"random_graphs.found": result.failures[:20]} if result.failures else {}),
    }


def run_graphs(seeds: range, workers: int | None = None) -> Result:
    """Check the graphs of these seeds."""
    batches = [list(seeds[i : i + BATCH]) for i in range(0, len(seeds), BATCH)]
    result = Result()
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        for part in pool.map(check_batch, batches):
            result.add(part)
    return result


def check_batch(seeds: list[int]) -> Result:
    """Generate, compile and run the graphs of one program."""
    result = Result(graphs=len(seeds))
    graphs = {seed: random_graph(seed) for seed in seeds}
    feeds = {seed: _feeds(graph, seed) for seed, graph in graphs.items()}
    with tempfile.TemporaryDirectory(prefix="sim2metal-graphs-") as name:
        folder = Path(name)
        built = [seed for seed in seeds if _build(seed, graphs[seed], folder, result)]
        actual = _run(built, graphs, feeds, folder, result)
    for seed in built:
        result.operators.update(graphs[seed].operators)
        if seed in actual:
            _judge(seed, graphs[seed], feeds[seed], actual[seed], result)
    return result


def _feeds(graph: RandomGraph, seed: int) -> Feeds:
    rng = np.random.default_rng([seed, 1])
    observation = rng.normal(0.0, 1.5, (ROWS, graph.observation)).astype(np.float32)
    state = rng.uniform(-1.0, 1.0, (ROWS, graph.state)).astype(np.float32)
    for values in (observation, state):
        special = rng.random(values.shape) < 0.15
        special[: ROWS // 2] = False
        values[special] = rng.choice(SPECIAL, int(special.sum()))
    return Feeds(observation, state, (np.arange(ROWS) % 3 == 0).astype(np.float32)[:, None])


def _build(seed: int, graph: RandomGraph, folder: Path, result: Result) -> bool:
    own = folder / str(seed)
    own.mkdir()
    try:
        for name, text in generate(graph.model).files.items():
            (own / name).write_text(text)
    except Exception as error:  # noqa: BLE001 (whatever it was: these graphs are within what the generator knows)
        result.failures.append(f"seed {seed}: {type(error).__name__}: {error}")
        return False
    names = [f"-D{name}={name}_{seed}" for name in ("policy_step", "policy_bundle_id")]
    command = ["gcc", *STRICT_C99, *SANITIZERS, *names, f"-I{own}", "-c", own / "policy.c", "-o", own / "policy.o"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        result.failures.append(f"seed {seed}: {done.stderr.strip().splitlines()[0]}")
    return done.returncode == 0


_DRIVER = """#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef void (*step_t)(const float *, float, void *, void *, float *);
typedef struct {{ step_t step; size_t observation, state, action, workspace; }} policy_t;

{declarations}
static const policy_t policies[] = {{{table}}};

int main(void) {{
  for (size_t p = 0; p < sizeof policies / sizeof policies[0]; ++p) {{
    const policy_t policy = policies[p];
    for (int row = 0; row < {rows}; ++row) {{
      /* Of exactly the right size, so that the address sanitizer sees a step beyond. */
      float *observation = malloc(policy.observation * sizeof(float));
      float *state = malloc((policy.state + 1U) * sizeof(float));
      float *workspace = malloc((policy.workspace + 1U) * sizeof(float));
      float *action = malloc(policy.action * sizeof(float));
      float reset;
      if (fread(observation, sizeof(float), policy.observation, stdin) != policy.observation ||
          fread(state, sizeof(float), policy.state, stdin) != policy.state ||
          fread(&reset, sizeof(float), 1, stdin) != 1) {{
        return 2;
      }}
      policy.step(observation, reset, state, workspace, action);
      fwrite(action, sizeof(float), policy.action, stdout);
      fwrite(state, sizeof(float), policy.state, stdout);
      free(observation), free(state), free(workspace), free(action);
    }}
    fflush(stdout);
  }}
  return 0;
}}
"""


def _run(
    seeds: list[int], graphs: dict[int, RandomGraph], feeds: dict[int, Feeds], folder: Path, result: Result
) -> dict[int, np.ndarray]:
    """Return (rows, action + state) of every graph that ran."""
    if not seeds:
        return {}
    declarations = "\n".join(
        f"void policy_step_{seed}(const float *, float, void *, void *, float *);" for seed in seeds
    )
    sizes = {seed: _workspace(folder / str(seed) / "policy.h") for seed in seeds}
    table = ", ".join(
        f"{{policy_step_{s}, {graphs[s].observation}, {graphs[s].state}, {graphs[s].action}, {sizes[s]}}}"
        for s in seeds
    )
    (folder / "main.c").write_text(_DRIVER.format(declarations=declarations, table=table, rows=ROWS))
    objects = [folder / str(seed) / "policy.o" for seed in seeds]
    program = folder / "graphs"
    link = ["gcc", "-std=c99", *SANITIZERS, folder / "main.c", *objects, "-lm", "-o", program]
    subprocess.run(link, check=True, capture_output=True)
    data = b"".join(
        np.concatenate([feeds[s].observation, feeds[s].state, feeds[s].reset], axis=1).astype("<f4").tobytes()
        for s in seeds
    )
    done = subprocess.run([program], input=data, capture_output=True, timeout=120, check=False)
    values = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], "<f4")
    widths = [ROWS * (graphs[s].action + graphs[s].state) for s in seeds]
    ends = np.cumsum(widths)
    if done.returncode:
        culprit = seeds[min(int(np.searchsorted(ends, len(values), side="right")), len(seeds) - 1)]
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if "error" in line.lower()]
        result.failures.append(f"seed {culprit}: {lines[0] if lines else f'exit code {done.returncode}'}")
    return {
        seed: values[end - width : end].reshape(ROWS, -1)
        for seed, width, end in zip(seeds, widths, ends)
        if end <= len(values)
    }


def _workspace(header: Path) -> int:
    (line,) = (line for line in header.read_text().splitlines() if line.startswith("#define POLICY_WORKSPACE_SIZE"))
    return int(line.split()[2])


def _judge(seed: int, graph: RandomGraph, feeds: Feeds, actual: np.ndarray, result: Result) -> None:
    expected, judged, allowed = right_answers(graph, feeds, seed)
    judged[rows_that_onnxruntime_spoils(graph, feeds)] = False
    result.values += judged.size
    result.judged += int(judged.sum())
    finite = np.isfinite(expected)
    with np.errstate(invalid="ignore"):
        same_kind = np.where(finite, np.isfinite(actual), kind(actual) == kind(expected))
        error = np.abs(np.where(finite & np.isfinite(actual), actual - expected, 0.0))
    wrong = judged & (~same_kind | (error > allowed))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        found, right = actual[row, column], expected[row, column]
        result.failures.append(
            f"seed {seed}: value {column} of row {row} is {found}, onnxruntime has {right}"
            f" (allowed {allowed[row, column]:.1e}); {', '.join(dict.fromkeys(graph.operators))}"
        )


if __name__ == "__main__":
    import sys

    for key, value in measure(graphs=int(sys.argv[1])).items():
        sys.stdout.write(f"{key}: {value}\n")
