"""Run a policy for joints: on a virtual humanoid started here (sim:=true) or on a robot behind a URI (sim:=false)."""

import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, GroupAction, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

YES_NO = ["true", "false"]


def generate_launch_description() -> LaunchDescription:
    """Return the robot and the node that moves it."""
    config = PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "config", "sim2metal.yaml"])
    return LaunchDescription(
        [
            DeclareLaunchArgument("bundle", description="folder of the policy bundle"),
            DeclareLaunchArgument("sim", default_value="true", choices=YES_NO, description="start a virtual humanoid"),
            DeclareLaunchArgument("robot", default_value="g1", description="which virtual humanoid (sim:=true)"),
            DeclareLaunchArgument("hang", default_value="false", choices=YES_NO, description="virtual: on its crane"),
            DeclareLaunchArgument("name", default_value="humanoid", description="prefix of its topics"),
            DeclareLaunchArgument("uri", default_value="dds://lo?domain=1", description="where the robot is"),
            DeclareLaunchArgument(
                "arm", default_value="false", choices=YES_NO, description="needed for a real robot: its joints move"
            ),
            DeclareLaunchArgument("logs", default_value="", description="folder for logs (MCAP); empty: none"),
            DeclareLaunchArgument("params", default_value=config, description="parameters"),
            OpaqueFunction(function=virtual_robot),
            GroupAction([PushRosNamespace(LaunchConfiguration("name")), joint_node()]),
        ]
    )


def virtual_robot(context: LaunchContext) -> list:
    """Return the virtual humanoid, if one is wanted."""
    if LaunchConfiguration("sim").perform(context) == "false":
        return []
    options = ["--hang"] if LaunchConfiguration("hang").perform(context) == "true" else []
    start = [sys.executable, "-m", "sim2metal", "virtual", "humanoid", "--robot", LaunchConfiguration("robot")]
    return [
        ExecuteProcess(
            cmd=[*start, "--uri", LaunchConfiguration("uri"), *options],
            name="virtual_humanoid",
            output="screen",
            on_exit=Shutdown(reason="the virtual humanoid has ended"),
        )
    ]


def joint_node() -> Node:
    """Return the node."""

    def text(name: str) -> ParameterValue:
        return ParameterValue(LaunchConfiguration(name), value_type=str)

    return Node(
        package="sim2metal_nodes",
        executable="joint_node",
        name="joint_node",
        output="screen",
        parameters=[
            LaunchConfiguration("params"),
            {
                "bundle": text("bundle"),
                "uri": text("uri"),
                "log_folder": text("logs"),
                "arm": ParameterValue(LaunchConfiguration("arm"), value_type=bool),
                "connect_timeout": 60.0,
            },
        ],
        on_exit=Shutdown(reason="joint_node has ended"),
        sigterm_timeout="20",  # it damps first
    )
