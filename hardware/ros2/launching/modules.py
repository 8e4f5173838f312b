"""Offer this runtime under the names ``launch`` and ``launch_ros`` where ROS 2 is not installed."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from hardware.ros2.launching import actions, conditions, context, events, processes, source, substitutions
from hardware.ros2.launching.parameters import ParameterValue


def real_launch() -> bool:
    """Whether a real ROS 2 with ``ros2 launch`` is sourced."""
    return "launch_ros" not in _OURS and importlib.util.find_spec("launch_ros") is not None


def install() -> None:
    """Make ``import launch`` and ``import launch_ros`` find this runtime, unless the real ones are there."""
    if _OURS or real_launch():
        return
    for name, members in _members().items():
        module = ModuleType(name, f"ROS 2's {name} as far as our launch files use it.")
        vars(module).update(members)
        module.__path__ = []
        sys.modules[name] = _OURS[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


_OURS: dict[str, ModuleType] = {}


def _members() -> dict[str, dict[str, object]]:
    """Module -> name -> object; parents first."""
    return {
        "launch": _named(
            context.LaunchDescription, context.LaunchContext, context.Action, context.Condition, context.Substitution,
            events.Event, events.EventHandler,
        ) | {"LaunchDescriptionEntity": context.Entity, "SomeSubstitutionsType": context.Text},
        "launch.actions": _named(
            actions.DeclareLaunchArgument, actions.SetLaunchConfiguration, actions.GroupAction,
            actions.IncludeLaunchDescription, actions.OpaqueFunction, actions.LogInfo, actions.TimerAction,
            actions.RegisterEventHandler, actions.EmitEvent, actions.Shutdown, processes.ExecuteProcess,
        ),
        "launch.conditions": _named(conditions.IfCondition, conditions.UnlessCondition),
        "launch.substitutions": _named(
            substitutions.TextSubstitution, substitutions.LaunchConfiguration, substitutions.PathJoinSubstitution,
            substitutions.EnvironmentVariable, substitutions.EqualsSubstitution,
        ),
        "launch.events": _named(events.Shutdown),
        "launch.event_handlers": _named(events.OnProcessStart, events.OnProcessExit, events.OnShutdown),
        "launch.launch_description_sources": _named(source.PythonLaunchDescriptionSource),
        "launch_ros": {},
        "launch_ros.actions": _named(processes.Node, processes.LifecycleNode, processes.PushRosNamespace),
        "launch_ros.substitutions": _named(substitutions.FindPackageShare),
        "launch_ros.parameter_descriptions": _named(ParameterValue),
    }  # fmt: skip


def _named(*objects: type) -> dict[str, object]:
    return {thing.__name__: thing for thing in objects}
