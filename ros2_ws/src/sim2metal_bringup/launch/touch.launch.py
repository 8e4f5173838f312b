"""Touch: a virtual tactile sensor (sim:=true), or a camera or a folder of pictures (sim:=false source:=...)."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

YES_NO = ["true", "false"]
PADS = ["gelsight_r15", "gelsight_mini", "digit", "taxel_array"]


def generate_launch_description() -> LaunchDescription:
    """Return the sensor's node, and RViz if it is wanted."""
    return LaunchDescription(
        [*arguments(), GroupAction([PushRosNamespace(LaunchConfiguration("name")), OpaqueFunction(function=nodes)])]
    )


def arguments() -> list[DeclareLaunchArgument]:
    """Return what the user may give."""
    share = FindPackageShare("sim2metal_bringup")
    return [
        DeclareLaunchArgument("sim", default_value="true", choices=YES_NO, description="the virtual sensor"),
        DeclareLaunchArgument("name", default_value="touch", description="name of the sensor, prefix of its topics"),
        DeclareLaunchArgument("pad", default_value="gelsight_mini", choices=PADS, description="which sensor"),
        DeclareLaunchArgument(
            "source", default_value="/dev/video0", description="camera device or folder of pictures (sim:=false)"
        ),
        DeclareLaunchArgument(
            "object",
            default_value="ball",
            description="what is pressed: ball, peg, stamp, pen, brick, edge, table (sim:=true)",
        ),
        DeclareLaunchArgument("seed", default_value="0", description="seed of the virtual hand's path"),
        DeclareLaunchArgument("faults", default_value="", description="faults of the virtual camera: black@5:2"),
        DeclareLaunchArgument(
            "calibration", default_value="", description="of your own pad (calibrate-touch); empty: a made-up one"
        ),
        DeclareLaunchArgument(
            "stiffness", default_value="0.0", description="of your own pad, N/m^3; 0: the calibration's, or the nominal"
        ),
        DeclareLaunchArgument(
            "rotate", default_value="0", choices=["0", "90", "180", "270"], description="turn pictures, degrees"
        ),
        DeclareLaunchArgument("taxel_rows", default_value="0", description="of the force field; 0: the pad's"),
        DeclareLaunchArgument("taxel_columns", default_value="0", description="of the force field; 0: the pad's"),
        DeclareLaunchArgument("rviz", default_value="false", choices=YES_NO, description="show the pad in RViz"),
        DeclareLaunchArgument(
            "params", default_value=PathJoinSubstitution([share, "config", "sim2metal.yaml"]), description="parameters"
        ),
    ]


def nodes(context: LaunchContext) -> list[Node]:
    """Return the nodes; what the source is depends on ``sim``."""
    virtual = LaunchConfiguration("sim").perform(context) == "true"
    given = {name: text(name) for name in ("pad", "object", "faults", "calibration")}
    given["source"] = "virtual" if virtual else text("source")
    given["stiffness"] = ParameterValue(LaunchConfiguration("stiffness"), value_type=float)
    for name in ("seed", "rotate", "taxel_rows", "taxel_columns"):
        given[name] = ParameterValue(LaunchConfiguration(name), value_type=int)
    view = PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "rviz", "touch.rviz"])
    return [
        Node(
            package="sim2metal_nodes",
            executable="tactile_node",
            name="tactile_node",
            output="screen",
            parameters=[LaunchConfiguration("params"), given],
            on_exit=Shutdown(reason="tactile_node has ended"),
        ),
        Node(
            package="rviz2",
            executable="rviz2",
            arguments=["-d", view],
            condition=IfCondition(LaunchConfiguration("rviz")),
        ),
    ]


def text(name: str) -> ParameterValue:
    """Return the value of an argument as text, whatever it looks like."""
    return ParameterValue(LaunchConfiguration(name), value_type=str)
