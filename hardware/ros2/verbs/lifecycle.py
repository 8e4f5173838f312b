"""``sim2metal ros lifecycle``: get, set, list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.ros2.verbs.session import call, console, full_node_name, session
from hardware.ros2.verbs.words import NodeName
from sim.errors import ConfigError


@dataclass
class Get:
    """Show a managed node's state."""

    node: NodeName

    def run(self) -> dict[str, Any]:
        """Print and return the state."""
        with session() as node:
            answer = call(node, "lifecycle_msgs/srv/GetState", f"{full_node_name(self.node)}/get_state")
        state = answer.current_state
        console().print(f"{state.label} [{state.id}]")
        return {"state": state.label, "id": state.id}


@dataclass
class Set:
    """Take a managed node through a transition."""

    node: NodeName
    transition: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TRANSITION")]
    """configure, activate, deactivate, cleanup or shutdown."""

    def run(self) -> dict[str, Any]:
        """Make the transition; a refusal or failure is an error."""
        from hardware.ros2.messages import message_class, service_class

        kind = "lifecycle_msgs/srv/ChangeState"
        wanted = message_class("lifecycle_msgs/msg/Transition")(label=self.transition)
        request = service_class(kind).Request(transition=wanted)  # type: ignore[attr-defined]
        full = full_node_name(self.node)
        with session() as node:
            answer = call(node, kind, f"{full}/change_state", request)
            state = call(node, "lifecycle_msgs/srv/GetState", f"{full}/get_state").current_state.label
        if not answer.success:
            raise ConfigError(f"node {full} did not {self.transition}: it is {state} now; its log says why")
        console().print("Transitioning successful")
        return {"success": True, "state": state}


@dataclass
class List:
    """List what a managed node allows now."""

    node: NodeName

    def run(self) -> dict[str, Any]:
        """Print and return the transitions."""
        kind = "lifecycle_msgs/srv/GetAvailableTransitions"
        with session() as node:
            answer = call(node, kind, f"{full_node_name(self.node)}/get_available_transitions")
        out, names = console(), []
        for one in answer.available_transitions:
            out.print(
                f"{one.transition.label} [{one.transition.id}]: {one.start_state.label} -> {one.goal_state.label}"
            )
            names.append(one.transition.label)
        return {"transitions": names}


Lifecycle = (
    Annotated[Get, tyro.conf.subcommand("get")]
    | Annotated[Set, tyro.conf.subcommand("set")]
    | Annotated[List, tyro.conf.subcommand("list")]
)
