"""The table that ``sim2metal hil`` prints."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from firmware_export.hil.outcome import Outcome


def summary_table(title: str, outcome: Outcome, bound: float, late: float) -> Table:
    """Return a table with one row per quantity.

    Args:
        title: bundle and board.
        outcome: the figures.
        bound: of the relative error.
        late: of the share of late periods.
    """
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("quantity")
    table.add_column("value", justify="right")
    table.add_column("remark")
    for row in _rows(outcome, bound, late):
        table.add_row(*row)
    return table


def _rows(o: Outcome, bound: float, late: float) -> Iterator[tuple[str, str, str]]:
    replaced = f"; {o.left_out} draws cannot hover, others were flown" if o.left_out else ""
    yield "episodes", str(o.episodes), f"{o.success:.1%} successful{replaced}"
    yield "steps", f"{o.steps:,}", "all compared with onnxruntime"
    where = f"episode {o.worst_episode}, step {o.worst_step}"
    yield "largest error / range", f"{o.max_relative_err:.1e}", f"{_verdict(o.max_relative_err, bound)}; {where}"
    yield "golden self-test", f"{o.self_test_error:.1e}", "on the board, before the first step"
    each = f"{o.steps / o.requests:.1f} steps each; {o.repeated} repeated"
    yield "requests", f"{o.requests:,}", each
    yield "request to answer", f"{o.latency_median_ms:.2f} ms", f"median; 99 % within {o.latency_p99_ms:.2f} ms"
    if o.periods:
        held = f"of {o.periods:,} periods, at most {o.longest_hold} in a row"
        yield "overruns", str(o.overruns), f"{_verdict(o.late_share, late)}; {held}"
        yield "slips of this computer", str(o.host_slips), "periods that it began too late itself"
    if o.instructions_max is not None:
        yield "instructions per step", f"{o.instructions_max:,}", "largest"
    if o.cycles_max is not None:
        yield "cycles per step", f"{o.cycles_max:,}", f"largest; {o.step_max_ms:.3f} ms at the board's clock"
    yield "stack", f"{o.stack_bytes} B", "most, of the whole program on the board"
    yield "wall time", f"{o.wall_s:.1f} s", f"{o.steps / o.wall_s:,.0f} steps a second"


def _verdict(value: float, bound: float) -> str:
    word = "[green]passed[/]" if value <= bound else "[red]FAILED[/]"
    return f"{word}, bound {bound:.2g}"
