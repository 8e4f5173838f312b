"""The operator's dead-man switch on ``enable``: a gamepad's button as long as it is held, or, in simulation, always."""

from __future__ import annotations

import time

from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool, String

from hardware.arm.pilot import Phase
from hardware.operator_signals import OperatorSignals
from sim2metal_nodes.arm_side import SWITCH
from sim2metal_nodes.diagnostics import OK, Diagnostics
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.qos import ASKED, COMMAND, LATCHED
from sim2metal_nodes.runner import run_node

PERIOD_S = 0.05
JOY_SILENCE_S = 0.5
"""A gamepad that has said nothing for so long counts as let go: joy_node repeats itself 20 times a second."""
LINGER_S = 1.0
"""How long the node stays after the episode, so that others read how it ended."""


class SwitchNode(Node):
    """See the module."""

    def __init__(self, _signals: OperatorSignals) -> None:
        super().__init__("switch_node")
        self._always: bool = declare(self, "held", False, "held without anybody: for simulations")
        self._button: int = declare(self, "joy_button", 4, "button of joy that must be held", low=0, high=31)
        self._leave: bool = declare(self, "once", False, "end after one episode")
        self._pressed, self._heard_s = False, 0.0
        self._mode, self._done_s = "", float("inf")
        self._switch = self.create_publisher(Bool, SWITCH, COMMAND)
        self.create_subscription(Joy, "joy", self._on_joy, ASKED)
        self.create_subscription(String, "mode", self._on_mode, LATCHED)
        self.exit_code = 0
        self._diagnostics = Diagnostics(self, "switch_node", lambda: (OK, "held" if self._held else "not held", {}))
        self.create_timer(PERIOD_S, lambda: self._switch.publish(Bool(data=self._held)), clock=self._diagnostics.clock)

    def ended(self, signals: OperatorSignals) -> bool:
        """Whether the operator stopped it, or the one episode is over."""
        return signals.stop or signals.kill or time.monotonic() - self._done_s > LINGER_S

    def close(self) -> None:
        """Let go."""
        self._switch.publish(Bool(data=False))

    @property
    def _held(self) -> bool:
        return self._always or (self._pressed and time.monotonic() - self._heard_s < JOY_SILENCE_S)

    def _on_joy(self, message: Joy) -> None:
        self._heard_s = time.monotonic()
        self._pressed = len(message.buttons) > self._button and bool(message.buttons[self._button])

    def _on_mode(self, message: String) -> None:
        was, self._mode = self._mode, message.data
        if not self._leave or self._mode == was:
            return
        if self._mode == Phase.DONE.value:
            self._done_s = time.monotonic()
        elif self._mode.startswith("holding") and was in (Phase.ACTING.value, Phase.RELEASING.value):
            self._done_s, self.exit_code = time.monotonic(), 1


def main() -> int:
    """Run the node."""
    return run_node(SwitchNode)
