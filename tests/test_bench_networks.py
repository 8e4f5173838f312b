"""The benchmark networks and references compute what they say, and the page tells measured from not measured."""

import sys

import numpy as np
import onnx
import pytest

from firmware_export.host import HostPolicy, build_library
from policies.bundle import load_bundle
from sim.errors import ConfigError
from tests.bench import emlearn, page, zoo
from tests.bench.network_costs import excerpt_of
from tests.bench.networks import NETWORKS, load_network, mlp_layers
from tests.bench.plain_loops import foreign_files, plain_source
from tests.firmware_export.models import run_onnx


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_and_the_second_computation_agree(name):
    network = load_network(name)
    run = network.run(5)
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim][1:]
        for value in onnx.load_model_from_string(network.model).graph.input
    }
    observed = [key for key in shapes if key not in ("state_in", "reset")]
    state = np.full((1, network.state_size), 7.0, np.float32)  # reset must not look at it
    for t in range(5):
        parts = np.split(run.observation[t], np.cumsum([np.prod(shapes[key], dtype=int) for key in observed])[:-1])
        feeds = {key: part.reshape(1, *shapes[key]) for key, part in zip(observed, parts)}
        outputs = run_onnx(network.model, {**feeds, "state_in": state, "reset": run.reset[t : t + 1, None]})
        np.testing.assert_allclose(outputs[0][0], run.action[t], atol=2e-6)
        if network.state_size:
            state = outputs[1]
            np.testing.assert_allclose(state[0], run.state[t], atol=2e-6)
    assert run.action.shape == (5, network.action_size)
    assert np.abs(run.action).max() > 0.1


def test_plain_loops_compute_the_same_network(tmp_path):
    network = load_network("mlp64")
    for name, text in foreign_files(network, plain_source(mlp_layers("mlp64"))).items():
        (tmp_path / name).write_text(text)
    run = network.run(4)
    action, _ = HostPolicy(build_library(tmp_path, tmp_path / "policy.so")).step(
        run.observation, run.state_before, run.reset
    )
    np.testing.assert_allclose(action, run.action, atol=2e-6)


def test_excerpts_are_what_the_self_test_needs():
    run = load_network("gru64").run(4)
    excerpt = excerpt_of(run)
    np.testing.assert_array_equal(excerpt.state, run.state[1])
    assert excerpt.observation.shape == (2, 22)


def test_without_emlearn_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "emlearn", None)
    with pytest.raises(ConfigError, match=r"emlearn is not installed: pip install 'sim2metal\[bench\]'"):
        emlearn.measure_emlearn()


def test_every_policy_of_the_zoo_runs_a_thousand_steps_on_the_host():
    """All of them, whichever there are: a policy joins by its folder."""
    assert zoo.zoo_bundles()
    for path in zoo.zoo_bundles():
        bundle = load_bundle(path)
        run = zoo.long_run(bundle, bundle.golden())
        assert run.reset.shape == (1, 1000)
        assert run.reset.sum() == 1.0
        assert zoo.largest_error(bundle, "c_host", [run]) <= 1e-5


def test_the_page_says_what_is_not_measured():
    table = page.rows_table(page.FIRMWARE)({"mlp64.float.instructions": 29_576})
    assert "| 29,576 | at most 30,000 | `mlp64.float.instructions` |" in table
    assert "| not measured | 100 | `hil.episodes` |" in table


def test_the_table_of_networks_has_a_line_per_generator():
    costs = dict.fromkeys((key for key, _ in page.COSTS), 1)
    figures = {"mlp64.network": "146-64-64-4"}
    figures |= {f"{prefix}.{key}": value for prefix in ("mlp64.float", "emlearn.mlp64") for key, value in costs.items()}
    lines = page.networks_table(figures).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| 146-64-64-4 | float | 1 |")
    assert lines[3].startswith("| 146-64-64-4 | emlearn | 1 |")
