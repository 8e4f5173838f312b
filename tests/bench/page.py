"""Writes the tables of ``docs/figures.md`` from the measured figures, so that no number is typed.

``python -m tests.bench.page`` renews the page; a test holds it to the files of figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "figures.md"
SUITES = ("first-flight", "robot-side", "firmware")

INT8_FLIGHT = ("episodes", "success_float", "success_int8", "rms_error_float_m", "rms_error_int8_m")
"""What is shown of each network's flights."""

Figures = dict[str, Any]
"""Dotted name -> what was measured."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        text: what the figure is.
        key: its dotted name in the file of figures.
        form: how it is written (``str.format``).
        goal: what it must reach, in words.
        scale: factor to the unit shown.
    """

    text: str
    key: str
    form: str
    goal: str = ""
    scale: float = 1.0

    def render(self, figures: Figures) -> str:
        """Return the line in Markdown; a long suite may lack parts."""
        if self.key not in figures:
            return f"| {self.text} | not measured | {self.goal} | `{self.key}` |"
        value = figures[self.key]
        shown = self.form.format(value if self.scale == 1.0 else value * self.scale)
        return f"| {self.text} | {shown} | {self.goal} | `{self.key}` |"


FIRST_FLIGHT = (
    Row("flight kernel, steps per CPU-second", "kernel.steps_per_cpu_s", "{:.1f} M", "at least 10 M", 1e-6),
    Row("the same with its gradient", "kernel.adjoint_steps_per_cpu_s", "{:.1f} M", "at least 3 M", 1e-6),
    Row("compiling the kernel, once after a change", "kernel.compile_s", "{:.1f} s"),
    Row("loading it from the cache", "kernel.load_from_cache_s", "{:.2f} s"),
    Row("146-64-64-4 tanh network as C, instructions per step", "mlp64.instructions", "{:,}", "at most 45,000"),
    Row("its flash, weights included", "mlp64.flash_bytes", "{:,} B", "at most 60 kB"),
    Row("its RAM, static", "mlp64.ram_bytes", "{:,} B", "at most 4 kB, no heap"),
    Row("its stack", "mlp64.stack_bytes", "{:,} B"),
    Row("the trained policy, instructions per step", "demo.stm32f405.instructions_per_step", "{:,}"),
    Row("its flash, weights included", "demo.stm32f405.flash_bytes", "{:,} B"),
    Row("its RAM, static", "demo.stm32f405.ram_bytes", "{:,} B"),
    Row("parity with torch: onnxruntime", "demo.parity.onnx", "{:.1e}", "at most 1e-5"),
    Row("parity with torch: C on the host", "demo.parity.c_host", "{:.1e}", "at most 1e-5"),
    Row("parity with torch: C on the STM32F405", "demo.parity.c_stm32f405", "{:.1e}", "at most 1e-5"),
    Row("flight: error at the set-points, rms", "demo.flight.rms_error_m", "{:.1f} cm", "", 100.0),
    Row("flight: loop period, 99th percentile", "demo.flight.loop_p99_ms", "{:.2f} ms", "10 ms"),
    Row("flight: sensor to command, 99th percentile", "demo.flight.latency_p99_ms", "{:.1f} ms"),
    Row("link lost to safe action", "demo.faults.link_loss_to_safe_ms", "{:.0f} ms", "at most 200 ms"),
    Row("`make demo` after set-up", "demo.wall_s", "{:.0f} s", "at most 180 s"),
)

ROBOT_SIDE = (
    Row("policy_node at 500 Hz: period jitter, 99th percentile", "policy_node.jitter_p99_ms", "{:.2f} ms", "1 ms"),
    Row("sensor message to command message, median", "policy_node.latency_median_ms", "{:.2f} ms", "1 ms"),
    Row("the same, 99th percentile", "policy_node.latency_p99_ms", "{:.2f} ms"),
    Row("steps that came too late", "policy_node.overruns", "{:.0f}"),
    Row("commands in all", "policy_node.commands", "{:,.0f}"),
    Row("400-512-256-128 policy at 50 Hz, 10 min: overruns", "policy_node.large_50hz.overruns", "{:.0f}", "0"),
    Row("its period jitter, 99th percentile", "policy_node.large_50hz.jitter_p99_ms", "{:.2f} ms"),
    Row("policy on the host over 10 ms and 5 % loss: hover held", "radio.hover_s", "{:.0f} s", "60 s"),
    Row("its error, rms", "radio.rms_error_m", "{:.1f} cm", "", 100.0),
    Row("Crazyflies flown at once from one process", "swarm.robots", "{}", "10"),
    Row("of these completed", "swarm.completed", "{}", "10"),
    Row("rate of the slowest", "swarm.rate_hz_min", "{:.1f} Hz", "100 Hz"),
    Row("largest error of any, rms", "swarm.rms_error_m_max", "{:.1f} cm", "", 100.0),
    Row("completed where all share one radio", "swarm.shared_radio.completed", "{}"),
    Row("mutated serial frames, into both ends", "fuzz.frames", "{:,}", "10,000,000"),
    Row("mutated CRTP packets, into both ends", "fuzz.packets", "{:,}", "1,000,000"),
    Row("crashes, hangs, commands wrongly taken", "fuzz.failures", "{}", "0"),
    Row("fault scenarios", "faults.scenarios", "{:,}", "1,000"),
    Row("of these ended in the safe action in time", "faults.safe", "{:,}", "1,000"),
    Row("longest time from a fault to its safe action", "faults.worst_ms", "{:.0f} ms", "200 ms"),
)

FIRMWARE = (
    Row("146-64-64-4 tanh, float: instructions per step", "mlp64.float.instructions", "{:,}", "at most 30,000"),
    Row("estimated Cortex-M4 cycles", "mlp64.float.cycles_estimated", "{:,}", "at most 55,000"),
    Row("the same with the waits for flash", "mlp64.float.cycles_from_flash", "{:,}", "at most 55,000: missed"),
    Row("its text, weights among it", "mlp64.float.text_bytes", "{:,} B", "at most 60 kB"),
    Row("its RAM", "mlp64.float.ram_bytes", "{:,} B", "at most 1.5 kB"),
    Row("its largest error", "mlp64.float.max_abs_err", "{:.1e}", "at most 2e-6"),
    Row("int8: instructions per step", "mlp64.int8.instructions", "{:,}", "at most 25,000"),
    Row("its text", "mlp64.int8.text_bytes", "{:,} B", "at most 18 kB"),
    Row("its loss of hover success", "mlp64.int8.success_loss", "{:.2%}", "at most 0.5%"),
    Row("emlearn: instructions for the float network", "emlearn.mlp64.instructions", "{:,}"),
    Row("plain loops: the same", "plain_loops.mlp64.instructions", "{:,}"),
    Row("random graphs, C against onnxruntime", "random_graphs.count", "{:,}", "10,000"),
    Row("of these wrong", "random_graphs.failures", "{:,}", "0"),
    Row("broken or unsupported files", "broken_files.count", "{:,}", "1,000"),
    Row("of these refused unclearly", "broken_files.unclear", "{:,}", "0"),
    Row("zoo policies as C on the host and the STM32F405: largest error", "zoo.worst", "{:.1e}", "at most 1e-5"),
    Row("closed-loop hover episodes on the emulated STM32F405", "hil.episodes", "{:,}", "100"),
    Row("largest difference from onnxruntime at any step", "hil.max_abs_err", "{:.1e}"),
)


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
}
"""(suite, name of the place) -> what makes the table."""


if __name__ == "__main__":
    main()
