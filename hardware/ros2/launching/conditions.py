"""Conditions of ``launch``."""

from __future__ import annotations

from hardware.ros2.launching.context import Condition, LaunchContext, Text, perform
from hardware.ros2.launching.substitutions import as_bool


class IfCondition(Condition):
    """Holds where a text says true."""

    def __init__(self, predicate_expression: Text) -> None:
        self.expression = predicate_expression

    def evaluate(self, context: LaunchContext) -> bool:
        """Return the truth value; anything but true and false is refused."""
        return as_bool(perform(context, self.expression), "a condition")


class UnlessCondition(IfCondition):
    """Holds where a text says false."""

    def evaluate(self, context: LaunchContext) -> bool:
        """Return the opposite truth value."""
        return not super().evaluate(context)
