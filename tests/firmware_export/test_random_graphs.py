"""Random graphs against onnxruntime under the sanitizers, and broken files; the benchmark runs many more of both."""

import pytest

from tests.bench.broken_files import measure
from tests.bench.random_graphs import run_graphs


def test_random_graphs_equal_onnxruntime():
    result = run_graphs(range(50), workers=1)
    assert result.failures == []
    assert result.judged > 0.7 * result.values


@pytest.mark.slow
def test_many_random_graphs_equal_onnxruntime():
    result = run_graphs(range(1000, 2000))
    assert result.failures == []
    assert len(result.operators) > 60


def test_broken_files_are_refused_with_a_reason():
    figures = measure(files=150)
    assert figures.get("broken_files.found") is None
    assert figures["broken_files.count"] == 150
