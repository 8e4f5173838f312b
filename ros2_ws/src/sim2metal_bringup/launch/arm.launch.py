"""Run a policy that touches: on a simulated arm (sim:=true), or on a real one with a Cartesian controller."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

YES_NO = ["true", "false"]
TURNS = ["0", "90", "180", "270"]
TAXELS = {"gelsight_r15": (14, 10), "gelsight_mini": (10, 14), "digit": (10, 14)}
"""Rows and columns that policies feel on pads with a camera (TacSL, arXiv 2408.06506; ``sim/contact/pads.py``)."""
SENSOR_HZ = 60.0
"""Of the simulated arm: a sample for every step of the policy, as in training."""
TOPICS = ("joint_states", "current_pose", "fixture_pose", "target_pose", "gripper_command")


def generate_launch_description() -> LaunchDescription:
    """Return the arm, its pads, the policy and the operator's switch."""
    group = GroupAction([PushRosNamespace(LaunchConfiguration("name")), OpaqueFunction(function=nodes)])
    return LaunchDescription([*arguments(), group])


def arguments() -> list[DeclareLaunchArgument]:
    """Return what the user may give."""
    config = PathJoinSubstitution([FindPackageShare("sim2metal_bringup"), "config", "sim2metal.yaml"])
    real = "(sim:=false)"
    return [
        DeclareLaunchArgument("bundle", description="folder of the policy bundle"),
        DeclareLaunchArgument("sim", default_value="true", choices=YES_NO, description="simulate arm and pads"),
        DeclareLaunchArgument("robot", default_value="panda", description="which robot the bundle is for"),
        DeclareLaunchArgument("name", default_value="arm", description="prefix of all topics"),
        DeclareLaunchArgument("seed", default_value="0", description="of the simulated episode"),
        DeclareLaunchArgument("faults", default_value="", description="simulated: pads-stall@commanded+1"),
        DeclareLaunchArgument(
            "once", default_value="true", choices=YES_NO, description="simulated: end after an episode"
        ),
        DeclareLaunchArgument("base", default_value="base", description="frame of the arm's base, of all poses"),
        DeclareLaunchArgument(
            "pad", default_value="gelsight_r15", choices=list(TAXELS), description=f"on both fingers {real}"
        ),
        DeclareLaunchArgument("left", default_value="/dev/video0", description=f"camera of the left pad {real}"),
        DeclareLaunchArgument("right", default_value="/dev/video2", description=f"camera of the right pad {real}"),
        DeclareLaunchArgument("left_calibration", default_value="", description=f"of the left pad {real}"),
        DeclareLaunchArgument("right_calibration", default_value="", description=f"of the right pad {real}"),
        DeclareLaunchArgument(
            "left_rotate", default_value="0", choices=TURNS, description=f"turn its pictures, degrees {real}"
        ),
        DeclareLaunchArgument(
            "right_rotate", default_value="0", choices=TURNS, description=f"turn its pictures, degrees {real}"
        ),
        DeclareLaunchArgument("joint_names", default_value="", description=f"in joint_states, fingers last {real}"),
        DeclareLaunchArgument("no_shear", default_value="false", choices=YES_NO, description="unknown shear is none"),
        DeclareLaunchArgument("workspace_low", default_value="[0.2, -0.4, -0.05]", description="x y z of the tool, m"),
        DeclareLaunchArgument("workspace_high", default_value="[0.8, 0.4, 0.6]", description="x y z of the tool, m"),
        DeclareLaunchArgument("joy_button", default_value="4", description=f"to be held for the arm to move {real}"),
        *(
            DeclareLaunchArgument(topic, default_value=topic, description=f"name of this topic {real}")
            for topic in TOPICS
        ),
        DeclareLaunchArgument("params", default_value=config, description="parameters"),
    ]


def nodes(context: LaunchContext) -> list[Node]:
    """Return the nodes; whose sensors they are depends on ``sim``."""
    sim = LaunchConfiguration("sim").perform(context) == "true"
    check(context)
    known = {"bundle": text("bundle"), "robot": text("robot"), "world_frame": text("base")}
    # Lists are read as YAML: numbers with decimal points.
    box = {name: ParameterValue(LaunchConfiguration(name)) for name in ("workspace_low", "workspace_high")}
    policy = {"use_sim_time": sim, "joint_names": text("joint_names"), "no_shear": number("no_shear", bool)}
    renamed = [] if sim else [(topic, LaunchConfiguration(topic)) for topic in TOPICS]
    switch = {"held": sim, "once": number("once", bool) if sim else False, "joy_button": number("joy_button", int)}
    return [
        *(simulated(known) if sim else pads(LaunchConfiguration("pad").perform(context))),
        node("switch_node", switch),
        LifecycleNode(
            package="sim2metal_nodes",
            executable="policy_node",
            name="policy_node",
            namespace="",
            autostart=True,
            output="screen",
            parameters=[LaunchConfiguration("params"), known | policy | box],
            remappings=renamed,
            on_exit=Shutdown(reason="the policy is gone"),
        ),
    ]


def check(context: LaunchContext) -> None:
    """Refuse a bundle that is none of an arm, or was trained on other pads, before any process starts."""
    try:
        from policies.bundle import load_bundle
    except ImportError:  # the interpreter of ros2 launch may not be the one that holds sim2metal
        return
    path, robot, pad, sim = (LaunchConfiguration(name).perform(context) for name in ("bundle", "robot", "pad", "sim"))
    info = load_bundle(Path(path)).info
    if info.robot.name != robot or info.action.level != "end_effector_delta":
        raise RuntimeError(f"{path}: this bundle moves '{info.robot.name}' by '{info.action.level}', not an arm's tool")
    others = {image.pad for image in info.images} - {None, pad}
    if sim != "true" and others:
        trained = others.pop()
        raise RuntimeError(f"{path}: trained on {trained}, not on {pad}: say pad:={trained} if those are the pads")


def simulated(known: dict) -> list[Node]:
    """Return the simulated arm with its pads."""
    given = {"seed": number("seed", int), "faults": text("faults"), "rate": SENSOR_HZ}
    return [node("sim_node", known | given, sigterm_timeout="20")]  # (a busy computer takes seconds to take it down)


def pads(pad: str) -> list[Node]:
    """Return the two pads of a real arm, in namespaces of their own."""
    rows, columns = TAXELS[pad]
    return [
        node(
            "tactile_node",
            {
                "pad": pad,
                "taxel_rows": rows,
                "taxel_columns": columns,
                "source": text(side),
                "calibration": text(f"{side}_calibration"),
                "rotate": number(f"{side}_rotate", int),
                "frame_id": f"{side}_tactile_pad",
            },
            namespace=side,
        )
        for side in ("left", "right")
    ]


def node(executable: str, parameters: dict, **options: object) -> Node:
    """Return a node that the launch cannot do without."""
    return Node(
        package="sim2metal_nodes",
        executable=executable,
        name=executable,
        output="screen",
        parameters=[LaunchConfiguration("params"), parameters],
        on_exit=Shutdown(reason=f"{executable} has ended"),
        **options,
    )


def number(name: str, kind: type) -> ParameterValue:
    """Return the value of an argument as a number or a truth value."""
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


def text(name: str) -> ParameterValue:
    """Return the value of an argument as text, whatever it looks like."""
    return ParameterValue(LaunchConfiguration(name), value_type=str)
