"""Fly several Crazyflies at once: each is fly.launch.py in a namespace of its own, cf1 to cfN."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

MAX_ROBOTS = 10
FIRST_PORT = 19850


def generate_launch_description() -> LaunchDescription:
    """Return the robots; which, is known when the number is."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("bundle", description="folder of the policy bundle"),
            DeclareLaunchArgument(
                "robots", default_value="3", choices=[str(n) for n in range(1, MAX_ROBOTS + 1)], description="how many"
            ),
            DeclareLaunchArgument(
                "sim", default_value="false", choices=["true", "false"],
                description="simulate them here; false: they are behind the URIs",
            ),
            DeclareLaunchArgument(
                "uris", default_value="",
                description="URIs of the robots, separated by commas; empty: loopback ports from 19850 up",
            ),
            DeclareLaunchArgument("hold", default_value="5.0", description="time at each place of the mission, s"),
            DeclareLaunchArgument("step", default_value="0.0", description="side of the mission's square, m"),
            OpaqueFunction(function=robots),
        ]
    )  # fmt: skip


def robots(context: LaunchContext) -> list:
    """Return one group per robot."""
    number = int(LaunchConfiguration("robots").perform(context))
    given = LaunchConfiguration("uris").perform(context)
    uris = given.split(",") if given else [f"udp://127.0.0.1:{FIRST_PORT + i}" for i in range(number)]
    if len(uris) != number:
        raise RuntimeError(f"uris:= names {len(uris)} robots, robots:= {number}")
    return [GroupAction([robot(i, uri.strip())]) for i, uri in enumerate(uris)]


def robot(index: int, uri: str) -> IncludeLaunchDescription:
    """Return one robot's launch file with its arguments."""
    path = PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "launch", "fly.launch.py"])
    given = {"name": f"cf{index + 1}", "uri": uri, "seed": str(index)}
    passed = {name: LaunchConfiguration(name) for name in ("bundle", "sim", "hold", "step")}
    return IncludeLaunchDescription(PythonLaunchDescriptionSource(path), launch_arguments=[*given.items(), *passed.items()])
