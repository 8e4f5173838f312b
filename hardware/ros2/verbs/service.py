"""``sim2metal ros service``: list, call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.session import Listen, call, console, is_hidden, session
from hardware.ros2.verbs.words import ServiceName
from sim.errors import ConfigError


@dataclass
class List:
    """List the services."""

    types: bool = False
    """Show their types too."""
    all: bool = False
    """Show hidden ones too."""
    listen: Listen = 1.0
    """How long to listen for other nodes, s."""

    def run(self) -> dict[str, Any]:
        """Print and return the services."""
        out = console()
        with session(self.listen) as node:
            found = [
                (name, types) for name, types in node.get_service_names_and_types() if self.all or not is_hidden(name)
            ]
        for name, types in found:
            out.print(f"{name} [{', '.join(types)}]" if self.types else name)
        return {"services": dict(found)}


@dataclass
class Call:
    """Call a service and print its answer."""

    service: ServiceName
    type: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TYPE")]
    """Service type, e.g. std_srvs/srv/SetBool."""
    values: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="[YAML]")] = "{}"
    """The request as YAML, e.g. "{data: true}"."""

    def run(self) -> dict[str, Any]:
        """Call, print and return the answer."""
        from hardware.ros2.definitions import is_service
        from hardware.ros2.yaml_messages import from_yaml, to_plain, to_yaml

        name = self.type if "/srv/" in self.type else self.type.replace("/", "/srv/", 1)
        if not is_service(name):
            raise ConfigError(f"unknown service type '{self.type}': hardware/ros2/interfaces holds none of that name")
        request = from_yaml(self.values, f"{name}_Request")
        with session() as node:
            answer = to_plain(call(node, name, node.resolve_service_name(self.service), request))
        console().print(to_yaml(answer))
        return {"response": answer}


Service = Annotated[List, tyro.conf.subcommand("list")] | Annotated[Call, tyro.conf.subcommand("call")]
