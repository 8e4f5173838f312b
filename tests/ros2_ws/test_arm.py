"""A contact policy over topics: set-points while the switch is held, and a hold after every fault."""

import copy
import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sim.spec import Episode
from tests.hardware.arm.samples import HEALTHY
from tests.ros2_ws.conftest import wait_until
from tests.support.reach_policy import ABOVE_M, build_reach_bundle

ZOO = Path(__file__).parents[2] / "policies" / "zoo"
CONFIGURE, ACTIVATE, DEACTIVATE = 1, 3, 4
PADS = ("left", "right")


@pytest.fixture(scope="module")
def field_bundle(tmp_path_factory):
    return build_reach_bundle(tmp_path_factory.mktemp("reach") / "field", "field", Episode(600, 590))


class Arm:
    """An arm that is at once where its set-points say, at 100 Hz, until told otherwise."""

    def __init__(self, peer, namespace="/arm"):
        from control_msgs.msg import GripperCommand
        from geometry_msgs.msg import PoseStamped
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import JointState
        from sim2metal_nodes.conversions import pose_message
        from sim2metal_nodes.qos import LATCHED, SENSOR
        from sim2metal_nodes.tactile_messages import cloud_message, header
        from std_msgs.msg import Bool, String

        names = [f"fr3_joint{i}" for i in range(1, 8)] + ["fr3_finger_joint1", "fr3_finger_joint2"]
        taxels = np.zeros((140, 3), np.float32)
        cloud = cloud_message(header("pad", 0), taxels, taxels, taxels[:, 0])
        self.peer, self.namespace = peer, namespace
        self.messages = {
            "joint_states": JointState(name=names[::-1], position=list(HEALTHY.joint_position)[::-1]),
            "current_pose": pose_message("fr3_link0", 0, HEALTHY.tool_position, HEALTHY.tool_wxyz),
            "fixture_pose": pose_message("fr3_link0", 0, HEALTHY.fixture_position, HEALTHY.fixture_wxyz),
            "enable": Bool(data=True),
            **{f"{pad}/force_field": copy.deepcopy(cloud) for pad in PADS},
        }
        self.silent, self.following = set(), True
        self._out = {
            name: peer.node.create_publisher(type(message), f"{namespace}/{name}", SENSOR)
            for name, message in self.messages.items()
        }
        # As ros2_control's Cartesian controllers subscribe: reliably.
        self.goals = peer.listen(PoseStamped, f"{namespace}/target_pose", QoSProfile(depth=1))
        self.gripper = peer.listen(GripperCommand, f"{namespace}/gripper_command")
        self.modes = peer.listen(String, f"{namespace}/mode", LATCHED)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    def _publish(self):
        while not self._stop.wait(0.01):
            now = time.monotonic_ns()
            if self.following and self.goals:
                self.messages["current_pose"].pose = copy.deepcopy(self.goals[-1].pose)
            for name, message in list(self.messages.items()):
                if name not in self.silent:
                    if name != "enable":
                        message.header.stamp.sec, message.header.stamp.nanosec = divmod(now, 10**9)
                    self._out[name].publish(message)

    def close(self):
        self._stop.set()
        self._thread.join(5.0)

    def change(self, transition):
        from lifecycle_msgs.srv import ChangeState

        request = ChangeState.Request()
        request.transition.id = transition
        return self.peer.call(ChangeState, f"{self.namespace}/policy_node/change_state", request).success

    @property
    def goal(self):
        return place(self.goals[-1])

    @property
    def mode(self):
        return self.modes[-1].data if self.modes else ""


def place(message):
    point = message.pose.position
    return np.array([point.x, point.y, point.z])


@pytest.fixture
def arm(peer):
    arm = Arm(peer)
    yield arm
    arm.close()


@pytest.fixture
def active(arm, start_node, field_bundle):
    """An active policy node that moves the arm."""
    names = " ".join(arm.messages["joint_states"].name[::-1])
    arm.program = start_node(
        "policy_node", "-p", f"bundle:={field_bundle.path}", "-p", "world_frame:=fr3_link0", "-p",
        f"joint_names:={names}", namespace="/arm",
    )  # fmt: skip
    assert arm.change(CONFIGURE), arm.program.output
    assert arm.change(ACTIVATE), arm.program.output
    wait_until(lambda: arm.mode == "acting", lambda: f"{arm.mode}:\n{arm.program.output}")
    return arm


def nan_pose(arm):
    arm.following = False
    arm.messages["current_pose"].pose.position.x = math.nan


def jump(arm):
    arm.following = False
    arm.messages["current_pose"].pose.position.x += 0.05


def outside(arm):
    arm.messages["fixture_pose"].pose.position.x = 2.0  # (a jump, too, and a worse one)


FAULTS = {
    "a silent pad": (lambda arm: arm.silent.add("right/force_field"), "state_stale: right/force_field"),
    "a pose that is none": (nan_pose, "state_nan"),
    "a tool that jumps": (jump, "jump: the tool's pose went 5"),
    "a switch let go": (lambda arm: arm.messages.update(enable=type(arm.messages["enable"])(data=False)), "the switch"),
    "a silent switch": (lambda arm: arm.silent.add("enable"), "the switch is not held"),
    "a fixture that jumps": (outside, "jump: the fixture's pose"),
    "another frame": (lambda arm: _frame(arm, "map"), "frame 'map', expected 'fr3_link0'"),
}


def _frame(arm, name):
    arm.messages["current_pose"].header.frame_id = name


@pytest.mark.parametrize(
    "names",
    [list(FAULTS)[:3], pytest.param(list(FAULTS)[3:], marks=pytest.mark.slow)],
    ids=["worst", "others"],
)
def test_the_tool_goes_over_the_fixture_and_every_fault_ends_in_a_hold(names, active):
    arm = active
    wanted = np.add(HEALTHY.fixture_position, [0.0, 0.0, ABOVE_M])
    wait_until(lambda: np.abs(arm.goal - wanted).max() < 1e-3, lambda: f"{arm.goal}, not {wanted}")
    steps = np.abs(np.diff([place(goal) for goal in arm.goals], axis=0))
    assert steps.max() < 0.03  # two missed samples at most
    assert {goal.header.frame_id for goal in arm.goals} == {"fr3_link0"}
    for name in names:
        spoil, words = FAULTS[name]
        good, last = copy.deepcopy(arm.messages), arm.goal
        spoil(arm)
        wait_until(lambda: arm.mode.startswith("holding: "), f"no hold after {name}")
        assert words in arm.mode, name
        seen = len(arm.goals)
        arm.messages, arm.silent, arm.following = good, set(), True
        wait_until(lambda seen=seen, name=name: len(arm.goals) > seen or "switch" in name, f"no set-point after {name}")
        if "switch" not in name:
            time.sleep(0.2)
            assert all(np.abs(place(goal) - last).max() < 0.011 for goal in arm.goals[seen:])
            assert len({tuple(place(goal)) for goal in arm.goals[seen:]}) == 1, "it moves although it holds"
            assert arm.mode.startswith("holding"), f"{name} went away, and the arm moved on by itself"
            assert arm.change(DEACTIVATE)
            assert arm.change(ACTIVATE)
        wait_until(lambda: arm.mode == "acting", lambda: f"{arm.mode}:\n{arm.program.output}")
    assert not arm.gripper
    assert arm.program.end() == 0


@pytest.mark.slow
def test_an_episode_ends_with_an_open_hand_and_begins_anew_after_the_switch(arm, start_node, tmp_path):
    """Joints by the bundle's own names, pictures instead of forces, averaged down as they come from a camera."""
    from sensor_msgs.msg import Image
    from sim2metal_nodes.qos import SENSOR
    from sim2metal_nodes.tactile_messages import header, image_message

    bundle = build_reach_bundle(tmp_path / "image", "image", Episode(60, 30, 40, 0.004))
    arm.messages["joint_states"].name = list(bundle.info.robot.joint_names)[::-1]
    grey = np.full((160, 120, 3), 128, np.uint8)
    for pad in PADS:
        del arm.messages[f"{pad}/force_field"]
        arm._out[f"{pad}/difference"] = arm.peer.node.create_publisher(Image, f"/arm/{pad}/difference", SENSOR)
        arm.messages[f"{pad}/difference"] = image_message(header("pad", 0), grey)
    program = start_node(
        "policy_node", "-p", f"bundle:={bundle.path}", "-p", "world_frame:=fr3_link0", namespace="/arm"
    )
    assert arm.change(CONFIGURE), program.output
    assert arm.change(ACTIVATE), program.output
    wait_until(lambda: arm.mode == "done", lambda: f"{arm.mode}:\n{program.output}")
    assert [message.data for message in arm.modes if "hold" not in message.data][-3:] == ["acting", "releasing", "done"]
    assert [message.position for message in arm.gripper] == [pytest.approx(0.04)]
    end = arm.goal
    time.sleep(0.2)
    assert np.array_equal(arm.goal, end)
    arm.silent.add("enable")
    wait_until(lambda: arm.mode.startswith("holding"), "the switch did nothing")
    arm.silent.clear()
    wait_until(lambda: arm.mode == "acting", "no second episode")
    assert program.end() == 0


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("joint_names:=one two", "parameter 'joint_names' needs 9 names"),
            ("workspace_low:=[0.9, 0.0, 0.0]", "the workspace needs three numbers"),
            ("robot:=fr3", "this bundle is for robot 'panda', not for 'fr3'"),
        )
    ],
)
def test_what_is_none_is_refused_in_one_line(parameter, words, arm, start_node, field_bundle):
    program = start_node(
        "policy_node", "-p", f"bundle:={field_bundle.path}", "-p", parameter, namespace="/arm"
    )  # fmt: skip
    if "workspace" not in parameter:
        assert not arm.change(CONFIGURE)
    program.wait_for(words)
    assert "Traceback" not in program.output


@pytest.mark.slow
@pytest.mark.parametrize(("seen", "fault"), [("field", ""), ("field", "pads-stall@commanded+0.3"), ("image+wrist", "")])
def test_the_launch_moves_the_virtual_arm_and_says_what_became_of_it(seen, fault, start, tmp_path):
    """Virtual arm, policy and switch in processes of their own: the whole way, physics included."""
    bundle = build_reach_bundle(tmp_path / "bundle", seen, Episode(120, 90, 100, 0.004))
    program = start("-m", "sim2metal", "ros", "launch", "arm", f"bundle:={bundle.path}", "seed:=2", f"faults:={fault}")
    program.wait()
    assert "Traceback" not in program.output
    if fault:
        assert "safe action 'hold': state_stale" in program.output
        assert "peg_placement: failure" not in program.output
    else:
        assert "peg_placement: failure: " in program.output  # dropped from a hand's height
        assert "state_" not in program.output


@pytest.mark.slow
def test_the_zoos_policy_stands_the_peg_on_its_place(start):
    """Trained in the task's own environment; here it has what topics bring, at their times."""
    program = start("-m", "sim2metal", "ros", "launch", "arm", f"bundle:={ZOO / 'placement_field'}", "seed:=1")
    assert program.wait() == 0, program.output
    assert "peg_placement: success: " in program.output


@pytest.mark.parametrize("seen", ["field", "image+wrist"])
def test_the_simulated_arm_shows_what_the_bundle_looks_at(seen, peer, start_node, tmp_path):
    from sensor_msgs.msg import Image
    from sim2metal_nodes.qos import SENSOR
    from sim2metal_nodes.tactile_messages import read_pixels

    bundle = build_reach_bundle(tmp_path / "bundle", seen)
    pad = peer.listen(Image, "/arm/left/difference", SENSOR)
    wrist = peer.listen(Image, "/arm/wrist/image", SENSOR)
    program = start_node("sim_node", "-p", "robot:=panda", "-p", f"bundle:={bundle.path}", namespace="/arm")
    wait_until(lambda: pad, lambda: program.output)
    if seen == "field":
        assert not wrist
    else:
        wait_until(lambda: wrist, lambda: program.output)
        picture = read_pixels("wrist/image", wrist[0], (64, 64, 3))
        assert np.ptp(picture) > 50
        assert wrist[0].header.frame_id == "wrist_camera"
    assert program.end() == 0


def test_forces_and_pictures_are_read_as_they_were_sent(runtime):
    from sim2metal_nodes.conversions import RejectedInputError
    from sim2metal_nodes.tactile_messages import cloud_message, header, image_message, read_forces, read_pixels

    rng = np.random.default_rng(0)
    force, places = rng.normal(size=(140, 3)).astype(np.float32), np.zeros((140, 3), np.float32)
    cloud = cloud_message(header("pad", 0), places, force, places[:, 0])
    np.testing.assert_array_equal(read_forces("t", cloud, (14, 10, 3)), force.reshape(14, 10, 3))
    with pytest.raises(RejectedInputError, match=r"140 taxels, expected 25 x 20: .* taxel_rows:=25"):
        read_forces("t", cloud, (25, 20, 3))
    force[:, :2] = np.nan
    estimated = cloud_message(header("pad", 0), places, force, places[:, 0])
    with pytest.raises(RejectedInputError, match="pictures show no shear"):
        read_forces("t", estimated, (14, 10, 3))
    flat = read_forces("t", estimated, (14, 10, 3), no_shear=True)
    assert not flat[..., :2].any()
    np.testing.assert_array_equal(flat[..., 2].ravel(), force[:, 2])
    cloud.data = cloud.data[:-1]
    with pytest.raises(RejectedInputError, match="without the float32 fields"):
        read_forces("t", cloud, (14, 10, 3))

    picture = rng.integers(0, 256, (8, 6, 3), np.uint8)
    message = image_message(header("pad", 0), picture)
    np.testing.assert_array_equal(read_pixels("t", message, (8, 6, 3)), picture)
    halved = read_pixels("t", message, (4, 3, 3))
    np.testing.assert_allclose(halved[1, 2], picture[2:4, 4:6].reshape(-1, 3).mean(axis=0))
    message.encoding = "bgr8"
    np.testing.assert_array_equal(read_pixels("t", message, (8, 6, 3)), picture[..., ::-1])
    with pytest.raises(RejectedInputError, match="6 x 8 pixels, expected 5 x 4"):
        read_pixels("t", message, (4, 5, 3))
    message.encoding = "mono8"
    with pytest.raises(RejectedInputError, match="encoding 'mono8'"):
        read_pixels("t", message, (8, 6, 3))
