"""``sim2metal ros node``: list, info."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.session import ANSWER_S, COMPLETE_S, Listen, console, full_node_name, is_hidden, session
from hardware.ros2.verbs.words import NodeName
from sim.errors import LinkError


@dataclass
class List:
    """List the nodes."""

    all: bool = False
    """Show hidden ones too."""
    listen: Listen = 1.0
    """How long to listen for other nodes, s."""

    def run(self) -> dict[str, Any]:
        """Print and return the nodes."""
        with session(self.listen) as node:
            names = sorted(name for name in node.get_fully_qualified_node_names() if self.all or not is_hidden(name))
        for name in names:
            console().print(name)
        return {"nodes": names}


@dataclass
class Info:
    """Show what a node publishes, subscribes to, offers and calls."""

    node: NodeName

    def run(self) -> dict[str, Any]:
        """Print and return it."""
        full = full_node_name(self.node)
        namespace, _, name = full.rpartition("/")
        place = (name, namespace or "/")
        with session() as node:
            if not node.wait_for_node(full, ANSWER_S):
                raise LinkError(f"no node {full} after {ANSWER_S:g} s; 'sim2metal ros node list' shows what there is")
            node.context.graph.wait(node.context.graph.is_complete, COMPLETE_S)
            sections = {
                "Subscribers": node.get_subscriber_names_and_types_by_node(*place),
                "Publishers": node.get_publisher_names_and_types_by_node(*place),
                "Service Servers": node.get_service_names_and_types_by_node(*place),
                "Service Clients": node.get_client_names_and_types_by_node(*place),
            }
        out = console()
        out.print(full)
        for title, entries in sections.items():
            out.print(f"  {title}:")
            for entry, types in entries:
                out.print(f"    {entry}: {', '.join(types)}")
        return {"node": full, **{title: dict(entries) for title, entries in sections.items()}}


Node = Annotated[List, tyro.conf.subcommand("list")] | Annotated[Info, tyro.conf.subcommand("info")]
