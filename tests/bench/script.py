"""Runs a table or a tuning from the command line: bad input ends it with a line, as it ends ``sim2metal``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import tyro

from sim.errors import Sim2MetalError

T = TypeVar("T")


def run_script(main: Callable[[T], None], args: type[T]) -> None:
    """Read the arguments of the command line and run a script by them."""
    try:
        main(tyro.cli(args))
    except Sim2MetalError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
