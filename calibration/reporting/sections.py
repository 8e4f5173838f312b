"""The page's sections about policy and code: each takes the run folder and returns markup, or says what is missing."""

from __future__ import annotations

from typing import Any

from calibration.reporting import robustness_plots, training_plots
from calibration.reporting.formats import grouped, metres_as_cm, percent, plain, scientific, shown
from calibration.reporting.html import Html, figure, join, markup, missing, paragraph, table
from calibration.reporting.run_folder import RunFolder
from calibration.reporting.summary import value_of

BACK_ENDS = {
    "torch": "torch, rebuilt from the graph",
    "onnx": "onnxruntime",
    "c_host": "C99, this computer",
    "c_stm32f405": "C99, STM32F405 (emulated)",
}


def training(run: RunFolder) -> Html:
    """Training curve and resolved configuration."""
    command = f"sim2metal train hover --out {run.path}/train --json {run.path}/train.json"
    parts = []
    if run.curve:
        caption = "Evaluations in the flight kernel, on seeds apart from the reported ones; the best one is kept."
        parts.append(figure(training_plots.curves(run.curve, "training"), caption))
    else:
        parts.append(missing("No training curve here", command))
    figures = run.of("train").get("train", run.of("train"))
    parts.append(_scalars(figures, "training figure"))
    return join(parts)


def evaluation(run: RunFolder) -> Html:
    """Success and steady error on every table and airframe that was judged."""
    figures = value_of(run.figures, "eval.eval")
    if not isinstance(figures, dict):
        return missing("Not judged yet", f"sim2metal eval {run.path}/bundle --json {run.path}/eval.json")
    rows = [
        _judged(figures, f"{figures.get('parameter_set', 'nominal')}, disturbed", "median_steady_error_disturbed_m"),
        _judged(
            {
                "success_rate": figures.get("success_rate_undisturbed"),
                "box_share": figures.get("box_share_undisturbed"),
                "episodes": figures.get("episodes"),
                "median_steady_error_m": figures.get("median_steady_error_m"),
                "left_out": figures.get("left_out"),
                "table_hash": figures.get("table_hash_undisturbed"),
            },
            f"{figures.get('parameter_set', 'nominal')}, calm",
            "median_steady_error_m",
        ),
    ]
    others = [inner for inner in figures.values() if isinstance(inner, dict) and "success_rate" in inner]
    rows += [_judged(o, f"{o.get('parameter_set', 'other')}, disturbed", "median_steady_error_m") for o in others]
    header = ("airframes", "success", "median steady error", "in 0.6 m box", "episodes", "left out", "table")
    text = (
        "A success never leaves 2 m and stays within 20 cm over the last second of a 5 s episode that starts tilted up"
        " to 90 degrees. Left out: draws too heavy to hover."
    )
    return join([paragraph(text), table(header, rows)])


def _judged(figures: dict[str, Any], name: str, error: str) -> list[str]:
    return [
        name,
        shown(figures.get("success_rate"), percent),
        shown(figures.get(error), metres_as_cm),
        shown(figures.get("box_share"), percent),
        shown(figures.get("episodes"), grouped),
        shown(figures.get("left_out"), grouped),
        str(figures.get("table_hash", ""))[:12],
    ]


def robustness(run: RunFolder) -> Html:
    """Success and error against every randomised parameter."""
    parameters = value_of(run.figures, "eval.eval.robustness")
    if not isinstance(parameters, dict) or not parameters:
        command = f"sim2metal eval {run.path}/bundle --json {run.path}/eval.json"
        return missing("No evaluation with randomised airframes here", command)
    caption = (
        "All parameters vary at once; each plot sorts the same episodes by one of them, into bins of equal size."
        " Success with its 95 % interval above, median steady error below."
    )
    return figure(robustness_plots.robustness(parameters, "robustness"), caption)


def parity(run: RunFolder) -> Html:
    """Largest error of each back end over the golden sequences."""
    document = run.of("verify")
    figures = document.get("parity")
    if not isinstance(figures, dict):
        return missing("Not verified yet", f"sim2metal verify {run.path}/bundle --json {run.path}/verify.json")
    bound = float(document.get("bound", 1e-5))
    rows = []
    for key, label in BACK_ENDS.items():
        if key in figures:
            action, state = figures[key], figures.get(f"{key}.state")
            passed = all(value is not None and value <= bound for value in (action, state if state is not None else 0))
            rows.append([label, shown(action, scientific), shown(state, scientific), _verdict(passed)])
    text = (
        f"The bundle's golden sequences ({shown(document.get('sequences'), grouped)} sequences,"
        f" {shown(document.get('steps'), grouped)} steps), every back end fed its own state. Errors are relative to the"
        f" action's range and the state's scale; the bound is {bound:.0e}."
    )
    return join([paragraph(text), table(("back end", "largest action error", "largest state error", "verdict"), rows)])


def microcontroller(run: RunFolder, summary: dict[str, Any]) -> Html:
    """Flash, RAM, stack and instructions of the image for the STM32F405."""
    figures = summary.get("stm32f405", {})
    if not figures:
        command = f"sim2metal export {run.path}/bundle --target host stm32f405 --json {run.path}/export.json"
        return missing("Not exported yet", command)
    text = "The policy as plain C99 on the Crazyflie's microcontroller: no heap, static sizes."
    return join([paragraph(text), _scalars(figures, "STM32F405")])


def provenance(run: RunFolder, summary: dict[str, Any]) -> Html:
    """What was flown and measured: bundle, commit, machine, versions."""
    facts: dict[str, Any] = {
        "bundle": run.bundle.get("id", ""),
        "commit": summary.get("commit"),
        **{f"machine: {key}": value for key, value in summary.get("machine", {}).items()},
    }
    for name, value in (value_of(run.bundle, "info.provenance") or {}).items():
        if isinstance(value, dict):
            facts |= {f"{name}: {key}": inner for key, inner in value.items() if not isinstance(inner, dict | list)}
        elif name != "commit":
            facts[name] = value
    if run.flight is not None:
        facts |= {f"flight: {key}": value for key, value in run.flight.metadata.items()}
    rows = [[name.replace("_", " "), markup(value)] for name, value in facts.items() if value not in (None, "")]
    return table(("", ""), rows) if rows else paragraph("Nothing is known about where these files come from.")


def _scalars(figures: dict[str, Any], heading: str) -> Html:
    rows = [[_label(key), plain(value)] for key, value in figures.items() if isinstance(value, bool | int | float)]
    return table((heading, ""), rows) if rows else Html("")


def _label(key: str) -> str:
    """Return ``wall_s`` as ``wall, s``: names end in their unit."""
    words = key.split("_")
    if len(words) > 1 and words[-1] in ("s", "m", "ms", "bytes"):
        return f"{' '.join(words[:-1])}, {words[-1]}"
    return " ".join(words)


def _verdict(passed: bool) -> Html:
    return Html('<span class="yes">passed</span>' if passed else '<span class="no">failed</span>')
