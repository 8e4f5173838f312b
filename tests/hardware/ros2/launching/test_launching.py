"""The launch runtime: order, arguments, conditions, events, and the end of every process in bounded time."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hardware.ros2.launching.context import LaunchError
from hardware.ros2.launching.launcher import LaunchFailedError, launch
from hardware.ros2.launching.packages import WORKSPACE_VARIABLE

ROOT = Path(__file__).parents[4]
IMPORTS = """
    from launch import LaunchDescription
    from launch.actions import (DeclareLaunchArgument, EmitEvent, ExecuteProcess, GroupAction, IncludeLaunchDescription,
        LogInfo, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction)
    from launch.conditions import IfCondition, UnlessCondition
    from launch.event_handlers import OnProcessExit, OnProcessStart
    from launch.launch_description_sources import PythonLaunchDescriptionSource
    from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
    from launch_ros.actions import Node, PushRosNamespace
    from launch_ros.substitutions import FindPackageShare

    def say(text):
        return ExecuteProcess(cmd=["echo", text], output="screen")
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes launch files into a workspace of its own with one package."""
    package = tmp_path / "ws" / "things"
    (package / "launch").mkdir(parents=True)
    (package / "package.xml").write_text("<package/>")
    (package / "setup.py").write_text('setup(entry_points={"console_scripts": ["thing = things.thing:main"]})')
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path / "ws"))

    def write(name, body):
        path = package / "launch" / f"{name}.launch.py"
        text = textwrap.dedent(IMPORTS) + "\ndef generate_launch_description():\n"
        path.write_text(text + textwrap.indent(textwrap.dedent(body), "    "))
        return path

    return write


def start(*words):
    """A launch in a process of its own, as a user starts it."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from hardware.ros2.launching.launcher import launch; launch({list(words)!r})"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def read_until(process, text):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"'{text}' never came:\n{''.join(lines)}")


def test_arguments_reach_conditions_and_included_files(write, capfd):
    write("inner", """
        return LaunchDescription([DeclareLaunchArgument("word", default_value="nothing"),
                                  say(["inner ", LaunchConfiguration("word")])])
    """)  # fmt: skip
    write("outer", """
        inner = PathJoinSubstitution([FindPackageShare("things"), "launch", "inner.launch.py"])
        sim = LaunchConfiguration("sim")
        return LaunchDescription([
            DeclareLaunchArgument("sim", default_value="true", choices=["true", "false"], description="simulate"),
            GroupAction([say("simulated")], condition=IfCondition(sim)),
            GroupAction([say("real")], condition=UnlessCondition(sim)),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(inner), launch_arguments=[("word", ["is ", sim])]),
            OpaqueFunction(function=lambda context: [LogInfo(msg=["opaque ", sim])]),
        ])
    """)  # fmt: skip
    launch(["outer", "sim:=false"])
    out = capfd.readouterr().out
    assert "] real" in out
    assert "simulated" not in out
    assert "inner is false" in out
    assert "opaque false" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["outer", "simm:=true"], "did you mean 'sim'"),
        (["outer", "sim:=maybe", "uri:=x"], "choose one of true, false"),
        (["outer"], "needs uri:=VALUE"),
        (["outer", "uri:=x", "uri:=y"], "given twice"),
        (["outer", "fast"], "expected name:=value"),
        (["inner"], "no launch file 'inner'; there are: outer"),
        (["things", "inner"], "no launch file 'inner'"),
        ([], "say what to launch"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_starts(write, tmp_path, words, message):
    write("outer", f"""
        return LaunchDescription([
            ExecuteProcess(cmd=["touch", "{tmp_path}/started"]),
            DeclareLaunchArgument("sim", default_value="true", choices=["true", "false"]),
            GroupAction([DeclareLaunchArgument("uri", description="where")]),
        ])
    """)  # fmt: skip
    with pytest.raises(LaunchError, match=message) as caught:
        launch(words)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('return LaunchDescription([Node(package="nothing", executable="x")])', "no package 'nothing'"),
        ('return LaunchDescription([Node(package="things", executable="x")])', "it has: thing"),
        ('return LaunchDescription([ExecuteProcess(cmd=["/no/such"])])', "cannot start"),
        ('return LaunchDescription([Node(package="things", executable="thing", parameters=["/no.yaml"])])', "/no.yaml"),
        (
            'return LaunchDescription([PushRosNamespace("a b"), Node(package="things", executable="thing")])',
            "namespace",
        ),
        ("return LaunchDescription([OpaqueFunction(function=lambda context: 1 / 0)])", "division by zero"),
        ("return None", "must return a LaunchDescription"),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
    ],
)
def test_a_wrong_launch_file_is_refused_in_one_line(write, body, message):
    write("outer", body)
    with pytest.raises(LaunchError, match=message) as caught:
        launch(["outer"])
    assert "\n" not in str(caught.value)


def test_events_and_timers_answer_in_order(write, capfd):
    write("outer", """
        first = say("first")
        return LaunchDescription([
            RegisterEventHandler(OnProcessStart(target_action=first, on_start=[LogInfo(msg="started")])),
            RegisterEventHandler(OnProcessExit(target_action=first, on_exit=lambda event, context: [
                LogInfo(msg=f"ended with {event.returncode}"), TimerAction(period=0.05, actions=[say("second")])])),
            first,
        ])
    """)  # fmt: skip
    launch(["outer"])
    out = capfd.readouterr().out
    assert out.index("started") < out.index("ended with 0") < out.index("second")


def test_a_process_that_dies_is_reported_and_a_required_one_ends_the_launch(write, capfd):
    write("outer", """
        return LaunchDescription([
            ExecuteProcess(cmd=["sleep", "60"]),
            ExecuteProcess(cmd=["bash", "-c", "exit 3"], name="frail", on_exit=Shutdown(reason="it was required")),
        ])
    """)  # fmt: skip
    with pytest.raises(LaunchFailedError, match=r"frail.*exit code 3"):
        launch(["outer"])
    out = capfd.readouterr().out
    assert "[ERROR] [frail-2]: process has died" in out
    assert "it was required" in out


TRAP = "trap 'echo end {name}; exit 0' INT; echo up {name}; while :; do sleep 0.05; done"


def test_ctrl_c_ends_processes_one_by_one_the_last_started_first(write):
    processes = [f'ExecuteProcess(cmd=["bash", "-c", {TRAP.format(name=n)!r}], output="screen")' for n in "abc"]
    write("outer", f"return LaunchDescription([{', '.join(processes)}])")
    with start("outer") as process:
        seen = "".join(read_until(process, "up c"))
        while not all(f"up {name}" in seen for name in "abc"):
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    ends = [line.split()[-1] for line in rest.splitlines() if "] end " in line]
    assert ends == ["c", "b", "a"]


def test_a_process_that_ignores_ctrl_c_is_ended_anyway(write):
    stubborn = "trap '' INT TERM; echo up; while :; do sleep 0.05; done"
    write("outer", f"""
        return LaunchDescription([ExecuteProcess(cmd=["bash", "-c", {stubborn!r}], output="screen",
                                                 sigterm_timeout="0.1", sigkill_timeout="0.1")])
    """)  # fmt: skip
    with start("outer") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) != 0
    assert "sending SIGKILL" in rest


def test_a_node_that_is_ended_while_python_still_starts_leaves_no_traceback(write, tmp_path, capfd):
    (tmp_path / "ws" / "things" / "things").mkdir()
    (tmp_path / "ws" / "things" / "things" / "thing.py").write_text("def main():\n    print('too late')\n")
    nodes = ", ".join(['Node(package="things", executable="thing", output="screen")'] * 3)
    write("outer", f"return LaunchDescription([{nodes}, Shutdown(reason='at once')])")
    launch(["outer"])
    out = capfd.readouterr()
    assert "Traceback" not in out.out + out.err
    assert "sending SIGTERM" not in out.out + out.err, "it obeyed as soon as it could"


def test_no_process_outlives_a_killed_launch(write, tmp_path):
    (tmp_path / "ws" / "things" / "things").mkdir()
    (tmp_path / "ws" / "things" / "things" / "thing.py").write_text(
        "import os, signal\ndef main():\n    print('pid', os.getpid(), flush=True)\n"
        "    try:\n        signal.pause()\n    except KeyboardInterrupt:\n        pass\n"
    )
    write("outer", 'return LaunchDescription([Node(package="things", executable="thing", output="screen")])')
    with start("outer") as process:
        pid = int(read_until(process, "] pid ")[-1].split()[-1])
        process.kill()
    deadline = time.monotonic() + 20
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


def test_show_args_lists_defaults_choices_and_descriptions(write, capfd):
    write("outer", """
        return LaunchDescription([DeclareLaunchArgument("sim", default_value="true", choices=["true", "false"],
                                                        description="simulate the robot")])
    """)  # fmt: skip
    launch(["things", "outer.launch.py"], show_args=True)
    out = capfd.readouterr().out
    assert "sim:=... (default 'true'; one of true, false)" in out
    assert "simulate the robot" in out
