"""Executors (rclpy.executors): run a node's callbacks in one thread or in several."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future as PoolFuture
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hardware.ros2.rclpy.context import Context
from hardware.ros2.rclpy.executor_base import Executor
from hardware.ros2.rclpy.executor_errors import (
    ConditionReachedException,
    ExternalShutdownException,
    ShutdownException,
    TimeoutException,
)


class SingleThreadedExecutor(Executor):
    """Runs callbacks in the thread that spins."""

    def _execute(self, entity: Any, work: Callable[[], Any]) -> None:
        self._run(entity, work)


class MultiThreadedExecutor(Executor):
    """Runs callbacks in a pool of threads, as far as their groups allow.

    Args:
        num_threads: size of the pool; None for the number of processors, at least 2.
        context: whose shutdown ends ``spin``; None for the default one.
    """

    def __init__(self, num_threads: int | None = None, *, context: Context | None = None) -> None:
        super().__init__(context=context)
        self._pool = ThreadPoolExecutor(num_threads or max(2, os.cpu_count() or 2), thread_name_prefix="rclpy")
        self._futures: list[PoolFuture[None]] = []

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """End ``spin`` and the pool; return False if callbacks still run after ``timeout_sec``."""
        finished = super().shutdown(timeout_sec)
        self._pool.shutdown(wait=False)
        return finished

    def _execute(self, entity: Any, work: Callable[[], Any]) -> None:
        future = self._pool.submit(self._run, entity, work)
        future.add_done_callback(lambda done: self.wake() if done.exception() else None)
        self._futures.append(future)
        self._raise_errors()

    def _spin_once(self, timeout_sec: float | None, done: Callable[[], bool] | None) -> None:
        super()._spin_once(timeout_sec, done)
        self._raise_errors()

    def _after_run(self) -> None:
        self.entities_changed()  # what waited for the group may run now

    def _raise_errors(self) -> None:
        finished = [future for future in self._futures if future.done()]
        self._futures = [future for future in self._futures if not future.done()]
        for future in finished:
            future.result()


__all__ = [
    "ConditionReachedException",
    "Executor",
    "ExternalShutdownException",
    "MultiThreadedExecutor",
    "ShutdownException",
    "SingleThreadedExecutor",
    "TimeoutException",
]
