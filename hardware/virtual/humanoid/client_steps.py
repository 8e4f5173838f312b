"""Steps that a client in lock-step asks for: each waits for the commands that were sent before it on another topic."""

from __future__ import annotations

import json

from hardware.dds.messages.api import Request

MOST_COMMANDS = 64
"""A step does not wait for more."""


class ClientSteps:
    """The step asked for, and the one answered last."""

    def __init__(self) -> None:
        self.request: Request | None = None
        self.commands = 0
        """Heard since the step before."""
        self.answered_id = -1
        self.answer = ""
        self._expected = 0

    def ask(self, request: Request) -> None:
        """Note a step; a parameter that cannot be read means no commands."""
        if self.request is not None and self.request.header.identity.id == request.header.identity.id:
            return
        try:
            expected = int(json.loads(request.parameter[:100])["commands"])
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            expected = 0
        self.request, self._expected = request, min(max(expected, 0), MOST_COMMANDS)

    @property
    def complete(self) -> bool:
        """Whether all commands are here."""
        return self.commands >= self._expected

    def finish(self, answer: str) -> None:
        """The step is made."""
        if self.request is not None:
            self.answered_id = self.request.header.identity.id
        self.answer, self.request, self.commands = answer, None, 0
