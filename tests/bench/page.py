"""Writes the tables of ``docs/figures.md`` from the measured figures, so that no number is typed.

``python -m tests.bench.page`` renews the page; a test holds it to the files of figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench import imitation_table, learner_table
from tests.bench.page_rows import BODIES, CALIBRATION, FIRMWARE, FIRST_FLIGHT, FLIGHT, ROBOT_SIDE, TOUCH, Figures, Row

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "figures.md"
SUITES = ("first-flight", "robot-side", "firmware", "flight", "touch", "bodies", "calibration")

INT8_FLIGHT = ("episodes", "success_float", "success_int8", "rms_error_float_m", "rms_error_int8_m")
"""What is shown of each network's flights."""


def main() -> None:
    """Renew the page."""
    PAGE.write_text(renewed(PAGE.read_text(), {suite: read_figures(suite) for suite in SUITES}))


def read_figures(suite: str) -> Figures:
    """Return what was measured."""
    return json.loads((DOCS / "figures" / f"{suite}.json").read_text())


def renewed(page: str, figures: dict[str, Figures]) -> str:
    """Return the page with its marked tables made anew from the figures.

    Args:
        page: in Markdown.
        figures: suite -> its figures.
    """
    for (suite, name), table in TABLES.items():
        pattern = rf"(<!-- {suite}: {name} -->\n).*?(<!-- end -->)"
        made = table(figures[suite])
        page, found = re.subn(pattern, lambda match, made=made: match[1] + made + "\n" + match[2], page, flags=re.S)
        if not found:
            raise ValueError(f"the page has no place for '{suite}: {name}'")
    return page


def rows_table(rows: Sequence[Row]) -> Callable[[Figures], str]:
    """All single figures of a suite."""
    head = "| figure | measured | goal | name in the file |\n|---|---|---|---|"
    return lambda figures: "\n".join([head, *(row.render(figures) for row in rows)])


def seeds_table(figures: Figures) -> str:
    """One line per training seed."""
    head = (
        "| seed | training, wall | CPU | success | in the 0.6 m box | steady error, calm | disturbed |\n"
        "|---|---|---|---|---|---|---|"
    )
    lines = [
        f"| {record['seed']} | {record['train_wall_s']:.1f} s | {record['train_cpu_s']:.1f} s "
        f"| {record['success_rate']:.1%} | {record['box_share']:.1%} "
        f"| {record['median_steady_error_m'] * 100:.1f} cm | {record['median_steady_error_disturbed_m'] * 100:.1f} cm |"
        for record in figures["hover.seeds"]
    ]
    return "\n".join([head, *lines])


def faults_table(figures: Figures) -> str:
    """One line per virtual robot."""
    head = "| robot | scenarios | safe | longest time to the safe action |\n|---|---|---|---|"
    lines = [
        f"| {record['robot']} | {record['scenarios']} | {record['safe']} | {record['worst_ms']:.0f} ms |"
        for record in figures["faults.by_robot"]
    ]
    return "\n".join([head, *lines])


COSTS = (
    *(("instructions", "{:,}"), ("cycles_estimated", "{:,}"), ("cycles_from_flash", "{:,}"), ("text_bytes", "{:,}")),
    *(("ram_bytes", "{:,}"), ("stack_bytes", "{:,}"), ("max_abs_err", "{:.1e}")),
)
"""Columns of the table of networks (``tests.bench.network_costs``)."""


def networks_table(figures: Figures) -> str:
    """One line per network and generator that was measured."""
    head = (
        "| network | C by | instructions | cycles | with flash | text, B | RAM, B | stack, B | largest error |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    networks = [key.removesuffix(".network") for key in figures if key.endswith(".network")]
    lines = []
    for network in networks:
        makers = (("float", f"{network}.float"), ("int8", f"{network}.int8"))
        makers += (("emlearn", f"emlearn.{network}"), ("plain loops", f"plain_loops.{network}"))
        for maker, prefix in makers:
            if f"{prefix}.instructions" in figures:
                shown = " | ".join(form.format(figures[f"{prefix}.{key}"]) for key, form in COSTS)
                lines.append(f"| {figures[f'{network}.network']} | {maker} | {shown} |")
    return "\n".join([head, *lines])


def int8_flights_table(figures: Figures) -> str:
    """One line per network that flew with float and with int8 layers."""
    head = "| shape | episodes | success, float | int8 | rms distance, float | int8 |\n|---|---|---|---|---|---|"
    lines = []
    for network in ("mlp64", "mlp512", "gru64"):
        flown = {key: figures[f"{network}.int8.{key}"] for key in INT8_FLIGHT}
        shares = f"{flown['success_float']:.2%} | {flown['success_int8']:.2%}"
        distances = f"{100 * flown['rms_error_float_m']:.2f} cm | {100 * flown['rms_error_int8_m']:.2f} cm"
        lines.append(f"| `{network}` | {flown['episodes']:,} | {shares} | {distances} |")
    return "\n".join([head, *lines])


def zoo_table(figures: Figures) -> str:
    """One line per policy of the zoo."""
    head = "| policy | longest run, steps | C on the host | C on the STM32F405 |\n|---|---|---|---|"
    names = [key.split(".")[1] for key in figures if re.fullmatch(r"zoo\.\w+\.steps", key)]
    lines = [
        f"| `{name}` | {figures[f'zoo.{name}.steps']:,} | {figures[f'zoo.{name}.c_host']:.1e} "
        f"| {figures[f'zoo.{name}.c_stm32f405']:.1e} |"
        for name in names
    ]
    return "\n".join([head, *lines])


def flight_seeds_table(figures: Figures) -> str:
    """One line per seed of hover, and of recovery where it was measured."""
    head = "| seed | training, CPU | success | calm | disturbed | command change | caught | height lost |"
    caught = {record["seed"]: record for record in figures.get("recovery.seeds", [])}
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for record in figures.get("hover.seeds", []):
        throw = caught.get(record["seed"])
        thrown = f"{throw['success_rate']:.2%} | {throw['median_height_lost_m']:.2f} m" if throw else "- | -"
        lines.append(
            f"| {record['seed']} | {record['train_cpu_s']:.1f} s | {record['success_rate']:.2%} "
            f"| {100 * record['median_steady_error_m']:.1f} cm "
            f"| {100 * record['median_steady_error_disturbed_m']:.1f} cm "
            f"| {record['command_change_rms']:.3f} | {thrown} |"
        )
    return "\n".join(lines)


def figure8_table(figures: Figures) -> str:
    """Position RMSE along the figure-eights: the learned policy and every baseline, tuned and as published."""
    rows = {"learned": figures.get("figure8.rmse_m", {})}
    for gains, key in (("tuned", "baselines"), ("published gains", "baselines_published")):
        errors = figures.get(f"figure8.{key}_rmse_m", {})
        rows |= {f"{controller}, {gains}": by_period for controller, by_period in errors.items()}
    periods = sorted({period for by_period in rows.values() for period in by_period}, key=float, reverse=True)
    head = f"| flown by | {' | '.join(f'T = {period} s' for period in periods)} |"
    lines = [head, "|---" * (len(periods) + 1) + "|"]
    for name, by_period in rows.items():
        lines.append(f"| {name} | {' | '.join(_centimetres(by_period.get(period)) for period in periods)} |")
    return "\n".join(lines) if periods else "Not measured."


def _centimetres(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} cm"


LEVEL_COLUMNS = (
    ("success_rate_min", "{:.1%}", 1.0), ("steady_error_m", "{:.1f} cm", 100.0), ("delay_borne_s", "{:.0f} ms", 1e3),
    ("step_response_s", "{:.2f} s", 1.0), ("commands_per_s", "{:.0f}", 1.0), ("train_cpu_s", "{:.1f} s", 1.0),
)  # fmt: skip
"""Figures of each action level (``tests.bench.levels``), their form and scale."""


def levels_table(figures: Figures) -> str:
    """One line per action level."""
    names = dict.fromkeys(key.split(".")[1] for key in figures if key.startswith("levels."))
    if not names:
        return "Not measured."
    lines = [
        "| level | success, worst seed | steady error | delay borne | step of 0.4 m | commands/s | training, CPU |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        values = [(figures[f"levels.{name}.{key}"], form, scale) for key, form, scale in LEVEL_COLUMNS]
        shown = ["-" if value is None else form.format(scale * value) for value, form, scale in values]
        lines.append(f"| `{name}` | {' | '.join(shown)} |")
    return "\n".join(lines)


def touch_table(name: str) -> Callable[[Figures], str]:
    """Return what makes the table of learners by input of a contact task."""

    def table(figures: Figures) -> str:
        rows = figures.get(name, [])
        lines = ["| learner | input | learns from | success | 95 % interval | starts x seeds | training, CPU |"]
        lines += ["|---|---|---|---|---|---|---|", *(_touch_line(row) for row in rows)]
        return "\n".join(lines) if rows else "Not measured."

    return table


def _touch_line(row: dict[str, Any]) -> str:
    source = f"zoo: `{row['bundle']}`" if row["source"] == "zoo" else row["expert"]
    head = f"| `{row['learner']}` | `{row['input']}` | {source} |"
    if not row["seeds"]:
        return f"{head} not run | | | |"
    low, high = row["interval"]
    costs = [row["train_cpu_s"]] if row["source"] == "zoo" else [seed["train_cpu_s"] for seed in row["seeds"]]
    starts = row["starts"] if row["source"] == "zoo" else row["seeds"][0]["starts"]
    counted = f"{starts} x {len(row['seeds'])}"
    return f"{head} {row['success']:.1%} | {low:.1%} - {high:.1%} | {counted} | {sum(costs) / len(costs):,.0f} s |"


def imitation_lines(figures: Figures) -> str:
    """Return the table of imitated motions by method, and what it says of the tightening tolerance."""
    rows = figures.get("imitation", [])
    return f"{imitation_table.markdown(rows)}\n\n{imitation_table.verdict(rows)}" if rows else "Not measured."


def learner_lines(figures: Figures) -> str:
    """Return the table of learners of bodies on legs at equal steps."""
    rows = figures.get("learners", [])
    return learner_table.markdown(rows) if rows else "Not measured."


ERROR_GOALS = {
    "crazyflie.errors": {
        "thrust_over_mass": "1%", "inertia_over_mass_x": "5%", "inertia_over_mass_y": "5%",
        "torque_constant_mass_over_yaw_inertia": "5%", "motor_rise_s": "10%", "motor_fall_s": "10%",
        "latency_ms": "2 ms",
    },
    "quadruped.errors": {"armature": "5%", "damping": "5%", "friction": "5%", "delay_ms": "1 ms"},
}  # fmt: skip
"""What errors of identification may be at most; others have no goal."""
ERROR_UNITS = {"_ms": "{:.2f} ms", "_mrad": "{:.1f} mrad"}
"""By the end of a name; others are shares."""


def errors_table(key: str) -> Callable[[Figures], str]:
    """Return what makes the table of errors of identified parameters."""

    def table(figures: Figures) -> str:
        lines = ["| parameter | error | goal |", "|---|---|---|"]
        for name, error in figures.get(key, {}).items():
            form = next((form for end, form in ERROR_UNITS.items() if name.endswith(end)), "{:.2%}")
            goal = ERROR_GOALS[key].get(name)
            lines.append(f"| `{name}` | {form.format(error)} | {f'at most {goal}' if goal else ''} |")
        return "\n".join(lines) if len(lines) > 2 else "Not measured."

    return table


def excitation_table(figures: Figures) -> str:
    """Return what an excitation chosen by its information gains, by parameter."""
    expected, *errors = (
        figures.get(f"excitation.{name}", {}) for name in ("expected", "errors.multisine", "errors.plan")
    )
    lines = ["| parameter | multisine | chosen | expected of it |", "|---|---|---|---|"]
    for name, value in expected.items():
        form = next((form for end, form in ERROR_UNITS.items() if name.endswith(end)), "{:.2%}")
        lines.append(f"| `{name}` | {' | '.join(form.format(each) for each in (*(e[name] for e in errors), value))} |")
    return "\n".join(lines) if expected else "Not measured."


def machine_line(figures: Figures) -> str:
    """Where, when and on which commit."""
    machine = figures["machine"]
    return (
        f"Measured on {machine['cores']} cores of an {machine['processor']} ({machine['system']}, Python "
        f"{machine['python']}), {machine['date'][:10]}, commit `{machine['commit'][:12]}`."
    )


def parts_line(figures: Figures) -> str:
    """The same with the commit of each part: a long suite is measured part by part."""
    commits = [f"{part} at `{machine['commit'][:12]}`" for part, machine in figures["parts"].items()]
    return f"{machine_line(figures)}\nParts: {', '.join(commits)}."


def flight_machine_line(figures: Figures) -> str:
    """The same with the table of episodes."""
    return f"{parts_line(figures)} Evaluation table `{figures['hover.table_hash'][:12]}`."


TABLES: dict[tuple[str, str], Callable[[Figures], str]] = {
    ("first-flight", "machine"): flight_machine_line,
    ("first-flight", "seeds"): seeds_table,
    ("first-flight", "figures"): rows_table(FIRST_FLIGHT),
    ("robot-side", "machine"): parts_line,
    ("robot-side", "figures"): rows_table(ROBOT_SIDE),
    ("robot-side", "faults"): faults_table,
    ("firmware", "machine"): parts_line,
    ("firmware", "figures"): rows_table(FIRMWARE),
    ("firmware", "networks"): networks_table,
    ("firmware", "int8"): int8_flights_table,
    ("firmware", "zoo"): zoo_table,
    ("flight", "machine"): parts_line,
    ("flight", "figures"): rows_table(FLIGHT),
    ("flight", "seeds"): flight_seeds_table,
    ("flight", "figure8"): figure8_table,
    ("flight", "levels"): levels_table,
    ("touch", "machine"): parts_line,
    ("touch", "figures"): rows_table(TOUCH),
    ("touch", "placement"): touch_table("placement"),
    ("touch", "insertion"): touch_table("insertion"),
    ("bodies", "machine"): parts_line,
    ("bodies", "figures"): rows_table(BODIES),
    ("calibration", "machine"): parts_line,
    ("calibration", "figures"): rows_table(CALIBRATION),
    ("calibration", "crazyflie"): errors_table("crazyflie.errors"),
    ("calibration", "excitation"): excitation_table,
    ("calibration", "quadruped"): errors_table("quadruped.errors"),
    ("bodies", "imitation"): imitation_lines,
    ("bodies", "learners"): learner_lines,
}
"""(suite, name of the place) -> what makes the table."""


if __name__ == "__main__":
    main()
