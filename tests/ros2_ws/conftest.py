"""ROS 2 for tests: the pip runtime, or the real rclpy where one is sourced; a domain of its own for every module."""

import contextlib
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hardware import ros2

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ros2_ws" / "src" / "sim2metal_nodes"
TIMEOUT_S = 60.0


def pytest_report_header(config):
    """Say which rclpy the nodes run on."""
    return f"ROS 2: {'real rclpy' if ros2.which() == 'rclpy' else 'pip runtime (hardware.ros2)'}"


@pytest.fixture(scope="session", autouse=True)
def runtime():
    which = ros2.install()
    sys.path.insert(0, str(PACKAGE))
    print(f"nodes run on: {which}")
    return which


@pytest.fixture(scope="module")
def domain():
    """A DDS domain that probably nobody else uses; the ports of those above 101 are also given to other programs."""
    return random.SystemRandom().randrange(1, 102)


@pytest.fixture(scope="module")
def environment(domain):
    """For child processes."""
    return {**os.environ, "ROS_DOMAIN_ID": str(domain), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


class Peer:
    """A node of the test's own: publishes, listens, calls, in a thread."""

    def __init__(self, domain):
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.context = rclpy.Context()
        rclpy.init(args=[], context=self.context, domain_id=domain)
        self.node = rclpy.create_node("test_peer", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._stop = False
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self):
        while not self._stop:
            self.executor.spin_once(timeout_sec=0.05)

    def close(self):
        import rclpy

        self._stop = True
        self._thread.join(10.0)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)

    def listen(self, kind, topic, profile=10):
        """Return a list that fills with messages."""
        messages = []
        self.node.create_subscription(kind, topic, messages.append, profile)
        return messages

    def call(self, kind, name, request=None):
        """Call a service and return its answer."""
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(timeout_sec=TIMEOUT_S), f"nobody offers {name}"
        future = client.call_async(request or kind.Request())
        wait_until(future.done, f"no answer from {name}")
        return future.result()


@pytest.fixture
def peer(domain, runtime):
    peer = Peer(domain)
    yield peer
    peer.close()


def wait_until(condition, what, timeout_s=TIMEOUT_S):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.005)


class Program:
    """A child process whose lines are kept."""

    def __init__(self, command, environment):
        self.lines = []
        self._queue = queue.Queue()
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())

    @property
    def output(self):
        return "\n".join(self.lines)

    def wait_for(self, text):
        wait_until(
            lambda: text in self.output or self.process.poll() is not None,
            lambda: f"'{text}' never came:\n{self.output}",
        )
        assert text in self.output, self.output

    def end(self, number=signal.SIGINT):
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(TIMEOUT_S)
        self._reader.join(10.0)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20.0)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def start(environment):
    """Starts programs that are gone when the test is."""
    started = []

    def start(*command):
        started.append(Program([sys.executable, "-u", *map(str, command)], environment))
        return started[-1]

    yield start
    for program in started:
        program.close()


@pytest.fixture
def start_node(start):
    """Starts one node of the workspace as the launch does."""

    def start_node(name, *ros_arguments, namespace="/robot"):
        module = "hardware.ros2.launching.start_node"
        options = ["--ros-args", "-r", f"__ns:={namespace}", *ros_arguments]
        return start("-m", module, PACKAGE, f"sim2metal_nodes.{name}:main", *options)

    return start_node
