"""The policy node alone: its life cycle, what it refuses, and that every fault ends in the safe action."""

import copy
import math
import shutil
import threading
import time

import pytest

from tests.ros2_ws.conftest import wait_until

UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = 1, 2, 3, 4
CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE, SHUTDOWN_INACTIVE = 1, 2, 3, 4, 6


class Robot:
    """The robot's side of the topics: sensors at 100 Hz, until told otherwise."""

    def __init__(self, peer, namespace="/robot"):
        from actuator_msgs.msg import Actuators
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import PoseStamped, TwistStamped
        from rclpy.qos import QoSProfile, ReliabilityPolicy
        from sensor_msgs.msg import Imu
        from std_msgs.msg import String

        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.peer, self.namespace = peer, namespace
        self.messages = {
            "imu": Imu(), "pose": PoseStamped(), "twist": TwistStamped(), "reference": PoseStamped(),
        }  # fmt: skip
        for name, message in self.messages.items():
            message.header.frame_id = "base_link" if name == "imu" else "world"
        self.silent = set()
        self.step_back = set()
        self._out = {
            name: peer.node.create_publisher(type(message), f"{namespace}/{name}", newest)
            for name, message in self.messages.items()
        }
        self.commands = peer.listen(Actuators, f"{namespace}/command", newest)
        self.safe_actions = peer.listen(String, f"{namespace}/safe_action")
        self.diagnostics = peer.listen(DiagnosticArray, "/diagnostics")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    def _publish(self):
        while not self._stop.wait(0.01):
            now = time.monotonic_ns()
            for name, message in list(self.messages.items()):
                if name not in self.silent:
                    stamp = now - 10**10 if name in self.step_back else now
                    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
                    self._out[name].publish(message)

    def close(self):
        self._stop.set()
        self._thread.join(5.0)

    def change(self, transition):
        from lifecycle_msgs.srv import ChangeState

        request = ChangeState.Request()
        request.transition.id = transition
        return self.peer.call(ChangeState, f"{self.namespace}/policy_node/change_state", request).success

    def state(self):
        from lifecycle_msgs.srv import GetState

        return self.peer.call(GetState, f"{self.namespace}/policy_node/get_state").current_state.id

    def flow(self):
        """Wait until commands flow."""
        seen = len(self.commands)
        wait_until(lambda: len(self.commands) > seen + 5, "no commands")

    def report(self):
        """Return the newest diagnostics of the node as (level, message, values)."""
        del self.diagnostics[:]
        wait_until(lambda: self._status() is not None, "no diagnostics")
        status = self._status()
        return status.level, status.message, {entry.key: entry.value for entry in status.values}

    def _status(self):
        found = [s for array in list(self.diagnostics) for s in array.status if s.name == "policy_node"]
        return found[-1] if found else None


@pytest.fixture
def robot(peer):
    robot = Robot(peer)
    yield robot
    robot.close()


@pytest.fixture
def active(robot, start_node, pd_bundle):
    """An active policy node whose commands flow."""
    program = start_node("policy_node", "-p", f"bundle:={pd_bundle.path}", "-p", "robot:=crazyflie")
    assert robot.change(CONFIGURE), program.output
    assert robot.change(ACTIVATE), program.output
    robot.flow()
    robot.program = program
    return robot


def quiet(robot):
    """Whether no command comes any more."""
    time.sleep(0.05)
    seen = len(robot.commands)
    time.sleep(0.2)
    return len(robot.commands) == seen


def test_the_life_cycle_from_configure_to_shutdown(active, pd_bundle):
    assert active.state() == ACTIVE
    command = active.commands[-1]
    assert len(command.normalized) == 4
    # At the set-point, level and at rest: every motor near the nominal robot's hover command.
    assert list(command.normalized) == pytest.approx(list(pd_bundle.info.action.nominal), abs=0.02)
    assert not active.safe_actions
    assert active.change(DEACTIVATE)
    assert active.state() == INACTIVE
    assert quiet(active)
    assert [message.data for message in active.safe_actions] == ["level_and_descend"]
    assert active.change(ACTIVATE)
    active.flow()
    assert active.change(DEACTIVATE)
    assert active.change(CLEANUP)
    assert active.state() == UNCONFIGURED
    assert not active.change(ACTIVATE), "an unconfigured node cannot be activated"
    assert active.change(CONFIGURE)
    assert active.change(SHUTDOWN_INACTIVE)
    assert active.state() == FINALIZED


def _no_number(robot):
    robot.messages["pose"].pose.position.z = math.nan


def _wrong_frame(robot):
    robot.messages["twist"].header.frame_id = "map"


def _no_rotation(robot):
    robot.messages["imu"].orientation.w = 0.5


def _no_gyroscope(robot):
    robot.messages["imu"].angular_velocity_covariance[0] = -1.0


FAULTS = [
    (lambda robot: robot.silent.add("imu"), "state_stale", None),
    (_no_number, "state_nan", None),
    (_wrong_frame, "state_stale", ("twist rejected", "frame 'map', expected 'world'")),
    (_no_rotation, "state_stale", ("imu rejected", "quaternion of length 0.500")),
    (_no_gyroscope, "state_stale", ("imu rejected", "carries no angular_velocity")),
    (lambda robot: robot.step_back.add("pose"), "state_stale", ("pose rejected", "older than the one before")),
]


def test_every_bad_input_ends_in_the_safe_action_and_stays_so(active):
    from diagnostic_msgs.msg import DiagnosticStatus

    for spoil, fault, rejected in FAULTS:
        good = copy.deepcopy(active.messages)
        before = len(active.safe_actions)
        spoil(active)
        wait_until(lambda before=before: len(active.safe_actions) > before, f"no safe action after {fault}")
        assert active.safe_actions[-1].data == "level_and_descend"
        assert quiet(active)
        active.messages, active.silent, active.step_back = good, set(), set()
        assert quiet(active), "a fault that goes away must not resume the flight"
        level, message, values = active.report()
        assert level == DiagnosticStatus.ERROR
        assert fault in message
        if rejected:
            assert rejected[1] in values[rejected[0]]
        assert active.change(DEACTIVATE)
        assert active.change(ACTIVATE)
        active.flow()


def test_a_reference_that_ends_ends_the_commands_and_a_new_one_resumes(active):
    active.silent.add("reference")
    wait_until(lambda: active.safe_actions, "no safe action")
    assert quiet(active)
    active.silent.clear()
    active.flow()
    assert len(active.safe_actions) == 1


def test_ctrl_c_leaves_the_robot_in_its_safe_action(active):
    assert active.program.end() == 0
    wait_until(lambda: active.safe_actions, "no safe action")


def test_the_diagnostics_say_how_the_loop_runs(active):
    wait_until(lambda: "jitter_p99_ms" in active.report()[2], "no timing")
    _, message, values = active.report()
    assert message == "commanding"
    assert values["rate, Hz"] == "100"
    assert float(values["latency_p50_ms"]) < 10.0
    assert float(values["imu age, ms"]) < 1000.0


def test_what_cannot_fly_is_refused_before_anything_moves(robot, start_node, pd_bundle, tmp_path):
    shutil.copytree(pd_bundle.path, tmp_path / "broken")
    policy = tmp_path / "broken" / "policy.onnx"
    policy.write_bytes(policy.read_bytes()[:-1])
    cases = [
        ([], "parameter 'bundle' is empty"),
        (["-p", f"bundle:={tmp_path}/none"], "no bundle at"),
        (["-p", f"bundle:={tmp_path}/broken"], "altered or truncated"),
        (["-p", f"bundle:={pd_bundle.path}", "-p", "robot:=g1"], "is for robot 'crazyflie', not for 'g1'"),
        (["-p", f"bundle:={pd_bundle.path}", "-p", "rate:=130.0"], "trained at 100 Hz and is stepped at no other rate"),
    ]
    programs = [start_node("policy_node", *options, namespace=f"/refused{i}") for i, (options, _) in enumerate(cases)]
    for i, (program, (_, message)) in enumerate(zip(programs, cases)):
        robot.namespace = f"/refused{i}"
        assert not robot.change(CONFIGURE)
        assert robot.state() == UNCONFIGURED
        program.wait_for(message)
        assert "Traceback" not in program.output
    assert not robot.commands


def test_parameters_out_of_range_end_the_node_in_one_line(start_node):
    cases = (("rate:=501.0", "from 0 to 500"), ("rate:=fast", "must be a float"))
    for program, message in [(start_node("policy_node", "-p", option), message) for option, message in cases]:
        assert program.wait() == 2, program.output
        assert program.lines[-1].startswith("error: ")
        assert message in program.lines[-1]


def test_the_loop_may_look_more_often_than_the_policy_is_stepped(robot, start_node, pd_bundle):
    start_node("policy_node", "-p", f"bundle:={pd_bundle.path}", "-p", "rate:=200.0")
    assert robot.change(CONFIGURE)
    assert robot.change(ACTIVATE)
    robot.flow()
    assert robot.report()[2]["rate, Hz"] == "200"
