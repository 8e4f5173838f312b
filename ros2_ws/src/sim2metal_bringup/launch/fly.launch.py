"""Fly a policy bundle: on a simulated Crazyflie (sim:=true) or on one behind a URI, real or virtual (sim:=false)."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, Shutdown
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

YES_NO = ["true", "false"]


def generate_launch_description() -> LaunchDescription:
    """Return the nodes of one robot and its mission."""
    return LaunchDescription([*arguments(), GroupAction([PushRosNamespace(value("name")), *nodes()])])


def arguments() -> list[DeclareLaunchArgument]:
    """Return what the user may give."""
    share = FindPackageShare("sim2metal_bringup")
    return [
        DeclareLaunchArgument("bundle", description="folder of the policy bundle"),
        DeclareLaunchArgument("sim", default_value="true", choices=YES_NO, description="simulate the robot"),
        DeclareLaunchArgument("name", default_value="cf1", description="name of the robot, prefix of its topics"),
        DeclareLaunchArgument(
            "uri", default_value="udp://127.0.0.1:19850", description="where the robot is (sim:=false)"
        ),
        DeclareLaunchArgument(
            "arm", default_value="false", choices=YES_NO, description="needed for a real robot: propellers turn"
        ),
        DeclareLaunchArgument(
            "mission",
            default_value="true",
            choices=YES_NO,
            description="fly a square and end; false: wait for services",
        ),
        DeclareLaunchArgument("height", default_value="0.5", description="height of the mission, m"),
        DeclareLaunchArgument("hold", default_value="5.0", description="time at each place of the mission, s"),
        DeclareLaunchArgument("step", default_value="0.5", description="side of the mission's square, m; 0 holds only"),
        DeclareLaunchArgument(
            "faults", default_value="", description="faults of the simulated robot: kick=40@flying+2"
        ),
        DeclareLaunchArgument("seed", default_value="0", description="seed of the simulated robot's noise"),
        DeclareLaunchArgument("serial", default_value="", description="serial number of the robot; empty: unknown"),
        DeclareLaunchArgument("units", default_value="units", description="folder of the files of identified robots"),
        DeclareLaunchArgument("logs", default_value="", description="folder for flight logs (MCAP); empty: none"),
        DeclareLaunchArgument("rviz", default_value="false", choices=YES_NO, description="show the robot in RViz"),
        DeclareLaunchArgument(
            "params", default_value=PathJoinSubstitution([share, "config", "sim2metal.yaml"]), description="parameters"
        ),
    ]


def nodes() -> list:
    """Return the simulated robot with its pilot, or the real one, then the mission."""
    sim, not_sim = IfCondition(value("sim")), UnlessCondition(value("sim"))
    simulated_time = {"use_sim_time": number("sim", bool)}
    bundle = {name: text(name) for name in ("bundle", "serial", "units")}
    supervised = bundle | {"log_folder": text("logs")}
    return [
        node("sim_node", {"seed": number("seed", int), "faults": text("faults")}, condition=sim),
        node(
            "supervisor_node",
            supervised | simulated_time,
            condition=sim,
            remappings=[("command_out", "command")],
            sigterm_timeout="20",  # it lands first
        ),
        LifecycleNode(
            package="sim2metal_nodes",
            executable="policy_node",
            name="policy_node",
            namespace="",
            autostart=True,
            output="screen",
            parameters=[value("params"), bundle | simulated_time],
            remappings=[("command", "command_in")],
            on_exit=Shutdown(reason="the policy is gone"),
            condition=sim,
        ),
        node(
            "crazyflie_node",
            supervised | {"uri": text("uri"), "arm": number("arm", bool)},
            condition=not_sim,
            sigterm_timeout="20",
        ),
        Node(
            package="rviz2",
            executable="rviz2",
            arguments=["-d", PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "rviz", "flight.rviz"])],
            condition=IfCondition(value("rviz")),
        ),
        node(
            "mission_node",
            {name: number(name, float) for name in ("height", "hold", "step")} | simulated_time,
            condition=IfCondition(value("mission")),
        ),
    ]


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


def value(name: str) -> LaunchConfiguration:
    """Return the value of an argument."""
    return LaunchConfiguration(name)


def number(name: str, kind: type) -> ParameterValue:
    """Return the value of an argument as a number or a truth value."""
    return ParameterValue(value(name), value_type=kind)


def text(name: str) -> ParameterValue:
    """Return the value of an argument as text, whatever it looks like."""
    return ParameterValue(value(name), value_type=str)
