"""The command on its topic: the message type follows from the level of the bundle's actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actuator_msgs.msg import Actuators
from sensor_msgs.msg import JointState

from policies.bundle import BundleInfo
from sim.errors import ConfigError
from sim2metal_nodes.conversions import RejectedInputError, to_stamp
from sim2metal_nodes.qos import COMMAND

MESSAGES: dict[str, type[Any]] = {"motor": Actuators, "joint_position": JointState}
"""Action level -> message. Motors: ``normalized`` in the bundle's order, as Gazebo's rotors take it.
Joints: ``name`` and ``position``, as joint controllers and simulators take it."""


def message_type(info: BundleInfo) -> type[Any]:
    """Return the message that carries the bundle's commands.

    Raises:
        ConfigError: if no topic carries them.
    """
    level = info.action.level
    if level not in MESSAGES:
        raise ConfigError(
            f"this policy commands '{level}', which no topic here carries (those there are: {', '.join(MESSAGES)});"
            " attitude and thrust are flown by crazyflie_node: launch fly with sim:=false and a uri; an arm's tool is"
            " moved by policy_node: launch arm"
        )
    return MESSAGES[level]


def command_message(info: BundleInfo, command: Sequence[float], stamp_ns: int) -> Any:
    """Return a command's message, stamped with the measurement it rests on."""
    message = message_type(info)()
    message.header.stamp = to_stamp(stamp_ns)
    values = [float(value) for value in command]
    if isinstance(message, Actuators):
        message.normalized = values
    else:
        message.name = list(info.action.names)
        message.position = values
    return message


def read_command(topic: str, message: Any, info: BundleInfo) -> list[float]:
    """Return a command in the bundle's order; numbers that are not finite pass, to be called by their name.

    Raises:
        RejectedInputError: if it has another size or other joints.
    """
    names = info.action.names
    if isinstance(message, Actuators):
        if len(message.normalized) != len(names):
            raise RejectedInputError(f"{topic}: {len(message.normalized)} motors, expected {len(names)}")
        return list(message.normalized)
    return by_name(topic, message, names)


def by_name(topic: str, message: JointState, names: Sequence[str]) -> list[float]:
    """Return joint targets, rad, in the order of ``names``.

    Raises:
        RejectedInputError: if there are not exactly these joints, each once.
    """
    if len(message.position) != len(message.name) or sorted(message.name) != sorted(names):
        raise RejectedInputError(f"{topic}: not exactly the joints {', '.join(names)}")
    found = dict(zip(message.name, message.position))
    return [found[name] for name in names]


class CommandPort:
    """Publishes commands of one bundle.

    Args:
        node: to publish with.
        info: from the bundle.
        topic: where.
    """

    def __init__(self, node: Any, info: BundleInfo, topic: str = "command") -> None:
        self._info = info
        self._publisher = node.create_publisher(message_type(info), topic, COMMAND)

    def send(self, command: Sequence[float], stamp_ns: int) -> None:
        """Publish a command that rests on a measurement of ``stamp_ns``."""
        self._publisher.publish(command_message(self._info, command, stamp_ns))

    def forward(self, message: Any) -> None:
        """Publish a message as it is."""
        self._publisher.publish(message)

    def close(self, node: Any) -> None:
        """Unpublish."""
        node.destroy_publisher(self._publisher)
