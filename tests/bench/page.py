"""Writes the tables of ``docs/figures.md`` from the measured figures, so that no number is typed.

``python -m tests.bench.page`` renews the page; a test holds it to the file of figures.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = DOCS / "figures" / "first-flight.json"
PAGE = DOCS / "figures.md"


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

    def render(self, figures: dict[str, Any]) -> str:
        """Return the line in Markdown."""
        value = figures[self.key]
        shown = self.form.format(value if self.scale == 1.0 else value * self.scale)
        return f"| {self.text} | {shown} | {self.goal} | `{self.key}` |"


ROWS = (
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


def main() -> None:
    """Renew the page."""
    PAGE.write_text(renewed(PAGE.read_text(), json.loads(FIGURES.read_text())))


def renewed(page: str, figures: dict[str, Any]) -> str:
    """Return the page with its marked tables made anew from the figures."""
    tables = {"seeds": seeds_table(figures), "figures": figures_table(figures), "machine": machine_line(figures)}
    for name, table in tables.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        page, found = re.subn(pattern, lambda match, table=table: match[1] + table + "\n" + match[2], page, flags=re.S)
        if not found:
            raise ValueError(f"the page has no place for '{name}'")
    return page


def figures_table(figures: dict[str, Any]) -> str:
    """All single figures."""
    head = "| figure | measured | goal | name in the file |\n|---|---|---|---|"
    return "\n".join([head, *(row.render(figures) for row in ROWS)])


def seeds_table(figures: dict[str, Any]) -> str:
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


def machine_line(figures: dict[str, Any]) -> str:
    """Where, when and on which commit."""
    machine = figures["machine"]
    return (
        f"Measured on {machine['cores']} cores of an {machine['processor']} ({machine['system']}, Python "
        f"{machine['python']}), {machine['date'][:10]}, commit `{machine['commit'][:12]}`, "
        f"evaluation table `{figures['hover.table_hash'][:12]}`."
    )


if __name__ == "__main__":
    main()
