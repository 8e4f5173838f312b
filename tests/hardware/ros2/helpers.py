"""A context with its nodes and an executor, and children that run a script."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Ros:
    """Nodes in one namespace of one context."""

    def __init__(self, namespace):
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor

        self.namespace = namespace
        self.context = Context()
        self.context.init(args=[])
        self.executor = SingleThreadedExecutor(context=self.context)

    def node(self, name="node", kind=None, spin=True, **options):
        from rclpy.node import Node

        made = (kind or Node)(name, context=self.context, **{"namespace": self.namespace, **options})
        if spin:
            self.executor.add_node(made)
        return made

    def spin_until(self, condition, timeout=8.0):
        """Spin until ``condition()``; fails the test after ``timeout`` s."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, "nothing came in time"
            self.executor.spin_once(0.05)

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.executor.spin_once(left)

    def call(self, client, request):
        assert client.wait_for_service(8.0)
        future = client.call_async(request)
        self.spin_until(future.done)
        return future.result()

    def close(self):
        self.executor.shutdown()
        self.context.try_shutdown()


class Child:
    """A Python process that runs ``code`` in the repository; ``line()`` is its next output line."""

    def __init__(self, code, *arguments):
        command = [sys.executable, "-u", "-c", code, *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def line(self):
        line = self.process.stdout.readline()
        assert line, f"the child ended with {self.process.wait(5)}"
        return line.strip()

    def line_with(self, text):
        while text not in (line := self.line()):
            pass
        return line

    def end(self, timeout=15):
        output, _ = self.process.communicate(timeout=timeout)
        return output

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
