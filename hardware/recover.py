"""Complete a log that a kill or a full disk cut short, so that every MCAP reader opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from hardware.log_reader import read_content, recover_log

EXAMPLE = """sim2metal recover runs/flights/20261121-101500.mcap
sim2metal recover cut.mcap --out whole.mcap"""


@dataclass
class Args:
    """Options of ``sim2metal recover``."""

    log: tyro.conf.Positional[Path]
    """MCAP log without its end."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Where to write the whole one; default: in its place."""


def run(args: Args) -> dict[str, Any]:
    """Rewrite the log; a whole one is rewritten alike.

    Raises:
        StorageError: if it cannot be read or written or holds nothing to save.
    """
    complete = read_content(args.log).complete
    saved = recover_log(args.log, args.out)
    was = "was whole already" if complete else "had no end"
    Console(highlight=False).print(f"{args.log} {was}: {saved} messages in {args.out or args.log}", soft_wrap=True)
    return {"log": str(args.log), "out": str(args.out or args.log), "was_complete": complete, "messages": saved}
