"""The benchmarks run and say where they ran; what they measure is judged by people, never asserted on time."""

import importlib
import json
import sys

import pytest

from sim.errors import ConfigError
from sim2metal import main
from tests.bench import l2f_ratio, page
from tests.bench.cli import SUITES, Args, run


@pytest.mark.toolchain
def test_a_part_writes_its_figures_with_machine_date_and_commit_onto_those_of_an_earlier_run(tmp_path):
    out, earlier = tmp_path / "figures.json", tmp_path / "earlier.json"
    earlier.write_text(json.dumps({"machine": {}, "parts": {"hover": {"commit": "abc"}}, "hover.seeds": [1]}))
    assert main(["bench", "first-flight", "--parts", "mlp64", "--onto", str(earlier), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["hover.seeds"] == [1]
    assert figures["parts"]["hover"] == {"commit": "abc"}
    assert figures["parts"]["mlp64"]["cores"] >= 1
    assert 0 < figures["mlp64.instructions"] <= 45_000
    assert 0 < figures["mlp64.flash_bytes"] <= 60_000
    assert 0 < figures["mlp64.ram_bytes"] <= 4_096
    assert {"processor", "cores", "date", "commit"} <= set(figures["machine"])


def test_unknown_part_names_the_choices():
    with pytest.raises(ConfigError, match=", ".join(SUITES["first-flight"])):
        run(Args(parts=("kernels",)))


@pytest.mark.parametrize("wrong", [("--parts", "kernels"), ("--repeats", "0")])
def test_a_wrong_option_loses_no_figures(tmp_path, wrong):
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"machine": {}, "hover.seeds": [1]}))
    assert main(["bench", "first-flight", *wrong, "--onto", str(file), "--json", str(file)]) == 2
    assert json.loads(file.read_text())["hover.seeds"] == [1]


def test_no_repeats_are_refused():
    with pytest.raises(ConfigError, match="--repeats must be at least 1, got 0"):
        run(Args(repeats=0))


@pytest.mark.slow
def test_the_kernel_is_measured():
    figures = run(Args(parts=("kernel",), repeats=1))
    assert figures["kernel.steps_per_cpu_s"] > figures["kernel.adjoint_steps_per_cpu_s"] > 0.0


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_figures_that_are_none_are_refused(tmp_path, text):
    file = tmp_path / "figures.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match="--onto"):
        run(Args(parts=("kernel",), onto=file))


def test_the_page_of_figures_is_made_from_the_file():
    """No number on the page is typed."""
    figures = {suite: page.read_figures(suite) for suite in page.SUITES}
    assert page.renewed(page.PAGE.read_text(), figures) == page.PAGE.read_text()


def test_without_the_published_simulator_its_ratio_is_null(monkeypatch):
    monkeypatch.setitem(sys.modules, "l2f", None)
    assert l2f_ratio.measure() == {"kernel.ratio_to_l2f": None}


def test_the_published_simulator_flies_the_same_drone():
    pytest.importorskip("l2f", reason="l2f is not in the test requirements: pip install 'sim2metal[bench]'")
    assert 0.0 < l2f_ratio.difference_m() < 0.002


@pytest.mark.parametrize("suite", SUITES)
def test_every_part_can_be_measured(suite):
    for part in SUITES[suite]:
        assert callable(importlib.import_module(f"tests.bench.{part}").measure)


def test_tables_of_the_flight_suite_show_what_was_measured_and_what_was_not():
    assert page.figure8_table({}) == page.levels_table({}) == "Not measured."
    figures = {"figure8.rmse_m": {"5.5": 0.05, "15": 0.02}, "figure8.baselines_rmse_m": {"lee": {"5.5": 0.11}}}
    assert page.figure8_table(figures).splitlines()[2:] == [
        "| learned | 2.00 cm | 5.00 cm |",
        "| lee, tuned | - | 11.00 cm |",
    ]
    values = zip(("success_rate_min", "steady_error_m", "delay_borne_s", "step_response_s"), (0.99, 0.02, None, 0.5))
    figures = {f"levels.rates.{name}": value for name, value in values}
    figures |= {"levels.rates.commands_per_s": 50, "levels.rates.train_cpu_s": 9.0}
    assert page.levels_table(figures).endswith("| `rates` | 99.0% | 2.0 cm | - | 0.50 s | 50 | 9.0 s |")
    null = page.Row("ratio", "kernel.ratio_to_l2f", "{:.1f}")
    assert null.render({"kernel.ratio_to_l2f": None}) == "| ratio | - |  | `kernel.ratio_to_l2f` |"
    seeds = page.flight_seeds_table({"recovery.seeds": [], "hover.seeds": []})
    assert len(seeds.splitlines()) == 2
