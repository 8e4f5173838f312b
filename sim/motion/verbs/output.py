"""What the subcommands have in common: where clips are written, how figures are printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sim.errors import ConfigError
from sim.files import require_writable

if TYPE_CHECKING:
    from sim.motion.check import Figures
    from sim.motion.clip import Clip


def require_clip_path(path: Path, suffixes: Sequence[str] = (".npz",)) -> Path:
    """Return a path that a clip can be written to.

    Raises:
        ConfigError: for another suffix.
        StorageError: if it cannot be written.
    """
    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"--out {path}: expected a name that ends in {' or '.join(suffixes)}")
    require_writable(path)
    return path


def print_figures(rows: Sequence[tuple[Clip, Figures]]) -> None:
    """Print one row per clip, and below why clips are refused."""
    table = Table(box=None, pad_edge=False)
    table.add_column("clip", overflow="fold")
    heads = ("slip", "sunk", "above", "limits", "speed", "off", "stable")
    for head, unit in zip(heads, ("m/s", "mm", "mm", "", "%", "mm", "%")):
        table.add_column(f"{head}\n{unit}", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for clip, figures in rows:
        table.add_row(
            f"{clip.name} ({clip.character})",
            f"{figures.foot_slip_m_s:.3f}",
            f"{figures.penetration_m * 1e3:.1f}",
            f"{figures.floating_m * 1e3:.1f}",
            "" if figures.joint_limit_violations is None else str(figures.joint_limit_violations),
            "" if figures.joint_speed_share is None else f"{100.0 * figures.joint_speed_share:.0f}",
            "" if figures.end_effector_m is None else f"{figures.end_effector_m * 1e3:.1f}",
            f"{100.0 * figures.stable_share:.0f}",
            "refused" if figures.refused else "good",
        )
    console = Console(highlight=False)
    console.print(table)
    for clip, figures in rows:
        if figures.refused:
            console.print(f"{clip.name} ({clip.character}): {figures.refused}", soft_wrap=True)
