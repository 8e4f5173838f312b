"""Fly several Crazyflies at once, cf1 to cfN: virtual ones started here (sim:=true) or those behind URIs (false)."""

import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    Shutdown,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

MAX_ROBOTS = 10


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the robots as soon as their number is known."""
    numbers = [str(number) for number in range(1, MAX_ROBOTS + 1)]
    return LaunchDescription(
        [
            DeclareLaunchArgument("bundle", description="folder of the policy bundle; {serial} in it: of each robot's"),
            DeclareLaunchArgument(
                "serials", default_value="", description="the robots' serial numbers, with commas; empty: unknown"
            ),
            DeclareLaunchArgument(
                "units", default_value="units", description="folder of the files of identified robots"
            ),
            DeclareLaunchArgument("robots", default_value="2", choices=numbers, description="how many"),
            DeclareLaunchArgument(
                "sim", default_value="true", choices=["true", "false"], description="start virtual Crazyflies"
            ),
            DeclareLaunchArgument(
                "uris", default_value="", description="where they are, with commas; empty: loopback from first_port up"
            ),
            DeclareLaunchArgument("first_port", default_value="19850", description="UDP port of the first robot"),
            DeclareLaunchArgument("height", default_value="0.5", description="height of the mission, m"),
            DeclareLaunchArgument("hold", default_value="5.0", description="time at each place of the mission, s"),
            DeclareLaunchArgument(
                "step", default_value="0.0", description="side of the mission's square, m; 0 holds only"
            ),
            OpaqueFunction(function=robots),
        ]
    )


def robots(context: LaunchContext) -> list:
    """Return every robot: first the virtual ones, then those that fly them."""
    number = int(LaunchConfiguration("robots").perform(context))
    given = LaunchConfiguration("uris").perform(context)
    first_port = int(LaunchConfiguration("first_port").perform(context))
    uris = [uri.strip() for uri in given.split(",")] if given else []
    uris = uris or [f"udp://127.0.0.1:{first_port + i}" for i in range(number)]
    if len(uris) != number:
        raise RuntimeError(f"uris:= names {len(uris)} robots, robots:= says {number}")
    serials = named(LaunchConfiguration("serials").perform(context), number)
    bundle = LaunchConfiguration("bundle").perform(context)
    if "{serial}" in bundle and "" in serials:
        raise RuntimeError(f"bundle:={bundle}: say which robots fly with serials:=")
    bundles = [bundle.replace("{serial}", serial) for serial in serials]
    simulated = LaunchConfiguration("sim").perform(context) == "true"
    virtual = [virtual_robot(i, uri, bundles[i]) for i, uri in enumerate(uris)] if simulated else []
    return [*virtual, *(GroupAction([pilot(i, uri, bundles[i], serials[i])]) for i, uri in enumerate(uris))]


def named(given: str, number: int) -> list[str]:
    """Return one serial number per robot, empty where none are given."""
    serials = [serial.strip() for serial in given.split(",")] if given else [""] * number
    if len(serials) != number:
        raise RuntimeError(f"serials:= names {len(serials)} robots, robots:= says {number}")
    return serials


def virtual_robot(index: int, uri: str, bundle: str) -> ExecuteProcess:
    """Return a virtual Crazyflie with the policy on board."""
    start = [sys.executable, "-m", "sim2metal", "virtual", "crazyflie", "--uri", uri, "--seed", str(index)]
    return ExecuteProcess(
        cmd=[*start, "--bundle", bundle],
        name=f"virtual_cf{index + 1}",
        output="screen",
        on_exit=Shutdown(reason=f"virtual robot {index + 1} has ended"),
    )


def pilot(index: int, uri: str, bundle: str, serial: str) -> IncludeLaunchDescription:
    """Return the nodes that fly one robot."""
    path = PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "launch", "fly.launch.py"])
    own = {"sim": "false", "name": f"cf{index + 1}", "uri": uri, "bundle": bundle, "serial": serial}
    passed = {name: LaunchConfiguration(name) for name in ("units", "height", "hold", "step")}
    arguments = [*own.items(), *passed.items()]
    return IncludeLaunchDescription(PythonLaunchDescriptionSource(path), launch_arguments=arguments)
