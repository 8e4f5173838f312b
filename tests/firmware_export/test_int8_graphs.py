"""Random graphs with int8 layers against the quantized arithmetic; the benchmark folder's script runs many more."""

import pytest

from tests.bench.int8_graphs import check_graphs


def test_random_graphs_compute_the_quantized_arithmetic():
    """Odd shapes, windows, places without neighbours, NaN and infinity, under the sanitizers."""
    result = check_graphs(range(20))
    assert result["failures"] == []
    assert result["layers"] > 20
    assert result["turned"] <= 0.01 * result["values"]


@pytest.mark.slow
def test_many_random_graphs_compute_the_quantized_arithmetic():
    result = check_graphs(range(1000, 1400))
    assert result["failures"] == []
    assert result["turned"] <= 0.01 * result["values"]
