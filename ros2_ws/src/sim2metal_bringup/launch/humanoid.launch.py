"""Run a policy for joints: in closed loop on a simulated robot (sim:=true) or on one behind a URI (sim:=false)."""

import sys
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, GroupAction, OpaqueFunction, Shutdown
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

YES_NO = ["true", "false"]
SENSOR_HZ = 200.0
"""Of the simulated robot: four samples per step of a policy at 50 Hz."""


def generate_launch_description() -> LaunchDescription:
    """Return the robot and the nodes that move it."""
    robots = [PushRosNamespace(value("name")), *simulated(), joint_node(), rviz()]
    return LaunchDescription([*arguments(), OpaqueFunction(function=check), virtual_robot(), GroupAction(robots)])


def arguments() -> list[DeclareLaunchArgument]:
    """Return what the user may give."""
    config = PathJoinSubstitution([share(), "config", "sim2metal.yaml"])
    return [
        DeclareLaunchArgument("bundle", description="folder of the policy bundle"),
        DeclareLaunchArgument(
            "sim", default_value="true", choices=YES_NO, description="simulate the robot over topics"
        ),
        DeclareLaunchArgument("robot", default_value="g1", description="which robot"),
        DeclareLaunchArgument("hang", default_value="false", choices=YES_NO, description="simulated: on its crane"),
        DeclareLaunchArgument(
            "wait", default_value="0.0", description="s in the default pose before the policy acts: to let it down"
        ),
        DeclareLaunchArgument("name", default_value="humanoid", description="prefix of its topics"),
        DeclareLaunchArgument("uri", default_value="dds://lo?domain=1", description="where the robot is (sim:=false)"),
        DeclareLaunchArgument(
            "virtual", default_value="false", choices=YES_NO, description="start a virtual humanoid at uri (sim:=false)"
        ),
        DeclareLaunchArgument(
            "arm", default_value="false", choices=YES_NO, description="needed for a real robot: its joints move"
        ),
        DeclareLaunchArgument(
            "faults", default_value="", description="faults of the simulated robot: push=0.5@armed+4"
        ),
        DeclareLaunchArgument("seed", default_value="0", description="seed of the simulated robot's noise"),
        DeclareLaunchArgument("serial", default_value="", description="serial number of the robot; empty: unknown"),
        DeclareLaunchArgument("units", default_value="units", description="folder of the files of identified robots"),
        DeclareLaunchArgument("logs", default_value="", description="folder for logs (MCAP); empty: none"),
        DeclareLaunchArgument("rviz", default_value="false", choices=YES_NO, description="show the robot in RViz"),
        DeclareLaunchArgument("params", default_value=config, description="parameters"),
    ]


def check(context: LaunchContext) -> list:
    """Refuse what fits not together before any process starts; the nodes check again what they are given."""
    given = {name: value(name).perform(context) for name in ("bundle", "robot", "sim", "virtual")}
    if given["sim"] == given["virtual"] == "true":
        raise RuntimeError("virtual:=true is a process behind a URI: give sim:=false, too")
    try:
        from hardware.dds.profiles import PROFILES
        from policies.bundle import load_bundle
    except ImportError:  # the interpreter of ros2 launch may not be the one that holds sim2metal
        return []
    humanoids = [name for name, profile in PROFILES.items() if profile.family == "hg"]
    if given["virtual"] == "true" and given["robot"] not in humanoids:
        raise RuntimeError(f"virtual:=true is for {', '.join(humanoids)}: '{given['robot']}' is simulated by sim:=true")
    info = load_bundle(Path(given["bundle"])).info
    if info.robot.name != given["robot"]:
        raise RuntimeError(
            f"{given['bundle']}: this bundle is for robot '{info.robot.name}', not for '{given['robot']}'"
            + ("" if info.robot.joint_names else "; launch fly")
        )
    return []


def simulated() -> list:
    """Return the simulated robot, its supervisor and its policy, which runs by simulated time."""
    sim = IfCondition(value("sim"))
    known = {"robot": text("robot"), "bundle": text("bundle")}
    by_clock = known | identity() | {"use_sim_time": True, "wait": number("wait", float)}
    body = {"rate": SENSOR_HZ, "hang": number("hang", bool), "seed": number("seed", int), "faults": text("faults")}
    return [
        node("sim_node", known | body, condition=sim),
        node(
            "supervisor_node",
            by_clock | {"log_folder": text("logs")},
            condition=sim,
            remappings=[("command_out", "command")],
            sigterm_timeout="20",  # it damps first
        ),
        LifecycleNode(
            package="sim2metal_nodes",
            executable="policy_node",
            name="policy_node",
            namespace="",
            autostart=True,
            output="screen",
            parameters=[value("params"), by_clock],
            remappings=[("command", "command_in"), ("cmd_vel", "reference")],
            on_exit=Shutdown(reason="the policy is gone"),
            condition=sim,
        ),
    ]


def virtual_robot() -> OpaqueFunction:
    """Return the virtual humanoid, which speaks the real one's protocol in a process of its own."""

    def start(context: LaunchContext) -> list:
        if value("virtual").perform(context) == "false":
            return []
        options = ["--hang"] if value("hang").perform(context) == "true" else []
        command = [sys.executable, "-m", "sim2metal", "virtual", "humanoid", "--robot", value("robot")]
        return [
            ExecuteProcess(
                cmd=[*command, "--uri", value("uri"), *options],
                name="virtual_humanoid",
                output="screen",
                on_exit=Shutdown(reason="the virtual humanoid has ended"),
            )
        ]

    return OpaqueFunction(function=start)


def joint_node() -> Node:
    """Return the node for a robot behind a URI: link, policy and supervisor in one process."""
    description = PathJoinSubstitution([share(), "urdf", [value("robot"), ".urdf"]])
    parameters = {
        "bundle": text("bundle"),
        "uri": text("uri"),
        "log_folder": text("logs"),
        "arm": number("arm", bool),
        "connect_timeout": 60.0,
        "wait": number("wait", float),
        "description_file": description,
        **identity(),
    }
    return node("joint_node", parameters, condition=UnlessCondition(value("sim")), sigterm_timeout="20")


def identity() -> dict:
    """Return which robot it is, for the nodes that refuse a bundle for another one."""
    return {"serial": text("serial"), "units": text("units")}


def rviz() -> Node:
    """Return RViz with our view."""
    view = PathJoinSubstitution([share(), "rviz", "humanoid.rviz"])
    return Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", view],
        parameters=[{"use_sim_time": number("sim", bool)}],
        condition=IfCondition(value("rviz")),
    )


def node(executable: str, parameters: dict, **options: object) -> Node:
    """Return a node that the launch cannot do without."""
    return Node(
        package="sim2metal_nodes",
        executable=executable,
        name=executable,
        output="screen",
        parameters=[value("params"), parameters],
        on_exit=Shutdown(reason=f"{executable} has ended"),
        **options,
    )


def share() -> FindPackageShare:
    """Return this package's folder."""
    return FindPackageShare("sim2metal_bringup")


def value(name: str) -> LaunchConfiguration:
    """Return the value of an argument."""
    return LaunchConfiguration(name)


def number(name: str, kind: type) -> ParameterValue:
    """Return the value of an argument as a number or a truth value."""
    return ParameterValue(value(name), value_type=kind)


def text(name: str) -> ParameterValue:
    """Return the value of an argument as text, whatever it looks like."""
    return ParameterValue(value(name), value_type=str)
