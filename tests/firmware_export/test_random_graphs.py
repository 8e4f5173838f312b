"""Random graphs against onnxruntime under the sanitizers, and broken files; the benchmark runs many more of both."""

import pytest

from firmware_export.onnx_to_c.reader import supported_operators
from tests.bench.broken_files import measure
from tests.bench.graph_maker import random_graph
from tests.bench.random_graphs import run_graphs


def test_random_graphs_equal_onnxruntime():
    result = run_graphs(range(25), workers=1)
    assert result.failures == []
    assert result.judged > 0.7 * result.values


@pytest.mark.slow
def test_many_random_graphs_equal_onnxruntime():
    result = run_graphs(range(1000, 2000))
    assert result.failures == []
    assert result.operators.keys() == set(supported_operators())


def test_random_graphs_know_every_operator_on_the_page():
    """That the page lists what the generator knows is another test's business."""
    used = {operator for seed in range(600) for operator in random_graph(seed).operators}
    assert used == set(supported_operators())


def test_broken_files_are_refused_with_a_reason():
    figures = measure(files=150)
    assert figures.get("broken_files.found") is None
    assert figures["broken_files.count"] == 150
    assert figures["broken_files.left"] == 0
