"""Look at and talk to ROS 2 nodes, without a ROS installation: topics, nodes, services, parameters, life cycles."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.launch import Launch
from hardware.ros2.verbs.lifecycle import Lifecycle
from hardware.ros2.verbs.node import Node
from hardware.ros2.verbs.param import Param
from hardware.ros2.verbs.service import Service
from hardware.ros2.verbs.topic import Topic
from sim.errors import ConfigError
from sim.subcommands import CONFIG as CONFIG

EXAMPLE = """sim2metal ros launch fly bundle:=runs/hover/bundle sim:=true
sim2metal ros topic list --types
sim2metal ros topic echo /imu --count 1
sim2metal ros topic pub /chatter std_msgs/msg/String "{data: hello}" --count 3
sim2metal ros service call /cf1/emergency std_srvs/srv/Empty
sim2metal ros param set /policy_node rate 100
sim2metal ros lifecycle set /policy_node configure"""


@dataclass
class TopicArgs:
    """Topics: list, echo, hz, pub."""

    action: Topic
    """What to do."""


@dataclass
class NodeArgs:
    """Nodes: list, info."""

    action: Node
    """What to do."""


@dataclass
class ServiceArgs:
    """Services: list, call."""

    action: Service
    """What to do."""


@dataclass
class ParamArgs:
    """Parameters: list, get, set."""

    action: Param
    """What to do."""


@dataclass
class LifecycleArgs:
    """Managed nodes: get, set, list."""

    action: Lifecycle
    """What to do."""


Command = (
    Annotated[TopicArgs, tyro.conf.subcommand("topic")]
    | Annotated[NodeArgs, tyro.conf.subcommand("node")]
    | Annotated[ServiceArgs, tyro.conf.subcommand("service")]
    | Annotated[ParamArgs, tyro.conf.subcommand("param")]
    | Annotated[LifecycleArgs, tyro.conf.subcommand("lifecycle")]
    | Annotated[Launch, tyro.conf.subcommand("launch")]
)
"""A command is a class with ``action``, itself a class with ``run``; it imports what it needs when it runs."""


@dataclass
class Args:
    """Options of ``sim2metal ros``."""

    command: Command
    """What to look at."""


def run(args: Args) -> dict[str, Any]:
    """Run one command and return what it printed, for machines.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    missing = [name for name in ("cyclonedds", "rosbags") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"'ros' needs the Python package '{missing[0]}': make setup, or pip install -e '.[dds]'")
    return args.command.action.run()
