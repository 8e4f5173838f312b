"""What running a bundle means for one kind of robot; ``hardware/deploy.py`` does the rest."""

from __future__ import annotations

from typing import Any, Protocol

from rich.console import Console

from hardware.control_loop import ControlLoop
from hardware.link import Link
from hardware.log import RunLog
from hardware.log_schema import LogSchema
from hardware.operator_signals import OperatorSignals


class Job(Protocol):
    """One kind of run."""

    key: str
    """Its place in the result."""
    schema: LogSchema
    """Of the log's steps."""
    announcement: str
    """What begins now, and what the operator's keys do."""

    @property
    def motion(self) -> str:
        """What the robot will do, for the operator's consent: "starts its propellers, …"."""
        ...

    def loop(self, link: Link[Any], log: RunLog, signals: OperatorSignals) -> ControlLoop[Any]:
        """Return the control loop, ready to run.

        Raises:
            LinkError: if the robot's state stopped arriving.
        """
        ...

    def result(self, record: Any) -> dict[str, Any]:
        """Return the figures of a run; ``completed`` when all went as planned."""
        ...

    def show(self, console: Console, figures: dict[str, Any]) -> None:
        """Print them."""
        ...
