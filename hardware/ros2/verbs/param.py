"""``sim2metal ros param``: list, get, set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.session import call, console, full_node_name, session
from hardware.ros2.verbs.words import NodeName, ParameterName
from sim.errors import ConfigError, LinkError


@dataclass
class List:
    """List a node's parameters."""

    node: NodeName

    def run(self) -> dict[str, Any]:
        """Print and return their names."""
        with session() as node:
            answer = call(node, "rcl_interfaces/srv/ListParameters", f"{full_node_name(self.node)}/list_parameters")
        names = sorted(answer.result.names)
        for name in names:
            console().print(name)
        return {"parameters": names}


@dataclass
class Get:
    """Show a parameter's value."""

    node: NodeName
    name: ParameterName

    def run(self) -> dict[str, Any]:
        """Print and return the value."""
        from hardware.ros2.messages import service_class
        from hardware.ros2.rclpy.parameter import parameter_value_to_python

        kind = "rcl_interfaces/srv/GetParameters"
        request = service_class(kind).Request(names=[self.name])  # type: ignore[attr-defined]
        with session() as node:
            answer = call(node, kind, f"{full_node_name(self.node)}/get_parameters", request)
        if not answer.values:
            raise LinkError(f"node {self.node} has no parameter '{self.name}'")
        value = parameter_value_to_python(answer.values[0])
        console().print(str(value))
        return {"value": value}


@dataclass
class Set:
    """Change a parameter."""

    node: NodeName
    name: ParameterName
    value: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="YAML")]
    """The value as YAML."""

    def run(self) -> dict[str, Any]:
        """Set; a refusal is an error."""
        from hardware.ros2.messages import service_class
        from hardware.ros2.parameter_values import parse_value
        from hardware.ros2.rclpy.parameter import Parameter

        parameter = Parameter(self.name, value=parse_value(self.value, self.name))
        kind = "rcl_interfaces/srv/SetParameters"
        request = service_class(kind).Request(parameters=[parameter.to_parameter_msg()])  # type: ignore[attr-defined]
        with session() as node:
            answer = call(node, kind, f"{full_node_name(self.node)}/set_parameters", request)
        result = answer.results[0] if answer.results else None
        if result is None or not result.successful:
            raise ConfigError(
                f"node {self.node} refuses '{self.name}': {result.reason if result else 'no reason given'}"
            )
        console().print("Set parameter successful")
        return {"successful": True}


Param = (
    Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Get, tyro.conf.subcommand("get")]
    | Annotated[Set, tyro.conf.subcommand("set")]
)
